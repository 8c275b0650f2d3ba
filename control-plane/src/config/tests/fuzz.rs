//! Whatever somebody wrote into the configuration file.
//!
//! `cargo test` gives the search a short run; `cargo bolero test -p control-plane TARGET` searches for as
//! long as it is let.

#[path = "../../../../shared/tests/fuzz/toml.rs"]
mod toml_file;

use super::*;
use std::fs;
use toml_file::{Alteration, alterations, keys};

/// Serves with this file and nothing else.
fn load(path: &Path, text: &[u8]) -> Result<(), ConfigError> {
    fs::write(path, text).unwrap();
    let line = Line::parse_from(["serve".as_ref(), "--config".as_ref(), path.as_os_str()]);
    let settings = Settings::resolve(line.options)?;
    promised(&settings);
    Ok(())
}

fn promised(settings: &Settings) {
    let Settings { data, listen: _, public_url, tls, metrics_listen: _, trusted_proxies: _, mail } = settings;
    assert!(is_plain(&data.dir) && is_plain(data.database_file()), "{settings:?}");
    if let Some(TlsFiles { cert, key }) = tls {
        assert!(is_plain(cert) && is_plain(key), "{settings:?}");
    }
    if let Some(mail) = mail {
        assert!(
            mail.password_file.iter().chain(&mail.webhook_secret_file).all(|file| is_plain(file)),
            "{settings:?}"
        );
    }
    if let Some(url) = public_url {
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let bare = format!("{}://{}{port}/", url.scheme(), url.host_str().unwrap());
        assert!(["http", "https"].contains(&url.scheme()) && url.as_str() == bare, "{settings:?}");
    }
}

fn is_plain(path: &Path) -> bool {
    let text = path.to_str().unwrap();
    !text.is_empty() && !text.contains(char::is_control)
}

/// One line that names the file, the line and the key, and repeats no password.
fn is_clear(error: &ConfigError, path: &Path, text: &str, what: &str) {
    let said = error.to_string();
    assert!(!said.contains(char::is_control) && said.chars().count() < 1000, "{what}: {said:?}");
    assert!(!said.contains("s3cret"), "{what}: {said}");
    match error {
        ConfigError::Line { line, key, problem, .. } => {
            assert!((1..=text.split('\n').count()).contains(line), "{what}: {said}");
            assert!(!key.is_empty() && !problem.is_empty(), "{what}: {said}");
            assert!(said.starts_with(&format!("{}:{line}: {key}: ", path.display())), "{what}: {said}");
        }
        // Not UTF-8.
        ConfigError::Unreadable { .. } => assert!(said.contains(": cannot be read: "), "{said}"),
        ConfigError::Option { .. } => panic!("{what}: {said}"),
    }
}

#[test]
fn the_sample_has_every_key() {
    let text = complaint(&[], Some("surprise = 1"));
    let (_, known) = text.split_once("Known here: ").unwrap();
    let mut known: Vec<String> = known.split(", ").map(str::to_owned).collect();
    known.sort_unstable();
    let mut sample = keys(FILE).remove(0).1;
    sample.sort_unstable();
    assert_eq!(sample, known);
}

#[test]
fn whatever_stands_at_any_key_it_is_usable_or_refused_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("control-plane.toml");
    load(&path, FILE.as_bytes()).unwrap();
    for Alteration { what, key, text } in alterations(FILE) {
        if let Err(error) = load(&path, text.as_bytes()) {
            is_clear(&error, &path, &text, &what);
            let ConfigError::Line { line, .. } = &error else { continue };
            let there = text.split('\n').nth(line - 1).unwrap_or_default();
            let is_toml = text.parse::<toml::Table>().is_ok();
            // Of the two files of TLS, either is missed where the other one stands.
            let placed = !is_toml
                || there.contains(&key)
                || error.to_string().contains(&key)
                || error.to_string().contains("TLS takes");
            assert!(placed, "{what}: {error}\n{there}");
        }
    }
}

#[test]
fn whatever_bytes_are_changed_it_is_usable_or_refused_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("control-plane.toml");
    let sample = FILE.replace("sqlite:/srv/calls.db", "postgres://cp:s3cret@db/x");
    bolero::check!().for_each(|bytes: &[u8]| {
        // In each sample, and alone.
        for text in [FILE, &sample, ""] {
            let mut text = text.as_bytes().to_vec();
            let mut edits = bytes;
            if text.is_empty() {
                (text, edits) = (bytes.to_vec(), &[]);
            }
            for edit in edits.chunks_exact(3).take(8) {
                let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % text.len();
                text[at] = edit[2];
            }
            if let Err(error) = load(&path, &text) {
                is_clear(&error, &path, &String::from_utf8_lossy(&text), "bytes");
            }
        }
    });
}
