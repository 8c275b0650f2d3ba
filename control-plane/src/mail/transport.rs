//! The ways out: an SMTP server, Resend, or files.

mod files;
mod message;
mod resend;
mod smtp;

use super::{
    decision::Outcome,
    outbox::Claimed,
    secret_file::{self, SecretError},
    settings::{MailSettings, Route},
    signature::{NotASecret, WebhookSecret},
};
use files::Files;
use resend::Resend;
use smtp::Smtp;
use std::{path::PathBuf, time::Duration};
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Time for one attempt, and for a probe; shorter than a claim holds.
const ATTEMPT: Duration = Duration::from_secs(90);
const PROBE: Duration = Duration::from_secs(15);

/// Why no letter can be sent, whatever it says. Nothing but another configuration helps.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The file of a secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// What the file of the webhook's secret holds.
    #[error("mail_webhook_secret_file {}: {source}", path.display())]
    WebhookSecret {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: NotASecret,
    },
    /// TLS to the server cannot be prepared.
    #[error("mail: TLS cannot be prepared: {0}")]
    Tls(String),
    /// The directory for letters.
    #[error("mail: the directory {}: {source}; name another, or let this user write it", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
}

/// The way out that the configuration names.
pub(super) enum Transport {
    Smtp(Smtp),
    Resend(Resend),
    Files(Files),
}

impl Transport {
    /// Reads what it needs; connects to nobody.
    pub(super) fn open(settings: &MailSettings) -> Result<Self, MailError> {
        let password = match &settings.password_file {
            Some(path) => secret_file::read("mail_password_file", path)?,
            None => Zeroizing::new(String::new()),
        };
        let from = message::tamed(&settings.from);
        Ok(match &settings.route {
            Route::Smtp(server) => Self::Smtp(Smtp::new(server, &password, from)?),
            Route::Resend(base) => Self::Resend(Resend::new(base, password, from)?),
            Route::Files(dir) => Self::Files(Files::new(dir, from)),
        })
    }

    /// Makes what has to be there.
    pub(super) fn prepare(&self) -> Result<(), MailError> {
        match self {
            Self::Files(files) => files.prepare(),
            Self::Smtp(_) | Self::Resend(_) => Ok(()),
        }
    }

    /// Sends a letter once.
    pub(super) async fn send(&self, letter: &Claimed) -> Outcome {
        let attempt = async {
            match self {
                Self::Smtp(smtp) => smtp.send(letter).await,
                Self::Resend(resend) => resend.send(letter).await,
                Self::Files(files) => files.send(letter).await,
            }
        };
        timeout(ATTEMPT, attempt).await.unwrap_or_else(|_| Outcome::Trouble {
            reason: format!("no answer within {} s", ATTEMPT.as_secs()),
            retry_after: None,
        })
    }
}

/// What keeps letters from leaving.
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// Nothing but another configuration helps.
    #[error(transparent)]
    Configuration(#[from] MailError),
    /// The server does not answer, or not as it should.
    #[error("{0}")]
    Server(String),
}

impl Obstacle {
    /// Whether nothing but another configuration helps.
    pub const fn is_configuration(&self) -> bool {
        matches!(self, Self::Configuration(_))
    }
}

/// Looks whether letters could leave, and sends none; what was found.
///
/// # Errors
/// [`Obstacle`]
pub async fn probe(settings: &MailSettings) -> Result<String, Obstacle> {
    let transport = Transport::open(settings)?;
    webhook_secret(settings)?;
    let looking = async {
        match &transport {
            Transport::Smtp(smtp) => smtp.probe().await,
            Transport::Resend(resend) => Ok(resend.describe()),
            Transport::Files(files) => files.probe(),
        }
    };
    timeout(PROBE, looking)
        .await
        .unwrap_or_else(|_| Err(format!("the server does not answer within {} s", PROBE.as_secs())))
        .map_err(Obstacle::Server)
}

/// The secret of the provider's events, where one is configured.
pub(crate) fn webhook_secret(settings: &MailSettings) -> Result<Option<WebhookSecret>, MailError> {
    let Some(path) = &settings.webhook_secret_file else { return Ok(None) };
    let text = secret_file::read("mail_webhook_secret_file", path)?;
    let secret = text.parse().map_err(|source| MailError::WebhookSecret { path: path.clone(), source })?;
    Ok(Some(secret))
}
