//! Commands that change whom to trust, run beside a server; and proxies.

use crate::{
    agents::{self, enrolment},
    plane::{PATIENCE, Plane, answer},
};
use control_plane::web::Limits;
use ed25519_dalek::Signer;
use futures_util::{SinkExt, StreamExt};
use shared::{
    ids::JournalId,
    order_keys::OrderKeys,
    protocol::{
        AgentFrame, ControlFrame, Hello, SUBPROTOCOL, decode, encode, from_base64, hello_bytes, to_base64,
    },
    time::Timestamp,
};
use std::{
    process::Command,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{
        Message, client::IntoClientRequest, http::HeaderValue, protocol::frame::coding::CloseCode,
    },
};
use uuid::Uuid;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Runs a command on the running server's data.
async fn run(plane: &Plane, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_control-plane"));
    command.args(arguments).arg("--data-dir").arg(plane.data_dir()).env_clear();
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{output:?}");
}

async fn hear(socket: &mut Socket) -> Message {
    loop {
        let message = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
        if !message.is_ping() {
            return message;
        }
    }
}

async fn hear_frame(socket: &mut Socket) -> ControlFrame {
    decode(hear(socket).await.to_text().unwrap()).unwrap()
}

/// The host of [`agents::key`] on a plain connection, and what it is told.
pub(crate) async fn connect(plane: &Plane) -> (Socket, ControlFrame) {
    let mut request = format!("ws://{}/agent/v1/ws", plane.address()).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    request.headers_mut().insert("x-forwarded-for", HeaderValue::from_static("203.0.113.9"));
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let ControlFrame::Challenge { nonce, .. } = hear_frame(&mut socket).await else { panic!("no challenge") };
    let nonce: [u8; 32] = from_base64(&nonce).unwrap();
    let journal = JournalId::new(Uuid::from_u128(1));
    let signed = hello_bytes(&nonce, None, journal, "pbx-1");
    let hello = AgentFrame::Hello(Hello {
        pbx: "pbx-1".into(),
        journal,
        oldest: None,
        version: "0.1.0".into(),
        agent_time: Timestamp::now(),
        bound: false,
        signature: to_base64(&agents::key().sign(&signed).to_bytes()),
    });
    socket.send(Message::text(encode(&hello))).await.unwrap();
    let told = hear_frame(&mut socket).await;
    (socket, told)
}

/// Enrols the host; the order keys that it pins.
pub(crate) async fn enrol(plane: &Plane) -> OrderKeys {
    let body = enrolment(&agents::token(plane).await, "pbx-1");
    let enrolled = plane.send("POST", "/agent/v1/enroll", body).await;
    assert_eq!(enrolled.status, 200, "{}", enrolled.body);
    let key = |text: &serde_json::Value| {
        ed25519_dalek::VerifyingKey::from_bytes(&from_base64(text.as_str().unwrap()).unwrap()).unwrap()
    };
    let keys = enrolled.body["order_keys"].as_array().unwrap().iter().map(key).collect();
    OrderKeys { generation: enrolled.body["order_keys_generation"].as_u64().unwrap(), keys }
}

#[tokio::test]
async fn a_command_revokes_an_agent_and_the_server_hangs_up_within_moments() {
    let plane = Plane::empty().await;
    enrol(&plane).await;
    let (mut socket, told) = connect(&plane).await;
    assert!(matches!(told, ControlFrame::Welcome { .. }), "{told:?}");
    run(&plane, &["revoke-agent", "pbx-1"]).await;
    let revoked = Instant::now();
    let Message::Close(Some(close)) = hear(&mut socket).await else { panic!("it is not closed") };
    assert_eq!(close.code, CloseCode::Library(4003), "{close:?}");
    assert!(revoked.elapsed() < Duration::from_secs(8), "{:?}", revoked.elapsed());
    let (_, told) = connect(&plane).await;
    assert!(matches!(&told, ControlFrame::Reject { code, .. } if code == "revoked"), "{told:?}");
}

#[tokio::test]
async fn commands_change_the_order_key_and_the_server_tells_its_agents() {
    let plane = Plane::empty().await;
    let pinned = enrol(&plane).await;
    let (mut socket, told) = connect(&plane).await;
    assert!(matches!(told, ControlFrame::Welcome { .. }), "{told:?}");
    run(&plane, &["rotate-order-key"]).await;
    let ControlFrame::OrderKeys { announced } = hear_frame(&mut socket).await else { panic!("no keys") };
    let both = pinned.after(&announced).unwrap().unwrap();
    assert_eq!(both.keys.len(), 2);
    run(&plane, &["retire-order-key"]).await;
    let ControlFrame::OrderKeys { announced } = hear_frame(&mut socket).await else { panic!("no keys") };
    let one = both.after(&announced).unwrap().unwrap();
    assert_eq!(one.keys, both.keys[1..]);
}

#[tokio::test]
async fn guesses_are_counted_for_the_client_behind_a_trusted_proxy() {
    let limits = Limits { failed_enrolments: 2, ..Limits::default() };
    let guess = async |plane: &Plane, client: &str| {
        let request = plane.request("POST", "/agent/v1/enroll").header("x-forwarded-for", client);
        answer(request.body(enrolment("a guess", "pbx-1"))).await.status
    };
    let proxied =
        Plane::with(limits, |settings| settings.trusted_proxies = "127.0.0.1".parse().unwrap()).await;
    for _ in 0..2 {
        assert_eq!(guess(&proxied, "203.0.113.9").await, 401);
    }
    assert_eq!(guess(&proxied, "198.51.100.7, 203.0.113.9").await, 429, "what the client wrote itself");
    assert_eq!(guess(&proxied, "198.51.100.7").await, 401);
    let direct = Plane::with(limits, |_| {}).await;
    assert_eq!(guess(&direct, "203.0.113.1").await, 401);
    assert_eq!(guess(&direct, "203.0.113.2").await, 401);
    assert_eq!(guess(&direct, "203.0.113.3").await, 429, "nobody here is a proxy");
}

#[tokio::test]
async fn an_agent_behind_a_trusted_proxy_proves_itself_without_a_tls_session_of_ours() {
    let plane =
        Plane::with(Limits::default(), |settings| settings.trusted_proxies = "127.0.0.1".parse().unwrap())
            .await;
    enrol(&plane).await;
    let (_, told) = connect(&plane).await;
    assert!(matches!(told, ControlFrame::Welcome { .. }), "{told:?}");
}
