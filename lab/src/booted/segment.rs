//! A network segment with this machine on it: a bridge, a namespace for each host, names, and a way to Debian's mirror.

use super::ip;
use crate::{
    packages,
    process::{Process, output},
};
use anyhow::{Context, Result};
use std::{
    fs,
    net::{Ipv4Addr, Ipv6Addr},
    path::Path,
    process::Command,
    sync::atomic::{AtomicU8, Ordering},
};

/// Where apt finds the mirror, on this machine's address.
const PROXY_PORT: u16 = 3128;
/// This machine's addresses: for hosts to reach it by, and those of the carrier and the provider.
const OURS: u8 = 1;
const CARRIER: u8 = 100;
/// The number of a provider.
pub const PROVIDER: u8 = 101;

/// A segment. Dropped, it is gone with whatever was connected to it.
#[derive(Debug)]
pub struct Segment {
    bridge: String,
    net: u8,
    /// Forwards what apt asks for: hosts of the segment reach nothing else.
    _proxy: Process,
    /// Knows the names of the segment and no others.
    _names: Process,
}

/// A network namespace with an address of each kind in a segment.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    address: Ipv4Addr,
    address_six: Ipv6Addr,
}

impl Segment {
    /// Makes a bridge with a /24 that nobody uses; DNS has these names for the addresses with these numbers.
    pub fn make(dir: &Path, names: &[(&str, u8)]) -> Result<Self> {
        static NUMBER: AtomicU8 = AtomicU8::new(0);
        packages::ensure_tinyproxy()?;
        packages::ensure_dnsmasq()?;
        sweep();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let (bridge, net) = (format!("cp{:06x}{number:02x}", std::process::id()), rand::random());
        ip(&format!("link add {bridge} type bridge"))?;
        let configured = Self::configure(&bridge, net, dir, names);
        if configured.is_err() {
            let _ = ip(&format!("link del {bridge}"));
        }
        let (proxy, names) = configured?;
        Ok(Self { _proxy: proxy, _names: names, bridge, net })
    }

    fn configure(bridge: &str, net: u8, dir: &Path, names: &[(&str, u8)]) -> Result<(Process, Process)> {
        for host in [OURS, CARRIER, PROVIDER] {
            ip(&format!("addr add {}/24 dev {bridge}", at(net, host)))?;
        }
        ip(&format!("link set {bridge} up"))?;
        let config = dir.join("tinyproxy.conf");
        let here = at(net, OURS);
        let text = format!(
            "Port {PROXY_PORT}\nListen {here}\nAllow {}/24\nMaxClients 50\nTimeout 120\nLogLevel Warning\n",
            at(net, 0)
        );
        fs::write(&config, text).context("write tinyproxy.conf")?;
        let mut command = Command::new("tinyproxy");
        command.arg("-d").arg("-c").arg(&config);
        let proxy = Process::start("tinyproxy", &command, &dir.join("tinyproxy.log"))?;
        let mut command = Command::new("dnsmasq");
        command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=nobody"]);
        command.args(["--no-resolv", "--no-hosts", "--bind-interfaces", "--log-facility=-"]);
        command.arg(format!("--listen-address={here}"));
        command.args(names.iter().map(|(name, host)| format!("--host-record={name},{}", at(net, *host))));
        Ok((proxy, Process::start("dnsmasq", &command, &dir.join("dnsmasq.log"))?))
    }

    /// The address with this number.
    pub fn address(&self, host: u8) -> Ipv4Addr {
        at(self.net, host)
    }

    /// This machine's address in it.
    pub fn ours(&self) -> Ipv4Addr {
        self.address(OURS)
    }

    /// Where a carrier may listen: an address of this machine that no host is administrated from.
    pub fn carrier(&self) -> Ipv4Addr {
        self.address(CARRIER)
    }

    /// The same for a provider.
    pub fn provider(&self) -> Ipv4Addr {
        self.address(PROVIDER)
    }

    /// Lines of resolv.conf(5).
    pub fn resolv_conf(&self) -> String {
        format!("nameserver {}\n", self.ours())
    }

    /// Lines for apt's configuration.
    pub fn apt_conf(&self) -> String {
        format!(
            "Acquire::http::Proxy \"http://{}:{PROXY_PORT}\";\nAcquire::Check-Valid-Until \"false\";\n",
            self.ours()
        )
    }

    /// Makes a namespace that is on the segment with this address.
    pub fn join(&self, host: u8) -> Result<Namespace> {
        let name = format!("{}-{host}", self.bridge);
        ip(&format!("netns add {name}"))?;
        let namespace = Namespace { name, address: self.address(host), address_six: at_six(self.net, host) };
        // The name of an interface has no more than 15 characters.
        let outside = format!("{}v{host}", &self.bridge[..8]);
        let Namespace { name, address, address_six } = &namespace;
        ip(&format!("link add {outside} type veth peer name host0 netns {name}"))?;
        ip(&format!("link set {outside} master {} up", self.bridge))?;
        ip(&format!("-n {name} addr add {address}/24 dev host0"))?;
        ip(&format!("-n {name} addr add {address_six}/64 dev host0 nodad"))?;
        ip(&format!("-n {name} link set host0 up"))?;
        ip(&format!("-n {name} link set lo up"))?;
        Ok(namespace)
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        let _ = ip(&format!("link del {}", self.bridge));
    }
}

impl Namespace {
    /// Its address.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Its address in IPv6.
    pub fn address_six(&self) -> Ipv6Addr {
        self.address_six
    }

    /// Where a program finds it.
    pub fn path(&self) -> String {
        format!("/run/netns/{}", self.name)
    }

    /// Runs a program in it; what it printed.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        output(Command::new("ip").args(["netns", "exec", &self.name, program]).args(arguments))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = ip(&format!("netns del {}", self.name));
    }
}

/// Removes the segments of processes that were killed. Their hosts have died with them.
fn sweep() {
    let names = |dir: &str| -> Vec<String> {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    };
    for bridge in names("/sys/class/net").iter().filter(|name| is_orphaned(name)) {
        let _ = ip(&format!("link del {bridge}"));
    }
    for namespace in names("/run/netns") {
        if namespace.split_once('-').is_some_and(|(bridge, _)| is_orphaned(bridge)) {
            let _ = ip(&format!("netns del {namespace}"));
        }
    }
}

/// `cp`, the number of a process that is no more, and which of its segments it was.
fn is_orphaned(bridge: &str) -> bool {
    let process = bridge.strip_prefix("cp").filter(|rest| rest.len() == 8).and_then(|rest| rest.get(..6));
    let process = process.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    process.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists())
}

fn at(net: u8, host: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, net, host)
}

fn at_six(net: u8, host: u8) -> Ipv6Addr {
    Ipv6Addr::new(0xfd77, 0, 0, u16::from(net), 0, 0, 0, u16::from(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_segments_of_the_dead_are_swept() {
        // Above the highest number that Linux gives a process.
        assert!(is_orphaned("cpffffff00"));
        assert!(!is_orphaned(&format!("cp{:06x}00", std::process::id())));
        for others in ["cpu0", "cpffffff", "cp-ffffff00", "br0", "cpzzzzzz00", "lo"] {
            assert!(!is_orphaned(others), "{others}");
        }
    }
}
