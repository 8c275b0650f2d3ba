//! From TOML to [`Config`], with the line and key of every mistake.

use super::{Ari, Config, ConfigError, ControlPlane, DEFAULT_VOICE, Trunk, Voice};
use serde::Deserialize;
use shared::fence::RouteCountries;
use std::{
    net::IpAddr,
    ops::Range,
    path::{Path, PathBuf},
};
use toml::Spanned;
use url::{Host, Url};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    name: Spanned<String>,
    state_dir: Spanned<PathBuf>,
    max_calls_per_number: Option<Spanned<u32>>,
    control_plane: RawControlPlane,
    ari: RawAri,
    trunk: Spanned<Vec<RawTrunk>>,
    #[serde(default)]
    voice: RawVoice,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawControlPlane {
    url: Spanned<String>,
    ca_file: Option<Spanned<PathBuf>>,
    #[serde(default)]
    behind_proxy: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAri {
    url: Option<Spanned<String>>,
    username: Spanned<String>,
    password_file: Spanned<PathBuf>,
    app: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTrunk {
    name: Spanned<String>,
    dial: Spanned<String>,
    route_countries: Spanned<Vec<String>>,
    caller_id: Option<Spanned<String>>,
    max_concurrent: Option<Spanned<u32>>,
    max_calls_per_second: Option<Spanned<u32>>,
    max_minutes_per_day: Option<Spanned<u32>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVoice {
    command: Option<Spanned<String>>,
    #[serde(default)]
    allow_message_text: bool,
}

/// Reads and checks the text of a configuration file.
pub(super) fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
    let place = Place { path, text };
    let raw: RawConfig = toml::from_str(text).map_err(|error| place.unreadable(&error))?;
    let name = place.word("name", raw.name, 64)?;
    let state_dir = raw.state_dir;
    if !state_dir.get_ref().is_absolute() {
        return Err(place.at(&state_dir, "state_dir", "is not an absolute path"));
    }
    let state_dir = place.check("state_dir", &state_dir, |path| file_name(path))?;
    let max_calls_per_number = place.cap("max_calls_per_number", raw.max_calls_per_number, 300, 10_000)?;
    let control_plane = ControlPlane {
        url: place.check("control_plane.url", &raw.control_plane.url, |url| control_plane_url(url))?,
        ca_file: match &raw.control_plane.ca_file {
            Some(path) => Some(place.check("control_plane.ca_file", path, |path| file_name(path))?),
            None => None,
        },
        behind_proxy: raw.control_plane.behind_proxy,
    };
    let ari = Ari {
        url: match &raw.ari.url {
            Some(url) => place.check("ari.url", url, |url| ari_url(url))?,
            None => {
                place.check("ari.url", &Spanned::new(0..0, "http://127.0.0.1:8088".to_owned()), |url| {
                    ari_url(url)
                })?
            }
        },
        username: place.word("ari.username", raw.ari.username, 80)?,
        password_file: place.check("ari.password_file", &raw.ari.password_file, |path| file_name(path))?,
        app: match raw.ari.app {
            Some(app) => place.word("ari.app", app, 60)?,
            None => "pbx-agent".to_owned(),
        },
    };
    if raw.trunk.get_ref().is_empty() {
        return Err(place.at(&raw.trunk, "trunk", "a PBX without a trunk can call nobody"));
    }
    let mut trunks: Vec<Trunk> = Vec::new();
    for raw in raw.trunk.into_inner() {
        if trunks.iter().any(|trunk| trunk.name == *raw.name.get_ref()) {
            return Err(place.at(&raw.name, "trunk.name", "another trunk has this name"));
        }
        trunks.push(trunk(&place, raw)?);
    }
    let voice = Voice {
        command: match &raw.voice.command {
            Some(command) => place.check("voice.command", command, |command| words(command))?,
            None => DEFAULT_VOICE.split(' ').map(str::to_owned).collect(),
        },
        allow_message_text: raw.voice.allow_message_text,
    };
    Ok(Config {
        path: path.to_owned(),
        name,
        state_dir,
        control_plane,
        ari,
        max_calls_per_number,
        trunks,
        voice,
    })
}

fn trunk(place: &Place<'_>, raw: RawTrunk) -> Result<Trunk, ConfigError> {
    Ok(Trunk {
        dial: place.check("trunk.dial", &raw.dial, |dial| {
            dial.parse().map_err(|error: super::dial::DialError| error.to_string())
        })?,
        route_countries: place.check("trunk.route_countries", &raw.route_countries, |entries| {
            RouteCountries::try_from(entries.clone()).map_err(|error| error.to_string())
        })?,
        caller_id: match &raw.caller_id {
            Some(number) => Some(place.check("trunk.caller_id", number, |number| caller_id(number))?),
            None => None,
        },
        max_concurrent: place.cap("trunk.max_concurrent", raw.max_concurrent, 10, 1000)?,
        max_calls_per_second: place.cap("trunk.max_calls_per_second", raw.max_calls_per_second, 5, 1000)?,
        max_minutes_per_day: place.cap(
            "trunk.max_minutes_per_day",
            raw.max_minutes_per_day,
            600,
            1_000_000,
        )?,
        name: place.word("trunk.name", raw.name, 64)?,
    })
}

/// Reads a URL of the control plane: `wss://`, or `ws://` on loopback; `https://` and `http://` are
/// taken for their twins.
///
/// # Errors
/// What is wrong, for a person.
pub fn control_plane_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{error}; write wss://host"))?;
    let scheme = match url.scheme() {
        "wss" | "https" => "wss",
        "ws" | "http" => "ws",
        other => return Err(format!("{other}:// is not a WebSocket; write wss://host")),
    };
    plain_authority(&url)?;
    if scheme == "ws" && !is_loopback(&url) {
        return Err("unencrypted ws:// is for loopback only; write wss://".to_owned());
    }
    let mut twin = url;
    // Never refused: both are schemes of the web.
    twin.set_scheme(scheme).map_err(|()| "write wss://host".to_owned())?;
    Ok(twin)
}

fn ari_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{error}; write http://127.0.0.1:8088"))?;
    plain_authority(&url)?;
    if url.scheme() != "http" || !is_loopback(&url) {
        return Err(
            "ARI belongs on loopback: http://127.0.0.1:8088, with bindaddr=127.0.0.1 in Asterisk's http.conf"
                .to_owned(),
        );
    }
    Ok(url)
}

fn plain_authority(url: &Url) -> Result<(), String> {
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    if plain { Ok(()) } else { Err("is scheme, host and port alone; no user, path or query".to_owned()) }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn caller_id(text: &str) -> Result<String, String> {
    match text.strip_prefix('+') {
        Some(digits)
            if (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Ok(text.to_owned())
        }
        Some(_) | None => Err("is + and 7 to 15 digits, as in \"+14155550100\"".to_owned()),
    }
}

fn file_name(path: &Path) -> Result<PathBuf, String> {
    if path.as_os_str().is_empty() {
        Err("is empty".to_owned())
    } else if path.to_string_lossy().contains(char::is_control) {
        Err("holds a control character".to_owned())
    } else {
        Ok(path.to_owned())
    }
}

fn words(command: &str) -> Result<Vec<String>, String> {
    if command.contains(char::is_control) {
        return Err("holds a control character".to_owned());
    }
    shell_words::split(command).map_err(|error| error.to_string())
}

/// Knows where in the file a value stands.
struct Place<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Place<'_> {
    fn at<T>(&self, value: &Spanned<T>, key: &str, problem: impl Into<String>) -> ConfigError {
        self.line(value.span(), key.to_owned(), problem.into())
    }

    fn check<T, V>(
        &self,
        key: &str,
        value: &Spanned<T>,
        judge: impl FnOnce(&T) -> Result<V, String>,
    ) -> Result<V, ConfigError> {
        judge(value.get_ref()).map_err(|problem| self.at(value, key, problem))
    }

    /// A limit; there is always one.
    fn cap(
        &self,
        key: &str,
        value: Option<Spanned<u32>>,
        default: u32,
        most: u32,
    ) -> Result<u32, ConfigError> {
        match value {
            None => Ok(default),
            Some(value) if (1..=most).contains(value.get_ref()) => Ok(*value.get_ref()),
            Some(value) => Err(self.at(&value, key, format!("is a number from 1 to {most}"))),
        }
    }

    /// A name that travels in frames, logs and URLs.
    fn word(&self, key: &str, value: Spanned<String>, longest: usize) -> Result<String, ConfigError> {
        let word = value.get_ref();
        let fits = (1..=longest).contains(&word.len())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if fits {
            Ok(value.into_inner())
        } else {
            Err(self.at(
                &value,
                key,
                format!("is 1 to {longest} letters, digits, dashes, dots or underscores"),
            ))
        }
    }

    /// Rewrites serde's complaint in the words of the file.
    fn unreadable(&self, error: &toml::de::Error) -> ConfigError {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().trim();
        let named = quoted(message);
        if message.starts_with("unknown field")
            && let Some((unknown, known)) = named.split_first()
        {
            let meant = known
                .iter()
                .map(|key| (strsim::jaro_winkler(unknown, key), *key))
                .filter(|(likeness, _)| *likeness > 0.75)
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .map_or_else(|| ".".to_owned(), |(_, key)| format!("; did you mean `{key}`?"));
            let problem = format!("no such key{meant} Known here: {}", known.join(", "));
            return self.line(span, (*unknown).to_owned(), problem);
        }
        if message.starts_with("missing field")
            && let Some(missing) = named.first()
        {
            let section = self.section(&span);
            return self.line(span, section, format!("missing key `{missing}`"));
        }
        let key = self.key_on_line(&span);
        self.line(span, key, message.replace('\n', " "))
    }

    fn line(&self, span: Range<usize>, key: String, problem: String) -> ConfigError {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        ConfigError::Line { path: self.path.to_owned(), line, key: shown(&key), problem: shown(&problem) }
    }

    /// Name of the table that a span lies in.
    fn section(&self, span: &Range<usize>) -> String {
        let upto = self
            .text
            .get(span.start..)
            .and_then(|rest| rest.find('\n'))
            .map_or(self.text.len(), |end| span.start + end);
        self.text
            .get(..upto)
            .into_iter()
            .flat_map(str::lines)
            .rev()
            .find_map(|line| Some(line.trim().strip_prefix('[')?.trim_matches(['[', ']']).to_owned()))
            .filter(|_| span.start != 0)
            .unwrap_or_else(|| "top level".to_owned())
    }

    /// The key whose value a span is in or begins.
    fn key_on_line(&self, span: &Range<usize>) -> String {
        let end = self.text.get(span.start..).and_then(|rest| rest.find('\n'));
        let upto = self.text.get(..end.map_or(self.text.len(), |end| span.start + end)).unwrap_or("");
        let mut lines = upto.rsplit('\n');
        let mut key = lines.next().and_then(key_of);
        // A value may go over several lines; what is no TOML has no key.
        if key.is_none() && toml::de::DeTable::parse(self.text).is_ok() {
            key = lines.find_map(key_of);
        }
        key.unwrap_or("syntax").to_owned()
    }
}

/// The key that a line begins with.
fn key_of(line: &str) -> Option<&str> {
    let key = line.split_once('=')?.0.trim();
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (!key.is_empty() && key.bytes().all(bare)).then_some(key)
}

/// What the file says, fit for one line on a terminal.
fn shown(text: &str) -> String {
    match text {
        "" => "\"\"".to_owned(),
        text => text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(300).collect(),
    }
}

/// The words between backticks.
fn quoted(message: &str) -> Vec<&str> {
    message.split('`').skip(1).step_by(2).collect()
}
