//! The configuration file: flat TOML, every key a text. A relative path is relative to the current
//! directory, as on the command line.

use super::{
    ConfigError,
    given::{Given, Place},
};
use crate::suggestion::unknown_key;
use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};
use toml::de::{DeTable, DeValue};

/// What the file says.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) listen: Option<Given>,
    pub(super) data_dir: Option<Given>,
    pub(super) database: Option<Given>,
    pub(super) public_url: Option<Given>,
    pub(super) tls_cert: Option<Given>,
    pub(super) tls_key: Option<Given>,
    pub(super) metrics_listen: Option<Given>,
    pub(super) trusted_proxies: Option<Given>,
    pub(super) mail: Option<Given>,
    pub(super) mail_from: Option<Given>,
    pub(super) mail_password_file: Option<Given>,
    pub(super) mail_webhook_secret_file: Option<Given>,
}

const KNOWN: [&str; 12] = [
    "listen",
    "data_dir",
    "database",
    "public_url",
    "tls_cert",
    "tls_key",
    "metrics_listen",
    "trusted_proxies",
    "mail",
    "mail_from",
    "mail_password_file",
    "mail_webhook_secret_file",
];

/// Reads the file, where one is named.
pub(super) fn read(path: Option<&Path>) -> Result<Keys, ConfigError> {
    let Some(path) = path else { return Ok(Keys::default()) };
    let text = fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    parse(path, &text)
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Keys, ConfigError> {
    let table = DeTable::parse(text).map_err(|error| {
        // Only the message: the error's own text repeats the line, which may hold a password.
        place(path, text, &error.span().unwrap_or(0..0), "syntax")
            .error(error.message().trim().replace('\n', " "))
    })?;
    let mut keys = Keys::default();
    for (key, value) in table.into_inner() {
        let here = place(path, text, &key.span(), key.get_ref());
        let slot = match key.get_ref().as_ref() {
            "listen" => &mut keys.listen,
            "data_dir" => &mut keys.data_dir,
            "database" => &mut keys.database,
            "public_url" => &mut keys.public_url,
            "tls_cert" => &mut keys.tls_cert,
            "tls_key" => &mut keys.tls_key,
            "metrics_listen" => &mut keys.metrics_listen,
            "trusted_proxies" => &mut keys.trusted_proxies,
            "mail" => &mut keys.mail,
            "mail_from" => &mut keys.mail_from,
            "mail_password_file" => &mut keys.mail_password_file,
            "mail_webhook_secret_file" => &mut keys.mail_webhook_secret_file,
            unknown => return Err(here.error(unknown_key(unknown, &KNOWN))),
        };
        *slot = match value.into_inner() {
            DeValue::String(text) => Some(Given { text: text.into_owned(), place: here }),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => return Err(here.error("is a text in quotes".to_owned())),
        };
    }
    Ok(keys)
}

fn place(path: &Path, text: &str, span: &Range<usize>, key: &str) -> Place {
    let before = text.get(..span.start).unwrap_or(text);
    Place::Line { path: PathBuf::from(path), line: before.matches('\n').count() + 1, key: key.to_owned() }
}
