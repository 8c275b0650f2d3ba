//! Every mistake is reported where it was made.

mod fuzz;

use super::*;
use crate::mail::{Route, SmtpServer, SmtpTls};
use clap::Parser;
use std::io::Write;
use tempfile::NamedTempFile;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    options: ServeOptions,
}

/// Resolves a command line, with this file where there is one. The environment of the test holds no
/// `CP_…`.
fn resolve(arguments: &[&str], file: Option<&str>) -> Result<Settings, ConfigError> {
    let mut arguments = [&["serve"], arguments].concat();
    let written = file.map(|text| {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    });
    let path = written.as_ref().map(|file| file.path().to_str().unwrap().to_owned());
    if let Some(path) = &path {
        arguments.extend(["--config", path]);
    }
    Settings::resolve(Line::parse_from(arguments).options)
}

fn complaint(arguments: &[&str], file: Option<&str>) -> String {
    resolve(arguments, file).unwrap_err().to_string()
}

#[test]
fn without_anything_it_serves_this_host_from_the_current_directory() {
    let settings = resolve(&[], None).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.data.dir, Path::new("data"));
    assert_eq!(settings.data.database_file(), Path::new("data/control-plane.db"));
    assert_eq!((settings.tls, settings.public_url, settings.metrics_listen), (None, None, None));
}

/// Every key.
const FILE: &str = r#"
    listen = "[::]:443"
    data_dir = "/var/lib/callping"
    database = "sqlite:/srv/calls.db"
    public_url = "https://alerts.example.com"
    tls_cert = "chain.pem"
    tls_key = "key.pem"
    metrics_listen = "127.0.0.1:9100"
    trusted_proxies = "10.0.0.0/8, ::1"
    mail = "smtp://ops@mail.example.com:587"
    mail_from = "CallPing <alerts@example.com>"
    mail_password_file = "mail.password"
    mail_webhook_secret_file = "/etc/callping/webhook.secret"
"#;

#[test]
fn every_option_is_a_key_of_the_file_and_an_option_wins() {
    let settings = resolve(&["--listen", "127.0.0.1:1"], Some(FILE)).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:1");
    assert_eq!(settings.data.database_file(), Path::new("/srv/calls.db"));
    assert_eq!(settings.tls, Some(TlsFiles { cert: "chain.pem".into(), key: "key.pem".into() }));
    assert_eq!(settings.metrics_listen.unwrap().port(), 9100);
    assert_eq!(settings.trusted_proxies, "10.0.0.0/8,::1".parse().unwrap());
    let moved = resolve(&["--data-dir", "/elsewhere"], Some("")).unwrap();
    assert_eq!(moved.data.database_file(), Path::new("/elsewhere/control-plane.db"));
}

#[test]
fn every_option_is_an_environment_variable() {
    use clap::CommandFactory;
    for argument in Line::command().get_arguments().filter(|argument| argument.get_id() != "help") {
        let expected = format!("CP_{}", argument.get_id().as_str().to_uppercase());
        assert_eq!(argument.get_env().and_then(|name| name.to_str()), Some(expected.as_str()));
    }
}

#[test]
fn an_unknown_key_names_file_line_and_the_likely_one() {
    for (written, meant) in [
        ("data-dir", "data_dir"),
        ("lisen", "listen"),
        ("tls_certificate", "tls_cert"),
        ("databse", "database"),
    ] {
        let text = complaint(&[], Some(&format!("listen = \"127.0.0.1:1\"\n\n{written} = \"x\"")));
        assert!(
            text.contains(&format!(":3: {written}: no such key \"{written}\"; did you mean \"{meant}\"?")),
            "{text}"
        );
    }
    let text = complaint(&[], Some("colour = \"blue\""));
    assert!(text.contains(":1: colour: no such key \"colour\". Known here: listen, "), "{text}");
}

#[test]
fn a_wrong_value_names_the_line_it_stands_in() {
    for (file, expected) in [
        ("\nlisten = 8080", ":2: listen: is a text in quotes"),
        ("[listen]", ":1: listen: is a text in quotes"),
        ("listen = \"8080\"", ":1: listen: \"8080\" is not an address and a port"),
        ("listen = ", ":1: syntax: "),
        ("listen = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"", ":2: syntax: duplicate key"),
        ("public_url = \"alerts.example.com/x\"", ":1: public_url: "),
        ("tls_cert = \"chain.pem\"", ":1: tls_cert: TLS takes the private key too"),
        ("data_dir = \"\"", ":1: data_dir: is empty"),
        (
            "trusted_proxies = \"10.0.0.1/8\"",
            ":1: trusted_proxies: \"10.0.0.1/8\" is an address within a network",
        ),
    ] {
        let text = complaint(&[], Some(file));
        assert!(text.contains(expected), "{file:?}: {text}");
    }
}

#[test]
fn mail_is_whole_or_its_mistake_is_named_where_it_was_made() {
    let whole = resolve(&[], Some(FILE)).unwrap().mail.unwrap();
    let server = SmtpServer {
        host: "mail.example.com".into(),
        port: 587,
        user: Some("ops".into()),
        tls: SmtpTls::StartTls,
    };
    assert_eq!(whole.route, Route::Smtp(server));
    assert_eq!(whole.password_file.as_deref(), Some(Path::new("mail.password")));
    assert_eq!(resolve(&[], None).unwrap().mail, None);
    for (file, expected) in [
        ("mail = \"smtp://a:s3cret@b.example.com\"", ":1: mail: a password does not belong here"),
        ("\nmail = \"pigeon:\"", ":2: mail: write smtp://USER@HOST:587"),
        ("mail = \"resend:\"", ":1: mail: this takes a password or a key too: give mail_password_file"),
        ("mail = \"file:letters\"", ":1: mail: letters are from somebody: give mail_from"),
        ("mail = \"file:letters\"\nmail_from = \"me\"", ":2: mail_from: is an address, perhaps with a name"),
        ("mail_from = \"a@example.com\"", ":1: mail_from: goes with mail, which is not given"),
        (
            "mail = \"smtp://b.example.com\"\nmail_from = \"a@example.com\"\nmail_password_file = \"x\"",
            ":3: mail_password_file: is of no use: mail names nobody to sign in as",
        ),
    ] {
        let text = complaint(&[], Some(file));
        assert!(text.contains(expected) && !text.contains("s3cret"), "{file:?}: {text}");
    }
    let text = complaint(&["--mail", "resend:"], None);
    assert!(text.starts_with("--mail (or CP_MAIL): this takes a password"), "{text}");
}

#[test]
fn a_wrong_option_is_named() {
    let text = complaint(&["--listen", "localhost"], None);
    assert!(text.starts_with("--listen (or CP_LISTEN): \"localhost\" is not an address"), "{text}");
    let text = complaint(&["--tls-key", "key.pem"], None);
    assert!(text.contains("give tls_cert"), "{text}");
    let text = complaint(&["--config", "/nowhere/control-plane.toml"], None);
    assert!(text.starts_with("/nowhere/control-plane.toml: cannot be read"), "{text}");
}

#[test]
fn a_database_that_is_not_supported_is_named_without_its_password() {
    for url in ["postgres://cp:s3cret@db/callping", "postgresql://cp:s3cret@db/x", "mysql://cp:s3cret@db/x"] {
        for text in [
            complaint(&["--database", url], None),
            complaint(&[], Some(&format!("database = \"{url}\""))),
            complaint(&[], Some(&format!("database = \"{url}\" x"))),
        ] {
            assert!(!text.contains("s3cret"), "{text}");
        }
    }
    let text = complaint(&["--database", "postgres://db/callping"], None);
    assert!(text.contains("PostgreSQL is not supported by this version yet"), "{text}");
}
