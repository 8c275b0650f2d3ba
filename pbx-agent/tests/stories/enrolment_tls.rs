//! Enrolment over TLS: to whom a token is told, and to whom it is not.

use crate::{
    control_plane::{ControlPlane, PATIENCE, PBX_ID},
    host::{Host, stderr},
};
use anyhow::{Result, ensure};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use shared::protocol::{EnrollResponse, to_base64};
use std::{fs, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

const AUTHORITY: &str = include_str!("tls/authority/ca.pem");
const ANOTHER_AUTHORITY: &str = include_str!("tls/cert.pem");
const LOCALHOST: &str = include_str!("tls/authority/localhost.pem");
const ELSEWHERE: &str = include_str!("tls/authority/elsewhere.pem");
const EXPIRED: &str = include_str!("tls/authority/expired.pem");
const KEY: &str = include_str!("tls/authority/key.pem");
const TOKEN: &str = "a-token-that-nobody-else-may-learn";

struct Scene {
    control_plane: ControlPlane,
    host: Host,
}

/// What the control plane came to know.
enum Heard {
    /// All that came over TLS.
    Request(String),
    /// The host broke the handshake off.
    Nothing,
}

impl Scene {
    async fn set() -> Result<Self> {
        let control_plane = ControlPlane::open().await?;
        let host = Host::new(&control_plane.url()?, 1)?;
        Ok(Self { control_plane, host })
    }

    /// Enrols at this URL, trusting this authority; exit code and complaint, and what was heard by a
    /// control plane with this certificate.
    async fn enrols(
        &self,
        scheme: &str,
        authority: &str,
        certificate: &str,
    ) -> Result<(Option<i32>, String, Heard)> {
        let ca_file = self.host.path("ca.pem");
        fs::write(&ca_file, authority)?;
        let url = format!("{scheme}://localhost:{}", self.control_plane.port()?);
        let ca_file = ca_file.display().to_string();
        let arguments = ["--control-plane", &url, "--ca-file", &ca_file];
        let (output, heard) = tokio::join!(self.host.enroll(TOKEN, &arguments), self.listens(certificate));
        let output = output?;
        Ok((output.status.code(), stderr(&output), heard?))
    }

    async fn listens(&self, certificate: &str) -> Result<Heard> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let certificates = vec![CertificateDer::from_pem_slice(certificate.as_bytes())?];
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, PrivateKeyDer::from_pem_slice(KEY.as_bytes())?)?;
        let tcp = self.control_plane.tcp().await?;
        let accepted = timeout(PATIENCE, TlsAcceptor::from(Arc::new(config)).accept(tcp)).await?;
        let Ok(mut stream) = accepted else { return Ok(Heard::Nothing) };
        let mut request = Vec::new();
        while !String::from_utf8_lossy(&request).ends_with('}') {
            ensure!(stream.read_buf(&mut request).await? > 0, "the request ended early");
        }
        let key = self.control_plane.key().verifying_key();
        let body = serde_json::to_string(&EnrollResponse {
            pbx_id: PBX_ID,
            order_keys: vec![to_base64(key.as_bytes())],
            order_keys_generation: 0,
        })?;
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await?;
        Ok(Heard::Request(String::from_utf8(request)?))
    }
}

#[tokio::test]
async fn a_control_plane_that_proves_itself_is_told_the_token() -> Result<()> {
    let scene = Scene::set().await?;
    // However the scheme is written, it is TLS.
    for scheme in ["https", "wss", "HTTPS", "Wss"] {
        let (code, said, heard) = scene.enrols(scheme, AUTHORITY, LOCALHOST).await?;
        let Heard::Request(request) = heard else { anyhow::bail!("{scheme}: no TLS: {said}") };
        ensure!(code == Some(0) && request.contains(TOKEN), "{scheme}: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn nobody_else_is() -> Result<()> {
    for (authority, certificate, expected) in [
        (ANOTHER_AUTHORITY, LOCALHOST, "UnknownIssuer"),
        (AUTHORITY, ELSEWHERE, "not valid for name"),
        (AUTHORITY, EXPIRED, "expired"),
    ] {
        let scene = Scene::set().await?;
        let (code, said, heard) = scene.enrols("https", authority, certificate).await?;
        ensure!(matches!(heard, Heard::Nothing), "{expected}: a request was made");
        ensure!(code == Some(1) && said.contains("invalid peer certificate"), "{expected}: {said}");
        ensure!(said.contains(expected) && !said.contains(TOKEN), "{expected}: {said}");
        ensure!(said.contains("https://localhost:"), "{said}");
        ensure!(!scene.host.state_dir().join("enrolment.json").exists());
        scene.control_plane.expect_nobody(std::time::Duration::from_millis(100)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_token_leaves_the_host_in_plain_text_to_no_other_host() -> Result<()> {
    let scene = Scene::set().await?;
    for url in ["http://cp.example.com", "HTTP://cp.example.com", "ws://10.0.0.7"] {
        let output = scene.host.enroll(TOKEN, &["--control-plane", url]).await?;
        let said = stderr(&output);
        ensure!(output.status.code() == Some(2) && said.contains("wss://"), "{url}: {said}");
    }
    Ok(())
}
