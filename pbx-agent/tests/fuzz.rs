//! Fuzz targets: the configuration file, whatever somebody wrote into it.
//!
//! `cargo test` gives each a short run; `cargo bolero test -p pbx-agent TARGET` searches for as long as
//! it is let.

#[path = "../../shared/tests/fuzz/toml.rs"]
mod toml_file;

use pbx_agent::config::{Config, ConfigError};
use shared::{fence::RouteCountries, phone::E164};
use std::{fs, path::Path};
use toml_file::{Alteration, alterations, keys};
use url::{Host, Url};

/// The example, with every key that it only shows in a comment.
fn sample() -> String {
    let shown = |line: &'static str| {
        let line = line.strip_prefix("# ")?;
        let (key, _) = line.split_once(" = ")?;
        key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_').then_some(line)
    };
    let lines = include_str!("../agent.example.toml").lines();
    lines.map(|line| shown(line).unwrap_or(line).to_owned() + "\n").collect()
}

/// Loads the text as the agent does; what is promised of what it says.
fn load(path: &Path, text: &[u8]) -> Result<(), ConfigError> {
    fs::write(path, text).expect("a file");
    promised(&Config::load(path)?);
    Ok(())
}

fn promised(config: &Config) {
    assert!(is_word(&config.name, 64), "{config:?}");
    assert!(config.state_dir.is_absolute() && is_plain(&config.state_dir), "{config:?}");
    let control_plane = &config.control_plane;
    assert!(is_bare(&control_plane.url), "{config:?}");
    match control_plane.url.scheme() {
        "wss" => {}
        "ws" => assert!(is_loopback(&control_plane.url), "{config:?}"),
        other => panic!("{other}: {config:?}"),
    }
    assert!(control_plane.ca_file.as_deref().is_none_or(is_plain), "{config:?}");
    let ari = &config.ari;
    assert!(is_bare(&ari.url) && ari.url.scheme() == "http" && is_loopback(&ari.url), "{config:?}");
    assert!(is_word(&ari.username, 80) && is_word(&ari.app, 60), "{config:?}");
    assert!(is_plain(&ari.password_file), "{config:?}");
    assert!((1..=10_000).contains(&config.max_calls_per_number), "{config:?}");
    assert!(!config.voice.command.iter().any(|word| word.chars().any(char::is_control)), "{config:?}");
    assert!(!config.trunks.is_empty(), "{config:?}");
    let to: E164 = "+380501234567".parse().expect("a number");
    for trunk in &config.trunks {
        assert!(is_word(&trunk.name, 64), "{config:?}");
        assert_eq!(config.trunks.iter().filter(|other| other.name == trunk.name).count(), 1, "{config:?}");
        let endpoint = trunk.dial.endpoint(&to);
        assert_eq!(endpoint.matches(to.digits()).count(), 1, "{endpoint}");
        let safe = |c: char| c.is_ascii_alphanumeric() || "/@.:_-+".contains(c);
        assert!(endpoint.chars().all(safe), "{endpoint}");
        let fence = Vec::<String>::from(trunk.route_countries.clone());
        assert_eq!(RouteCountries::try_from(fence).as_ref(), Ok(&trunk.route_countries));
        if let Some(shown) = &trunk.caller_id {
            let digits = shown.strip_prefix('+').expect("a plus in front");
            assert!((7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()));
        }
        assert!((1..=1000).contains(&trunk.max_concurrent), "{config:?}");
        assert!((1..=1000).contains(&trunk.max_calls_per_second), "{config:?}");
        assert!((1..=1_000_000).contains(&trunk.max_minutes_per_day), "{config:?}");
    }
}

fn is_word(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn is_plain(path: &Path) -> bool {
    let text = path.to_str().expect("TOML is UTF-8");
    !text.is_empty() && !text.chars().any(char::is_control)
}

fn is_bare(url: &Url) -> bool {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    url.as_str() == format!("{}://{}{port}/", url.scheme(), url.host_str().unwrap_or_default())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// One line that names the file, a line of it, and a key or what is missing.
fn is_clear(error: &ConfigError, path: &Path, text: &str, what: &str) {
    let said = error.to_string();
    assert!(!said.chars().any(char::is_control) && said.chars().count() < 1500, "{what}: {said:?}");
    match error {
        ConfigError::Line { line, key, problem, .. } => {
            assert!((1..=text.split('\n').count()).contains(line), "{what}: {said}");
            assert!(!key.is_empty() && !problem.is_empty(), "{what}: {said}");
            assert!(said.starts_with(&format!("{}:{line}: {key}: ", path.display())), "{what}: {said}");
        }
        // Not UTF-8.
        ConfigError::Unreadable { .. } => assert!(said.contains("agent.toml: cannot be read: "), "{said}"),
        ConfigError::Writable { .. } => panic!("{what}: {said}"),
    }
}

#[test]
fn the_example_shows_every_key() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("agent.toml");
    for (table, known) in keys(&sample()) {
        let begin = sample().find(&format!("[{table}]")).map_or(0, |at| at + table.len() + 1);
        let begin = sample()[begin..].find('\n').map_or(0, |end| begin + end + 1);
        let text = format!("{}surprise = 1\n{}", &sample()[..begin], &sample()[begin..]);
        let said = load(&path, text.as_bytes()).expect_err("a key that nobody knows").to_string();
        let (_, mut readable) = said.split_once("Known here: ").expect(&said);
        readable = readable.trim();
        for key in readable.split(", ") {
            assert!(known.iter().any(|shown| shown == key), "[{table}] has no {key}: {said}");
        }
    }
}

#[test]
fn whatever_stands_at_any_key_it_is_safe_or_refused_with_its_place() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("agent.toml");
    load(&path, sample().as_bytes()).expect("the sample");
    for Alteration { what, key, text } in alterations(&sample()) {
        if let Err(error) = load(&path, text.as_bytes()) {
            is_clear(&error, &path, &text, &what);
            let ConfigError::Line { line, .. } = &error else { continue };
            let there = text.split('\n').nth(line - 1).unwrap_or_default();
            // What is not TOML may only be found out further on.
            let is_toml = text.parse::<toml::Table>().is_ok();
            let placed = !is_toml || there.contains(&key) || error.to_string().contains(&key);
            assert!(placed, "{what}: {error}\n{there}");
        }
    }
}

#[test]
fn whatever_bytes_are_changed_it_is_safe_or_refused_with_its_place() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("agent.toml");
    bolero::check!().for_each(|bytes: &[u8]| {
        // In the sample, and alone.
        let mut altered = sample().into_bytes();
        for edit in bytes.chunks_exact(3).take(8) {
            let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % altered.len();
            altered[at] = edit[2];
        }
        for text in [&altered, bytes] {
            if let Err(error) = load(&path, text) {
                is_clear(&error, &path, &String::from_utf8_lossy(text), "bytes");
            }
        }
    });
}
