//! A PBX host's agent: it enrols, proves itself, tells its health and takes orders.

use crate::{
    agents::{enrolment, key},
    plane::{PATIENCE, Plane},
};
use ed25519_dalek::{Signer, VerifyingKey};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use shared::{
    fence::RouteCountries,
    ids::JournalId,
    protocol::{
        AgentFrame, ControlFrame, Health, Hello, SUBPROTOCOL, TrunkHealth, decode, encode, from_base64,
        hello_bytes, to_base64,
    },
    time::Timestamp,
};
use std::time::Duration;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{
        Message, client::IntoClientRequest, http::HeaderValue, protocol::frame::coding::CloseCode,
    },
};
use uuid::Uuid;

pub(super) struct Host {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// With which orders are signed, as it was told when it enrolled.
    order_keys: Vec<VerifyingKey>,
}

impl Host {
    /// Enrols `pbx-1` with this token, and connects as it.
    pub(super) async fn enrols(plane: &Plane, token: &str) -> Self {
        let enrolled = plane.send("POST", "/agent/v1/enroll", enrolment(token, "pbx-1")).await;
        assert_eq!(enrolled.status, 200, "{}", enrolled.body);
        let order_keys = enrolled.body["order_keys"].as_array().unwrap().iter();
        let read =
            |key: &Value| VerifyingKey::from_bytes(&from_base64(key.as_str().unwrap()).unwrap()).unwrap();
        Self::comes_back(plane, order_keys.map(read).collect()).await
    }

    /// Hangs up; with which keys orders were signed.
    pub(super) fn leaves(self) -> Vec<VerifyingKey> {
        self.order_keys
    }

    /// Connects as `pbx-1`, which has enrolled before.
    pub(super) async fn comes_back(plane: &Plane, order_keys: Vec<VerifyingKey>) -> Self {
        let mut host = Self { order_keys, ..Self::connects(plane).await };
        assert!(matches!(host.hears().await, ControlFrame::Welcome { .. }));
        host
    }

    /// Connects and shows its proof.
    async fn connects(plane: &Plane) -> Self {
        let mut request = format!("ws://{}/agent/v1/ws", plane.address()).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let mut host = Self { socket, order_keys: Vec::new() };
        let ControlFrame::Challenge { nonce, .. } = host.hears().await else { panic!("no challenge") };
        let (nonce, journal) = (from_base64::<32>(&nonce).unwrap(), JournalId::new(Uuid::from_u128(1)));
        let proof = key().sign(&hello_bytes(&nonce, None, journal, "pbx-1"));
        host.says(AgentFrame::Hello(Hello {
            pbx: "pbx-1".into(),
            journal,
            oldest: None,
            version: "0.1.0".into(),
            agent_time: Timestamp::now(),
            bound: false,
            signature: to_base64(&proof.to_bytes()),
        }))
        .await;
        host
    }

    /// It can call Ukraine over these trunks, two calls over each.
    pub(super) async fn is_healthy(&mut self, trunks: &[&str]) {
        let trunk = |name: &&str| TrunkHealth {
            name: (*name).to_owned(),
            online: true,
            route_countries: RouteCountries::try_from(vec!["UA".to_owned()]).unwrap(),
            caller_id: None,
            active: 0,
            max_concurrent: 2,
        };
        let health = Health {
            asterisk: Some("22.10.1".into()),
            trouble: None,
            draining: false,
            active: 0,
            trunks: trunks.iter().map(trunk).collect(),
            speaks_codes: false,
        };
        self.says(AgentFrame::Health(health)).await;
    }

    async fn says(&mut self, frame: AgentFrame) {
        self.socket.send(Message::text(encode(&frame))).await.unwrap();
    }

    /// What comes next, pings aside.
    async fn hears_message(&mut self) -> Message {
        loop {
            let heard = timeout(PATIENCE, self.socket.next()).await.expect("something is said");
            let message = heard.expect("still open").expect("not broken");
            if !message.is_ping() {
                return message;
            }
        }
    }

    pub(super) async fn hears(&mut self) -> ControlFrame {
        let message = self.hears_message().await;
        decode(message.to_text().unwrap()).unwrap()
    }

    /// The next frame is an order; over which trunk.
    pub(super) async fn is_ordered_to_ring(&mut self) -> String {
        let frame = self.hears().await;
        let ControlFrame::Order(signed) = frame else { panic!("an order was expected, not {frame:?}") };
        signed.open(&self.order_keys).expect("it is signed").trunk
    }

    /// Nothing is said for a moment.
    pub(super) async fn hears_nothing(&mut self) {
        let heard = timeout(Duration::from_millis(300), self.hears_message()).await;
        assert!(heard.is_err(), "{heard:?}");
    }

    /// It is hung up on.
    pub(super) async fn is_hung_up_on(&mut self, code: CloseCode) {
        let message = self.hears_message().await;
        let Message::Close(Some(frame)) = &message else { panic!("{message:?}") };
        assert_eq!(frame.code, code, "{}", frame.reason);
    }
}
