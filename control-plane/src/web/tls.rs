//! TLS of the listener.

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use shared::protocol::CHANNEL_BINDING_LABEL;
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where the certificate and its key are, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or holds something else.
    #[error("{what} {}: {detail}", path.display())]
    File {
        /// `tls_cert` or `tls_key`.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// Everybody on this host may read the key.
    #[error("tls_key {}: everybody on this host may read it (mode {mode:o}): run `chmod 600` on it", path.display())]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The two do not belong together, or are of a kind that is not spoken.
    #[error("tls_cert {} with tls_key {}: {detail}", cert.display(), key.display())]
    Pair {
        /// The chain.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
        /// What is wrong.
        detail: String,
    },
}

impl TlsFiles {
    /// Reads both and checks that they belong together. TLS 1.2 and 1.3; HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// [`TlsError`]
    pub fn load(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let chain = self.chain()?;
        let key = self.key()?;
        let pair = |error: rustls::Error| TlsError::Pair {
            cert: self.cert.clone(),
            key: self.key.clone(),
            detail: error.to_string(),
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(pair)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(pair)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let failed = |detail: String| TlsError::File { what: "tls_cert", path: self.cert.clone(), detail };
        let chain = CertificateDer::pem_file_iter(&self.cert)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| failed(error.to_string()))?;
        if chain.is_empty() { Err(failed("holds no certificate (PEM)".to_owned())) } else { Ok(chain) }
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        if let Some(mode) = mode(&self.key)
            && mode & 0o007 != 0
        {
            return Err(TlsError::Exposed { path: self.key.clone(), mode });
        }
        PrivateKeyDer::from_pem_file(&self.key).map_err(|error| TlsError::File {
            what: "tls_key",
            path: self.key.clone(),
            detail: error.to_string(),
        })
    }
}

/// What binds an agent's proof to this TLS session (RFC 9266).
pub(super) fn binding<T>(stream: &tokio_rustls::server::TlsStream<T>) -> Option<[u8; 32]> {
    stream.get_ref().1.export_keying_material([0; 32], CHANNEL_BINDING_LABEL, None).ok()
}

fn mode(path: &Path) -> Option<u32> {
    std::fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o777)
}
