//! Commands beside a running control plane, told from the agent's end. The database is opened a second
//! time, as a command does.

use crate::{
    fleet::{
        EnrolError, Fleet, FleetError, enrol_token, keys,
        session::tests::agent::{Agent, Field, enrolment, health, journal},
        watch::revoke_agent,
    },
    store::Store,
};
use shared::{
    ids::{AttemptId, CallId},
    order::{ORDER_VERSION, Order, Prompt},
    order_keys::OrderKeys,
    protocol::{AgentFrame, ControlFrame},
    severity::Severity,
    time::Timestamp,
};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use uuid::Uuid;

async fn told(agent: &mut Agent) -> OrderKeys {
    let ControlFrame::OrderKeys { announced } = agent.hear().await else { panic!("no keys") };
    agent.pinned.after(&announced).unwrap().expect("newer ones")
}

fn order() -> Order {
    Order {
        version: ORDER_VERSION,
        attempt_id: AttemptId::new(Uuid::from_u128(1)),
        call_id: CallId::new(Uuid::from_u128(2)),
        pbx: "pbx-1".into(),
        trunk: "trunk-a".into(),
        to: "+380501234567".parse().unwrap(),
        ring_seconds: 30,
        talk_seconds: 120,
        issued_at: Timestamp::from_micros(1),
        expires_at: Timestamp::from_micros(2),
        prompt: Prompt {
            severity: Severity::Critical,
            project: "Shop".into(),
            language: "en".into(),
            message: None,
            code: None,
        },
    }
}

/// The agent of pbx-2, which is let in.
async fn second(field: &Field) -> Agent {
    let mut other = field.connect(None).await;
    other.journal = journal(2);
    other.send(other.hello("pbx-2", 2)).await;
    assert!(matches!(other.hear().await, ControlFrame::Welcome { .. }));
    other
}

/// Id of the key that signs the next order to this agent, which pins it.
async fn signer(fleet: &Fleet, agent: &mut Agent) -> String {
    fleet.send_order(agent.pbx.unwrap(), &order()).unwrap();
    let ControlFrame::Order(signed) = agent.hear().await else { panic!("no order") };
    signed.open(&agent.pinned.keys).unwrap();
    signed.key_id
}

/// The agent has pinned what it was told, and this has been heard.
async fn confirm(field: &mut Field, agent: &mut Agent, keys: OrderKeys) {
    let pinned = keys.keys.iter().map(shared::order::key_id).collect();
    agent.pinned = keys;
    agent.send(AgentFrame::OrderKeys { pinned }).await;
    // Frames are heard in order.
    agent.send(AgentFrame::Health(health(2))).await;
    agent.send(AgentFrame::Health(health(0))).await;
    field.event().await;
    field.event().await;
}

#[tokio::test]
async fn orders_are_signed_with_a_new_key_once_the_host_has_confirmed_it() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    let change = keys::rotate_order_key(field.data_dir()).unwrap();
    field.fleet.reread_keys().await;
    let both = told(&mut agent).await;
    assert_eq!((both.generation, both.keys.len()), (1, 2));
    assert_eq!(signer(&field.fleet, &mut agent).await, change.old);
    confirm(&mut field, &mut agent, both).await;
    assert_eq!(signer(&field.fleet, &mut agent).await, change.new);

    keys::retire_order_key(field.data_dir()).unwrap();
    field.fleet.reread_keys().await;
    let one = told(&mut agent).await;
    assert_eq!((one.generation, one.keys.len()), (2, 1));
    agent.pinned = one;
    assert_eq!(signer(&field.fleet, &mut agent).await, change.new);
    agent.close().await;
}

#[tokio::test]
async fn a_host_that_was_away_follows_when_it_comes_back() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let pinned = field.fleet.keyring().public();
    keys::rotate_order_key(field.data_dir()).unwrap();
    let change = keys::retire_order_key(field.data_dir()).unwrap();
    field.fleet.reread_keys().await;
    let mut agent = field.welcome().await;
    agent.pinned = pinned;
    agent.pinned = told(&mut agent).await;
    assert_eq!(agent.pinned.generation, 2);
    assert_eq!(signer(&field.fleet, &mut agent).await, change.new);
    // Whoever enrols now needs no story.
    let token = enrol_token(&field.store, "pbx-1").await.unwrap();
    let response = field.fleet.enrol(enrolment(&token, "pbx-1", 2)).await.unwrap();
    assert_eq!((response.order_keys.len(), response.order_keys_generation), (1, 2));
    agent.expect_close(CloseCode::Library(4001)).await;
}

#[tokio::test]
async fn a_key_file_that_is_damaged_while_it_is_used_changes_nothing() {
    let field = Field::new().await;
    let before = field.fleet.keyring();
    std::fs::write(field.data_dir().join("order-signing.key"), "half a k").unwrap();
    field.fleet.reread_keys().await;
    assert!(field.fleet.keyring() == before);
    std::fs::remove_file(field.data_dir().join("order-signing.key")).unwrap();
    field.fleet.reread_keys().await;
    assert!(field.fleet.keyring() == before);
}

#[tokio::test]
async fn a_revoked_agent_is_hung_up_on_and_stays_out() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    field.enrol("pbx-2", 2).await;
    let agent = field.welcome().await;
    field.fleet.close_revoked().await.unwrap();
    let unused = enrol_token(&field.store, "pbx-1").await.unwrap();

    let beside = Store::open(&field.store.database()).await.unwrap();
    assert_eq!(revoke_agent(&beside, "pbx-1").await.unwrap(), 1);
    field.fleet.close_revoked().await.unwrap();
    agent.expect_close(CloseCode::Library(4003)).await;
    let mut again = field.connect(None).await;
    again.send(again.hello("pbx-1", 1)).await;
    again.expect_reject("revoked").await;
    let answer = field.fleet.enrol(enrolment(&unused, "pbx-1", 3)).await;
    assert!(matches!(answer, Err(EnrolError::ExpiredToken)), "{answer:?}");

    let _other = second(&field).await;
    assert_eq!(revoke_agent(&beside, "pbx-1").await.unwrap(), 0);
    let unknown = revoke_agent(&beside, "pbx-9").await;
    assert!(matches!(unknown, Err(FleetError::UnknownPbx(name)) if name == "pbx-9"));
}

#[tokio::test]
async fn a_key_that_cannot_be_read_from_the_database_was_not_revoked() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    field.enrol("pbx-2", 2).await;
    let mut agent = field.welcome().await;
    let damage =
        "UPDATE agent_keys SET public_key = x'00' WHERE pbx_id = (SELECT id FROM pbxs WHERE name = 'pbx-1')";
    assert_eq!(field.store.write(move |tx| tx.execute(damage, &[])).await.unwrap(), 1);
    field.fleet.close_revoked().await.unwrap();
    signer(&field.fleet, &mut agent).await;
    // Another's is revoked all the same.
    let other = second(&field).await;
    field.event().await;
    revoke_agent(&field.store, "pbx-2").await.unwrap();
    field.fleet.close_revoked().await.unwrap();
    other.expect_close(CloseCode::Library(4003)).await;
}

#[tokio::test]
async fn a_host_that_was_renamed_keeps_its_link_when_its_old_name_is_revoked() {
    let mut field = Field::new().await;
    field.enrol("pbx-2", 1).await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    revoke_agent(&field.store, "pbx-2").await.unwrap();
    field.fleet.close_revoked().await.unwrap();
    signer(&field.fleet, &mut agent).await;
}
