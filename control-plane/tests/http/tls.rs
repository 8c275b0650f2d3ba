//! TLS on the listener. The certificate is for these tests alone and signed by itself.

use crate::{
    agents,
    plane::{PATIENCE, Plane, use_ring},
};
use control_plane::web::{Limits, TlsFiles};
use ed25519_dalek::Signer;
use futures_util::{SinkExt, StreamExt};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use shared::{
    ids::JournalId,
    protocol::{
        AgentFrame, CHANNEL_BINDING_LABEL, ControlFrame, Hello, SUBPROTOCOL, decode, encode, from_base64,
        hello_bytes, to_base64,
    },
    time::Timestamp,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest, http::HeaderValue};
use uuid::Uuid;

const CERT: &str = include_str!("tls/cert.pem");
const KEY: &str = include_str!("tls/key.pem");

const RENEWED_CERT: &str = include_str!("tls/renewed.pem");
const RENEWED_KEY: &str = include_str!("tls/renewed-key.pem");

fn files(dir: &Path) -> TlsFiles {
    let files = TlsFiles { cert: dir.join("cert.pem"), key: dir.join("key.pem") };
    fs::write(&files.cert, CERT).unwrap();
    fs::write(&files.key, KEY).unwrap();
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600)).unwrap();
    files
}

async fn plane(dir: &Path, limits: Limits) -> Plane {
    let files = files(dir);
    Plane::with(limits, |settings| settings.tls = Some(files)).await
}

fn client() -> reqwest::ClientBuilder {
    client_that_trusts(CERT)
}

fn client_that_trusts(certificate: &str) -> reqwest::ClientBuilder {
    use_ring();
    let authority = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
    reqwest::Client::builder().no_proxy().tls_certs_only([authority])
}

#[tokio::test]
async fn either_version_of_http_is_spoken_over_tls() {
    let dir = tempfile::tempdir().unwrap();
    let plane = plane(dir.path(), Limits::default()).await;
    let url = format!("https://localhost:{}/healthz", plane.address().port());
    let newer = client().build().unwrap().get(&url).send().await.unwrap();
    assert_eq!(newer.status(), 200);
    let older = client().http1_only().build().unwrap().get(&url).send().await.unwrap();
    assert_eq!((older.status().as_u16(), older.version()), (200, reqwest::Version::HTTP_11));
}

#[tokio::test]
async fn whoever_does_not_speak_tls_is_hung_up_on() {
    let dir = tempfile::tempdir().unwrap();
    let moment = Duration::from_millis(200);
    let plane = plane(dir.path(), Limits { handshake_time: moment, ..Limits::default() }).await;
    let mut plain = plane.raw().await;
    plain.write("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(!plain.read_to_end().await.contains("HTTP/1.1"));
    let started = Instant::now();
    let mut silent = plane.raw().await;
    assert_eq!(silent.read_to_end().await, "");
    assert!(started.elapsed() >= moment / 2);
}

#[test]
fn a_certificate_that_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let good = files(dir.path());
    assert!(good.load().is_ok());

    fs::set_permissions(&good.key, fs::Permissions::from_mode(0o644)).unwrap();
    let error = good.load().unwrap_err().to_string();
    assert!(error.contains("chmod 600") && error.contains("key.pem"), "{error}");
    fs::set_permissions(&good.key, fs::Permissions::from_mode(0o600)).unwrap();

    let missing = TlsFiles { cert: dir.path().join("absent.pem"), ..good.clone() };
    assert!(missing.load().unwrap_err().to_string().contains("absent.pem"));
    let swapped = TlsFiles { cert: good.key.clone(), key: good.key.clone() };
    assert!(swapped.load().unwrap_err().to_string().contains("holds no certificate"));
    let no_key = TlsFiles { cert: good.cert.clone(), key: good.cert.clone() };
    assert!(no_key.load().unwrap_err().to_string().starts_with("tls_key "));
}

/// What the control plane says to an agent whose proof is bound to `binding`, or to its own session.
async fn prove(plane: &Plane, binding: Option<[u8; 32]>) -> ControlFrame {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CERT.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let tcp = TcpStream::connect(plane.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
    let own = tls.get_ref().1.export_keying_material([0; 32], CHANNEL_BINDING_LABEL, None).unwrap();
    let mut request = "wss://localhost/agent/v1/ws".into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    let (mut socket, _) = tokio_tungstenite::client_async(request, tls).await.unwrap();
    let text = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    let ControlFrame::Challenge { nonce, .. } = decode(text.to_text().unwrap()).unwrap() else {
        panic!("{text}")
    };
    let nonce: [u8; 32] = from_base64(&nonce).unwrap();
    let journal = JournalId::new(Uuid::from_u128(1));
    let signed = hello_bytes(&nonce, Some(&binding.unwrap_or(own)), journal, "pbx-1");
    let hello = AgentFrame::Hello(Hello {
        pbx: "pbx-1".into(),
        journal,
        oldest: None,
        version: "0.1.0".into(),
        agent_time: Timestamp::now(),
        bound: true,
        signature: to_base64(&agents::key().sign(&signed).to_bytes()),
    });
    socket.send(Message::text(encode(&hello))).await.unwrap();
    let text = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    decode(text.to_text().unwrap()).unwrap()
}

#[tokio::test]
async fn a_proof_is_good_on_its_own_tls_session_and_on_no_other() {
    use_ring();
    let dir = tempfile::tempdir().unwrap();
    let plane = plane(dir.path(), Limits::default()).await;
    let url = format!("https://localhost:{}/agent/v1/enroll", plane.address().port());
    let enrolment = agents::enrolment(&agents::token(&plane).await, "pbx-1");
    let enrolled = client().build().unwrap().post(url).body(enrolment).send().await.unwrap();
    assert_eq!(enrolled.status(), 200);
    let told = prove(&plane, None).await;
    assert!(matches!(told, ControlFrame::Welcome { .. }), "{told:?}");
    let told = prove(&plane, Some([7; 32])).await;
    assert!(matches!(&told, ControlFrame::Reject { code, .. } if code == "bad_signature"), "{told:?}");
}

/// Whether a new connection is served with this certificate.
async fn is_served_with(plane: &Plane, certificate: &str) -> bool {
    let url = format!("https://localhost:{}/healthz", plane.address().port());
    client_that_trusts(certificate).build().unwrap().get(&url).send().await.is_ok()
}

async fn becomes_served_with(plane: &Plane, certificate: &str) {
    let started = Instant::now();
    while !is_served_with(plane, certificate).await {
        assert!(started.elapsed() < PATIENCE, "the certificate is not served");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart_and_a_bad_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let plane = plane(dir.path(), Limits::default()).await;
    let kept = client().build().unwrap();
    let url = format!("https://localhost:{}/healthz", plane.address().port());
    assert_eq!(kept.get(&url).send().await.unwrap().status(), 200);
    assert!(!is_served_with(&plane, RENEWED_CERT).await);

    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    for bad in ["", "half a certif", RENEWED_CERT] {
        // The last of these is whole, but not for this key.
        fs::write(&cert, bad).unwrap();
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert!(is_served_with(&plane, CERT).await, "{bad}");
    }
    // As tools that renew certificates do it: a new file takes the name of the old one.
    let new = dir.path().join("new");
    fs::write(&new, RENEWED_KEY).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(&new, &key).unwrap();
    becomes_served_with(&plane, RENEWED_CERT).await;
    assert!(!is_served_with(&plane, CERT).await);
    assert_eq!(kept.get(&url).send().await.unwrap().status(), 200, "a connection lives through it");
}

/// A ClientHello of this version, with the suite that everything once spoke.
fn old_hello(minor: u8) -> Vec<u8> {
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    body.extend([0, 0, 4, 0xc0, 0x09, 0xc0, 0x13, 1, 0]);
    // Its curve and its signatures are good: nothing but the version is amiss.
    body.extend([0, 16, 0, 13, 0, 4, 0, 2, 4, 3, 0, 10, 0, 4, 0, 2, 0, 23]);
    let mut hello = vec![22, 3, 1, 0, u8::try_from(body.len() + 4).unwrap(), 1, 0, 0];
    hello.push(u8::try_from(body.len()).unwrap());
    hello.extend(body);
    hello
}

#[tokio::test]
async fn versions_of_tls_before_1_2_are_not_spoken() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let dir = tempfile::tempdir().unwrap();
    let plane = plane(dir.path(), Limits::default()).await;
    for minor in [1, 2] {
        let mut tcp = TcpStream::connect(plane.address()).await.unwrap();
        tcp.write_all(&old_hello(minor)).await.unwrap();
        let mut answer = Vec::new();
        // Whether it is reset after the alert is no matter.
        let _ = timeout(PATIENCE, tcp.read_to_end(&mut answer)).await.unwrap();
        // A fatal alert: protocol_version.
        assert_eq!((answer.first(), &answer[answer.len() - 2..]), (Some(&21), &[2, 70][..]), "{answer:?}");
    }
}
