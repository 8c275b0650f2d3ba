//! What a call that verifies a phone is to alerts, tenants, limits and hosts.

use super::*;
use crate::{
    accounts::{orgs, phones},
    dispatch::{
        alert_history::{self, AlertQuery},
        do_not_call, figures,
    },
};
use shared::outcome::Reason;

#[tokio::test]
async fn what_must_not_be_dialled_is_not_and_the_reason_is_told() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let abroad = stage.asks_for("+48512345678").await;
    stage.comes_to(abroad, State::Failed { reason: "country_not_allowed" }).await;
    do_not_call::add(&stage.store, PHONE.parse().unwrap(), Timestamp::now()).await.unwrap();
    let unwanted = stage.asks().await;
    assert_eq!(stage.stands(unwanted).await, State::Failed { reason: "do_not_call" });
    assert!(stage.plain_codes().await.is_empty());
    host.expect_silence().await;
}

#[tokio::test]
async fn a_number_that_asks_to_be_left_alone_meanwhile_is_not_rung_again() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let id = stage.asks().await;
    let order = host.expect_order().await;
    stage.says(&mut host, order.attempt_id, busy()).await;
    do_not_call::add(&stage.store, PHONE.parse().unwrap(), Timestamp::now()).await.unwrap();
    stage.hurries().await;
    stage.comes_to(id, State::Failed { reason: "do_not_call" }).await;
    host.expect_silence().await;
}

#[tokio::test]
async fn a_phone_that_is_removed_meanwhile_is_hung_up_and_not_rung_again() {
    let stage = Stage::with_phone().await;
    let waiting = stage.asks().await;
    stage.does(|tx| phones::remove(tx, PERSON, PHONE_ID)).await;
    let mut host = stage.connect().await;
    stage.comes_to(waiting, State::Failed { reason: "expired" }).await;
    host.expect_silence().await;
    stage
        .does(|tx| {
            tx.execute(
                "INSERT INTO phones (id, account_id, e164, position, enabled, created_at) VALUES ($1, $2, $3, 0, 1, 0)",
                &[&PHONE_ID, &PERSON, &PHONE],
            )
            .map(drop)
        })
        .await;
    let ringing = stage.asks().await;
    let order = host.expect_order().await;
    stage.does(|tx| verification::withdraw(tx, PERSON, Some(PHONE_ID), Timestamp::now())).await;
    stage.nudge.nudge();
    let frame = host.next().await;
    assert!(
        matches!(frame, ControlFrame::Cancel { attempt_id } if attempt_id == order.attempt_id),
        "{frame:?}"
    );
    assert!(stage.plain_codes().await.is_empty());
    stage.comes_to(ringing, State::Failed { reason: "cancelled" }).await;
}

#[tokio::test]
async fn nobody_who_picks_up_is_rung_twice_and_the_end_says_how_it_was() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let id = stage.asks().await;
    for _ in 0..2 {
        let order = host.expect_order().await;
        stage.says(&mut host, order.attempt_id, ended(AttemptStatus::NoAnswer, Some(480), Some(19))).await;
        stage.hurries().await;
    }
    stage.comes_to(id, State::Failed { reason: "no_answer" }).await;
    assert!(stage.plain_codes().await.is_empty());
    host.expect_silence().await;
}

#[tokio::test]
async fn only_a_host_that_speaks_codes_is_given_one_and_the_call_waits_for_it() {
    let stage = Stage::with_phone().await;
    let mut mute = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    mute.speaks_codes = false;
    mute.healthy(10);
    let id = stage.asks().await;
    stage.comes_to(id, State::Queued { waits_for: Some(Reason::NoPbx) }).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
    mute.expect_order().await;
    assert_eq!(stage.call(request).await.status, "calling", "an alert needs no digits");
    let mut host = TestHost::connect(&stage.fleet, "pbx-2", 10).await;
    stage.events.send(AgentEvent::Freed(host.link.pbx())).await.unwrap();
    code_of(&host.expect_order().await);
    mute.expect_silence().await;
}

#[tokio::test]
async fn a_host_that_refuses_is_left_for_another_that_speaks_codes() {
    let stage = Stage::with_phone().await;
    let mut one = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let mut two = TestHost::connect(&stage.fleet, "pbx-2", 10).await;
    stage.asks().await;
    // What an older agent says of an order that it cannot read.
    let refused = AttemptEvent::Refused { reason: Reason::BadSignature, detail: String::new() };
    let first = tokio::select! {
        order = one.expect_order() => order,
        order = two.expect_order() => order,
    };
    let (refusing, other) = if first.pbx == "pbx-1" { (&mut one, &mut two) } else { (&mut two, &mut one) };
    stage.says(refusing, first.attempt_id, refused).await;
    assert_eq!(code_of(&other.expect_order().await), code_of(&first));
}

#[tokio::test]
async fn a_channel_is_kept_for_alerts_and_an_alert_goes_first() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 2).await;
    stage.webhook(Severity::Info, quick(0), Some(OTHER_PHONE)).await;
    let alert = host.expect_order().await;
    let id = stage.asks().await;
    stage.comes_to(id, State::Queued { waits_for: Some(Reason::Capacity) }).await;
    stage.webhook_of(OTHER, Severity::Info, quick(0), Some("+380501234563")).await;
    assert!(host.expect_order().await.prompt.code.is_none(), "the kept channel is an alert's");
    let (waiting, _) = stage.webhook(Severity::Info, quick(0), Some("+380501234564")).await;
    stage.waits_for(waiting, "capacity").await;
    let over = host.report(alert.attempt_id, busy());
    stage.events.send(AgentEvent::Report(host.link.clone(), over)).await.unwrap();
    assert!(host.expect_order().await.prompt.code.is_none(), "and so is the next");
}

#[tokio::test]
async fn codes_take_half_of_a_trunk_and_alerts_find_the_other_half() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 4).await;
    let mut asked = Vec::new();
    for (number, phone) in (1..).zip(["+380501234571", "+380501234572", "+380501234573"]) {
        let (to, id): (E164, PhoneId) = (phone.parse().unwrap(), PhoneId::new(Uuid::from_u128(100 + number)));
        let request = move |tx: &mut Tx<'_>| {
            tx.execute(
                "INSERT INTO phones (id, account_id, e164, position, enabled, created_at) VALUES ($1, $2, $3, 0, 1, 0)",
                &[&id, &PERSON, &to.as_str()],
            )?;
            verification::request(tx, PERSON, id, &to, "uk", Timestamp::now())
        };
        asked.push(stage.store.write(request).await.unwrap());
    }
    stage.nudge.nudge();
    for _ in 0..2 {
        code_of(&host.expect_order().await);
    }
    stage.comes_to(asked[2], State::Queued { waits_for: Some(Reason::Capacity) }).await;
    for (tenant, phone) in [(ACME, "+380501234563"), (OTHER, "+380501234564")] {
        stage.webhook_of(tenant, Severity::Info, quick(0), Some(phone)).await;
        assert!(host.expect_order().await.prompt.code.is_none());
    }
    host.expect_silence().await;
}

#[tokio::test]
async fn neither_holds_the_other_back() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let policy = Policy { cooldown_seconds: 60, ..quick(0) };
    stage.asks().await;
    code_of(&host.expect_order().await);
    stage.webhook(Severity::Minor, policy, Some(PHONE)).await;
    assert!(host.expect_order().await.prompt.code.is_none(), "no cooldown because of a code");
    stage.asks().await;
    let again = loop {
        if let ControlFrame::Order(order) = host.next().await {
            break host.opened(&order);
        }
    };
    assert!(again.prompt.code.is_some(), "and none because of an alert");
}

#[tokio::test]
async fn no_tenant_sees_it_and_the_figures_of_the_fleet_do() {
    let stage = Stage::with_phone().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.asks().await;
    let order = host.expect_order().await;
    let under_way = figures::figures(&stage.store).await.unwrap();
    assert_eq!((under_way.calling, under_way.open_attempts), (1, 1));
    stage.hears(&mut host, &order, true).await;
    for org_id in [ORG, OTHER_ORG] {
        let calls = CallQuery { org_id, request_id: None, alert_id: None, before: None, limit: 10 };
        assert!(history::page(&stage.store, calls).await.unwrap().items.is_empty());
        let alerts =
            AlertQuery { org_id, state: None, severity: None, project: None, before: None, limit: 10 };
        assert!(alert_history::page(&stage.store, alerts).await.unwrap().items.is_empty());
    }
    assert_eq!(stage.count("SELECT COUNT(*) FROM alert_events").await, 0);
    assert_eq!(
        stage.count("SELECT COUNT(*) FROM call_logs WHERE duration_ms >= 0").await,
        1,
        "it counts as spent"
    );
    let found = stage.store.read(|tx| orgs::id_of(tx, "(verification)")).await.unwrap();
    assert_eq!(found, None, "no key is made for it");
    // One tenant stays alone: nothing is kept from it for an organization that is nobody's.
    let alone = stage.store.write(|tx| {
        tx.execute("DELETE FROM endpoints WHERE project_id = $1", &[&OTHER.project])?;
        tx.execute("DELETE FROM projects WHERE id = $1", &[&OTHER.project])?;
        tx.execute("DELETE FROM memberships WHERE org_id = $1", &[&OTHER.org])?;
        tx.execute("DELETE FROM orgs WHERE id = $1", &[&OTHER.org])?;
        orgs::are_several(tx)
    });
    assert!(!alone.await.unwrap());
}
