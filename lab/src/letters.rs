//! Letters, as the control plane writes them into files.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const WITHIN: Duration = Duration::from_secs(20);

/// Those to an address, oldest first: their names sort by time.
pub(crate) fn to(dir: &Path, address: &str) -> Result<Vec<String>> {
    let Ok(entries) = fs::read_dir(dir) else { return Ok(Vec::new()) };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "eml"));
    files.sort();
    let wanted = format!("To: {address}");
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        if text.lines().take_while(|line| !line.is_empty()).any(|line| line.eq_ignore_ascii_case(&wanted)) {
            found.push(text);
        }
    }
    Ok(found)
}

/// The first one after so many: its subject, its text and the links in it.
pub(crate) async fn next(dir: &Path, address: &str, after: usize) -> Result<Value> {
    let begun = Instant::now();
    loop {
        if let Some(letter) = to(dir, address)?.get(after) {
            return read(letter);
        }
        if begun.elapsed() > WITHIN {
            bail!("no letter to {address} within {WITHIN:?}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn read(letter: &str) -> Result<Value> {
    let letter = letter.replace("\r\n", "\n");
    let subject = letter.lines().find_map(|line| line.strip_prefix("Subject: ")).context("a subject")?;
    let plain = letter.split("\n--letter-").find(|part| part.contains("Content-Type: text/plain"));
    let body = plain.and_then(|part| part.split_once("\n\n")).context("a plain text")?.1;
    let text = legible(body)?;
    let links: Vec<&str> = text.split_whitespace().filter(|word| word.starts_with("http")).collect();
    Ok(json!({"subject": subject, "text": text, "links": links}))
}

/// Quoted-printable (RFC 2045, 6.7) as text.
fn legible(body: &str) -> Result<String> {
    let joined = body.replace("=\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).context("a character after =")?;
        bytes.push(u8::from_str_radix(code, 16).with_context(|| format!("={code}"))?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).context("a letter in UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: &str = "From: alerts@example.com\nTo: ann@example.com\nSubject: Confirm\n\n--letter-1\n\
        Content-Type: text/plain; charset=utf-8\n\nOpen\n\nhttp://127.0.0.1:1/verify#abc=\ndef=3D\n\n=C2=AB=C2=BB\n\
        --letter-1\nContent-Type: text/html\n\n<p>\n--letter-1--\n";

    #[tokio::test]
    async fn a_letter_is_found_by_its_recipient_and_its_link_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("1.eml"), LETTER).unwrap();
        assert_eq!(to(dir.path(), "bob@example.com").unwrap().len(), 0);
        let letter = next(dir.path(), "ann@example.com", 0).await.unwrap();
        assert_eq!(letter["subject"], "Confirm");
        assert_eq!(letter["links"], json!(["http://127.0.0.1:1/verify#abcdef="]));
        assert!(letter["text"].as_str().unwrap().contains("«»"));
    }
}
