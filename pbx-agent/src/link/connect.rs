//! TCP, TLS and the WebSocket handshake.

use super::LinkError;
use rustls::{ClientConfig, pki_types::ServerName};
use shared::protocol::{CHANNEL_BINDING_LABEL, MAX_FRAME, SUBPROTOCOL};
use std::{sync::Arc, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{self, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig},
};
use url::Url;

/// Each step of the way must be done within this time.
const LIMIT: Duration = Duration::from_secs(10);

/// An open WebSocket and what binds it to its TLS session.
#[derive(Debug)]
pub struct Socket {
    /// Frames.
    pub frames: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Keying material of the TLS session (RFC 9266) that the proof is to cover; `None` on plain TCP,
    /// which is loopback, and where the configuration says that a proxy ends TLS.
    pub binding: Option<[u8; 32]>,
}

/// Connects to `/agent/v1/ws`.
///
/// # Errors
/// [`LinkError::Unreachable`].
pub async fn connect(url: &Url, tls: &Arc<ClientConfig>) -> Result<Socket, LinkError> {
    let unreachable = |why: String| LinkError::Unreachable { url: url.to_string(), why };
    let late = |_| unreachable(format!("nothing within {} s", LIMIT.as_secs()));
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(443);
    let tcp = timeout(LIMIT, TcpStream::connect((host, port)))
        .await
        .map_err(late)?
        .map_err(|error| unreachable(error.to_string()))?;
    tcp.set_nodelay(true).map_err(|error| unreachable(error.to_string()))?;
    let (stream, binding) = if url.scheme() == "wss" {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| unreachable(error.to_string()))?;
        let stream = timeout(LIMIT, TlsConnector::from(Arc::clone(tls)).connect(name, tcp))
            .await
            .map_err(late)?
            .map_err(|error| unreachable(format!("TLS: {error}")))?;
        let material = stream
            .get_ref()
            .1
            .export_keying_material([0; 32], CHANNEL_BINDING_LABEL, None)
            .map_err(|error| unreachable(format!("TLS: {error}")))?;
        (MaybeTlsStream::Rustls(stream), Some(material))
    } else {
        (MaybeTlsStream::Plain(tcp), None)
    };
    let mut endpoint = url.clone();
    endpoint.set_path("/agent/v1/ws");
    let mut request =
        endpoint.as_str().into_client_request().map_err(|error| unreachable(error.to_string()))?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    // The default buffers cost 141 KiB a connection; frames are small.
    let config = WebSocketConfig::default()
        .read_buffer_size(1024)
        .write_buffer_size(1024)
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    let handshake = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
    match timeout(LIMIT, handshake).await.map_err(late)? {
        Ok((frames, _)) => Ok(Socket { frames, binding }),
        Err(tungstenite::Error::Http(response)) => Err(unreachable(format!(
            "answered {} instead of a WebSocket; is this the control plane's URL?",
            response.status()
        ))),
        Err(error) => Err(unreachable(error.to_string())),
    }
}
