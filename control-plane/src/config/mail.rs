//! Options for mail. All hang on `mail`: without it none of the others has a meaning.

use super::{
    ConfigError, SERVICE,
    file::Keys,
    given::{Given, Place},
    path,
};
use crate::mail::{MailSettings, Route, sender_of};
use clap::Args;
use daemon::Credentials;
use std::path::PathBuf;

/// How letters leave.
#[derive(Clone, Args)]
pub struct MailOptions {
    /// How letters leave: smtp://USER@HOST:587, smtps://…, resend: or file:DIR; without it they wait
    #[arg(long, value_name = "URL", env = "CP_MAIL", hide_env_values = true)]
    mail: Option<String>,
    /// Who they are from, as in "CallPing <alerts@example.com>"
    #[arg(long, value_name = "ADDRESS", env = "CP_MAIL_FROM")]
    mail_from: Option<String>,
    /// File with the password of the SMTP server or the API key of Resend. A name without a / may be that of a
    /// credential
    #[arg(long, value_name = "FILE", env = "CP_MAIL_PASSWORD_FILE")]
    mail_password_file: Option<String>,
    /// File with the signing secret of Resend's webhook, whose events are taken at /api/mail/resend
    #[arg(long, value_name = "FILE", env = "CP_MAIL_WEBHOOK_SECRET_FILE")]
    mail_webhook_secret_file: Option<String>,
}

impl MailOptions {
    /// From the options, the environment and the file; `None` where letters are to wait.
    pub(super) fn resolve(self, file: &mut Keys) -> Result<Option<MailSettings>, ConfigError> {
        let mail = Place::option("--mail", "CP_MAIL").or_file(self.mail, file.mail.take());
        let from =
            Place::option("--mail-from", "CP_MAIL_FROM").or_file(self.mail_from, file.mail_from.take());
        let password = Place::option("--mail-password-file", "CP_MAIL_PASSWORD_FILE")
            .or_file(self.mail_password_file, file.mail_password_file.take());
        let secret = Place::option("--mail-webhook-secret-file", "CP_MAIL_WEBHOOK_SECRET_FILE")
            .or_file(self.mail_webhook_secret_file, file.mail_webhook_secret_file.take());
        let Some(Given { text, place }) = mail else {
            return match [from, password, secret].into_iter().flatten().next() {
                None => Ok(None),
                Some(given) => given.read(|_| Err("goes with mail, which is not given".to_owned())),
            };
        };
        let route: Route = match text.parse() {
            Ok(route) => route,
            Err(problem) => return Err(place.error(problem)),
        };
        if route.takes_password() && password.is_none() {
            return Err(place.error("this takes a password or a key too: give mail_password_file".to_owned()));
        }
        let Some(from) = from else {
            return Err(place.error("letters are from somebody: give mail_from".to_owned()));
        };
        let unused = !route.takes_password();
        let password = password.map(|given| {
            given.read(|text| {
                if unused {
                    Err("is of no use: mail names nobody to sign in as".to_owned())
                } else {
                    path(text)
                }
            })
        });
        Ok(Some(MailSettings {
            route,
            from: from.read(sender_of)?,
            password_file: password.transpose()?.map(find),
            webhook_secret_file: secret.map(|given| given.read(path)).transpose()?.map(find),
        }))
    }
}

fn find(named: PathBuf) -> PathBuf {
    Credentials::of(SERVICE).find(&named)
}
