//! Three bare hosts, a carrier, and an operator's inventory.

use crate::releases::Releases;
use anyhow::{Context, Result, bail, ensure};
use lab::{
    Behaviour, Carrier,
    ari::http_client_builder,
    authority::Authority,
    booted::{Inventory, Machine, Provider, Recap, Segment, deb, machine::Administrator, provider, segment},
    dirs::RunDir,
    packages,
    ports::Ports,
    roots,
    setup::{Patience, Project, organization},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// Name of the control plane, which its certificate holds.
const NAME: &str = "alerts.lab.test";
/// Phones of those who are called.
const PHONES: [&str; 4] = ["+380501234561", "+380501234562", "+380501234563", "+380501234564"];
/// Phone of one who is called through the provider alone.
pub const ABROAD: &str = "+447400123456";
/// From a webhook to the key that takes it, however busy this machine is.
const REACHED_WITHIN: Duration = Duration::from_secs(60);

/// Hosts, carrier and inventory.
pub struct Field {
    // Order matters: hosts go before their network, everything before its directory.
    pub alerts: Machine,
    pub pbxs: Vec<Machine>,
    pub segment: Segment,
    inventory: Inventory,
    carrier: Carrier,
    pub provider: Provider,
    authority: Authority,
    abroad: Project,
    projects: Vec<Project>,
    http: reqwest::Client,
    run: RunDir,
}

impl Field {
    /// Boots three bare hosts.
    pub async fn boot() -> Result<Self> {
        packages::ensure_sipp_and_espeak()?;
        packages::ensure_machines()?;
        let releases = Releases::chosen()?;
        let (plane, [first, second]) =
            (roots::prepare(&releases.plane)?, releases.pbxs.each_ref().map(roots::prepare));
        let (first, second) = (first?, second?);
        let run = RunDir::create()?;
        let names = [(NAME, 10), ("pbx-1", 21), ("pbx-2", 22), (provider::NAME, segment::PROVIDER)];
        let segment = Segment::make(run.path(), &names)?;
        let administrator = Administrator::make(run.path())?;
        let (alerts, one, two) = tokio::try_join!(
            Machine::boot("alerts", &plane, &segment, 10, &administrator, run.path()),
            Machine::boot("pbx-1", &first, &segment, 21, &administrator, run.path()),
            Machine::boot("pbx-2", &second, &segment, 22, &administrator, run.path()),
        )?;
        // As from a provider who has none: the role brings it. What it needs stays, which saves fetching it.
        two.shell("dpkg --purge asterisk asterisk-config asterisk-modules && rm -rf /etc/asterisk").await?;
        let ports = Arc::new(Ports::default());
        let carrier = Carrier::open_at(segment.carrier(), &run.path().join("carrier"), &ports, &["a"])?;
        carrier.by_default(Behaviour::press('1'));
        let authority = Authority::make_for(&run.path().join("tls"), NAME).await?;
        let projects: Vec<Project> =
            PHONES.iter().enumerate().map(|(n, phone)| Project::new(&format!("shop-{n}"), phone)).collect();
        let patience = Patience { redials: 3, redial_pause_seconds: 1, ring_seconds: 20 };
        let provider = Provider::open(&segment, run.path()).await?;
        let abroad = Project::new("shop-abroad", ABROAD);
        let everybody: Vec<Project> = projects.iter().chain([&abroad]).cloned().collect();
        fs::write(run.path().join("organizations.toml"), organization("acme", &everybody, patience))
            .context("write organizations.toml")?;
        let certificate = certificate_as_text(&authority)?;
        let text = inventory(&segment, &carrier, &authority, &certificate, run.path())?;
        let inventory = Inventory::write(run.path(), &text, administrator.key())?;
        let http = http_client_builder()
            .tls_certs_only([authority.certificate()?])
            .resolve(NAME, SocketAddr::from((alerts.address(), 0)))
            .build()
            .context("make an HTTP client")?;
        Ok(Self {
            alerts,
            pbxs: vec![one, two],
            segment,
            inventory,
            carrier,
            provider,
            authority,
            abroad,
            projects,
            http,
            run,
        })
    }

    /// The run's own directory.
    pub fn dir(&self) -> &Path {
        self.run.path()
    }

    /// The port of the carrier's trunk.
    pub fn carrier_port(&self) -> Result<u16> {
        self.carrier.port("a")
    }

    /// Runs a playbook.
    pub async fn run(&self, playbook: &str, arguments: &[&str]) -> Result<Recap> {
        self.inventory.run(playbook, arguments).await
    }

    /// Runs a playbook, which must come to its end on every host.
    pub async fn succeeds(&self, playbook: &str, arguments: &[&str]) -> Result<Recap> {
        let recap = self.run(playbook, arguments).await?;
        ensure!(recap.succeeded, "{playbook} {arguments:?} failed:\n{}", recap.tail());
        Ok(recap)
    }

    /// Names the certificate's files on the control plane's host instead of giving its text.
    pub fn keep_the_certificate_on_its_host(&self) -> Result<()> {
        let text = inventory(
            &self.segment,
            &self.carrier,
            &self.authority,
            CERTIFICATE_ON_ITS_HOST,
            self.run.path(),
        );
        self.inventory.replace(&text?)
    }

    /// What every playbook so far has printed.
    pub fn printed(&self) -> Result<String> {
        self.inventory.printed()
    }

    /// Everybody who is called.
    pub fn projects(&self) -> impl Iterator<Item = &Project> {
        self.projects.iter().chain([&self.abroad])
    }

    /// Sends an alert to the endpoint of this project until it is accepted; its request.
    pub async fn alert(&self, project: usize, message: &str) -> Result<String> {
        self.alert_to(&self.projects[project % self.projects.len()], message).await
    }

    /// The same for the one who is called through the provider.
    pub async fn alert_abroad(&self, message: &str) -> Result<String> {
        self.alert_to(&self.abroad, message).await
    }

    async fn alert_to(&self, project: &Project, message: &str) -> Result<String> {
        let url = format!("https://{NAME}/api/wh/{}", project.endpoint);
        let body = json!({"severity": "critical", "message": message}).to_string();
        let begun = Instant::now();
        loop {
            let request = self
                .http
                .post(&url)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", message)
                .body(body.clone());
            match request.send().await {
                Ok(response) if response.status() == 202 => {
                    let answer = response.bytes().await.context("read the answer")?;
                    let answer: Value = serde_json::from_slice(&answer).context("the answer is JSON")?;
                    return Ok(answer["request_id"].as_str().context("a request id")?.to_owned());
                }
                Ok(response) if !response.status().is_server_error() => {
                    bail!("the alert was answered {}", response.status())
                }
                // As every sender does: again, with the same key.
                Ok(_) | Err(_) if begun.elapsed() < REACHED_WITHIN => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                Ok(response) => bail!("the alert is answered {} for {REACHED_WITHIN:?}", response.status()),
                Err(error) => return Err(error).context("the alert is not accepted"),
            }
        }
    }

    /// A key to read calls with.
    pub async fn api_key(&self) -> Result<String> {
        let printed = self
            .alerts
            .shell(
                "runuser -u control-plane -- control-plane api-key acme story --config /etc/control-plane/control-plane.toml",
            )
            .await?;
        Ok(printed.trim().to_owned())
    }

    /// Calls of a request, as the log has them.
    pub async fn calls(&self, request: &str, api_key: &str) -> Result<Vec<Value>> {
        let url = format!("https://{NAME}/api/v1/calls?request_id={request}");
        let response = self.http.get(url).bearer_auth(api_key).send().await.context("read the calls")?;
        let body = response.bytes().await.context("read the calls")?;
        let body: Value = serde_json::from_slice(&body).context("calls are JSON")?;
        Ok(body["items"].as_array().with_context(|| format!("no calls in {body}"))?.clone())
    }

    /// Waits until every call of these requests is over; those that reached nobody, with their story.
    pub async fn unreached(&self, requests: &[String], api_key: &str) -> Result<Vec<String>> {
        let begun = Instant::now();
        let mut unreached = Vec::new();
        for request in requests {
            loop {
                // The control plane may be the one that is being restarted.
                let calls = self.calls(request, api_key).await.unwrap_or_default();
                let status = |call: &Value| call["status"].as_str().unwrap_or_default().to_owned();
                if !calls.is_empty() && calls.iter().all(|call| status(call) == "acknowledged") {
                    break;
                }
                let is_over = |call| !["queued", "calling"].contains(&status(call).as_str());
                if begun.elapsed() > REACHED_WITHIN || (!calls.is_empty() && calls.iter().all(is_over)) {
                    unreached.push(format!("{request}: {calls:?}"));
                    break;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        Ok(unreached)
    }

    /// Waits until the control plane accepts and dispatches, with both agents on their links.
    pub async fn is_ready(&self) -> Result<()> {
        let begun = Instant::now();
        let url = format!("https://{NAME}/readyz");
        loop {
            let ready = self.http.get(&url).send().await.is_ok_and(|response| response.status() == 200);
            if ready {
                break;
            }
            ensure!(begun.elapsed() < REACHED_WITHIN, "the control plane is not ready");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        for pbx in &self.pbxs {
            while let Err(error) = pbx.shell("runuser -u pbx-agent -- pbx-agent check").await {
                ensure!(begun.elapsed() < REACHED_WITHIN, "{error}");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        Ok(())
    }

    /// Alerts ring phones through each PBX host, and key 1 takes them.
    pub async fn rings_through_each(&self) -> Result<()> {
        self.rings_through(&self.pbxs).await
    }

    /// The same, for these hosts.
    pub async fn rings_through(&self, pbxs: &[Machine]) -> Result<()> {
        let api_key = self.api_key().await?;
        let before = self.carrier.calls().len();
        let wanted: BTreeSet<IpAddr> = pbxs.iter().map(|pbx| IpAddr::V4(pbx.address())).collect();
        let begun = Instant::now();
        let mut round = 0;
        // What a host can do again it tells the control plane some seconds later.
        while begun.elapsed() < REACHED_WITHIN {
            let message = format!("round {round} {:08x}", rand::random::<u32>());
            let request = self.alert(round, &message).await?;
            let unreached = self.unreached(&[request], &api_key).await?;
            ensure!(unreached.is_empty(), "nobody was reached: {unreached:?}\n{}", self.carrier.story());
            let through: BTreeSet<IpAddr> =
                self.carrier.calls()[before..].iter().map(|call| call.pbx.ip()).collect();
            if through.is_superset(&wanted) {
                return Ok(());
            }
            round += 1;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        bail!("not every host rang: {}", self.carrier.story())
    }

    /// What the hosts have to say, for whoever reads why it failed.
    pub async fn keep_journals(&mut self) {
        self.run.keep();
        for machine in self.pbxs.iter().chain([&self.alerts]) {
            let journal = machine.shell("journalctl --no-pager --lines=400").await;
            let text = journal.unwrap_or_else(|error| format!("{error:#}"));
            let _ = fs::write(self.run.path().join(format!("{}.journal", machine.name())), text);
        }
        lab::say::say(format!("what the hosts said is in {}", self.run.path().display()));
    }
}

/// Where the README has certbot put it.
const CERTIFICATE_ON_ITS_HOST: &str =
    "          control_plane_tls_certificate_file: /etc/control-plane-tls/fullchain.pem
          control_plane_tls_key_file: /etc/control-plane-tls/privkey.pem
";

fn certificate_as_text(authority: &Authority) -> Result<String> {
    let indented = |path: &Path| -> Result<String> {
        let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        Ok(text.lines().map(|line| format!("            {line}\n")).collect())
    };
    Ok(format!(
        "          control_plane_tls_certificate: |\n{}          control_plane_tls_key: |\n{}",
        indented(&authority.certificate_file())?,
        indented(&authority.key_file())?
    ))
}

fn inventory(
    segment: &Segment,
    carrier: &Carrier,
    authority: &Authority,
    certificate: &str,
    dir: &Path,
) -> Result<String> {
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
          control_plane_public_url: https://{NAME}
{certificate}          control_plane_package_file: {plane}
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
        pbx_agent_control_plane_url: https://{NAME}
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
        plane = plane.display(),
        agent = agent.display(),
        dir = dir.display(),
        ca = authority.ca_file().display(),
        carrier_ip = segment.carrier(),
        carrier_port = carrier.port("a")?,
    ))
}
