//! The whole product with nginx before it, as docs/reverse-proxy.md says.

use super::{
    super::{CRITICAL, ONCE, PHONE, Stage, accepted},
    document::{block, moved},
};
use crate::scene::secs;
use anyhow::{Context, Result, bail, ensure};
use lab::{
    Lab, LabOptions,
    ari::http_client_builder,
    authority::Authority,
    dirs::product_binary,
    nginx::{self, Nginx},
    pbx::PbxHost,
    product::{ControlPlane, Installation, Settings},
    setup::{Project, organization},
};
use rusqlite::{Connection, OpenFlags};
use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};
use tokio::process::Command;

/// A client is on this machine too, and at another address than nginx.
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 5);

pub struct Front {
    pub nginx: Nginx,
    pub stage: Stage,
    authority: Authority,
    url: String,
}

impl Front {
    /// nginx ends TLS; the control plane trusts it, the agent knows of it.
    pub async fn ends_tls() -> Result<Self> {
        let (lab, authority, ours) = field().await?;
        let settings =
            Settings { file: Some(block("Control plane", "toml")?.to_owned()), ..Settings::default() };
        let control_plane = ControlPlane::configured(lab.dir(), ours.plane, settings).await?;
        let servers = moved(
            block("nginx", "nginx")?,
            &[
                ("listen 443 ssl;", format!("listen 127.0.0.1:{} ssl;", ours.nginx)),
                ("/etc/ssl/alerts.pem", authority.certificate_file().display().to_string()),
                ("/etc/ssl/alerts.key", authority.key_file().display().to_string()),
                ("http://127.0.0.1:8080", control_plane.url()),
            ],
        )?;
        let said = block("Agent", "toml")?;
        Self::before(lab, authority, control_plane, ours.nginx, &nginx::http(&servers), said).await
    }

    /// nginx passes TCP through to a control plane that ends TLS itself; nobody knows of nginx.
    pub async fn passes_tcp_through() -> Result<Self> {
        const HEADING: &str = "nginx, passing TCP through";
        let (lab, authority, ours) = field().await?;
        let file = moved(
            block(HEADING, "toml")?,
            &[
                ("/etc/ssl/alerts.pem", authority.certificate_file().display().to_string()),
                ("/etc/ssl/alerts.key", authority.key_file().display().to_string()),
            ],
        )?;
        let settings = Settings { file: Some(file), tls: Some(authority.clone()), ..Settings::default() };
        let control_plane = ControlPlane::configured(lab.dir(), ours.plane, settings).await?;
        let servers = moved(
            block(HEADING, "nginx")?,
            &[
                ("listen 443;", format!("listen 127.0.0.1:{};", ours.nginx)),
                ("127.0.0.1:8443", format!("127.0.0.1:{}", ours.plane)),
            ],
        )?;
        Self::before(lab, authority, control_plane, ours.nginx, &servers, "[control_plane]").await
    }

    async fn before(
        lab: Lab,
        authority: Authority,
        control_plane: ControlPlane,
        port: u16,
        servers: &str,
        said: &str,
    ) -> Result<Self> {
        let nginx = Nginx::start(&lab.dir().join("nginx"), port, servers).await?;
        let url = format!("https://localhost:{port}");
        let project = Project::new("shop", PHONE);
        let setup = organization("acme", std::slice::from_ref(&project), ONCE);
        let config = |pbx: &PbxHost| agent_config(pbx, &url, &authority, said);
        let installation = Installation::around(control_plane, &lab, &setup, "acme", &url, config)
            .await
            .with_context(|| nginx.log_tail())?;
        Ok(Self { nginx, stage: Stage { installation, lab, project }, authority, url })
    }

    /// Gives the agent another `[control_plane]`, beside URL and authority, and starts it anew.
    pub fn reconfigure_agent(&mut self, said: &str) -> Result<()> {
        let pbx = self.stage.lab.pbx(0);
        let config = agent_config(pbx, &self.url, &self.authority, said)?;
        fs::write(pbx.dir().join("agent.toml"), config)?;
        self.stage.installation.agents_mut()[0].restart()
    }

    /// Waits until `pbx-agent check` says this.
    pub async fn until_check_says(&self, words: &str) -> Result<String> {
        let file = self.stage.lab.pbx(0).dir().join("agent.toml");
        let mut said = String::new();
        for _ in 0..100 {
            let mut check = Command::new(product_binary("pbx-agent")?);
            let output = check.args(["check", "--config"]).arg(&file).output().await?;
            said = String::from_utf8_lossy(&output.stdout).into_owned();
            if said.contains(words) {
                return Ok(said);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("`pbx-agent check` does not say {words:?}:\n{said}\n{}", self.log_tails())
    }

    /// Sends a webhook through nginx from [`CLIENT`]; the id of the stored request.
    pub async fn webhook(&self, body: &'static str, headers: &[(&str, &str)]) -> Result<String> {
        let client = http_client_builder()
            .tls_certs_only([self.authority.certificate()?])
            .local_address(IpAddr::from(CLIENT))
            .build()?;
        let url = format!("{}/api/wh/{}", self.url, self.stage.project.endpoint);
        let mut request = client.post(url).header("Content-Type", "application/json").body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.with_context(|| self.log_tails())?;
        let (status, body) = (response.status().as_u16(), response.bytes().await?);
        accepted((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// The address that is stored with a request.
    pub fn client_of(&self, request: &str) -> Result<String> {
        let file = self.stage.installation.control_plane().database();
        let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let query = "SELECT remote FROM incoming_requests WHERE id = $1";
        Ok(database.query_row(query, [request], |row| row.get(0))?)
    }

    /// A critical webhook, key 1 on the phone, and the call's entry in the log; the id of the request.
    pub async fn webhook_is_acknowledged(&self) -> Result<String> {
        let expected = self.stage.carrier().expect_call(PHONE).within(secs(20)).press('1');
        let request = self.webhook(CRITICAL, &[]).await?;
        expected.await.with_context(|| self.log_tails())?;
        let log = self.stage.call_at_rest(&request).await?;
        ensure!(log["status"] == "acknowledged", "{log:#}");
        Ok(request)
    }

    pub fn log_tails(&self) -> String {
        format!("{}\nnginx log:\n{}", self.stage.installation.log_tails(), self.nginx.log_tail())
    }
}

struct OurPorts {
    nginx: u16,
    plane: u16,
}

async fn field() -> Result<(Lab, Authority, OurPorts)> {
    let lab = Lab::start(LabOptions::default()).await?;
    let authority = Authority::make(&lab.dir().join("authority")).await?;
    let ours = OurPorts { nginx: lab.ports().one()?, plane: lab.ports().one()? };
    Ok((lab, authority, ours))
}

/// The lab's configuration with the `[control_plane]` that is said, at our URL.
fn agent_config(pbx: &PbxHost, url: &str, authority: &Authority, said: &str) -> Result<String> {
    let url = url.replacen("https", "wss", 1);
    let mut config: toml::Table = pbx.agent_config(&url, &["+380"])?.parse()?;
    let mut said: toml::Table = said.parse()?;
    let control_plane = said["control_plane"].as_table_mut().context("[control_plane] is no table")?;
    control_plane.insert("url".into(), url.into());
    control_plane.insert("ca_file".into(), authority.ca_file().display().to_string().into());
    config.extend(said);
    Ok(toml::to_string(&config)?)
}
