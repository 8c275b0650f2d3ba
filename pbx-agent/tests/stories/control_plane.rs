//! A control plane of a few lines that says exactly what a story wants it to say.

use anyhow::{Context, Result, bail, ensure};
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use futures_util::{SinkExt, StreamExt};
use shared::{
    ids::{AttemptId, CallId, JournalId, PbxId},
    order::{ORDER_VERSION, Order, Prompt},
    protocol::{
        AgentFrame, AttemptEvent, AttemptStanding, ControlFrame, EnrollRequest, EnrollResponse, FrameError,
        Health, Hello, NONCE_BYTES, Report, SUBPROTOCOL, Standing, decode, encode, enroll_bytes, from_base64,
        hello_bytes, to_base64,
    },
    severity::Severity,
    time::Timestamp,
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        protocol::frame::coding::CloseCode,
    },
};
use uuid::Uuid;

/// How long a story waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Whom the stories ring.
pub const PHONE: &str = "+380501234567";
/// Whom the control plane takes the agent for.
pub const PBX_ID: PbxId = PbxId::new(Uuid::from_u128(0x9b));
pub const NONCE: [u8; NONCE_BYTES] = [7; NONCE_BYTES];

/// Listens on loopback; every connection is taken when the story asks for it.
#[derive(Debug)]
pub struct ControlPlane {
    listener: TcpListener,
    /// The order key, for stories that sign what no honest control plane would.
    pub key: SigningKey,
}

impl ControlPlane {
    pub async fn open() -> Result<Self> {
        Ok(Self { listener: TcpListener::bind("127.0.0.1:0").await?, key: SigningKey::from_bytes(&[42; 32]) })
    }

    pub fn port(&self) -> Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    pub fn url(&self) -> Result<String> {
        Ok(format!("ws://127.0.0.1:{}", self.port()?))
    }

    /// Signs orders, and is pinned by hosts that enrol here.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// A plain connection.
    pub async fn tcp(&self) -> Result<TcpStream> {
        let accepted = timeout(PATIENCE, self.listener.accept()).await.context("nobody connects")?;
        Ok(accepted?.0)
    }

    /// Nobody connects for so long.
    pub async fn expect_nobody(&self, time: Duration) -> Result<()> {
        ensure!(timeout(time, self.listener.accept()).await.is_err(), "somebody connected within {time:?}");
        Ok(())
    }

    /// Answers one HTTP request; its head and body.
    pub async fn answer(&self, status: &str, body: &str) -> Result<(String, Vec<u8>)> {
        let mut tcp = self.tcp().await?;
        let mut bytes = Vec::new();
        let (head, start, end) = loop {
            ensure!(tcp.read_buf(&mut bytes).await? > 0, "the request ended early");
            if let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let (start, head) = (head + 4, String::from_utf8_lossy(&bytes[..head]).to_lowercase());
                let length = |line: &str| line.strip_prefix("content-length: ")?.parse::<usize>().ok();
                let length = head.lines().find_map(length).unwrap_or(0);
                break (head, start, start + length);
            }
        };
        while bytes.len() < end {
            ensure!(tcp.read_buf(&mut bytes).await? > 0, "the request ended early");
        }
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        // A client that has read enough hangs up.
        let _ = tcp.write_all(answer.as_bytes()).await;
        Ok((head, bytes[start..end].to_vec()))
    }

    /// Takes an enrolment; the public key of the host.
    pub async fn enrols(&self) -> Result<VerifyingKey> {
        self.enrols_as(PBX_ID).await
    }

    /// The same, and the host is this PBX from then on.
    pub async fn enrols_as(&self, pbx_id: PbxId) -> Result<VerifyingKey> {
        let response = EnrollResponse {
            pbx_id,
            order_keys: vec![to_base64(self.key.verifying_key().as_bytes())],
            order_keys_generation: 0,
        };
        let (head, body) = self.answer("200 OK", &serde_json::to_string(&response)?).await?;
        ensure!(head.starts_with("post /agent/v1/enroll "), "{head}");
        let request: EnrollRequest = serde_json::from_slice(&body)?;
        let key = VerifyingKey::from_bytes(&from_base64::<32>(&request.public_key).context("public key")?)?;
        let signature = Signature::from_bytes(&from_base64::<64>(&request.signature).context("signature")?);
        key.verify_strict(&enroll_bytes(&request.token, &request.pbx), &signature)?;
        Ok(key)
    }

    /// A WebSocket on which nothing was said.
    #[expect(clippy::result_large_err, reason = "the type of tungstenite's callback")]
    pub async fn line(&self) -> Result<Line> {
        let socket = accept_hdr_async(self.tcp().await?, |request: &Request, mut response: Response| {
            assert_eq!(request.uri().path(), "/agent/v1/ws");
            assert_eq!(request.headers()["sec-websocket-protocol"], SUBPROTOCOL);
            response
                .headers_mut()
                .insert("sec-websocket-protocol", request.headers()["sec-websocket-protocol"].clone());
            Ok(response)
        })
        .await?;
        Ok(Line { socket, journal: JournalId::new(Uuid::nil()), health: None })
    }

    /// A WebSocket up to the agent's proof.
    pub async fn greeted(&self, server_time: Timestamp) -> Result<(Line, Hello)> {
        let mut line = self.line().await?;
        line.say(&ControlFrame::Challenge { nonce: to_base64(&NONCE), server_time }).await?;
        let first = line.hears().await?;
        let AgentFrame::Hello(hello) = first else { bail!("no hello: {first:?}") };
        line.journal = hello.journal;
        Ok((line, hello))
    }

    /// A linked agent, whose reports up to `applied` are known.
    pub async fn links_at(&self, server_time: Timestamp, applied: u64) -> Result<Line> {
        let (mut line, _) = self.greeted(server_time).await?;
        line.say(&ControlFrame::Welcome { pbx_id: PBX_ID, heartbeat_seconds: 10, applied }).await?;
        Ok(line)
    }

    /// A linked agent, none of whose reports is known.
    pub async fn links(&self) -> Result<Line> {
        self.links_at(Timestamp::now(), 0).await
    }

    /// A linked agent that says that its Asterisk is there.
    pub async fn links_ready(&self) -> Result<Line> {
        let mut line = self.links().await?;
        line.until_healthy(|health| health.asterisk.is_some()).await?;
        Ok(line)
    }

    /// An order to ring [`PHONE`] over trunk a.
    pub fn order(&self, pbx: &str, attempt: AttemptId) -> Order {
        let now = Timestamp::now();
        Order {
            version: ORDER_VERSION,
            attempt_id: attempt,
            call_id: CallId::new(Uuid::from_u128(1)),
            pbx: pbx.to_owned(),
            trunk: "a".to_owned(),
            to: PHONE.parse().expect("a number"),
            ring_seconds: 20,
            talk_seconds: 60,
            issued_at: now,
            expires_at: now + Duration::from_secs(30),
            prompt: Prompt {
                severity: Severity::Critical,
                project: "Shop".to_owned(),
                language: "en".to_owned(),
                message: None,
                code: None,
            },
        }
    }

    /// Signs with the key that hosts pinned when they enrolled.
    pub fn sign(&self, order: &Order) -> ControlFrame {
        ControlFrame::Order(order.sign(&self.key))
    }
}

/// Checks the agent's proof against the nonce of [`ControlPlane::greeted`].
pub fn prove(hello: &Hello, binding: Option<&[u8; 32]>, key: &VerifyingKey) -> Result<()> {
    let signed = hello_bytes(&NONCE, binding, hello.journal, &hello.pbx);
    let signature = Signature::from_bytes(&from_base64::<64>(&hello.signature).context("signature")?);
    Ok(key.verify_strict(&signed, &signature)?)
}

/// A fresh attempt.
pub fn attempt() -> AttemptId {
    AttemptId::new(Uuid::now_v7())
}

/// One connection of an agent.
#[derive(Debug)]
pub struct Line {
    socket: WebSocketStream<TcpStream>,
    /// As the agent said it.
    pub journal: JournalId,
    /// The last that was heard.
    pub health: Option<Health>,
}

impl Line {
    pub async fn say(&mut self, frame: &ControlFrame) -> Result<()> {
        self.say_raw(Message::text(encode(frame))).await
    }

    pub async fn say_raw(&mut self, message: Message) -> Result<()> {
        Ok(self.socket.send(message).await?)
    }

    pub async fn acknowledge(&mut self, seq: u64) -> Result<()> {
        let journal = self.journal;
        self.say(&ControlFrame::Ack { journal, seq }).await
    }

    /// The next frame.
    pub async fn hears(&mut self) -> Result<AgentFrame> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let message = tokio::time::timeout_at(deadline, self.socket.next()).await.context("silence")?;
            if let Message::Text(text) = message.context("the agent is gone")?? {
                let frame = decode(&text)?;
                if let AgentFrame::Health(health) = &frame {
                    self.health = Some(health.clone());
                }
                return Ok(frame);
            }
        }
    }

    /// The next report.
    pub async fn report(&mut self) -> Result<Report> {
        let next = async {
            loop {
                match self.hears().await? {
                    AgentFrame::Report(report) => return Ok(report),
                    AgentFrame::Health(_) => {}
                    other @ (AgentFrame::Hello(_)
                    | AgentFrame::Standing { .. }
                    | AgentFrame::OrderKeys { .. }
                    | AgentFrame::Error(_)) => {
                        bail!("a report was awaited: {other:?}")
                    }
                }
            }
        };
        timeout(PATIENCE, next).await.context("no report")?
    }

    /// The next report must say this of this attempt.
    pub async fn expect(&mut self, attempt: AttemptId, event: &AttemptEvent) -> Result<u64> {
        let report = self.report().await?;
        ensure!(report.attempt_id == attempt && report.event == *event, "awaited {event:?}: {report:?}");
        Ok(report.seq)
    }

    /// No report for so long.
    pub async fn expect_no_report(&mut self, time: Duration) -> Result<()> {
        match timeout(time, self.report()).await {
            Err(_) => Ok(()),
            Ok(report) => bail!("silence was awaited: {report:?}"),
        }
    }

    /// Health that is as described.
    pub async fn until_healthy(&mut self, good: impl Fn(&Health) -> bool) -> Result<Health> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(health) = self.health.clone().filter(|health| good(health)) {
                return Ok(health);
            }
            ensure!(Instant::now() < deadline, "health stays {:?}", self.health);
            let last = format!("{:?}", self.health);
            self.hears().await.context(last)?;
        }
    }

    /// What became of these attempts?
    pub async fn query(&mut self, attempts: &[AttemptId]) -> Result<Vec<Standing>> {
        self.say(&ControlFrame::Query { attempts: attempts.to_vec() }).await?;
        loop {
            if let AgentFrame::Standing { attempts: told } = self.hears().await? {
                let ids: Vec<AttemptId> = told.iter().map(|told| told.attempt_id).collect();
                ensure!(ids == attempts, "{told:?}");
                return Ok(told.iter().map(|AttemptStanding { standing, .. }| *standing).collect());
            }
        }
    }

    /// The agent says which frame it could not use.
    pub async fn expect_error(&mut self) -> Result<FrameError> {
        loop {
            match self.hears().await? {
                AgentFrame::Error(error) => return Ok(error),
                AgentFrame::Health(_) | AgentFrame::Report(_) => {}
                other @ (AgentFrame::Hello(_)
                | AgentFrame::Standing { .. }
                | AgentFrame::OrderKeys { .. }) => {
                    bail!("an error was awaited: {other:?}")
                }
            }
        }
    }

    /// The agent closes.
    pub async fn expect_close(&mut self) -> Result<Option<CloseCode>> {
        let closed = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        };
        timeout(PATIENCE, closed).await.context("the agent does not close")
    }

    /// Closes as a control plane does that is being stopped.
    pub async fn close(mut self) -> Result<()> {
        Ok(self.socket.close(None).await?)
    }
}
