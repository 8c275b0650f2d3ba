//! TLS towards the control plane: rustls with ring, the host's trust store or the given authority.

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::path::{Path, PathBuf};

/// Why nobody can be trusted.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// `ca_file` cannot be read or holds no certificate.
    #[error("{path}: {why}; ca_file is the PEM of the authority that signed the control plane's certificate")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The host has no trust store.
    #[error(
        "this host trusts no certificate authority; install ca-certificates or set control_plane.ca_file"
    )]
    NoRoots,
    /// rustls was built without what it needs.
    #[error("TLS: {0}")]
    Rustls(#[from] rustls::Error),
}

/// Trusts the authorities of `ca_file`, or else those of the host. TLS 1.2 and newer.
///
/// # Errors
/// [`TlsError`].
pub fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => {
            let bad = |why: String| TlsError::CaFile { path: path.to_owned(), why };
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| bad(error.to_string()))? {
                let certificate = certificate.map_err(|error| bad(error.to_string()))?;
                roots.add(certificate).map_err(|error| bad(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(bad("holds no certificate".to_owned()));
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(TlsError::NoRoots);
            }
        }
    }
    trusting(roots)
}

/// Trusts nobody: for a client that only ever speaks plain HTTP on loopback.
///
/// # Errors
/// [`TlsError::Rustls`].
pub fn trusting_nobody() -> Result<ClientConfig, TlsError> {
    trusting(RootCertStore::empty())
}

fn trusting(roots: RootCertStore) -> Result<ClientConfig, TlsError> {
    let provider = std::sync::Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // Without it the keying material of TLS 1.2 binds nothing (RFC 9266, section 4.2).
    config.require_ems = true;
    Ok(config)
}

#[cfg(test)]
mod tests;
