//! What the provider says of letters, and what follows.

use super::*;
use crate::{
    mail::{Language, Letter, Queued, Template, queue},
    store::testing,
};
use serde_json::{Value, json};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(0) + Duration::from_secs(seconds)
}

/// As Resend documents it.
fn bounced(kind: &str, tags: &Value) -> Value {
    json!({
        "type": "email.bounced",
        "created_at": "2026-11-22T23:41:12.126Z",
        "data": {
            "broadcast_id": "8b146471-e88e-4322-86af-016cd36fd216",
            "created_at": "2026-11-22T23:41:11.894719+00:00",
            "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
            "from": "CallPing <alerts@example.com>",
            "to": ["oncall@example.com"],
            "subject": "Confirm your e-mail address",
            "bounce": {
                "diagnosticCode": ["smtp; 550 5.5.0 Requested action not taken: mailbox unavailable"],
                "message": "The recipient's email address is on the suppression list because it has a recent history of producing hard bounces.",
                "subType": "Suppressed",
                "type": kind
            },
            "tags": tags
        }
    })
}

fn read(document: &Value) -> Option<Event> {
    Event::read(document.to_string().as_bytes()).unwrap()
}

fn letter(tx: &mut Tx<'_>) -> LetterId {
    let letter = Letter {
        to: "oncall@example.com".parse().unwrap(),
        language: Language::English,
        template: Template::AccountClosed { at: at(0) },
        key: "closed/1".into(),
    };
    match queue(tx, &letter, at(0)).unwrap() {
        Queued::Waiting(id) => id,
        other @ (Queued::Suppressed(_) | Queued::Before(_)) => panic!("{other:?}"),
    }
}

fn state_of(tx: &mut Tx<'_>, id: LetterId) -> String {
    tx.row("SELECT state FROM mail_outbox WHERE id = $1", &[&id], |row| row.get(0)).unwrap().unwrap()
}

fn suppressed(tx: &mut Tx<'_>) -> Vec<(String, String)> {
    tx.rows("SELECT email, cause FROM mail_suppressions ORDER BY email", &[], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .unwrap()
}

/// Runs a story in one transaction.
async fn told(story: impl FnOnce(&mut Tx<'_>) + Send + 'static) {
    let store = testing::store().await;
    let unit = move |tx: &mut Tx<'_>| {
        story(tx);
        Ok::<_, StoreError>(())
    };
    store.write(unit).await.unwrap();
}

fn of(email: &str, cause: &str) -> (String, String) {
    (email.to_owned(), cause.to_owned())
}

#[tokio::test]
async fn a_hard_bounce_ends_letters_to_its_address_and_marks_the_one_that_bounced() {
    for form in ["list", "map"] {
        told(move |tx| {
            let id = letter(tx);
            let tags = match form {
                "list" => {
                    json!([{ "name": "other", "value": "x" }, { "name": "letter", "value": id.to_string() }])
                }
                _ => json!({ "letter": id.to_string() }),
            };
            let event = read(&bounced("Permanent", &tags)).expect("it changes something");
            assert!(apply(tx, "msg_1", &event, at(5)).unwrap());
            assert_eq!(state_of(tx, id), "bounced");
            assert_eq!(suppressed(tx), [of("oncall@example.com", "bounce")]);
        })
        .await;
    }
}

#[tokio::test]
async fn a_complaint_about_a_letter_that_only_its_provider_id_names_counts() {
    told(|tx| {
        let id = letter(tx);
        let next = crate::mail::decision::Next::Sent { provider_id: Some("56761188".into()) };
        outbox::settle(tx, id, &next, at(1)).unwrap();
        let complaint = json!({ "type": "email.complained", "data": { "email_id": "56761188", "to": ["elsewhere@example.com"] } });
        assert!(apply(tx, "msg_1", &read(&complaint).unwrap(), at(5)).unwrap());
        assert_eq!(state_of(tx, id), "complained");
        assert_eq!(suppressed(tx), [of("oncall@example.com", "complaint")], "ours counts, not what is said");
    })
    .await;
}

#[tokio::test]
async fn an_event_is_applied_once_and_remembered_for_a_week() {
    told(|tx| {
        let event = read(&bounced("Permanent", &json!([]))).unwrap();
        assert!(apply(tx, "msg_1", &event, at(0)).unwrap());
        tx.execute("DELETE FROM mail_suppressions", &[]).unwrap();
        assert!(!apply(tx, "msg_1", &event, at(7 * 24 * 3600)).unwrap());
        assert!(suppressed(tx).is_empty());
        assert!(apply(tx, "msg_2", &event, at(7 * 24 * 3600 + 1)).unwrap());
        let kept = tx.rows("SELECT id FROM mail_events", &[], |row| row.get::<String>(0)).unwrap();
        assert_eq!(kept, ["msg_2"], "what is too old to come again is forgotten");
    })
    .await;
}

#[tokio::test]
async fn an_event_about_letters_of_somebody_else_suppresses_what_it_names() {
    told(|tx| {
        let mut event = bounced("Permanent", &json!({ "letter": "6c1f6f1e-0000-4000-8000-000000000001" }));
        event["data"]["to"] = json!(["A@example.com", "no address", "b@example.com"]);
        assert!(apply(tx, "msg_1", &read(&event).unwrap(), at(0)).unwrap());
        assert_eq!(suppressed(tx), [of("a@example.com", "bounce"), of("b@example.com", "bounce")]);
    })
    .await;
}

#[test]
fn what_may_pass_or_means_nothing_changes_nothing() {
    for kind in ["Transient", "Temporary", "Undetermined"] {
        assert_eq!(read(&bounced(kind, &json!([]))), None, "{kind}");
    }
    for kind in ["email.sent", "email.delivered", "email.delivery_delayed", "contact.created", "x"] {
        assert_eq!(read(&json!({ "type": kind, "data": { "to": ["oncall@example.com"] } })), None);
    }
    assert_eq!(read(&json!({ "type": "domain.created" })), None);
    for strange in [json!(null), json!(7), json!({ "letter": 7 }), json!([{ "name": 7 }])] {
        assert!(
            read(&bounced("Permanent", &strange)).is_some(),
            "tags that nobody understands are no matter"
        );
    }
    for wrong in ["", "[]", "{}", r#"{"type": 7}"#, r#"{"type":"email.bounced","data":[]}"#] {
        assert!(Event::read(wrong.as_bytes()).is_err(), "{wrong}");
    }
}
