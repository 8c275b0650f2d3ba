//! People change phones, leave and close accounts while calls to them wait.

use super::*;
use crate::{
    accounts::{account, members, phones},
    dispatch::{alert_history, do_not_call},
};
use shared::outcome::Reason;

const COLLEAGUE: AccountId = AccountId::new(Uuid::from_u128(32));
const THEIR_PHONE: &str = "+380671234567";

impl Stage {
    /// Alerts call a colleague of the project's primary, who has a phone, too.
    async fn with_colleague() -> Self {
        let stage = Self::set().await;
        stage
            .does(|tx| {
                tx.execute(
                    "INSERT INTO accounts (id, email, created_at) VALUES ($1, 'c@example.com', 0)",
                    &[&COLLEAGUE],
                )?;
                members::apply_member(tx, ORG, COLLEAGUE, members::Role::Member, Timestamp::now())?;
                phones::set_phones(tx, COLLEAGUE, &[THEIR_PHONE.parse().unwrap()], Timestamp::now())?;
                phones::set_phones(tx, PERSON, &[PHONE.parse().unwrap()], Timestamp::now())?;
                Ok(())
            })
            .await;
        stage
    }

    /// Calls the colleague; no PBX is there yet.
    async fn colleague_is_called(&self) -> (RequestId, AlertId) {
        let (request, alert) = self.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
        self.does(move |tx| {
            let sql = "UPDATE calls SET account_id = $1, destination = $2 WHERE alert_id = $3";
            tx.execute(sql, &[&COLLEAGUE, &THEIR_PHONE, &alert]).map(drop)
        })
        .await;
        self.waits_for(request, "no_pbx").await;
        (request, alert)
    }
}

#[tokio::test]
async fn who_has_another_phone_by_now_is_rung_on_that() {
    let stage = Stage::with_colleague().await;
    let (request, _) = stage.colleague_is_called().await;
    stage
        .does(|tx| {
            phones::set_phones(tx, COLLEAGUE, &[OTHER_PHONE.parse().unwrap()], Timestamp::now()).map(drop)
        })
        .await;
    let mut host = stage.connect().await;
    assert_eq!(host.expect_order().await.to.as_str(), OTHER_PHONE);
    assert_eq!(stage.call(request).await.destination, OTHER_PHONE);
}

#[tokio::test]
async fn a_phone_that_must_not_be_dialled_takes_nobodys_place() {
    let stage = Stage::with_colleague().await;
    stage.colleague_is_called().await;
    do_not_call::add(&stage.store, OTHER_PHONE.parse().unwrap(), Timestamp::now()).await.unwrap();
    stage
        .does(|tx| {
            phones::set_phones(tx, COLLEAGUE, &[OTHER_PHONE.parse().unwrap()], Timestamp::now()).map(drop)
        })
        .await;
    let mut host = stage.connect().await;
    assert_eq!(host.expect_order().await.to.as_str(), PHONE, "the primary's");
}

#[tokio::test]
async fn whoever_is_called_instead_is_tried_as_often_as_anybody() {
    let stage = Stage::with_colleague().await;
    let (request, _) = stage.colleague_is_called().await;
    let mut host = stage.connect().await;
    let order = host.expect_order().await;
    stage.does(|tx| members::remove(tx, ORG, COLLEAGUE).map(drop)).await;
    // The only trunk does not reach their country; the primary's it may.
    let refused = AttemptEvent::Refused { reason: Reason::CountryNotAllowed, detail: String::new() };
    let report = host.report(order.attempt_id, refused);
    stage.events.send(AgentEvent::Report(host.link.clone(), report)).await.unwrap();
    let second = host.expect_order().await;
    assert_eq!(second.to.as_str(), PHONE);
    assert!(!stage.call(request).await.attempts.iter().any(|attempt| attempt.possible_duplicate));
}

#[tokio::test]
async fn a_key_on_a_phone_that_was_left_is_nobody_elses() {
    let stage = Stage::with_colleague().await;
    let (request, alert) = stage.colleague_is_called().await;
    let mut host = stage.connect().await;
    let order = host.expect_order().await;
    stage
        .does(move |tx| {
            let sql = "UPDATE calls SET account_id = $1, destination = $2 WHERE alert_id = $3";
            tx.execute(sql, &[&PERSON, &PHONE, &alert]).map(drop)
        })
        .await;
    stage.says(&mut host, order.attempt_id, AttemptEvent::Answered).await;
    stage.says(&mut host, order.attempt_id, AttemptEvent::Key { digit: '1' }).await;
    assert_eq!(stage.call(request).await.status, "acknowledged", "a key is a key");
    let found = alert_history::detail(&stage.store, ORG, alert, 0, 100).await.unwrap().unwrap();
    let taken = found.timeline.items.into_iter().find(|event| event.kind == "acknowledged").unwrap();
    assert_eq!((taken.person, taken.detail.as_deref()), (None, Some("key")));
}

#[tokio::test]
async fn for_one_who_left_or_closed_the_account_the_primary_is_rung() {
    for leaves in [true, false] {
        let stage = Stage::with_colleague().await;
        stage.colleague_is_called().await;
        stage
            .does(move |tx| {
                members::remove(tx, ORG, COLLEAGUE)?;
                if leaves { Ok(()) } else { account::close(tx, COLLEAGUE, Timestamp::now()) }
            })
            .await;
        let mut host = stage.connect().await;
        assert_eq!(host.expect_order().await.to.as_str(), PHONE);
    }
}

#[tokio::test]
async fn the_primary_who_is_called_about_it_anyway_is_not_rung_twice() {
    let stage = Stage::with_colleague().await;
    let (request, alert) = stage.colleague_is_called().await;
    stage
        .does(move |tx| {
            let phone = Some(PHONE.to_owned());
            call(tx, ACME, request, alert, Severity::Critical, quick(0), phone, Timestamp::now())?;
            members::remove(tx, ORG, COLLEAGUE).map(drop)
        })
        .await;
    let mut host = stage.connect().await;
    assert_eq!(host.expect_order().await.to.as_str(), PHONE);
    host.expect_silence().await;
}

#[tokio::test]
async fn where_nobody_has_a_phone_the_call_says_so_and_rings_the_first_who_has_one_again() {
    let stage = Stage::set().await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    stage.waits_for(request, "no_pbx").await;
    stage.does(|tx| tx.execute("UPDATE phones SET enabled = 0", &[]).map(drop)).await;
    let mut host = stage.connect().await;
    stage.waits_for(request, "number_invalid").await;
    host.expect_silence().await;
    stage.does(|tx| tx.execute("UPDATE phones SET enabled = 1", &[]).map(drop)).await;
    stage.events.send(AgentEvent::Freed(host.link.pbx())).await.unwrap();
    assert_eq!(host.expect_order().await.to.as_str(), PHONE);
}
