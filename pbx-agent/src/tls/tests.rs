//! Which certificates are believed. The authority is for these tests alone.

use super::*;
use rustls::{
    CertificateError, ClientConnection, Error, ProtocolVersion, ServerConfig, ServerConnection,
    SupportedProtocolVersion,
    pki_types::{PrivateKeyDer, ServerName},
    version::{TLS12, TLS13},
};
use std::{fs, sync::Arc};

const AUTHORITY: &str = include_str!("../../tests/stories/tls/authority/ca.pem");
const ANOTHER_AUTHORITY: &str = include_str!("../../tests/stories/tls/cert.pem");
const LOCALHOST: &str = include_str!("../../tests/stories/tls/authority/localhost.pem");
const EXPIRED: &str = include_str!("../../tests/stories/tls/authority/expired.pem");
const ELSEWHERE: &str = include_str!("../../tests/stories/tls/authority/elsewhere.pem");
const KEY: &str = include_str!("../../tests/stories/tls/authority/key.pem");

/// Who connects to `localhost`, and trusts this authority.
fn client(authority: &str) -> ClientConnection {
    let dir = tempfile::tempdir().unwrap();
    let ca_file = dir.path().join("ca.pem");
    fs::write(&ca_file, authority).unwrap();
    let config = client_config(Some(&ca_file)).unwrap();
    ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap()
}

fn server(certificate: &str, version: &'static SupportedProtocolVersion) -> ServerConnection {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap(),
        )
        .unwrap();
    ServerConnection::new(Arc::new(config)).unwrap()
}

/// The handshake, in memory.
fn connect(
    authority: &str,
    certificate: &str,
    version: &'static SupportedProtocolVersion,
) -> Result<ProtocolVersion, Error> {
    let (mut client, mut server) = (client(authority), server(certificate, version));
    while client.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        let mut wire = Vec::new();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    Ok(client.protocol_version().unwrap())
}

#[test]
fn a_certificate_of_the_given_authority_for_this_name_is_believed() {
    assert_eq!(connect(AUTHORITY, LOCALHOST, &TLS13), Ok(ProtocolVersion::TLSv1_3));
    assert_eq!(connect(AUTHORITY, LOCALHOST, &TLS12), Ok(ProtocolVersion::TLSv1_2));
}

#[test]
fn a_certificate_of_another_authority_is_not() {
    for version in [&TLS13, &TLS12] {
        let unknown = Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
        assert_eq!(connect(ANOTHER_AUTHORITY, LOCALHOST, version), unknown);
    }
}

#[test]
fn a_certificate_for_another_name_is_not() {
    let error = connect(AUTHORITY, ELSEWHERE, &TLS13).unwrap_err();
    let is_name = matches!(
        error,
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        )
    );
    assert!(is_name, "{error}");
}

#[test]
fn a_certificate_that_has_expired_is_not() {
    let error = connect(AUTHORITY, EXPIRED, &TLS13).unwrap_err();
    let is_expired = matches!(
        error,
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })
    );
    assert!(is_expired, "{error}");
}
