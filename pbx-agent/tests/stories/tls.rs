//! A control plane behind TLS, and one that only says that it is.

use crate::{
    control_plane::{ControlPlane, NONCE, PATIENCE, prove},
    host::Field,
};
use anyhow::{Context, Result, ensure};
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use shared::{
    protocol::{AgentFrame, CHANNEL_BINDING_LABEL, ControlFrame, Hello, decode, encode, to_base64},
    time::Timestamp,
};
use std::{fs, sync::Arc};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
    },
};

/// Self-signed, for localhost; trusted by nobody but the stories.
const CERTIFICATE: &str = include_str!("tls/cert.pem");
const KEY: &str = include_str!("tls/key.pem");

/// An enrolled host whose link goes over TLS.
async fn field() -> Result<Field> {
    let field = Field::enrolled().await?;
    let port = field.control_plane.port()?;
    let ca_file = field.host.path("ca.pem");
    fs::write(&ca_file, CERTIFICATE)?;
    field.host.reconfigure(
        &format!("url = \"ws://127.0.0.1:{port}\""),
        &format!("url = \"wss://localhost:{port}\"\nca_file = \"{}\"", ca_file.display()),
    )?;
    Ok(field)
}

async fn accept(control_plane: &ControlPlane) -> Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificates = vec![CertificateDer::from_pem_slice(CERTIFICATE.as_bytes())?];
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, PrivateKeyDer::from_pem_slice(KEY.as_bytes())?)?;
    let tcp = control_plane.tcp().await?;
    Ok(timeout(PATIENCE, TlsAcceptor::from(Arc::new(config)).accept(tcp)).await??)
}

/// The proof over one connection, and what it should be bound to.
#[expect(clippy::result_large_err, reason = "the type of tungstenite's callback")]
async fn hello(control_plane: &ControlPlane) -> Result<(Hello, [u8; 32])> {
    let stream = accept(control_plane).await?;
    let binding = stream.get_ref().1.export_keying_material([0; 32], CHANNEL_BINDING_LABEL, None)?;
    let mut socket = accept_hdr_async(stream, |request: &Request, mut response: Response| {
        let protocol = request.headers()["sec-websocket-protocol"].clone();
        response.headers_mut().insert("sec-websocket-protocol", protocol);
        Ok(response)
    })
    .await?;
    let challenge = ControlFrame::Challenge { nonce: to_base64(&NONCE), server_time: Timestamp::now() };
    socket.send(Message::text(encode(&challenge))).await?;
    let text = timeout(PATIENCE, socket.next()).await?.context("no hello")??;
    let AgentFrame::Hello(hello) = decode(text.to_text()?)? else { anyhow::bail!("{text}") };
    Ok((hello, binding))
}

#[tokio::test]
async fn the_proof_is_bound_to_its_tls_session_and_of_no_use_on_another() -> Result<()> {
    let mut field = field().await?;
    field.host.start()?;
    let (first, first_binding) = hello(&field.control_plane).await?;
    let (second, second_binding) = hello(&field.control_plane).await?;
    ensure!(first.bound && second.bound);
    prove(&first, Some(&first_binding), &field.key)?;
    prove(&second, Some(&second_binding), &field.key)?;
    ensure!(prove(&first, Some(&second_binding), &field.key).is_err(), "taken to another connection");
    ensure!(prove(&first, None, &field.key).is_err(), "stripped of its binding");
    Ok(())
}

#[tokio::test]
async fn behind_a_proxy_that_ends_tls_the_proof_covers_no_session_and_says_so() -> Result<()> {
    let mut field = field().await?;
    field.host.reconfigure("ca_file = ", "behind_proxy = true\nca_file = ")?;
    field.host.start()?;
    let (hello, binding) = hello(&field.control_plane).await?;
    ensure!(!hello.bound);
    prove(&hello, None, &field.key)?;
    ensure!(prove(&hello, Some(&binding), &field.key).is_err());
    Ok(())
}

#[tokio::test]
async fn a_certificate_that_the_host_does_not_trust_is_said_and_nothing_is_proven() -> Result<()> {
    let mut field = field().await?;
    // The certificate is for localhost.
    field.host.reconfigure("wss://localhost", "wss://127.0.0.1")?;
    field.host.start()?;
    ensure!(accept(&field.control_plane).await.is_err());
    let status = field.host.until_status(|status| !status["link_trouble"].is_null()).await?;
    let trouble = status["link_trouble"].as_str().unwrap_or_default();
    ensure!(trouble.contains("TLS: invalid peer certificate"), "{trouble}");
    Ok(())
}

#[tokio::test]
async fn an_authority_file_that_holds_no_certificate_is_wrong_configuration() -> Result<()> {
    let field = field().await?;
    for text in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        fs::write(field.host.path("ca.pem"), text)?;
        let output = field.host.command(&["run"]).await?;
        let said = crate::host::stderr(&output);
        ensure!(output.status.code() == Some(2) && said.contains("ca.pem: "), "{said}");
    }
    Ok(())
}
