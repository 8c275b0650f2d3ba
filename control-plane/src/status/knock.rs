//! Requests of our own to our own listener, as anybody would send them.

use super::verdict::Answer;
use reqwest::{Client, redirect::Policy};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

/// Our own listener.
pub(super) struct Door {
    http: Client,
    url: String,
}

impl Door {
    /// `address` is where it listens; each answer comes within `patience` or does not count.
    pub(super) fn new(address: SocketAddr, is_tls: bool, patience: Duration) -> Option<Self> {
        let http = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .tls_backend_preconfigured(tls()?)
            .user_agent(concat!("CallPing/", env!("CARGO_PKG_VERSION"), " (status)"))
            // A connection that is open already says nothing of the next.
            .pool_max_idle_per_host(0)
            .timeout(patience)
            .build()
            .inspect_err(|error| tracing::error!(%error, "nothing can be asked of our own listener"))
            .ok()?;
        let scheme = if is_tls { "https" } else { "http" };
        Some(Self { http, url: format!("{scheme}://{}", reachable(address)) })
    }

    /// Asks for a path; `None` where nobody answers in time.
    pub(super) async fn knock(&self, path: &str) -> Option<Answer> {
        let begun = Instant::now();
        let asked = self.http.get(format!("{}{path}", self.url)).send().await;
        let answer =
            asked.inspect_err(|error| tracing::debug!(%error, path, "our own listener does not answer"));
        Some(Answer { status: answer.ok()?.status().as_u16(), took: begun.elapsed() })
    }
}

/// Where one connects to somebody who listens everywhere.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn tls() -> Option<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let config = config.inspect_err(|error| tracing::error!(%error, "TLS to our own listener")).ok()?;
    let ours = Arc::new(Ours(provider));
    Some(config.dangerous().with_custom_certificate_verifier(ours).with_no_client_auth())
}

/// The certificate is for the name that people know, and we come by address. Nothing is told and nothing is believed
/// but that somebody answers.
#[derive(Debug)]
struct Ours(Arc<CryptoProvider>);

impl ServerCertVerifier for Ours {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_listens_everywhere_is_reached_on_this_host() {
        let of = |address: &str| reachable(address.parse().unwrap()).to_string();
        assert_eq!(of("0.0.0.0:443"), "127.0.0.1:443");
        assert_eq!(of("[::]:443"), "[::1]:443");
        assert_eq!(of("192.0.2.7:8080"), "192.0.2.7:8080");
    }

    #[tokio::test]
    async fn where_nobody_listens_nobody_answers() {
        // Bound, so that nobody else is there, and never accepted from.
        let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let door = Door::new(held.local_addr().unwrap(), false, Duration::from_millis(100)).unwrap();
        assert_eq!(door.knock("/readyz").await, None);
    }
}
