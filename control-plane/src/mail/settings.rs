//! How letters leave, as the configuration says it.

use crate::accounts::email::Email;
use lettre::message::Mailbox;
use std::{net::IpAddr, path::PathBuf, str::FromStr};
use url::{Host, Url};

/// Everything about mail that `serve` was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSettings {
    /// How letters leave.
    pub route: Route,
    /// Who they are from: an address, perhaps with a name.
    pub from: Mailbox,
    /// Where the password of the SMTP server or the API key of Resend is.
    pub password_file: Option<PathBuf>,
    /// Where the signing secret of Resend's webhook is; without it no events are taken.
    pub webhook_secret_file: Option<PathBuf>,
}

/// How letters leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// To an SMTP server that passes them on.
    Smtp(SmtpServer),
    /// To Resend's HTTP API at this base URL.
    Resend(Url),
    /// Into files of this directory, one for each letter.
    Files(PathBuf),
}

/// An SMTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its name or address; its certificate must be for it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whom to sign in as; nobody where there is none.
    pub user: Option<String>,
    /// How the connection is protected.
    pub tls: SmtpTls,
}

/// How a connection to an SMTP server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// Plain until STARTTLS, which must be there.
    StartTls,
    /// TLS from the first byte.
    Implicit,
    /// Not at all; to this host itself only.
    None,
}

/// Where Resend is.
const RESEND: &str = "https://api.resend.com";
const FORMS: &str = "write smtp://USER@HOST:587 (STARTTLS), smtps://USER@HOST:465 (TLS), resend: or file:DIR";

/// The text is not repeated: it may hold a password.
impl FromStr for Route {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(base) = text.strip_prefix("resend:") {
            return resend(if base.is_empty() { RESEND } else { base }).map(Self::Resend);
        }
        if let Some(dir) = text.strip_prefix("file:") {
            return match dir {
                "" => Err(format!("names no directory; {FORMS}")),
                dir if dir.contains(char::is_control) => Err("holds a control character".to_owned()),
                dir => Ok(Self::Files(PathBuf::from(dir))),
            };
        }
        let url = Url::parse(text).map_err(|error| format!("{error}; {FORMS}"))?;
        smtp(&url).map(Self::Smtp)
    }
}

impl Route {
    /// Whether a password or a key is needed.
    pub(crate) const fn takes_password(&self) -> bool {
        match self {
            Self::Smtp(server) => server.user.is_some(),
            Self::Resend(_) => true,
            Self::Files(_) => false,
        }
    }
}

fn resend(base: &str) -> Result<Url, String> {
    let form = format!("write resend: alone, for {RESEND}, or resend:https://HOST");
    let url = Url::parse(base).map_err(|error| format!("{error}; {form}"))?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    match url.scheme() {
        "https" if plain => Ok(url),
        "http" if plain && is_loopback(&url) => Ok(url),
        "http" if plain => Err(format!("the key would travel unencrypted; {form}")),
        _ => Err(form),
    }
}

fn smtp(url: &Url) -> Result<SmtpServer, String> {
    let (mut tls, port) = match url.scheme() {
        "smtp" => (SmtpTls::StartTls, 587),
        "smtps" => (SmtpTls::Implicit, 465),
        _ => return Err(FORMS.to_owned()),
    };
    if url.password().is_some() {
        return Err(
            "a password does not belong here, everybody can read it: give mail_password_file".to_owned()
        );
    }
    match url.query() {
        None => {}
        Some("tls=none") if tls == SmtpTls::StartTls && is_loopback(url) => tls = SmtpTls::None,
        Some("tls=none") => {
            return Err("without TLS only to this host itself, as in smtp://127.0.0.1:25?tls=none".to_owned());
        }
        Some(_) => return Err(format!("nothing but ?tls=none may follow; {FORMS}")),
    }
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(format!("nothing may follow the port; {FORMS}"));
    }
    let host = match address_of(url) {
        Some(address) => address.to_string(),
        None => url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or_else(|| format!("names no host; {FORMS}"))?
            .to_owned(),
    };
    Ok(SmtpServer { host, port: url.port().unwrap_or(port), user: user(url)?, tls })
}

fn user(url: &Url) -> Result<Option<String>, String> {
    if url.username().is_empty() {
        return Ok(None);
    }
    // Percent-decoded as a form's value is, where a plus would be a space.
    let form = format!("user={}", url.username().replace('+', "%2B"));
    let user = url::form_urlencoded::parse(form.as_bytes()).map(|(_, value)| value.into_owned()).next();
    match user {
        Some(user) if user.contains(char::is_control) => Err("the user holds a control character".to_owned()),
        user => Ok(user),
    }
}

fn is_loopback(url: &Url) -> bool {
    address_of(url).map_or_else(|| url.host_str() == Some("localhost"), |address| address.is_loopback())
}

/// The address where the host is one; of a scheme that the web does not know, the URL's own host is a mere text.
fn address_of(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(text) => text.parse().ok(),
    }
}

/// Who letters are from: `alerts@example.com` or `CallPing <alerts@example.com>`.
pub(crate) fn sender_of(text: &str) -> Result<Mailbox, String> {
    const FORM: &str = "is an address, perhaps with a name, as in CallPing <alerts@example.com>";
    if text.contains(char::is_control) {
        return Err("holds a control character".to_owned());
    }
    let mailbox: Mailbox = text.parse().map_err(|_| FORM.to_owned())?;
    // What others are held to.
    let address: &str = mailbox.email.as_ref();
    address.parse::<Email>().map_err(|_| FORM.to_owned())?;
    Ok(mailbox)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(text: &str) -> Result<Route, String> {
        text.parse()
    }

    fn server(host: &str, port: u16, user: Option<&str>, tls: SmtpTls) -> Result<Route, String> {
        Ok(Route::Smtp(SmtpServer { host: host.into(), port, user: user.map(str::to_owned), tls }))
    }

    #[test]
    fn every_way_out_is_read_as_it_is_written() {
        let name = "mail.example.com";
        assert_eq!(route("smtp://mail.example.com"), server(name, 587, None, SmtpTls::StartTls));
        assert_eq!(
            route("smtp://ops%40example.com@mail.example.com:2525"),
            server(name, 2525, Some("ops@example.com"), SmtpTls::StartTls)
        );
        assert_eq!(route("smtps://a+b@mail.example.com"), server(name, 465, Some("a+b"), SmtpTls::Implicit));
        assert_eq!(route("smtp://127.0.0.1:25?tls=none"), server("127.0.0.1", 25, None, SmtpTls::None));
        assert_eq!(route("smtp://[::1]:25?tls=none"), server("::1", 25, None, SmtpTls::None));
        assert_eq!(route("smtp://localhost?tls=none"), server("localhost", 587, None, SmtpTls::None));
        assert_eq!(route("resend:"), Ok(Route::Resend(RESEND.parse().unwrap())));
        let double = "http://127.0.0.1:1234/";
        assert_eq!(route(&format!("resend:{double}")), Ok(Route::Resend(double.parse().unwrap())));
        assert_eq!(route("file:letters"), Ok(Route::Files("letters".into())));
    }

    #[test]
    fn what_cannot_be_used_is_told_without_what_may_be_a_password() {
        for (text, told) in [
            ("", "write smtp://"),
            ("s3cret", "write smtp://"),
            ("imap://mail.example.com", "write smtp://"),
            ("smtp://", "write smtp://"),
            ("smtp://ops:s3cret@mail.example.com", "mail_password_file"),
            ("smtp://mail.example.com?tls=none", "only to this host itself"),
            ("smtp://127.0.0.1.example.com?tls=none", "only to this host itself"),
            ("smtps://127.0.0.1?tls=none", "only to this host itself"),
            ("smtp://mail.example.com?tls=maybe", "nothing but ?tls=none"),
            ("smtp://mail.example.com/inbox", "nothing may follow"),
            ("smtp://a%0d%0aRSET@mail.example.com", "control character"),
            ("file:", "names no directory"),
            ("resend:http://api.resend.com", "unencrypted"),
            ("resend:re_s3cret", "write resend: alone"),
            ("resend:https://api.resend.com/v2", "write resend: alone"),
        ] {
            let problem = route(text).unwrap_err();
            assert!(problem.contains(told) && !problem.contains("s3cret"), "{text:?}: {problem}");
        }
    }

    #[test]
    fn a_sender_is_an_address_perhaps_with_a_name() {
        let from = sender_of("Call Ping <alerts@example.com>").unwrap();
        assert_eq!(
            (from.name.as_deref(), from.email.to_string().as_str()),
            (Some("Call Ping"), "alerts@example.com")
        );
        assert_eq!(sender_of("alerts@example.com").unwrap().name, None);
        for wrong in
            ["", "alerts", "a@localhost", "a@example.com, b@example.com", "A\r\nBcc: b@c.d <a@example.com>"]
        {
            assert!(sender_of(wrong).is_err(), "{wrong:?}");
        }
    }
}
