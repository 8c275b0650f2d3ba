//! Takes out of a text what must not be sent away. Rather too much than too little: what is left has
//! to be legible, not complete.

/// Digits in a row that may be a phone number, where no + stands before them.
const LEAST_BARE: usize = 9;
/// Digits after a +, whatever stands between them.
const LEAST_PLUS: usize = 7;
/// An endpoint's id follows, which is its credential.
const ENDPOINT: &str = "/api/wh/";
/// Words in the name of a key whose value is a secret.
const SECRET: [&str; 5] = ["password", "secret", "token", "credential", "api_key"];

/// A text without phone numbers, keys in PEM, endpoints' ids and passwords in URLs.
pub fn redact(text: &str) -> String {
    numbers(&users(&endpoints(&keys(text))))
}

/// A TOML file without its comments, where anything may stand, and without the values of keys that are
/// named like secrets. Names of files stay.
pub fn configuration(text: &str) -> String {
    let mut told = String::new();
    for line in text.lines() {
        let line = without_comment(line).trim_end();
        if line.is_empty() {
            continue;
        }
        let key = line.split('=').next().unwrap_or(line).trim().to_ascii_lowercase();
        let is_secret = SECRET.iter().any(|word| key.contains(word)) && !key.ends_with("_file");
        match line.split_once('=') {
            Some((key, _)) if is_secret => told.push_str(&format!("{}= \"[secret]\"", key)),
            Some(_) | None => told.push_str(line),
        }
        told.push('\n');
    }
    redact(&told)
}

fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in line.char_indices() {
        match (quote, character) {
            (None, '#') => return &line[..at],
            (None, '"' | '\'') => quote = Some(character),
            (Some('"'), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(open), close) if open == close && !escaped => quote = None,
            _ => {}
        }
        escaped = false;
    }
    line
}

fn keys(text: &str) -> String {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    let mut told = String::new();
    let mut rest = text;
    while let Some((before, pem)) = rest.split_once(BEGIN) {
        told.push_str(before);
        told.push_str("[pem]");
        // One without an end may go on to the end of the text.
        rest = match pem.split_once(END) {
            Some((_, after)) => after.split_once("-----").map_or("", |(_, after)| after),
            None => "",
        };
    }
    told + rest
}

fn endpoints(text: &str) -> String {
    let mut parts = text.split(ENDPOINT);
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        told.push_str(ENDPOINT);
        told.push_str("[endpoint]");
        let id = |character: char| character.is_ascii_alphanumeric() || "-_%".contains(character);
        told.push_str(part.trim_start_matches(id));
    }
    told
}

/// `scheme://user:password@host`.
fn users(text: &str) -> String {
    const MARK: &str = "://";
    let mut parts = text.split(MARK);
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        told.push_str(MARK);
        let end = part.find(|c: char| c.is_whitespace() || "/?#\"'<>".contains(c)).unwrap_or(part.len());
        match part[..end].rfind('@') {
            Some(at) => {
                told.push_str("[user]");
                told.push_str(&part[at..]);
            }
            None => told.push_str(part),
        }
    }
    told
}

fn numbers(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut told = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        let is_plus = character == '+';
        if !is_plus && !character.is_ascii_digit() {
            told.push(character);
            at += 1;
            continue;
        }
        let (end, digits) = run(&characters, at + usize::from(is_plus), is_plus);
        if digits >= if is_plus { LEAST_PLUS } else { LEAST_BARE } {
            told.push_str("[number]");
            at = end;
        } else if is_plus {
            told.push('+');
            at += 1;
        } else {
            told.extend(&characters[at..end]);
            at = end;
        }
    }
    told
}

/// Where a row of digits ends, and how many there are; with what people write between them.
fn run(characters: &[char], from: usize, spaced: bool) -> (usize, usize) {
    let (mut end, mut digits, mut at) = (from, 0, from);
    while let Some(&character) = characters.get(at) {
        if character.is_ascii_digit() {
            digits += 1;
            end = at + 1;
        } else if !(spaced && " -.()/\u{a0}".contains(character)) {
            break;
        }
        at += 1;
    }
    (end, digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_replaced_however_they_are_written() {
        for text in [
            "+380501234567",
            "to=\"+380501234567\"",
            "PJSIP/380501234567@trunk",
            "tel:%2B380501234567",
            "+380 (50) 123-45-67",
            "+1.415.555.0100",
            "00380501234567",
            "a380501234567b",
        ] {
            let told = redact(text);
            assert!(
                told.contains("[number]") && !told.contains("4567") && !told.contains("0100"),
                "{text}: {told}"
            );
        }
    }

    #[test]
    fn what_helps_stays() {
        for text in [
            "2026-11-27T13:14:15.123456Z",
            "GLIBC_2.35, pid 4711, port 127.0.0.1:8088",
            "clock +0.003 s, route_countries = [\"+380\", \"UA\"]",
            "wss://cp.example.com/agent/v1/ws",
            "max_calls_per_number = 300",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn secrets_are_taken_out_of_urls_and_keys_out_of_everything() {
        let text = "postgres://cp:hunter2@db/x POST /api/wh/6c1f6f1e-0000-4000-8000-00000000abcd?x=1\n\
                    -----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\nafter -----BEGIN X-----\nhunter2";
        let told = redact(text);
        assert_eq!(told, "postgres://[user]@db/x POST /api/wh/[endpoint]?x=1\n[pem]\nafter [pem]");
    }

    #[test]
    fn a_configuration_keeps_what_it_says_and_loses_what_it_must_not_tell() {
        let text = "# was hunter2\nname = \"pbx-1\" # hunter2\n\n[ari]\npassword_file = \"ari.password\"\n\
                    api_password = \"hunter2\"\ncaller_id = \"+14155550100\"\nvoice = \"a # b\" # c\n\
                    odd = \"a\\\" # b\" # hunter2\ndatabase = \"postgres://u:hunter2@h/d\"\n";
        let told = configuration(text);
        assert_eq!(
            told,
            "name = \"pbx-1\"\n[ari]\npassword_file = \"ari.password\"\napi_password = \"[secret]\"\n\
             caller_id = \"[number]\"\nvoice = \"a # b\"\nodd = \"a\\\" # b\"\ndatabase = \"postgres://[user]@h/d\"\n"
        );
    }
}
