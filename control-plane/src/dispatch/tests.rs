//! The dispatcher over a real database, with hosts whose links end in the test's hands.

use super::{
    Nudge, alerts,
    alerts::{By, NewAlert},
    history::{self, CallQuery, CallView},
    policy::Policy,
    queue::{self, NewCall},
    start,
};
use crate::{
    fleet::{Fleet, session::AgentEvent, testing::TestHost},
    store::{StoreError, Tx, testing, testing::TestStore},
};
use shared::{
    ids::{AccountId, AlertId, AttemptId, CallId, EndpointId, OrgId, PhoneId, ProjectId, RequestId},
    outcome::AttemptStatus,
    protocol::{AttemptEvent, AttemptStanding, ControlFrame, Ending, Standing},
    severity::Severity,
    time::Timestamp,
};
use std::time::Duration;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

mod clocks;
mod faults;
mod limits;
mod raised;
mod readdressed;
mod restored;
mod rollup;
mod shares;
mod timeline;
mod verification;

const PHONE: &str = "+380501234567";
const OTHER_PHONE: &str = "+380501234568";
const ORG: OrgId = OrgId::new(Uuid::from_u128(1));
const OTHER_ORG: OrgId = OrgId::new(Uuid::from_u128(11));
const PERSON: AccountId = AccountId::new(Uuid::from_u128(2));
const PROJECT: ProjectId = ProjectId::new(Uuid::from_u128(3));
const ENDPOINT: EndpointId = EndpointId::new(Uuid::from_u128(4));

/// An organization with a project and an endpoint.
#[derive(Clone, Copy)]
struct Tenant {
    org: OrgId,
    slug: &'static str,
    project: ProjectId,
    endpoint: EndpointId,
}

const ACME: Tenant = Tenant { org: ORG, slug: "acme", project: PROJECT, endpoint: ENDPOINT };
const OTHER: Tenant = Tenant {
    org: OTHER_ORG,
    slug: "other",
    project: ProjectId::new(Uuid::from_u128(13)),
    endpoint: EndpointId::new(Uuid::from_u128(14)),
};

struct Stage {
    store: TestStore,
    fleet: Fleet,
    dir: tempfile::TempDir,
    nudge: Nudge,
    events: mpsc::Sender<AgentEvent>,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Stage {
    async fn set() -> Self {
        let store = testing::store().await;
        store.write(furnish).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let fleet = Fleet::open(store.clone(), dir.path()).await.unwrap();
        let (events, stop, nudge, running) = dispatcher(&store, &fleet).await;
        Self { store, fleet, dir, nudge, events, stop, running }
    }

    /// The process dies and starts again; its links are gone.
    async fn restart(mut self) -> Self {
        self.stop.cancel();
        self.running.await.unwrap();
        self.fleet = Fleet::open(self.store.clone(), self.dir.path()).await.unwrap();
        (self.events, self.stop, self.nudge, self.running) = dispatcher(&self.store, &self.fleet).await;
        self
    }

    /// A webhook is accepted: a request, its alert and one call.
    async fn webhook(&self, severity: Severity, policy: Policy, phone: Option<&str>) -> (RequestId, AlertId) {
        self.webhook_of(ACME, severity, policy, phone).await
    }

    async fn webhook_of(
        &self,
        tenant: Tenant,
        severity: Severity,
        policy: Policy,
        phone: Option<&str>,
    ) -> (RequestId, AlertId) {
        let request = RequestId::new(Uuid::now_v7());
        let alert = AlertId::new(Uuid::now_v7());
        let at = Timestamp::now();
        let new = NewAlert {
            id: alert,
            request_id: request,
            org_id: tenant.org,
            project_id: tenant.project,
            endpoint_id: tenant.endpoint,
            dedup_key: None,
            severity,
            message: "db down".into(),
            at,
        };
        let phone = phone.map(str::to_owned);
        self.store
            .write(move |tx| {
                alerts::open(tx, &new)?;
                store_request(tx, tenant, request, alert)?;
                call(tx, tenant, request, alert, severity, policy, phone, at)
            })
            .await
            .unwrap();
        self.nudge.nudge();
        (request, alert)
    }

    async fn does(&self, what: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError> + Clone + Send + 'static) {
        self.store.write(move |tx| what(tx)).await.unwrap();
    }

    /// A host that is free.
    async fn connect(&self) -> TestHost {
        let host = TestHost::connect(&self.fleet, "pbx-1", 10).await;
        self.events.send(AgentEvent::Freed(host.link.pbx())).await.unwrap();
        host
    }

    async fn says(&self, host: &mut TestHost, attempt: AttemptId, event: AttemptEvent) {
        let report = host.report(attempt, event);
        let seq = report.seq;
        self.events.send(AgentEvent::Report(host.link.clone(), report)).await.unwrap();
        // An order or a hang-up that follows from it leaves before the acknowledgement.
        loop {
            let frame = host.next().await;
            let ControlFrame::Ack { seq: acked, .. } = frame else {
                panic!("an acknowledgement was expected, not {frame:?}");
            };
            if acked >= seq {
                return;
            }
        }
    }

    async fn call(&self, request: RequestId) -> CallView {
        let query =
            CallQuery { org_id: ORG, request_id: Some(request), alert_id: None, before: None, limit: 10 };
        history::page(&self.store, query).await.unwrap().items.remove(0)
    }

    /// Until the call of this request waits for this reason.
    async fn waits_for(&self, request: RequestId, reason: &str) {
        while self.call(request).await.reason.as_deref() != Some(reason) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn at_rest(&self, request: RequestId) -> CallView {
        for _ in 0..500 {
            let call = self.call(request).await;
            if !["queued", "calling"].contains(&call.status.as_str()) {
                return call;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the call does not come to rest: {:?}", self.call(request).await);
    }
}

async fn dispatcher(
    store: &TestStore,
    fleet: &Fleet,
) -> (mpsc::Sender<AgentEvent>, CancellationToken, Nudge, JoinHandle<()>) {
    let (events, receiver) = mpsc::channel(64);
    let (stop, nudge) = (CancellationToken::new(), Nudge::default());
    let (quiet, ended) = (daemon::Pulse::unwatched(), stop.clone());
    let running = start(
        (*store).clone(),
        fleet.clone(),
        receiver,
        nudge.clone(),
        (quiet, super::Turns::default()),
        ended,
    )
    .await
    .unwrap();
    (events, stop, nudge, running)
}

fn furnish(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO accounts (id, email, created_at) VALUES ($1, 'oncall@example.com', 0)",
        &[&PERSON],
    )?;
    for Tenant { org, slug, project, endpoint } in [ACME, OTHER] {
        tx.execute(
            "INSERT INTO orgs (id, slug, name, timezone, created_at) VALUES ($1, $2, $2, 'UTC', 0)",
            &[&org, &slug],
        )?;
        tx.execute(
            "INSERT INTO memberships (org_id, account_id, role, created_at) VALUES ($1, $2, 'owner', 0)",
            &[&org, &PERSON],
        )?;
        tx.execute(
            "INSERT INTO projects (id, org_id, slug, primary_account_id, policy, created_at)
             VALUES ($1, $2, 'shop', $3, '{}', 0)",
            &[&project, &org, &PERSON],
        )?;
        tx.execute(
            "INSERT INTO endpoints (id, project_id, created_at) VALUES ($1, $2, 0)",
            &[&endpoint, &project],
        )?;
    }
    Ok(())
}

fn store_request(
    tx: &mut Tx<'_>,
    tenant: Tenant,
    request: RequestId,
    alert: AlertId,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO incoming_requests (id, endpoint_id, org_id, alert_id, received_at, remote, method, query,
                                        headers, body, severity, message, action, answer)
         VALUES ($1, $2, $3, $4, 0, '', 'POST', '', '[]', $5, 'critical', 'db down', 'call_primary', '{}')",
        &[&request, &tenant.endpoint, &tenant.org, &alert, &Vec::<u8>::new()],
    )?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "a row of the table, spelt out")]
fn call(
    tx: &mut Tx<'_>,
    tenant: Tenant,
    request_id: RequestId,
    alert_id: AlertId,
    severity: Severity,
    policy: Policy,
    phone: Option<String>,
    at: Timestamp,
) -> Result<(), StoreError> {
    if let Some(phone) = &phone {
        tx.execute(
            "INSERT INTO phones (id, account_id, e164, position, verified_at, enabled, created_at)
             VALUES ($1, $2, $3, 9, 0, 1, 0) ON CONFLICT (account_id, e164) DO UPDATE SET verified_at = 0",
            &[&PhoneId::new(Uuid::now_v7()), &PERSON, phone],
        )?;
    }
    let new = NewCall {
        id: CallId::new(Uuid::now_v7()),
        request_id,
        alert_id,
        org_id: tenant.org,
        project_id: tenant.project,
        account_id: PERSON,
        phone,
        severity,
        policy,
        at,
    };
    let judged = queue::judge(tx, new, &[])?;
    queue::insert(tx, &judged)
}

fn busy() -> AttemptEvent {
    ended(AttemptStatus::Busy, Some(486), Some(17))
}

fn ended(status: AttemptStatus, sip_code: Option<u16>, hangup_cause: Option<u16>) -> AttemptEvent {
    AttemptEvent::Ended(Ending {
        status,
        sip_code,
        hangup_cause,
        ari_status: None,
        reason: None,
        unwitnessed: false,
        spoken: false,
    })
}

fn quick(redials: u16) -> Policy {
    Policy { redials, redial_pause_seconds: 1, cooldown_seconds: 0, ..Policy::default() }
}

#[tokio::test]
async fn a_webhook_becomes_an_order_and_key_1_ends_the_call() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let order = host.expect_order().await;
    assert_eq!((order.to.as_str(), order.pbx.as_str(), order.trunk.as_str()), (PHONE, "pbx-1", "a"));
    assert_eq!((order.ring_seconds, order.prompt.project.as_str()), (30, "shop"));
    let id = order.attempt_id;
    stage.says(&mut host, id, AttemptEvent::Originated { ari_status: 200 }).await;
    stage.says(&mut host, id, AttemptEvent::Ringing).await;
    stage.says(&mut host, id, AttemptEvent::Answered).await;
    assert_eq!(stage.call(request).await.status, "calling", "no key yet");
    stage.says(&mut host, id, AttemptEvent::Key { digit: '1' }).await;
    stage.says(&mut host, id, ended(AttemptStatus::Acknowledged, None, Some(16))).await;
    let call = stage.at_rest(request).await;
    let attempt = &call.attempts[0];
    assert_eq!((call.status.as_str(), call.attempts.len()), ("acknowledged", 1));
    assert_eq!(
        (attempt.status.as_str(), attempt.pbx.as_str(), attempt.trunk.as_str()),
        ("acknowledged", "pbx-1", "a")
    );
    assert_eq!(
        (attempt.sip_code, attempt.hangup_cause, attempt.ari_status),
        (Some(200), Some(16), Some(200))
    );
    for at in [&attempt.placed_at, &attempt.ringing_at, &attempt.answered_at, &attempt.ended_at] {
        assert!(at.is_some(), "{attempt:?}");
    }
    assert!(!attempt.possible_duplicate && attempt.duration_ms.is_some());
}

#[tokio::test]
async fn a_report_that_comes_twice_counts_once() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(2), Some(PHONE)).await;
    let order = host.expect_order().await;
    let report = host.report(order.attempt_id, busy());
    for _ in 0..3 {
        stage.events.send(AgentEvent::Report(host.link.clone(), report.clone())).await.unwrap();
    }
    while let ControlFrame::Ack { seq: 1, .. } = host.next().await {}
    host.expect_silence().await;
    assert_eq!(stage.call(request).await.attempts.len(), 2, "one redial, not three");
}

#[tokio::test]
async fn a_host_that_reports_on_anothers_attempt_changes_nothing() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let order = host.expect_order().await;
    let mut stranger = TestHost::connect(&stage.fleet, "pbx-2", 10).await;
    stage.says(&mut stranger, order.attempt_id, AttemptEvent::Key { digit: '1' }).await;
    assert_eq!(stage.call(request).await.status, "calling");
}

#[tokio::test]
async fn without_a_pbx_the_call_waits_and_goes_as_soon_as_one_is_there() {
    let stage = Stage::set().await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    stage.waits_for(request, "no_pbx").await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.events.send(AgentEvent::Freed(host.link.pbx())).await.unwrap();
    host.expect_order().await;
}

#[tokio::test]
async fn a_full_trunk_takes_the_next_call_when_the_first_is_over_and_critical_goes_first() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 1).await;
    stage.webhook(Severity::Major, quick(0), Some("+380501234561")).await;
    let first = host.expect_order().await;
    stage.webhook(Severity::Minor, quick(0), Some("+380501234562")).await;
    let (critical, _) = stage.webhook(Severity::Critical, quick(0), Some("+380501234563")).await;
    stage.waits_for(critical, "capacity").await;
    host.expect_silence().await;
    let report = host.report(first.attempt_id, ended(AttemptStatus::NoAnswer, Some(480), Some(19)));
    stage.events.send(AgentEvent::Report(host.link.clone(), report)).await.unwrap();
    assert_eq!(host.expect_order().await.to.as_str(), "+380501234563");
    assert!(matches!(host.next().await, ControlFrame::Ack { .. }));
    host.expect_silence().await;
}

#[tokio::test]
async fn an_order_that_did_not_leave_is_placed_on_another_host_at_once() {
    let stage = Stage::set().await;
    let one = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    drop(one);
    // The hub takes the first for healthy still; its socket is gone.
    let mut two = TestHost::connect(&stage.fleet, "pbx-2", 10).await;
    for _ in 0..2 {
        let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
        let order = two.expect_order().await;
        let call = stage.call(request).await;
        assert!(call.attempts.iter().all(|attempt| !attempt.possible_duplicate), "{call:?}");
        let unsent: Vec<_> =
            call.attempts.iter().filter(|attempt| attempt.id != order.attempt_id.to_string()).collect();
        assert!(unsent.iter().all(|attempt| attempt.reason.as_deref() == Some("no_pbx")), "{call:?}");
    }
}

#[tokio::test]
async fn a_host_that_comes_back_is_asked_and_an_order_it_never_saw_goes_elsewhere() {
    let stage = Stage::set().await;
    let mut one = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let lost = one.expect_order().await;
    one.disconnect();
    let mut two = TestHost::connect(&stage.fleet, "pbx-2", 10).await;
    let mut one = one.reconnect(10);
    stage.events.send(AgentEvent::Connected(one.link.clone())).await.unwrap();
    let ControlFrame::Query { attempts } = one.next().await else { panic!("a query was expected") };
    assert_eq!(attempts, [lost.attempt_id]);
    let standing = AttemptStanding { attempt_id: lost.attempt_id, standing: Standing::NeverSeen };
    stage.events.send(AgentEvent::Standing(one.link.clone(), vec![standing])).await.unwrap();
    let again = tokio::select! {
        order = one.expect_order() => order,
        order = two.expect_order() => order,
    };
    assert_ne!(again.attempt_id, lost.attempt_id);
    assert!(!stage.call(request).await.attempts[1].possible_duplicate, "nobody was rung before");
}

#[tokio::test]
async fn what_was_queued_or_under_way_survives_a_restart() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (rung, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let order = host.expect_order().await;
    host.disconnect();
    let (waiting, _) = stage.webhook(Severity::Critical, quick(0), Some("+380501234568")).await;
    let seq = host.report(order.attempt_id, AttemptEvent::Key { digit: '1' });
    let stage = stage.restart().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let journal = host.link.journal();
    let report = shared::protocol::Report { journal, ..seq };
    stage.events.send(AgentEvent::Connected(host.link.clone())).await.unwrap();
    stage.events.send(AgentEvent::Report(host.link.clone(), report)).await.unwrap();
    stage.events.send(AgentEvent::Freed(host.link.pbx())).await.unwrap();
    assert_eq!(stage.at_rest(rung).await.status, "acknowledged");
    loop {
        if let ControlFrame::Order(_) = host.next().await {
            break;
        }
    }
    assert_eq!(stage.call(waiting).await.status, "calling");
}

#[tokio::test]
async fn an_alert_that_is_closed_hangs_up_what_rings_and_drops_what_waits() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, alert) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let order = host.expect_order().await;
    stage
        .store
        .write(move |tx| alerts::close(tx, alert, By::Resolve(request), Timestamp::now()))
        .await
        .unwrap();
    stage.nudge.nudge();
    assert_eq!(host.next().await, ControlFrame::Cancel { attempt_id: order.attempt_id });
    assert_eq!(stage.at_rest(request).await.status, "cancelled");
}

#[tokio::test]
async fn whoever_takes_the_alert_stops_the_other_phones() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, alert) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let one = host.expect_order().await;
    let at = Timestamp::now();
    let other = Some("+380501234568".to_owned());
    stage
        .store
        .write(move |tx| call(tx, ACME, request, alert, Severity::Critical, quick(0), other, at))
        .await
        .unwrap();
    stage.nudge.nudge();
    let two = host.expect_order().await;
    let report = host.report(one.attempt_id, AttemptEvent::Key { digit: '1' });
    stage.events.send(AgentEvent::Report(host.link.clone(), report)).await.unwrap();
    let frames = [host.next().await, host.next().await];
    assert!(frames.contains(&ControlFrame::Cancel { attempt_id: two.attempt_id }), "{frames:?}");
    let state = stage.store.read(move |tx| {
        tx.row("SELECT state FROM alerts WHERE id = $1", &[&alert], |row| row.get::<String>(0))
    });
    assert_eq!(state.await.unwrap().as_deref(), Some("acknowledged"));
}

#[tokio::test]
async fn a_number_that_must_not_be_dialled_leaves_a_blocked_call_and_no_order() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    for (phone, reason) in [
        (Some("+19002345678"), "number_premium"),
        (Some("+18002345678"), "number_toll_free"),
        (Some("112"), "number_emergency"),
        (Some("+48123456789"), "country_not_allowed"),
        (None, "number_invalid"),
    ] {
        let (request, _) = stage.webhook(Severity::Critical, quick(0), phone).await;
        let call = stage.at_rest(request).await;
        assert_eq!((call.status.as_str(), call.reason.as_deref()), ("blocked", Some(reason)), "{phone:?}");
        assert!(call.ended_at.is_some());
    }
    host.expect_silence().await;
}

#[tokio::test]
async fn a_phone_that_was_just_called_is_left_alone_below_critical() {
    let stage = Stage::set().await;
    let policy = || Policy { cooldown_seconds: 60, ..quick(0) };
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.webhook(Severity::Major, policy(), Some(PHONE)).await;
    host.expect_order().await;
    let (held, _) = stage.webhook(Severity::Major, policy(), Some(PHONE)).await;
    let call = stage.at_rest(held).await;
    assert_eq!((call.status.as_str(), call.reason.as_deref()), ("blocked", Some("cooldown")));
    stage.webhook(Severity::Critical, policy(), Some(PHONE)).await;
    host.expect_order().await;
    stage.webhook(Severity::Major, policy(), Some("+380501234568")).await;
    host.expect_order().await;
}

#[tokio::test]
async fn pages_of_calls_are_each_organizations_own() {
    let stage = Stage::set().await;
    for _ in 0..5 {
        stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    }
    let page = |org_id, before| {
        history::page(&stage.store, CallQuery { org_id, request_id: None, alert_id: None, before, limit: 2 })
    };
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = page(ORG, before).await.unwrap();
        seen.extend(page.items.into_iter().map(|call| call.id));
        let Some(next) = page.next else { break };
        before = Some(next.parse().unwrap());
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|newer, older| newer > older), "{seen:?}");
    assert!(page(OTHER_ORG, None).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_damaged_row_stops_no_other_call() {
    let stage = Stage::set().await;
    let (damaged, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    stage.store.write(|tx| tx.execute("UPDATE calls SET machine = '{', due_at = 0", &[])).await.unwrap();
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.events.send(AgentEvent::Freed(host.link.pbx())).await.unwrap();
    stage.webhook(Severity::Critical, quick(0), Some("+380501234568")).await;
    let rung = [host.expect_order().await.to, host.expect_order().await.to];
    assert!(rung.iter().any(|to| to.as_str() == PHONE), "the damaged call starts afresh: {rung:?}");
    assert_eq!(stage.call(damaged).await.status, "calling");
}
