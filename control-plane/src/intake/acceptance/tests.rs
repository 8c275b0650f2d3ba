//! Requests on their way into the database, and what they set off.

use super::*;
use crate::intake::Rate;
use crate::{
    dispatch::Nudge,
    intake::{Intake, addresses::Address, endpoints::apply_endpoint, testing::request},
    routing::{
        rule::Scenario,
        scenarios::apply_scenario,
        testing::{ADAS_PHONE, BOBS_PHONE, ORG, SHOP, acme},
    },
    store::testing::{self, TestStore},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::ids::EndpointId;

mod timeline;

const HOOK: EndpointId = EndpointId::new(Uuid::from_u128(0x6c1f));

/// Acme's shop with one endpoint and these rules.
struct Shop {
    store: TestStore,
    intake: Intake,
}

impl Shop {
    async fn with_rules(rules: Value) -> Self {
        let store = testing::store().await;
        let rules: Scenario = serde_json::from_value(json!({"rule": rules})).unwrap();
        store
            .write(move |tx| {
                acme(tx)?;
                apply_scenario(tx, SHOP, "default", &rules)?;
                apply_endpoint(tx, HOOK, SHOP, None, Some("default"))
            })
            .await
            .unwrap();
        let intake = Intake::new(store.clone(), Nudge::default(), Rate::default());
        Self { store, intake }
    }

    async fn try_send(&self, arrival: Arrival) -> Result<Accepted, IntakeError> {
        let endpoint = self.intake.open(Address::first_of(HOOK), None).await?;
        self.intake.accept(endpoint, arrival).await
    }

    /// The answer to a JSON body.
    async fn send(&self, body: Value) -> Value {
        let accepted = self.try_send(request("", "", &body.to_string())).await.unwrap();
        serde_json::from_str(&accepted.answer).unwrap()
    }

    async fn texts(&self, sql: &'static str) -> Vec<String> {
        self.store.read(move |tx| tx.rows(sql, &[], |row| row.get(0))).await.unwrap()
    }

    async fn change(&self, sql: &'static str) {
        self.store.write(move |tx| tx.execute(sql, &[])).await.unwrap();
    }

    async fn destinations(&self) -> Vec<String> {
        self.texts("SELECT destination FROM calls ORDER BY id").await
    }

    async fn states(&self) -> Vec<String> {
        self.texts("SELECT state FROM alerts ORDER BY id").await
    }
}

fn with_header(mut arrival: Arrival, name: &str, value: &str) -> Arrival {
    arrival.headers.push((name.into(), value.into()));
    arrival
}

#[tokio::test]
async fn people_who_share_a_phone_are_not_rung_twice_by_one_request() {
    let shop = Shop::with_rules(json!([{"when": [], "action": {"do": "call_all"}}])).await;
    shop.change("UPDATE phones SET e164 = '+380501234567'").await;
    shop.send(json!({"severity": "major"})).await;
    let mut statuses = shop.texts("SELECT status FROM calls").await;
    statuses.sort();
    let blocked = statuses.iter().take_while(|status| *status == "blocked").count();
    assert_eq!((blocked, statuses.len() - blocked), (statuses.len() - 1, 1), "{statuses:?}");
}

#[tokio::test]
async fn a_request_is_stored_with_its_alert_and_its_call() {
    let shop = Shop::with_rules(json!([])).await;
    let arrival = with_header(request("text/plain", "a=1", "db down"), "x-request-id", "7");
    let accepted = shop.try_send(with_header(arrival, "authorization", "Bearer open sesame")).await.unwrap();
    let answer: Value = serde_json::from_str(&accepted.answer).unwrap();
    let call: String = shop.texts("SELECT id FROM calls").await.remove(0);
    let alert: String = shop.texts("SELECT id FROM alerts").await.remove(0);
    assert_eq!(
        answer,
        json!({
            "request_id": accepted.request_id, "severity": "major", "message": "db down",
            "action": "call_primary", "alert_id": alert, "calls": [{"id": call, "status": "queued"}],
        })
    );
    let stored = shop.store.read(|tx| {
        tx.row(
            "SELECT method || ' ' || query || ' ' || remote || ' ' || headers || ' ' || action, body, answer
             FROM incoming_requests WHERE org_id = $1",
            &[&ORG],
            |row| Ok((row.get::<String>(0)?, row.get::<Vec<u8>>(1)?, row.get::<String>(2)?)),
        )
    });
    let (columns, body, kept) = stored.await.unwrap().unwrap();
    assert_eq!(
        columns,
        "POST a=1 192.0.2.1 [[\"user-agent\",\"curl/8\"],[\"content-type\",\"text/plain\"],\
         [\"x-request-id\",\"7\"]] call_primary"
    );
    assert_eq!((body, kept), (b"db down".to_vec(), accepted.answer));
    assert_eq!(shop.destinations().await, [ADAS_PHONE]);
}

#[tokio::test]
async fn the_rules_say_who_is_called() {
    let shop = Shop::with_rules(json!([
        {"when": [{"field": "severity", "op": "eq", "value": "critical"}], "action": {"do": "call_all"}},
        {"when": [{"field": "labels.team", "op": "eq", "value": "crm"}],
         "action": {"do": "call_member", "member": "bob@example.com"}},
    ]))
    .await;
    let answer = shop.send(json!({"level": "p1", "message": "db down"})).await;
    assert_eq!(answer["action"], "call_all");
    assert_eq!(answer["calls"].as_array().unwrap().len(), 2);
    assert_eq!(shop.send(json!({"labels": {"team": "CRM"}})).await["action"], "call_member");
    assert_eq!(shop.destinations().await, [ADAS_PHONE, BOBS_PHONE, BOBS_PHONE]);
}

#[tokio::test]
async fn what_a_rule_suppresses_calls_nobody_and_stays_in_sight() {
    let shop = Shop::with_rules(json!([
        {"when": [{"field": "env", "op": "eq", "value": "test"}], "action": {"do": "suppress"}},
    ]))
    .await;
    shop.send(json!({"message": "db down", "dedup_key": "db"})).await;
    let answer = shop.send(json!({"message": "db down", "dedup_key": "db", "env": "test"})).await;
    assert_eq!((&answer["action"], &answer["alert_id"]), (&json!("suppress"), &Value::Null));
    assert_eq!(answer["calls"], json!([]));
    assert_eq!(
        shop.texts("SELECT action FROM incoming_requests ORDER BY id").await,
        ["call_primary", "suppress"]
    );
    assert_eq!(shop.states().await, ["open"]);
}

#[tokio::test]
async fn a_repeat_is_folded_into_its_alert_while_somebody_cares_for_it() {
    let shop = Shop::with_rules(json!([])).await;
    let body = || json!({"severity": "p3", "message": "db down", "dedup_key": "db"});
    let first = shop.send(body()).await;
    for _ in 0..2 {
        let again = shop.send(body()).await;
        assert_eq!((&again["action"], &again["alert_id"]), (&json!("group"), &first["alert_id"]));
        assert_eq!(again["calls"], json!([]));
    }
    let counted = shop.store.read(|tx| tx.row("SELECT requests FROM alerts", &[], |row| row.get::<i64>(0)));
    assert_eq!(counted.await.unwrap(), Some(3));
    // Acknowledged, it stays folded even though no call is under way any more.
    shop.change("UPDATE calls SET status = 'acknowledged', due_at = NULL").await;
    shop.change("UPDATE alerts SET state = 'acknowledged'").await;
    assert_eq!(shop.send(body()).await["action"], "group");
    assert_eq!(shop.destinations().await.len(), 1);
}

#[tokio::test]
async fn a_request_without_a_key_is_folded_into_an_alert_that_says_the_same_while_it_calls() {
    let shop = Shop::with_rules(json!([])).await;
    let body = |severity| json!({"severity": severity, "message": "db down"});
    let lesser = shop.send(body("p3")).await;
    let first = shop.send(body("p1")).await;
    assert_ne!(
        first["alert_id"], lesser["alert_id"],
        "what is worse does not wait for the pauses of the other"
    );
    let again = shop.send(body("p2")).await;
    assert_eq!((&again["action"], &again["alert_id"]), (&json!("group"), &first["alert_id"]));
    let other = shop.send(json!({"severity": "p1", "message": "db down!"})).await;
    assert_ne!(other["alert_id"], first["alert_id"]);
    for over in ["exhausted", "acknowledged"] {
        shop.change("UPDATE calls SET status = 'exhausted', due_at = NULL").await;
        let next = shop.send(body("p1")).await;
        assert_eq!(next["calls"][0]["status"], "queued", "nobody is being called about it any more: {over}");
        assert_ne!(next["alert_id"], first["alert_id"]);
        shop.change("UPDATE alerts SET state = 'acknowledged'").await;
    }
    assert_eq!(shop.send(body("p1")).await["action"], "call_primary", "what was taken is over");
}

#[tokio::test]
async fn what_says_nothing_of_its_own_is_never_folded_without_a_key() {
    let shop = Shop::with_rules(json!([])).await;
    let answers = [shop.send(json!({"severity": "p1"})).await, shop.send(json!({"severity": "p1"})).await];
    assert_ne!(answers[0]["alert_id"], answers[1]["alert_id"]);
    assert_eq!(shop.destinations().await.len(), 2);
}

#[tokio::test]
async fn the_same_words_for_other_people_are_not_folded() {
    let shop = Shop::with_rules(json!([
        {"when": [{"field": "team", "op": "eq", "value": "b"}],
         "action": {"do": "call_member", "member": "bob@example.com"}},
    ]))
    .await;
    let body = |team| json!({"severity": "p1", "message": "db down", "team": team});
    shop.send(body("a")).await;
    shop.send(body("b")).await;
    assert_eq!(shop.send(body("a")).await["action"], "call_primary", "the newest calls Bob alone");
    assert_eq!(shop.destinations().await, [ADAS_PHONE, BOBS_PHONE, ADAS_PHONE]);
}

#[tokio::test]
async fn what_was_acknowledged_and_then_quiet_for_a_day_is_a_new_alert_when_it_comes_again() {
    let shop = Shop::with_rules(json!([])).await;
    let body = || json!({"severity": "p1", "message": "db down", "dedup_key": "db"});
    let first = shop.send(body()).await;
    shop.change("UPDATE calls SET status = 'acknowledged', due_at = NULL").await;
    shop.change("UPDATE alerts SET state = 'acknowledged', updated_at = updated_at - 86400000000").await;
    let again = shop.send(body()).await;
    assert_eq!(again["action"], "call_primary");
    assert_ne!(again["alert_id"], first["alert_id"]);
    assert_eq!(shop.states().await, ["closed", "open"]);
}

#[tokio::test]
async fn what_becomes_worse_after_somebody_took_it_calls_again() {
    let shop = Shop::with_rules(json!([])).await;
    let body = |severity| json!({"severity": severity, "message": "disk", "dedup_key": "disk"});
    let first = shop.send(body("warning")).await;
    shop.change("UPDATE calls SET status = 'acknowledged', due_at = NULL").await;
    shop.change("UPDATE alerts SET state = 'acknowledged'").await;
    assert_eq!(shop.send(body("info")).await["action"], "group");
    let worse = shop.send(body("critical")).await;
    assert_eq!((&worse["action"], &worse["alert_id"]), (&json!("call_primary"), &first["alert_id"]));
    assert_eq!(shop.states().await, ["open"]);
}

#[tokio::test]
async fn a_repeat_of_an_alert_that_reached_nobody_calls_again() {
    let shop = Shop::with_rules(json!([])).await;
    let body = || json!({"severity": "p1", "message": "db down", "dedup_key": "db"});
    let first = shop.send(body()).await;
    shop.change("UPDATE calls SET status = 'exhausted', due_at = NULL").await;
    let again = shop.send(body()).await;
    assert_eq!((&again["action"], &again["alert_id"]), (&json!("call_primary"), &first["alert_id"]));
    assert_eq!(again["calls"][0]["status"], "queued");
    assert_eq!(shop.destinations().await.len(), 2);
}

#[tokio::test]
async fn a_resolve_closes_the_alert_of_its_dedup_key_and_calls_nobody() {
    let shop = Shop::with_rules(json!([])).await;
    let first = shop.send(json!({"severity": "p1", "message": "db down", "dedup_key": "db"})).await;
    shop.send(json!({"severity": "p1", "message": "db down", "dedup_key": "other"})).await;
    let body = json!({"status": "resolved", "severity": "p1", "dedup_key": "db"});
    let answer = shop.send(body.clone()).await;
    assert_eq!((&answer["action"], &answer["alert_id"]), (&json!("resolve"), &first["alert_id"]));
    assert_eq!(answer["calls"], json!([]));
    assert_eq!(shop.states().await, ["closed", "open"]);
    assert_eq!(shop.send(body).await["alert_id"], Value::Null);
    // The next of that key is a new alert, and rings.
    let next = shop.send(json!({"severity": "p1", "message": "db down", "dedup_key": "db"})).await;
    assert_ne!(next["alert_id"], first["alert_id"]);
    assert_eq!(next["calls"][0]["status"], "queued");
}

#[tokio::test]
async fn a_resolve_without_a_key_closes_what_says_the_same_or_else_everything() {
    let shop = Shop::with_rules(json!([])).await;
    for body in [
        json!({"severity": "p1", "message": "db down"}),
        json!({"severity": "p1", "message": "disk full"}),
        json!({"severity": "p1", "message": "db down", "dedup_key": "db"}),
        json!({"severity": "p1", "message": "load high"}),
    ] {
        shop.send(body).await;
    }
    shop.send(json!({"status": "ok", "message": "db down"})).await;
    assert_eq!(shop.states().await, ["closed", "open", "open", "open"]);
    shop.send(json!({"status": "ok", "message": "never heard of"})).await;
    assert_eq!(shop.states().await, ["closed", "open", "open", "open"]);
    let answer = shop.send(json!({"status": "ok"})).await;
    assert_eq!(shop.states().await, ["closed", "closed", "open", "closed"]);
    let newest = shop.texts("SELECT id FROM alerts WHERE message = 'load high'").await;
    assert_eq!(answer["alert_id"], newest[0].as_str());
    assert_eq!(shop.destinations().await.len(), 4);
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_answer_and_calls_nobody() {
    let shop = Shop::with_rules(json!([])).await;
    let retry = |body: &str| with_header(request("", "a=1", body), "idempotency-key", "k1");
    let first = shop.try_send(retry("db down")).await.unwrap();
    assert_eq!(shop.try_send(retry("db down")).await.unwrap(), first);
    assert_eq!(shop.destinations().await.len(), 1);
    let mut others = [retry("db up"), retry("db down"), retry("db down")];
    others[1].query = "a=2".into();
    others[2].method = "PUT".into();
    for other in others {
        let error = shop.try_send(other).await.unwrap_err();
        assert!(
            matches!(error, IntakeError::IdempotencyKeyReused { request_id } if request_id == first.request_id)
        );
    }
    let other_key = with_header(request("", "a=1", "db down"), "idempotency-key", "k2");
    assert_ne!(shop.try_send(other_key).await.unwrap(), first);
}

#[tokio::test]
async fn an_idempotency_key_that_cannot_be_kept_is_refused() {
    let shop = Shop::with_rules(json!([])).await;
    for key in ["", "  ", "a\u{0}b", &"k".repeat(256)] {
        let refused = shop.try_send(with_header(request("", "", "x"), "idempotency-key", key)).await;
        assert!(matches!(refused, Err(IntakeError::BadHeader(text)) if text.contains("Idempotency-Key")));
    }
    let longest = with_header(request("", "", "x"), "idempotency-key", &"k".repeat(255));
    shop.try_send(longest).await.unwrap();
}

#[tokio::test]
async fn settings_that_cannot_be_read_any_more_lose_no_alert() {
    let shop = Shop::with_rules(json!([{"action": {"do": "suppress"}}])).await;
    shop.change("UPDATE scenarios SET rules = 'rubbish'").await;
    shop.change("UPDATE projects SET policy = '{\"ring_seconds\":0}'").await;
    let answer = shop.send(json!({"severity": "p1"})).await;
    assert_eq!(
        (&answer["action"], &answer["calls"][0]["status"]),
        (&json!("call_primary"), &json!("queued"))
    );
    shop.change("UPDATE endpoints SET scenario = 'gone'").await;
    assert_eq!(shop.send(json!({"severity": "p1"})).await["action"], "call_primary");
}

#[tokio::test]
async fn a_call_that_is_held_back_says_so_in_the_answer() {
    let shop = Shop::with_rules(json!([])).await;
    assert_eq!(shop.send(json!({"severity": "p2"})).await["calls"][0]["status"], "queued");
    assert_eq!(shop.send(json!({"severity": "p2"})).await["calls"][0]["status"], "blocked");
    assert_eq!(shop.send(json!({"severity": "p1"})).await["calls"][0]["status"], "queued");
    shop.change("UPDATE calls SET created_at = created_at - 61000000").await;
    let accepted = shop.try_send(request("", "", "db down")).await.unwrap();
    assert!(accepted.answer.contains("queued"));
}

#[tokio::test]
async fn what_was_answered_is_there_when_many_come_at_once() {
    let shop = Shop::with_rules(json!([])).await;
    let mut sending = tokio::task::JoinSet::new();
    for number in 0..50 {
        let intake = shop.intake.clone();
        sending.spawn(async move {
            let key = format!("k{}", number % 10);
            let arrival = with_header(request("", "severity=p1", &key), "idempotency-key", &key);
            intake.accept(intake.open(Address::first_of(HOOK), None).await?, arrival).await
        });
    }
    let answers = sending.join_all().await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(shop.texts("SELECT id FROM incoming_requests").await.len(), 10);
    assert_eq!(shop.destinations().await.len(), 10);
}

#[tokio::test]
async fn a_repeat_that_is_worse_makes_the_waiting_call_more_urgent() {
    let shop = Shop::with_rules(json!([])).await;
    for severity in ["minor", "critical", "info"] {
        shop.send(json!({"dedup_key": "db-1", "severity": severity})).await;
    }
    assert_eq!(shop.texts("SELECT CAST(urgency AS TEXT) FROM calls").await, ["0"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_request_is_accepted(
        body in prop::collection::vec(any::<u8>(), 0..200), query in any::<String>(),
        header in any::<String>(), key in "a[^\\pC\\x{fffd}]{0,60}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let shop = Shop::with_rules(json!([])).await;
            let arrival = with_header(request("", &query, ""), "x-dedup-key", &key);
            let mut arrival = with_header(arrival, "x-whatever", &header);
            arrival.body = body.clone().into();
            shop.try_send(arrival).await.unwrap();
            let stored = shop.store.read(|tx| {
                tx.row("SELECT body FROM incoming_requests", &[], |row| row.get::<Vec<u8>>(0))
            });
            assert_eq!(stored.await.unwrap(), Some(body));
        });
    }
}

#[tokio::test]
async fn equal_words_are_another_alert_when_whoever_is_called_has_another_phone_by_now() {
    let shop = Shop::with_rules(json!([])).await;
    let equal = json!({"severity": "p1", "message": "db down"});
    assert_eq!(shop.send(equal.clone()).await["action"], "call_primary");
    assert_eq!(shop.send(equal.clone()).await["action"], "group");
    shop.change("UPDATE phones SET e164 = '+380501234569'").await;
    assert_eq!(shop.send(equal).await["action"], "call_primary");
    assert_eq!(shop.destinations().await, [ADAS_PHONE, "+380501234569"]);
}
