//! A small agent at the other end of a pipe, and the field it stands in.

use crate::{
    fleet::{
        Fleet, apply_pbx, enrol_token,
        session::{AgentEvent, Channel},
    },
    store::{
        StoreError,
        testing::{self, TestStore},
    },
};
use ed25519_dalek::{Signer, SigningKey};
use futures_util::{SinkExt, StreamExt};
use shared::{
    fence::RouteCountries,
    ids::{JournalId, PbxId},
    order_keys::OrderKeys,
    protocol::{
        AgentFrame, ControlFrame, EnrollRequest, Health, Hello, MAX_FRAME, TrunkHealth, decode, encode,
        enroll_bytes, from_base64, hello_bytes, to_base64,
    },
    time::Timestamp,
};
use std::{path::Path, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::DuplexStream,
    sync::mpsc,
    task::JoinHandle,
    time::{error::Elapsed, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{Role, WebSocketConfig, frame::coding::CloseCode},
    },
};
use uuid::Uuid;

/// What can happen in a test happens within this time.
const LIMIT: Duration = Duration::from_secs(120);
/// Bytes on the road: a peer that does not read is noticed soon.
const PIPE: usize = 2048;

/// A control plane's fleet, whose events the test follows.
pub(in crate::fleet) struct Field {
    pub(in crate::fleet) fleet: Fleet,
    pub(in crate::fleet) store: TestStore,
    events: mpsc::Sender<AgentEvent>,
    heard: mpsc::Receiver<AgentEvent>,
    data_dir: TempDir,
}

impl Field {
    pub(in crate::fleet) async fn new() -> Self {
        let store = testing::store().await;
        let data_dir = tempfile::tempdir().unwrap();
        let fleet = Fleet::open(store.clone(), data_dir.path()).await.unwrap();
        let (events, heard) = mpsc::channel(1);
        Self { fleet, store, events, heard, data_dir }
    }

    pub(in crate::fleet) fn data_dir(&self) -> &Path {
        self.data_dir.path()
    }

    /// Enrols a PBX with a key of this seed.
    pub(in crate::fleet) async fn enrol(&self, pbx: &str, seed: u8) -> PbxId {
        let name = pbx.to_owned();
        let made: Result<bool, StoreError> = self.store.write(move |tx| apply_pbx(tx, &name, "eu")).await;
        made.unwrap();
        let token = enrol_token(&self.store, pbx).await.unwrap().to_string();
        self.fleet.enrol(enrolment(&token, pbx, seed)).await.unwrap().pbx_id
    }

    /// A connection that has been challenged.
    pub(in crate::fleet) async fn connect(&self, binding: Option<[u8; 32]>) -> Agent {
        self.connect_over(Channel { binding, may_be_unbound: binding.is_none() }).await
    }

    pub(in crate::fleet) async fn connect_over(&self, channel: Channel) -> Agent {
        let binding = channel.binding;
        let (near, far) = tokio::io::duplex(PIPE);
        let (fleet, events) = (self.fleet.clone(), self.events.clone());
        let served = tokio::spawn(async move {
            let config =
                WebSocketConfig::default().max_message_size(Some(MAX_FRAME)).max_frame_size(Some(MAX_FRAME));
            let socket = WebSocketStream::from_raw_socket(near, Role::Server, Some(config)).await;
            fleet.serve(socket, channel, events).await;
        });
        let socket = WebSocketStream::from_raw_socket(far, Role::Client, None).await;
        let pinned = self.fleet.keyring().public();
        let (nonce, pbx) = (Vec::new(), None);
        let mut agent = Agent { socket, served, nonce, binding, journal: journal(1), pbx, pinned };
        let ControlFrame::Challenge { nonce, .. } = agent.hear().await else { panic!("no challenge") };
        agent.nonce = from_base64::<32>(&nonce).unwrap().to_vec();
        agent
    }

    /// A connection over which `pbx-1` has proved itself with the key of seed 1 and been welcomed.
    pub(in crate::fleet) async fn welcome(&mut self) -> Agent {
        let mut agent = self.connect(None).await;
        agent.send(agent.hello("pbx-1", 1)).await;
        let ControlFrame::Welcome { pbx_id, .. } = agent.hear().await else { panic!("no welcome") };
        agent.pbx = Some(pbx_id);
        assert!(matches!(self.event().await, AgentEvent::Connected(_)));
        agent
    }

    pub(in crate::fleet) async fn event(&mut self) -> AgentEvent {
        within(self.heard.recv()).await.unwrap()
    }

    /// Says that nothing has been told that was not taken.
    pub(in crate::fleet) fn expect_no_event(&mut self) {
        if let Ok(event) = self.heard.try_recv() {
            panic!("{event:?}");
        }
    }

    /// Follows nothing any more.
    pub(in crate::fleet) fn stop_following(&mut self) {
        self.heard.close();
    }
}

/// The agent's end of a connection.
pub(in crate::fleet) struct Agent {
    socket: WebSocketStream<DuplexStream>,
    served: JoinHandle<()>,
    pub(in crate::fleet) nonce: Vec<u8>,
    pub(in crate::fleet) binding: Option<[u8; 32]>,
    pub(in crate::fleet) journal: JournalId,
    /// Who it was welcomed as.
    pub(in crate::fleet) pbx: Option<PbxId>,
    /// The order keys that it pins.
    pub(in crate::fleet) pinned: OrderKeys,
}

impl Agent {
    /// The proof for this connection.
    pub(in crate::fleet) fn hello(&self, pbx: &str, seed: u8) -> AgentFrame {
        let bytes = hello_bytes(&self.nonce, self.binding.as_ref(), self.journal, pbx);
        AgentFrame::Hello(Hello {
            pbx: pbx.into(),
            journal: self.journal,
            oldest: None,
            version: "0.1.0".into(),
            agent_time: Timestamp::now(),
            bound: self.binding.is_some(),
            signature: to_base64(&SigningKey::from_bytes(&[seed; 32]).sign(&bytes).to_bytes()),
        })
    }

    pub(in crate::fleet) async fn send(&mut self, frame: AgentFrame) {
        self.put(Message::text(encode(&frame))).await;
    }

    pub(in crate::fleet) async fn put(&mut self, message: Message) {
        // The control plane may hang up while it is being written to.
        let _ = within(self.socket.send(message)).await;
    }

    /// The next frame.
    pub(in crate::fleet) async fn hear(&mut self) -> ControlFrame {
        let message = self.hear_message().await;
        let Message::Text(text) = &message else { panic!("{message:?}") };
        decode(text).unwrap()
    }

    /// What comes next, pings aside.
    pub(in crate::fleet) async fn hear_message(&mut self) -> Message {
        loop {
            let message = within(self.socket.next()).await.expect("still open").expect("not broken");
            if !message.is_ping() {
                return message;
            }
        }
    }

    /// The control plane blames the last frame, closes, and its session is over.
    pub(in crate::fleet) async fn expect_blame(mut self, word: &str, code: CloseCode) {
        let ControlFrame::Error(error) = self.hear().await else { panic!("no error") };
        assert_eq!(error.code, word, "{error}");
        self.expect_close(code).await;
    }

    /// The control plane turns the proof down, closes, and its session is over.
    pub(in crate::fleet) async fn expect_reject(mut self, word: &str) -> String {
        let ControlFrame::Reject { code, detail } = self.hear().await else { panic!("no reject") };
        assert_eq!(code, word, "{detail}");
        self.expect_close(CloseCode::Policy).await;
        detail
    }

    /// The control plane closes, and its session is over.
    pub(in crate::fleet) async fn expect_close(mut self, code: CloseCode) {
        let message = self.hear_message().await;
        let Message::Close(Some(frame)) = &message else { panic!("{message:?}") };
        assert_eq!(frame.code, code, "{}", frame.reason);
        while let Some(Ok(_)) = within(self.socket.next()).await {}
        self.expect_over().await;
    }

    /// The session's task has ended by itself, once nobody holds the agent's end.
    pub(in crate::fleet) async fn expect_over(self) {
        drop(self.socket);
        within(self.served).await.unwrap();
    }

    /// Closes as a WebSocket should be closed.
    pub(in crate::fleet) async fn close(mut self) {
        self.socket.close(None).await.unwrap();
        let message = self.hear_message().await;
        assert!(message.is_close(), "{message:?}");
        self.expect_over().await;
    }
}

/// What a host with a key of this seed sends to enrol.
pub(in crate::fleet) fn enrolment(token: &str, pbx: &str, seed: u8) -> EnrollRequest {
    let key = SigningKey::from_bytes(&[seed; 32]);
    EnrollRequest {
        token: token.into(),
        pbx: pbx.into(),
        public_key: to_base64(key.verifying_key().as_bytes()),
        signature: to_base64(&key.sign(&enroll_bytes(token, pbx)).to_bytes()),
    }
}

pub(in crate::fleet) fn journal(id: u128) -> JournalId {
    JournalId::new(Uuid::from_u128(id))
}

/// A host that can call Ukraine over `trunk-a`, on which so many calls are under way.
pub(in crate::fleet) fn health(active: u32) -> Health {
    Health {
        asterisk: Some("22.10.1".into()),
        trouble: None,
        draining: false,
        active,
        trunks: vec![TrunkHealth {
            name: "trunk-a".into(),
            online: true,
            route_countries: RouteCountries::try_from(vec!["+380".to_owned()]).unwrap(),
            caller_id: None,
            active,
            max_concurrent: 2,
        }],
        speaks_codes: false,
    }
}

async fn within<T>(doing: impl Future<Output = T>) -> T {
    timeout(LIMIT, doing).await.unwrap_or_else(|Elapsed { .. }| panic!("nothing within {LIMIT:?}"))
}
