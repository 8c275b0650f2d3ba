//! Letters over Resend, with a double that has its documented format, and what its events change.

mod double;
mod events;

use crate::{
    commands::{run, text},
    plane::{PATIENCE, Plane, refused, settings_in},
};
use control_plane::{
    mail::{self, Language, Letter, MailSettings, Queued, Route, Template},
    store::StoreError,
    web::Limits,
};
use double::{Answer, Double, KEY};
use shared::time::Timestamp;
use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};
use tempfile::TempDir;

const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TO: &str = "oncall@example.com";

/// A file that only its owner may read.
fn secret(dir: &Path, name: &str, content: &str) -> std::path::PathBuf {
    let path = dir.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn settings(secrets: &Path, route: Route) -> MailSettings {
    MailSettings {
        route,
        from: "CallPing <alerts@example.com>".parse().unwrap(),
        password_file: Some(secret(secrets, "resend.key", &format!("{KEY}\n"))),
        webhook_secret_file: Some(secret(secrets, "webhook.secret", WEBHOOK_SECRET)),
    }
}

/// A control plane that sends over a double of Resend.
struct Post {
    plane: Plane,
    double: Double,
    _secrets: TempDir,
}

/// A row of the outbox.
#[derive(Debug)]
struct Row {
    state: String,
    bodies: String,
    reason: Option<String>,
    attempts: u32,
    provider_id: Option<String>,
}

impl Post {
    async fn open(answers: impl IntoIterator<Item = Answer>) -> Self {
        let (double, secrets) = (Double::open(answers).await, tempfile::tempdir().unwrap());
        let mail = settings(secrets.path(), Route::Resend(double.url()));
        let plane = Plane::with(Limits::default(), |settings| {
            settings.mail = Some(mail);
            settings.metrics_listen = Some(([127, 0, 0, 1], 0).into());
        })
        .await;
        Self { plane, double, _secrets: secrets }
    }

    async fn queue(&self, key: &str) -> Queued {
        let queued = queue(&self.plane, key).await;
        self.plane.nudge_mail();
        queued
    }

    async fn row(&self, key: &'static str) -> Row {
        let store = self.plane.store().await;
        let read = store.read(move |tx| {
            tx.row(
                "SELECT state, body_text || body_html, reason, attempts, provider_id FROM mail_outbox
                 WHERE letter_key = $1",
                &[&key],
                |row| {
                    Ok(Row {
                        state: row.get(0)?,
                        bodies: row.get(1)?,
                        reason: row.get(2)?,
                        attempts: row.get(3)?,
                        provider_id: row.get(4)?,
                    })
                },
            )
        });
        let row: Result<_, StoreError> = read.await;
        row.unwrap().expect("a letter")
    }

    /// The row once it is in this state.
    async fn comes_to(&self, key: &'static str, state: &str) -> Row {
        let waiting = async {
            loop {
                let row = self.row(key).await;
                if row.state == state {
                    return row;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect(state)
    }
}

async fn queue(plane: &Plane, key: &str) -> Queued {
    let letter = Letter {
        to: TO.parse().unwrap(),
        language: Language::English,
        template: Template::VerifyAddress {
            link: "https://alerts.example.com/verify?token=s3cret".parse().unwrap(),
            valid_for: Duration::from_secs(3600),
        },
        key: key.into(),
    };
    plane.store().await.write(move |tx| mail::queue(tx, &letter, Timestamp::now())).await.unwrap()
}

#[tokio::test]
async fn a_letter_arrives_as_it_is_documented_and_leaves_no_secret_behind() {
    let post = Post::open([]).await;
    let Queued::Waiting(id) = post.queue("verify/1").await else { panic!("not queued") };
    let row = post.comes_to("verify/1", "sent").await;
    let taken = post.double.taken();
    assert_eq!(taken.len(), 1);
    let (key, document) = &taken[0];
    assert_eq!(key, &id.to_string());
    assert_eq!(document["from"], "CallPing <alerts@example.com>");
    assert_eq!(document["to"], serde_json::json!([TO]));
    assert_eq!(document["subject"], "Confirm your e-mail address");
    assert_eq!(document["tags"], serde_json::json!([{ "name": "letter", "value": id.to_string() }]));
    for form in ["text", "html"] {
        assert!(document[form].as_str().unwrap().contains("token=s3cret"), "{document}");
    }
    assert_eq!((row.bodies.as_str(), row.reason), ("", None));
    assert_eq!(row.provider_id.as_deref(), Some(double::id_of(key).as_str()));
    let metrics = reqwest::get(format!("http://{}/metrics", post.plane.metrics_address())).await.unwrap();
    let page = metrics.text().await.unwrap();
    for sample in [
        "callping_letters{state=\"waiting\"} 0\n",
        "callping_letters{state=\"sent\"} 1\n",
        "callping_letters{state=\"complained\"} 0\n",
        "callping_letters_oldest_waiting_seconds 0\n",
    ] {
        assert!(page.contains(sample), "{page}");
    }
}

#[tokio::test]
async fn a_provider_that_asks_for_time_gets_it_and_then_the_same_letter() {
    let asked = Answer::error(429, "rate_limit_exceeded", "Too many requests.").with("Retry-After: 1");
    let post = Post::open([asked]).await;
    post.queue("verify/1").await;
    let row = post.comes_to("verify/1", "sent").await;
    assert_eq!(row.attempts, 2);
    let (keys, times) = post.double.asked();
    assert_eq!((keys.len(), &keys[0]), (2, &keys[1]));
    assert!(times[1] - times[0] >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_letter_was_taken_makes_no_second_letter() {
    let post = Post::open([Answer::Cut]).await;
    post.queue("verify/1").await;
    let row = post.comes_to("verify/1", "sent").await;
    assert_eq!((row.attempts, post.double.asked().0.len(), post.double.taken().len()), (2, 2, 1));
}

#[tokio::test]
async fn a_letter_that_is_wrong_is_given_up_at_once_and_a_provider_in_trouble_is_not() {
    let wrong = Answer::error(422, "validation_error", "Invalid `to` field: oncall@example.com");
    let trouble = Answer::error(500, "application_error", "An unexpected error occurred.");
    let post = Post::open([wrong, trouble]).await;
    post.queue("verify/1").await;
    let row = post.comes_to("verify/1", "failed").await;
    // Kept for a day, so that an operator may have it tried once more.
    assert!(row.attempts == 1 && row.bodies.contains("/verify?token="), "{}", row.bodies);
    assert_eq!(row.reason.as_deref(), Some("422 validation_error: Invalid `to` field: o…@example.com"));
    post.queue("verify/2").await;
    assert_eq!(post.comes_to("verify/2", "sent").await.attempts, 2);
    assert_eq!(post.double.taken().len(), 1);
}

#[tokio::test]
async fn a_wrong_key_loses_no_letter() {
    let post = Post::open([Answer::error(401, "validation_error", "API key is invalid")]).await;
    post.queue("verify/1").await;
    assert_eq!(post.comes_to("verify/1", "sent").await.attempts, 2);
}

#[tokio::test]
async fn without_mail_letters_wait_and_check_says_so() {
    let plane = Plane::empty().await;
    queue(&plane, "verify/1").await;
    let done = run(&["check", "--data-dir", text(plane.data_dir())]);
    assert!(done.out.contains("warning  mail: not configured: letters stay queued"), "{}", done.out);
    assert!(done.out.contains("warning  letters: 1 waiting, 0 sent"), "{}", done.out);
    plane.send("POST", "/api/mail/resend", "{}").await.is_problem(404, "no_mail_events");
}

#[tokio::test]
async fn a_secret_that_others_may_read_or_that_is_none_keeps_the_server_from_starting() {
    let dir = tempfile::tempdir().unwrap();
    let route = || Route::Resend("http://127.0.0.1:1".parse().unwrap());
    let with = |change: fn(&Path)| {
        let mut all = settings_in(dir.path());
        all.mail = Some(settings(dir.path(), route()));
        change(dir.path());
        all
    };
    let exposed = with(|dir| {
        fs::set_permissions(dir.join("resend.key"), fs::Permissions::from_mode(0o644)).unwrap();
    });
    let absent = with(|dir| fs::remove_file(dir.join("resend.key")).unwrap());
    let error = refused(&absent).await;
    assert!(error.is_configuration() && error.to_string().contains("mail_password_file"), "{error}");
    secret(dir.path(), "resend.key", KEY);
    fs::set_permissions(dir.path().join("resend.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let error = refused(&exposed).await;
    assert!(error.is_configuration() && error.to_string().contains("chmod 600"), "{error}");
    let nonsense = with(|dir| drop(secret(dir, "webhook.secret", "open sesame")));
    let error = refused(&nonsense).await;
    assert!(error.is_configuration() && error.to_string().contains("begins with whsec_"), "{error}");
}

#[test]
fn check_looks_whether_letters_could_leave() {
    let dir = tempfile::tempdir().unwrap();
    let (data, letters) = (dir.path().join("data"), dir.path().join("letters"));
    let check = |mail: &str, more: &[&str]| {
        let from = ["check", "--data-dir", text(&data), "--mail", mail, "--mail-from", "a@example.com"];
        run(&[&from, more].concat())
    };
    let done = check(&format!("file:{}", letters.display()), &[]);
    assert!(done.out.contains("ok       mail: letters are written into"), "{}", done.out);
    assert!(!letters.exists(), "check makes nothing");
    fs::write(&letters, "").unwrap();
    let done = check(&format!("file:{}", letters.display()), &[]);
    assert!(done.out.contains("FAILED   mail: "), "{}", done.out);
    // Nobody listens there.
    let done = check("smtp://127.0.0.1:1?tls=none", &[]);
    assert!(done.out.contains("FAILED   mail: 127.0.0.1:1: "), "{}", done.out);
    let done = check("smtp://ops@127.0.0.1:1", &["--mail-password-file", "/nowhere/password"]);
    assert!(done.out.contains("FAILED   mail: mail_password_file /nowhere/password: "), "{}", done.out);
    let done = check("resend:", &[]);
    assert!(done.code == 2 && done.out.contains("--mail (or CP_MAIL): "), "{}", done.out);
}
