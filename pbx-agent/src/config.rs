//! `agent.toml`: what this host allows. Owned by root; nothing the control plane says widens it.

mod dial;
mod file;
mod permissions;

pub use dial::DialTemplate;
pub use file::control_plane_url;
pub use permissions::{Exposure, exposure, is_strangers};

use daemon::Credentials;
use shared::fence::RouteCountries;
use std::path::{Path, PathBuf};
use url::Url;

/// Where the configuration is looked for.
pub const DEFAULT_PATH: &str = "/etc/pbx-agent/agent.toml";
/// The unit that runs this program.
const SERVICE: &str = "pbx-agent.service";
/// Turns the words of a prompt into speech where `[voice]` names no command of its own.
pub const DEFAULT_VOICE: &str = "espeak-ng --stdin --stdout -v {language}";

/// Everything the agent was told by its host.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from.
    pub path: PathBuf,
    /// Name of this PBX, as the control plane knows it.
    pub name: String,
    /// Directory of the identity key, the journal and the rendered prompts.
    pub state_dir: PathBuf,
    /// Whom to connect to.
    pub control_plane: ControlPlane,
    /// The Asterisk on this host.
    pub ari: Ari,
    /// Calls to one number within ten minutes, over all trunks together.
    pub max_calls_per_number: u32,
    /// SIP providers, at least one, names unique.
    pub trunks: Vec<Trunk>,
    /// Spoken prompts.
    pub voice: Voice,
}

/// `[control_plane]`.
#[derive(Clone, Debug)]
pub struct ControlPlane {
    /// `wss://…`, or `ws://…` on loopback.
    pub url: Url,
    /// PEM of the authority that signed the control plane's certificate; otherwise the host's own
    /// trust store decides.
    pub ca_file: Option<PathBuf>,
    /// A proxy that the operator runs ends TLS in front of the control plane, so the proof of who we are
    /// cannot cover the TLS session: whoever holds that proxy's certificate could pass it on.
    pub behind_proxy: bool,
}

/// `[ari]`.
#[derive(Clone, Debug)]
pub struct Ari {
    /// `http://` on loopback.
    pub url: Url,
    /// User in Asterisk's `ari.conf`.
    pub username: String,
    /// File whose first line is that user's password. In the file, a name without a `/` is that of a
    /// credential of the service.
    pub password_file: PathBuf,
    /// Name of the Stasis application; nobody else on this Asterisk may use it.
    pub app: String,
}

/// `[[trunk]]`.
#[derive(Clone, Debug)]
pub struct Trunk {
    /// Name that orders use.
    pub name: String,
    /// How Asterisk is told to dial.
    pub dial: DialTemplate,
    /// The fence: where it may call. Empty allows nothing.
    pub route_countries: RouteCountries,
    /// `+` and digits, shown to those it calls.
    pub caller_id: Option<String>,
    /// Calls under way at once.
    pub max_concurrent: u32,
    /// Calls started within any one second.
    pub max_calls_per_second: u32,
    /// Minutes of conversation in one day, UTC.
    pub max_minutes_per_day: u32,
}

/// `[voice]`.
#[derive(Clone, Debug)]
pub struct Voice {
    /// Program and arguments, split without a shell; empty renders nothing and a tone is played.
    pub command: Vec<String>,
    /// Whether the alert's own words may be spoken.
    pub allow_message_text: bool,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or may not be read.
    #[error(
        "{path}: cannot be read: {source}; name the configuration with --config FILE, or copy agent.example.toml there"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Somebody other than root and the agent may rewrite it, and with it the fence and the caps.
    #[error(
        "{path}: is writable by {who}; whoever can write it decides what may be dialled: chown root {path}; \
         chmod go-w {path}"
    )]
    Writable {
        /// The file, or its directory.
        path: PathBuf,
        /// `everybody`, `its group` or its owner.
        who: &'static str,
    },
    /// A line says something that is not allowed.
    #[error("{path}:{line}: {key}: {problem}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Key, dotted; the section where a key is missing.
        key: String,
        /// What is wrong and what would be right.
        problem: String,
    },
}

impl Config {
    /// Reads and checks everything; the first mistake is the error.
    ///
    /// # Errors
    /// [`ConfigError`], with file, line and key where there is one.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let writable = |path: &Path, who| Err(ConfigError::Writable { path: path.to_owned(), who });
        if let Some(who) = exposure(path).and_then(|exposure| exposure.writer()) {
            return writable(path, who);
        }
        if is_strangers(path) {
            return writable(path, "its owner, who is neither root nor the agent's user");
        }
        let place = path.canonicalize();
        if let Some(dir) = place.as_deref().ok().and_then(Path::parent)
            && exposure(dir).is_some_and(Exposure::lets_everybody_replace)
        {
            return writable(dir, "everybody");
        }
        let mut config = Self::parse(path, &text)?;
        config.ari.password_file = Credentials::of(SERVICE).find(&config.ari.password_file);
        Ok(config)
    }

    /// Checks a text as if it stood in the file at `path`; the first mistake is the error.
    ///
    /// # Errors
    /// [`ConfigError::Line`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        file::parse(path, text)
    }

    /// The trunk of this name.
    pub fn trunk(&self, name: &str) -> Option<&Trunk> {
        self.trunks.iter().find(|trunk| trunk.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../agent.example.toml");

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(Path::new("agent.toml"), text)
    }

    fn complaint(text: &str) -> String {
        parse(text).expect_err(text).to_string()
    }

    /// The example with one line replaced.
    fn with(line: &str, other: &str) -> String {
        assert!(EXAMPLE.contains(line), "the example has no {line:?}");
        EXAMPLE.replacen(line, other, 1)
    }

    #[test]
    fn the_example_documents_a_configuration_that_is_accepted() {
        let config = parse(EXAMPLE).expect("the example");
        assert_eq!(config.trunks.len(), 3);
        assert_eq!(config.trunk("zadarma").map(|trunk| trunk.max_concurrent), Some(10));
    }

    #[test]
    fn the_contracts_configuration_is_accepted_and_missing_keys_have_their_defaults() {
        let config = parse(
            r#"
            name = "pbx-1"
            state_dir = "/var/lib/pbx-agent"
            [control_plane]
            url = "wss://cp.example.com"
            [ari]
            username = "pbx-agent"
            password_file = "/etc/pbx-agent/ari.password"
            [[trunk]]
            name = "trunk-a"
            dial = "PJSIP/{digits}@trunk-a"
            route_countries = ["+380"]
            "#,
        )
        .expect("a short configuration");
        assert_eq!(config.ari.url.as_str(), "http://127.0.0.1:8088/");
        assert_eq!(config.ari.app, "pbx-agent");
        assert_eq!(config.voice.command[0], "espeak-ng");
        assert!(!config.voice.allow_message_text);
        assert_eq!(config.max_calls_per_number, 300);
        let trunk = &config.trunks[0];
        assert_eq!(
            (trunk.max_concurrent, trunk.max_calls_per_second, trunk.max_minutes_per_day),
            (10, 5, 600)
        );
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_line_and_the_key_that_was_meant() {
        let text = with("route_countries = [\"+380\"]", "route_country = [\"+380\"]");
        let line = text.lines().position(|line| line.starts_with("route_country ")).unwrap() + 1;
        let complaint = complaint(&text);
        assert!(complaint.starts_with(&format!("agent.toml:{line}: route_country: ")), "{complaint}");
        assert!(complaint.contains("did you mean `route_countries`?"), "{complaint}");
    }

    #[test]
    fn a_missing_key_is_named_with_the_section_it_belongs_to() {
        let complaint = complaint(&with("username = \"pbx-agent\"", ""));
        assert!(complaint.contains("ari: missing key `username`"), "{complaint}");
    }

    #[test]
    fn every_value_that_could_do_harm_is_refused_at_its_line() {
        for (line, other, expected) in [
            ("name = \"pbx-1\"", "name = \"\"", "name"),
            (
                "state_dir = \"/var/lib/pbx-agent\"",
                "state_dir = \"state\"",
                "state_dir: is not an absolute path",
            ),
            ("url = \"wss://cp.example.com\"", "url = \"ws://cp.example.com\"", "loopback"),
            ("url = \"wss://cp.example.com\"", "url = \"ftp://cp.example.com\"", "control_plane.url"),
            ("url = \"wss://cp.example.com\"", "url = \"wss://u:p@cp.example.com\"", "control_plane.url"),
            ("url = \"http://127.0.0.1:8088\"", "url = \"http://10.0.0.7:8088\"", "ari.url"),
            ("app = \"pbx-agent\"", "app = \"a,b\"", "ari.app"),
            ("name = \"intertelecom\"", "name = \"zadarma\"", "trunk.name"),
            ("dial = \"PJSIP/{digits}@zadarma\"", "dial = \"PJSIP/100@trunk-a\"", "trunk.dial"),
            ("dial = \"PJSIP/{digits}@zadarma\"", "dial = \"PJSIP/{digits}@a&PJSIP/9@a\"", "trunk.dial"),
            ("route_countries = [\"+380\"]", "route_countries = [\"Ukraine\"]", "route_countries"),
            ("caller_id = \"+14155550100\"", "caller_id = \"CallPing\"", "trunk.caller_id"),
            ("max_calls_per_number = 300", "max_calls_per_number = 0", "max_calls_per_number"),
            ("max_concurrent = 10", "max_concurrent = 0", "trunk.max_concurrent"),
            ("max_calls_per_second = 5", "max_calls_per_second = -1", "max_calls_per_second"),
            ("max_minutes_per_day = 600", "max_minutes_per_day = \"many\"", "max_minutes_per_day"),
        ] {
            let text = with(line, other);
            let place = EXAMPLE.lines().position(|known| known.starts_with(line)).unwrap() + 1;
            let complaint = complaint(&text);
            assert!(complaint.contains(expected), "{other}: {complaint}");
            assert!(complaint.starts_with(&format!("agent.toml:{place}: ")), "{other}: {complaint}");
        }
    }

    #[test]
    fn http_urls_of_the_control_plane_are_taken_for_their_websocket_twins() {
        let text = with("url = \"wss://cp.example.com\"", "url = \"https://cp.example.com\"");
        assert_eq!(parse(&text).unwrap().control_plane.url.as_str(), "wss://cp.example.com/");
        // A scheme is read without regard to case, and without line breaks in it.
        for url in ["HTTPS://cp.example.com", "ht\\ntps://cp.example.com", " Wss://cp.example.com"] {
            let text = with("url = \"wss://cp.example.com\"", &format!("url = \"{url}\""));
            assert_eq!(parse(&text).unwrap().control_plane.url.as_str(), "wss://cp.example.com/");
        }
        let text = with("url = \"wss://cp.example.com\"", "url = \"http://127.0.0.1:8080\"");
        assert_eq!(parse(&text).unwrap().control_plane.url.as_str(), "ws://127.0.0.1:8080/");
    }

    #[test]
    fn a_file_that_everybody_may_write_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.toml");
        std::fs::write(&path, EXAMPLE).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o646)).unwrap();
        assert!(matches!(Config::load(&path), Err(ConfigError::Writable { who: "everybody", .. })));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Config::load(&path).is_ok());
        assert!(Config::load(&dir.path().join("none")).unwrap_err().to_string().contains("--config"));
    }

    #[test]
    fn a_file_that_a_stranger_owns_or_may_replace_is_refused() {
        use std::os::unix::fs::{PermissionsExt, chown};
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.toml");
        std::fs::write(&path, EXAMPLE).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = |expected: &str| {
            let error = Config::load(&path).expect_err(expected).to_string();
            assert!(error.contains(expected) && error.contains("decides what may be dialled"), "{error}");
        };
        let open =
            |mode| std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        open(0o777);
        refused(&format!("{}: is writable by everybody", dir.path().canonicalize().unwrap().display()));
        open(0o1777);
        assert!(Config::load(&path).is_ok(), "in /tmp nobody can replace another's file");
        // Nobody else can give a file away.
        if rustix::process::geteuid().is_root() {
            chown(&path, Some(65_534), None).unwrap();
            refused("agent.toml: is writable by its owner");
        }
    }
}
