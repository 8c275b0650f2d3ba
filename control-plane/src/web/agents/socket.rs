//! `GET /agent/v1/ws`: the WebSocket that an agent opens.

use super::Agents;
use crate::{
    fleet::session::Channel,
    web::{
        Response,
        connection::Peer,
        problem::{Kind, Problem},
    },
};
use hyper::{
    HeaderMap, Method, Request, Version,
    body::Incoming,
    header::{
        CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
    upgrade::OnUpgrade,
};
use hyper_util::rt::TokioIo;
use shared::protocol::{HANDSHAKE_SECONDS, MAX_FRAME, SUBPROTOCOL};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};
use warp::http::StatusCode;

/// Time for the answer to the upgrade to leave.
const UPGRADE_LIMIT: Duration = Duration::from_secs(10);
/// tungstenite's default buffers cost 141 KiB a connection; frames are small.
const BUFFER: usize = 1024;

impl Agents {
    pub(super) fn upgrade(&self, mut request: Request<Incoming>) -> Result<Response, Problem> {
        if request.method() != Method::GET {
            return Err(Problem::wrong_method("GET"));
        }
        let key = key_of(&request)?;
        if self.app.stop.is_cancelled() {
            return Err(Problem::busy(Kind::ShuttingDown, "the control plane is shutting down"));
        }
        let Ok(unproven) = Arc::clone(&self.unproven).try_acquire_owned() else {
            return Err(Problem::busy(Kind::TooManyHandshakes, "too many agents connect at once"));
        };
        let Some(peer) = request.extensions().get::<Peer>().cloned() else {
            return Err(Problem::internal());
        };
        let upgraded = hyper::upgrade::on(&mut request);
        self.app.tasks.spawn(self.clone().serve(upgraded, peer, unproven));
        Ok(switching(&derive_accept_key(key.as_bytes())))
    }

    async fn serve(self, upgraded: OnUpgrade, peer: Peer, unproven: OwnedSemaphorePermit) {
        // The place among the connections is kept for as long as the socket is open.
        let Peer { address, is_proxy, binding, place: _place } = peer;
        let may_be_unbound = is_proxy || (binding.is_none() && address.ip().is_loopback());
        let channel = Channel { binding, may_be_unbound };
        let Ok(Ok(upgraded)) = timeout(UPGRADE_LIMIT, upgraded).await else {
            tracing::debug!(peer = %address, "a connection ended before it was a WebSocket");
            return;
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(MAX_FRAME))
            .max_frame_size(Some(MAX_FRAME));
        let io = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        let mut serving = pin!(self.app.fleet.serve(socket, channel, self.app.events.clone()));
        // A socket that outlives the handshake's time has proved itself.
        tokio::select! {
            () = &mut serving => return,
            () = sleep(Duration::from_secs(HANDSHAKE_SECONDS)) => drop(unproven),
        }
        serving.await;
    }
}

/// The client's key, where everything else of the request is as it must be.
fn key_of(request: &Request<Incoming>) -> Result<String, Problem> {
    let headers = request.headers();
    let upgrades = request.version() == Version::HTTP_11
        && lists(headers, &CONNECTION, "upgrade")
        && lists(headers, &UPGRADE, "websocket");
    if !upgrades {
        let detail = "this is a WebSocket: connect with an upgrade over HTTP/1.1";
        return Err(upgrade_required(Kind::NotAWebSocket, detail));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(upgrade_required(Kind::WebSocketVersion, "the WebSocket version is 13"));
    }
    let bad = |code, detail: String| Problem::new(code, detail);
    if !lists(headers, &SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        let detail = format!("offer the subprotocol {SUBPROTOCOL}; it is what this control plane speaks");
        return Err(bad(Kind::Subprotocol, detail));
    }
    // 16 bytes of base64 (RFC 6455, section 4.1).
    match headers.get(SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok()) {
        Some(key) if shared::protocol::from_base64::<16>(key).is_some() => Ok(key.to_owned()),
        Some(_) | None => Err(bad(Kind::WebSocketKey, "Sec-WebSocket-Key is missing or damaged".to_owned())),
    }
}

/// Whether a header lists a word, in any of its lines.
fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|listed| listed.trim().eq_ignore_ascii_case(word))
}

fn upgrade_required(code: Kind, detail: &str) -> Problem {
    Problem::new(code, detail)
        .with(UPGRADE, HeaderValue::from_static("websocket"))
        .with(CONNECTION, HeaderValue::from_static("upgrade"))
        .with(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
}

fn switching(accept: &str) -> Response {
    let mut response = Response::new("".into());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    if let Ok(accept) = HeaderValue::from_str(accept) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}
