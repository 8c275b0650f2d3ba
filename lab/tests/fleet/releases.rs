//! What the hosts run before anybody touches them.

use anyhow::{Result, bail};
use lab::roots::{Distribution, Recipe};

/// As a provider hands a host out.
const BARE: [&str; 7] =
    ["systemd-sysv", "dbus", "python3", "openssh-server", "ca-certificates", "iproute2", "mount"];
/// The same, with an Asterisk that the operator has installed.
const WITH_ASTERISK: [&str; 8] =
    ["systemd-sysv", "dbus", "python3", "openssh-server", "ca-certificates", "iproute2", "mount", "asterisk"];

const BOOKWORM: Recipe = Recipe {
    name: "bookworm-root",
    distribution: Distribution::Debian,
    suite: "bookworm",
    packages: &BARE,
    why: "the control plane's host",
};
const FORKY: Recipe = Recipe {
    name: "forky-root",
    distribution: Distribution::Debian,
    suite: "forky",
    packages: &WITH_ASTERISK,
    why: "the PBX hosts",
};
/// 22.04, with Asterisk 18.
const JAMMY: Recipe = Recipe {
    name: "jammy-root",
    distribution: Distribution::Ubuntu,
    suite: "jammy",
    packages: &BARE,
    why: "hosts with Ubuntu 22.04",
};
/// 24.04, with Asterisk 20.
const NOBLE: Recipe = Recipe {
    name: "noble-root",
    distribution: Distribution::Ubuntu,
    suite: "noble",
    packages: &BARE,
    why: "a PBX host with Ubuntu 24.04",
};

/// Of each host.
pub struct Releases {
    pub plane: Recipe,
    pub pbxs: [Recipe; 2],
}

impl Releases {
    /// Debian, or what the variable `FLEET` says.
    pub fn chosen() -> Result<Self> {
        match std::env::var("FLEET").as_deref() {
            Err(_) | Ok("" | "debian") => Ok(Self { plane: BOOKWORM, pbxs: [FORKY, FORKY] }),
            Ok("ubuntu") => Ok(Self { plane: JAMMY, pbxs: [NOBLE, JAMMY] }),
            Ok(other) => bail!("FLEET is {other:?}; say debian or ubuntu"),
        }
    }
}
