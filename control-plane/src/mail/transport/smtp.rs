//! An SMTP server that passes letters on.
//!
//! What goes wrong before the letter itself is spoken of (no connection, a certificate, a wrong password) is the
//! server's or the configuration's fault and passes; a 5xx that answers the letter is for good.

use super::{MailError, message::message};
use crate::mail::{
    decision::Outcome,
    outbox::Claimed,
    settings::{SmtpServer, SmtpTls},
    shown,
};
use lettre::{
    message::Mailbox,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::ClientId,
    },
};
use std::time::Duration;
use tokio::time::timeout;

/// Time for a connection, and for a goodbye.
const CONNECT: Duration = Duration::from_secs(20);
const GOODBYE: Duration = Duration::from_secs(2);
/// Refusals that speak of the client and not of the letter, wherever they come: no mail here, authentication,
/// encryption (RFC 7504, RFC 4954, RFC 3207).
const NOT_OF_THE_LETTER: [&str; 5] = ["521", "530", "534", "535", "538"];

/// A server, and what it takes to send over it.
pub(crate) struct Smtp {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    hello: ClientId,
    from: Mailbox,
}

enum Tls {
    Start(TlsParameters),
    Implicit(TlsParameters),
    None,
}

impl Smtp {
    pub(super) fn new(server: &SmtpServer, password: &str, from: Mailbox) -> Result<Self, MailError> {
        let SmtpServer { host, port, user, tls } = server;
        let parameters =
            || TlsParameters::new_rustls(host.clone()).map_err(|error| MailError::Tls(error.to_string()));
        Ok(Self {
            host: host.clone(),
            port: *port,
            tls: match tls {
                SmtpTls::StartTls => Tls::Start(parameters()?),
                SmtpTls::Implicit => Tls::Implicit(parameters()?),
                SmtpTls::None => Tls::None,
            },
            credentials: user.as_ref().map(|user| Credentials::new(user.clone(), password.to_owned())),
            // A name that exists: some servers refuse the address of loopback.
            hello: ClientId::Domain(from.email.domain().to_owned()),
            from,
        })
    }

    pub(super) async fn send(&self, letter: &Claimed) -> Outcome {
        let message = match message(&self.from, letter) {
            Ok(message) => message,
            Err(reason) => return Outcome::Refused { reason },
        };
        let reason = |error: &Error| shown::reason(&error.to_string(), &letter.to);
        let mut connection = match self.connect().await {
            Ok(connection) => connection,
            Err(error) => return Outcome::Trouble { reason: reason(&error), retry_after: None },
        };
        match connection.send(message.envelope(), &message.formatted()).await {
            Ok(_) => {
                // It is taken, whatever is said now.
                let _ = timeout(GOODBYE, connection.quit()).await;
                Outcome::Accepted { provider_id: None }
            }
            Err(error) if error.is_permanent() && !speaks_of_the_client(&error) => {
                Outcome::Refused { reason: reason(&error) }
            }
            Err(error) => Outcome::Trouble { reason: reason(&error), retry_after: None },
        }
    }

    /// Says hello, encrypts and signs in, and sends nothing.
    pub(super) async fn probe(&self) -> Result<String, String> {
        let mut connection =
            self.connect().await.map_err(|error| format!("{}:{}: {error}", self.host, self.port))?;
        let _ = timeout(GOODBYE, connection.quit()).await;
        let encrypted = if matches!(self.tls, Tls::None) { "without encryption" } else { "with TLS" };
        let as_whom = if self.credentials.is_some() { ", the password is right" } else { "" };
        Ok(format!("{}:{} answers {encrypted}{as_whom}", self.host, self.port))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let (at_once, later) = match &self.tls {
            Tls::Start(parameters) => (None, Some(parameters.clone())),
            Tls::Implicit(parameters) => (Some(parameters.clone()), None),
            Tls::None => (None, None),
        };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT), &self.hello, at_once, None).await?;
        if let Some(parameters) = later {
            connection.starttls(parameters, &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

fn speaks_of_the_client(error: &Error) -> bool {
    error.status().is_some_and(|code| NOT_OF_THE_LETTER.contains(&code.to_string().as_str()))
}
