//! Configuration of the control plane: an option, else an environment variable, else the file, else
//! the default.

mod file;
mod given;
mod mail;

use crate::{
    mail::MailSettings,
    store::Database,
    web::{TlsFiles, TrustedProxies},
};
use clap::Args;
use daemon::Credentials;
use given::{Given, Place};
use mail::MailOptions;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};
use url::Url;

/// The unit that runs this program.
const SERVICE: &str = "control-plane.service";
/// Name of the embedded database in the data directory.
const DATABASE_FILE: &str = "control-plane.db";

/// Where the data is. Every command takes these.
#[derive(Clone, Args)]
pub struct DataOptions {
    /// Configuration file, TOML; its keys are these options with _ for -
    #[arg(long, value_name = "FILE", env = "CP_CONFIG")]
    pub config: Option<PathBuf>,
    /// Directory of the database and the order-signing key [default: ./data]
    #[arg(long, value_name = "DIR", env = "CP_DATA_DIR")]
    pub data_dir: Option<String>,
    /// Database [default: control-plane.db in the data directory]
    #[arg(long, value_name = "URL", env = "CP_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
}

/// What `serve` takes.
#[derive(Clone, Args)]
pub struct ServeOptions {
    #[command(flatten)]
    data: DataOptions,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "CP_LISTEN")]
    listen: Option<String>,
    /// How this control plane is reached from outside, where that is not the listening address
    #[arg(long, value_name = "URL", env = "CP_PUBLIC_URL")]
    public_url: Option<String>,
    /// Certificate chain, PEM; with it TLS is served. A name without a / may be that of a credential
    #[arg(long, value_name = "FILE", env = "CP_TLS_CERT")]
    tls_cert: Option<String>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE", env = "CP_TLS_KEY")]
    tls_key: Option<String>,
    /// Where to serve Prometheus metrics; without it, nowhere
    #[arg(long, value_name = "ADDR", env = "CP_METRICS_LISTEN")]
    metrics_listen: Option<String>,
    /// Addresses and networks of reverse proxies, separated by commas: theirs is the word on who a client is
    #[arg(long, value_name = "LIST", env = "CP_TRUSTED_PROXIES")]
    trusted_proxies: Option<String>,
    #[command(flatten)]
    mail: MailOptions,
}

impl ServeOptions {
    /// The file, where one is named.
    pub fn config(&self) -> Option<&Path> {
        self.data.config.as_deref()
    }
}

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// Holds the order-signing key, and the database unless that is elsewhere.
    pub dir: PathBuf,
    /// The database.
    pub database: Database,
}

/// Everything `serve` was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the data is.
    pub data: Data,
    /// Where everybody is served.
    pub listen: SocketAddr,
    /// `http://` or `https://`, host and port; told to people.
    pub public_url: Option<Url>,
    /// TLS of the listener.
    pub tls: Option<TlsFiles>,
    /// Where metrics are served.
    pub metrics_listen: Option<SocketAddr>,
    /// Reverse proxies whose word on who a client is counts.
    pub trusted_proxies: TrustedProxies,
    /// How letters leave; without it they wait.
    pub mail: Option<MailSettings>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or may not be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line of the file says something that is not allowed.
    #[error("{}:{line}: {key}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Key.
        key: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// An option or its environment variable.
    #[error("{option} (or {variable}): {problem}")]
    Option {
        /// Such as `--listen`.
        option: &'static str,
        /// Such as `CP_LISTEN`.
        variable: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
}

impl Data {
    /// From the options, the environment and the file.
    ///
    /// # Errors
    /// [`ConfigError`]
    pub fn resolve(options: DataOptions) -> Result<Self, ConfigError> {
        let mut file = file::read(options.config.as_deref())?;
        Self::from_given(options, &mut file)
    }

    fn from_given(options: DataOptions, file: &mut file::Keys) -> Result<Self, ConfigError> {
        let data_dir =
            Place::option("--data-dir", "CP_DATA_DIR").or_file(options.data_dir, file.data_dir.take());
        let dir = match data_dir {
            Some(given) => given.read(path)?,
            None => PathBuf::from("data"),
        };
        let database =
            Place::option("--database", "CP_DATABASE").or_file(options.database, file.database.take());
        let database = match database {
            Some(given) => given.read(database_of)?,
            None => Database::Sqlite(dir.join(DATABASE_FILE)),
        };
        Ok(Self { dir, database })
    }

    /// The database's file.
    pub fn database_file(&self) -> &Path {
        let Database::Sqlite(path) = &self.database;
        path
    }
}

impl Settings {
    /// From the options, the environment and the file.
    ///
    /// # Errors
    /// [`ConfigError`]
    pub fn resolve(options: ServeOptions) -> Result<Self, ConfigError> {
        let ServeOptions {
            data,
            listen,
            public_url,
            tls_cert,
            tls_key,
            metrics_listen,
            trusted_proxies,
            mail,
        } = options;
        let mut file = file::read(data.config.as_deref())?;
        let data = Data::from_given(data, &mut file)?;
        let listen = Place::option("--listen", "CP_LISTEN").or_file(listen, file.listen.take());
        let public_url =
            Place::option("--public-url", "CP_PUBLIC_URL").or_file(public_url, file.public_url.take());
        let cert = Place::option("--tls-cert", "CP_TLS_CERT").or_file(tls_cert, file.tls_cert.take());
        let key = Place::option("--tls-key", "CP_TLS_KEY").or_file(tls_key, file.tls_key.take());
        let metrics_listen = Place::option("--metrics-listen", "CP_METRICS_LISTEN")
            .or_file(metrics_listen, file.metrics_listen.take());
        let trusted_proxies = Place::option("--trusted-proxies", "CP_TRUSTED_PROXIES")
            .or_file(trusted_proxies, file.trusted_proxies.take());
        Ok(Self {
            data,
            listen: match listen {
                Some(given) => given.read(address)?,
                None => SocketAddr::from(([127, 0, 0, 1], 8080)),
            },
            public_url: public_url.map(|given| given.read(public_url_of)).transpose()?,
            tls: tls_of(cert, key)?,
            metrics_listen: metrics_listen.map(|given| given.read(address)).transpose()?,
            trusted_proxies: trusted_proxies
                .map(|given| given.read(str::parse))
                .transpose()?
                .unwrap_or_default(),
            mail: mail.resolve(&mut file)?,
        })
    }
}

fn tls_of(cert: Option<Given>, key: Option<Given>) -> Result<Option<TlsFiles>, ConfigError> {
    match (cert, key) {
        (None, None) => Ok(None),
        (Some(cert), Some(key)) => {
            let credentials = Credentials::of(SERVICE);
            let found = |given: Given| given.read(path).map(|named| credentials.find(&named));
            Ok(Some(TlsFiles { cert: found(cert)?, key: found(key)? }))
        }
        (Some(cert), None) => cert.read(|_| Err("TLS takes the private key too: give tls_key".to_owned())),
        (None, Some(key)) => key.read(|_| Err("TLS takes the certificate too: give tls_cert".to_owned())),
    }
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        Err("is empty".to_owned())
    } else if text.contains(char::is_control) {
        Err("holds a control character".to_owned())
    } else {
        Ok(PathBuf::from(text))
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("{text:?} is not an address and a port; write 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080")
    })
}

/// The text is not repeated: it may hold a password.
fn database_of(text: &str) -> Result<Database, String> {
    const SQLITE: &str = "write sqlite:PATH, or leave it out for the database in the data directory";
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Err(format!("PostgreSQL is not supported by this version yet; {SQLITE}"));
    }
    let file = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:"));
    match file {
        None if text.contains("://") => Err(format!("not a database that is known here; {SQLITE}")),
        Some("") => Err(format!("names no file; {SQLITE}")),
        Some(file) => path(file).map(Database::Sqlite),
        None => path(text).map(Database::Sqlite),
    }
}

fn public_url_of(text: &str) -> Result<Url, String> {
    const FORM: &str = "write scheme, host and port alone, as in https://alerts.example.com";
    let url = Url::parse(text).map_err(|error| format!("{error}; {FORM}"))?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    if plain { Ok(url) } else { Err(FORM.to_owned()) }
}

#[cfg(test)]
mod tests;
