//! Three bare hosts, a carrier, and an operator's inventory.

use anyhow::{Context, Result};
use lab::{
    Carrier,
    authority::Authority,
    booted::{Inventory, Machine, Segment, deb, machine::Acquaintances},
    dirs::RunDir,
    packages,
    ports::Ports,
    roots::{self, Recipe},
    setup::{Patience, Project, organization},
};
use std::{fs, path::Path, sync::Arc};

/// As a provider hands it out.
const BOOKWORM: Recipe = Recipe {
    name: "bookworm-root",
    suite: "bookworm",
    packages: &["systemd-sysv", "dbus", "python3", "openssh-server", "ca-certificates", "iproute2"],
    why: "the control plane's host",
};
/// The same, with an Asterisk that the operator has installed.
const FORKY: Recipe = Recipe {
    name: "forky-root",
    suite: "forky",
    packages: &["systemd-sysv", "dbus", "python3", "openssh-server", "ca-certificates", "iproute2", "asterisk"],
    why: "the PBX hosts",
};

/// Name of the control plane, which its certificate holds.
pub const URL: &str = "https://alerts.lab.test";
/// Phones of those who are called.
pub const PHONES: [&str; 2] = ["+380501234567", "+380501234568"];

/// Hosts, carrier and inventory.
pub struct Field {
    pub inventory: Inventory,
    pub alerts: Machine,
    pub pbxs: Vec<Machine>,
    pub carrier: Carrier,
    pub projects: Vec<Project>,
    pub authority: Authority,
    pub segment: Segment,
    pub run: RunDir,
}

impl Field {
    /// Boots three bare hosts.
    pub async fn boot() -> Result<Self> {
        packages::ensure_sipp_and_espeak()?;
        packages::ensure_machines()?;
        let (bookworm, forky) = (roots::prepare(&BOOKWORM)?, roots::prepare(&FORKY)?);
        let run = RunDir::create()?;
        let segment = Segment::make(run.path())?;
        let names = [("alerts.lab.test", 10), ("pbx-1", 21), ("pbx-2", 22)];
        let known = Acquaintances::make(run.path(), &names.map(|(name, host)| (name, segment.address(host))))?;
        let (alerts, one, two) = tokio::try_join!(
            Machine::boot("alerts", &bookworm, &segment, 10, &known, run.path()),
            Machine::boot("pbx-1", &forky, &segment, 21, &known, run.path()),
            Machine::boot("pbx-2", &forky, &segment, 22, &known, run.path()),
        )?;
        let ports = Arc::new(Ports::default());
        let carrier = Carrier::open_at(segment.carrier(), &run.path().join("carrier"), &ports, &["a"])?;
        let authority = Authority::make_for(&run.path().join("tls"), "alerts.lab.test").await?;
        let projects = vec![Project::new("one", PHONES[0]), Project::new("two", PHONES[1])];
        let patience = Patience { redials: 3, redial_pause_seconds: 1, ring_seconds: 20 };
        fs::write(run.path().join("organizations.toml"), organization("acme", &projects, patience))
            .context("write organizations.toml")?;
        let text = inventory(&segment, &carrier, &authority, run.path())?;
        let inventory = Inventory::write(run.path(), &text, known.key())?;
        Ok(Self { inventory, alerts, pbxs: vec![one, two], carrier, projects, authority, segment, run })
    }
}

fn inventory(segment: &Segment, carrier: &Carrier, authority: &Authority, dir: &Path) -> Result<String> {
    let indented = |path: &Path| -> Result<String> {
        let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        Ok(text.lines().map(|line| format!("            {line}\n")).collect())
    };
    let (agent, plane) = (deb::built("pbx-agent")?, deb::built("control-plane")?);
    Ok(format!(
        "all:
  vars:
    ansible_user: root
    hardening_ssh_networks: [{ours}]
  children:
    control_plane:
      hosts:
        alerts:
          ansible_host: {alerts}
          control_plane_public_url: {URL}
          control_plane_tls_certificate: |
{certificate}          control_plane_tls_key: |
{key}          control_plane_package_file: {plane}
          control_plane_apply_file: {dir}/organizations.toml
          hardening_tcp_services:
            - port: 443
              networks: [0.0.0.0/0]
    pbx:
      hosts:
        pbx-1:
          ansible_host: {one}
        pbx-2:
          ansible_host: {two}
      vars:
        pbx_agent_region: eu
        pbx_agent_control_plane_url: {URL}
        pbx_agent_ca_file: {ca}
        pbx_agent_package_file: {agent}
        trunks_list:
          - name: a
            host: {carrier_ip}
            port: {carrier_port}
            authentication: ip
            signalling_networks: [{carrier_ip}]
            media_networks: [{carrier_ip}]
            route_countries: [\"+380\"]
            max_calls_per_second: 20
",
        ours = segment.ours(),
        alerts = segment.address(10),
        one = segment.address(21),
        two = segment.address(22),
        certificate = indented(&authority.certificate_file())?,
        key = indented(&authority.key_file())?,
        plane = plane.display(),
        agent = agent.display(),
        dir = dir.display(),
        ca = authority.ca_file().display(),
        carrier_ip = segment.carrier(),
        carrier_port = carrier.port("a")?,
    ))
}
