//! Who is let in, and who is not.

use super::agent::{Field, journal};
use crate::{
    fleet::{
        journals,
        session::{AgentEvent, Channel},
    },
    store::StoreError,
};
use shared::protocol::{AgentFrame, ControlFrame, to_base64};
use tokio::time::{Instant, pause};
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

const TLS: Option<[u8; 32]> = Some([9; 32]);

#[tokio::test]
async fn a_proof_with_another_key_is_refused() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    field.enrol("pbx-2", 2).await;
    for (pbx, seed) in [("pbx-1", 3), ("pbx-1", 2), ("pbx-2", 1)] {
        let mut agent = field.connect(None).await;
        agent.send(agent.hello(pbx, seed)).await;
        agent.expect_reject("bad_signature").await;
    }
    field.expect_no_event();
}

#[tokio::test]
async fn a_proof_that_is_no_signature_is_refused() {
    let field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    for nonsense in [String::new(), "?".into(), to_base64(&[0; 63]), to_base64(&[0; 64])] {
        let mut agent = field.connect(None).await;
        let AgentFrame::Hello(mut hello) = agent.hello("pbx-1", 1) else { unreachable!() };
        hello.signature = nonsense;
        agent.send(AgentFrame::Hello(hello)).await;
        agent.expect_reject("bad_signature").await;
    }
}

#[tokio::test]
async fn a_pbx_that_nobody_enrolled_is_unknown() {
    let field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    for name in ["pbx-9", "", "PBX-1", "pbx-1\0", "' OR 1=1 --"] {
        let mut agent = field.connect(None).await;
        agent.send(agent.hello(name, 1)).await;
        agent.expect_reject("unknown_pbx").await;
    }
}

#[tokio::test]
async fn a_revoked_key_opens_nothing() {
    let field = Field::new().await;
    let pbx = field.enrol("pbx-1", 1).await;
    let revoke = "UPDATE agent_keys SET revoked_at = 1 WHERE pbx_id = $1";
    field.store.write::<_, StoreError>(move |tx| tx.execute(revoke, &[&pbx])).await.unwrap();
    let mut agent = field.connect(None).await;
    agent.send(agent.hello("pbx-1", 1)).await;
    agent.expect_reject("revoked").await;
}

#[tokio::test]
async fn a_hello_from_another_connection_opens_nothing() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.connect(None).await;
    let captured = agent.hello("pbx-1", 1);
    agent.send(captured.clone()).await;
    assert!(matches!(agent.hear().await, ControlFrame::Welcome { .. }));
    assert!(matches!(field.event().await, AgentEvent::Connected(_)));
    let mut thief = field.connect(None).await;
    assert_ne!(thief.nonce, agent.nonce);
    thief.send(captured).await;
    thief.expect_reject("bad_signature").await;
    agent.close().await;
}

#[tokio::test]
async fn a_handshake_that_was_begun_earlier_does_not_replace_a_newer_one() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut slow = field.connect(None).await;
    let newer = field.welcome().await;
    slow.send(slow.hello("pbx-1", 1)).await;
    slow.expect_close(CloseCode::Library(4001)).await;
    field.expect_no_event();
    let newest = field.welcome().await;
    newer.expect_close(CloseCode::Library(4001)).await;

    // Where nobody is, a slow one is as good as any.
    let mut slow = field.connect(None).await;
    let quick = field.welcome().await;
    newest.expect_close(CloseCode::Library(4001)).await;
    quick.close().await;
    assert!(matches!(field.event().await, AgentEvent::Disconnected(_)));
    slow.send(slow.hello("pbx-1", 1)).await;
    assert!(matches!(slow.hear().await, ControlFrame::Welcome { .. }));
    assert!(matches!(field.event().await, AgentEvent::Connected(_)));
}

#[tokio::test]
async fn a_proof_without_tls_is_taken_from_this_host_and_from_a_trusted_proxy_alone() {
    let field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    // A proxy that speaks TLS to us as well.
    let mut agent = field.connect_over(Channel { binding: TLS, may_be_unbound: true }).await;
    agent.binding = None;
    agent.send(agent.hello("pbx-1", 1)).await;
    assert!(matches!(agent.hear().await, ControlFrame::Welcome { .. }));
    let mut stranger = field.connect_over(Channel { binding: None, may_be_unbound: false }).await;
    stranger.send(stranger.hello("pbx-1", 1)).await;
    let detail = stranger.expect_reject("protocol").await;
    assert!(detail.contains("trusted_proxies"), "{detail}");
    // The proof that it is bound is believed of nobody.
    let mut liar = field.connect_over(Channel { binding: TLS, may_be_unbound: true }).await;
    liar.binding = None;
    let AgentFrame::Hello(mut hello) = liar.hello("pbx-1", 1) else { unreachable!() };
    hello.bound = true;
    liar.send(AgentFrame::Hello(hello)).await;
    liar.expect_reject("bad_signature").await;
}

#[tokio::test]
async fn over_tls_the_proof_covers_the_session() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.connect(TLS).await;
    agent.send(agent.hello("pbx-1", 1)).await;
    assert!(matches!(agent.hear().await, ControlFrame::Welcome { .. }));
    assert!(matches!(field.event().await, AgentEvent::Connected(_)));
    agent.close().await;

    let mut between = field.connect(TLS).await;
    between.binding = Some([8; 32]);
    between.send(between.hello("pbx-1", 1)).await;
    between.expect_reject("bad_signature").await;
}

#[tokio::test]
async fn a_proof_is_bound_exactly_where_there_is_tls_to_bind_it_to() {
    let field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    for (theirs, ours, says) in [(None, TLS, "over TLS"), (TLS, None, "terminate TLS")] {
        let mut agent = field.connect(ours).await;
        agent.binding = theirs;
        agent.send(agent.hello("pbx-1", 1)).await;
        let detail = agent.expect_reject("protocol").await;
        assert!(detail.contains(says), "{detail}");
    }
}

#[tokio::test]
async fn a_journal_belongs_to_one_pbx() {
    let field = Field::new().await;
    let other = field.enrol("pbx-2", 2).await;
    field.enrol("pbx-1", 1).await;
    let applied = move |tx: &mut crate::store::Tx<'_>| journals::advance(tx, journal(1), other, 5);
    field.store.write::<_, StoreError>(applied).await.unwrap();
    let mut agent = field.connect(None).await;
    agent.send(agent.hello("pbx-1", 1)).await;
    let detail = agent.expect_reject("protocol").await;
    assert!(detail.contains("journal"), "{detail}");
}

#[tokio::test]
async fn whoever_says_nothing_is_shown_out_after_ten_seconds() {
    let field = Field::new().await;
    let agent = field.connect(None).await;
    pause();
    let begun = Instant::now();
    agent.expect_close(CloseCode::Policy).await;
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn pings_do_not_keep_a_stranger_in() {
    let field = Field::new().await;
    let mut agent = field.connect(None).await;
    pause();
    let begun = Instant::now();
    let pings = async {
        loop {
            agent.put(Message::Ping(Vec::new().into())).await;
            let answer = agent.hear_message().await;
            if answer.is_close() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        }
    };
    pings.await;
    assert!(begun.elapsed().as_secs() <= 12, "{:?}", begun.elapsed());
    agent.expect_over().await;
}

#[tokio::test]
async fn a_version_that_is_no_version_is_refused() {
    let field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    for version in ["9".repeat(65), "1\n2".into()] {
        let mut agent = field.connect(None).await;
        let AgentFrame::Hello(mut hello) = agent.hello("pbx-1", 1) else { unreachable!() };
        hello.version = version;
        agent.send(AgentFrame::Hello(hello)).await;
        agent.expect_blame("bad_field", CloseCode::Invalid).await;
    }
}
