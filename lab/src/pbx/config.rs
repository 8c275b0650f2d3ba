//! The files an Asterisk of the lab reads, and the agent's own configuration for it.

use super::{ARI_USER, PbxHost};
use anyhow::{Context, Result};
use std::{fmt::Write, fs, path::Path};

/// What a PBX loads: PJSIP, ARI with everything a call needs, and nothing else: 57 MB and 0.2 s to
/// start, where all 350 modules take 88 MB. Stories were seen to pass with all of them too.
const MODULES: &str = "\
res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject \
res_http_websocket res_websocket_client res_rtp_asterisk res_pjsip res_pjsip_pubsub res_pjsip_session \
res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_dtmf_info res_pjsip_nat res_pjsip_rfc3326 \
res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest res_pjsip_endpoint_identifier_ip \
res_pjsip_endpoint_identifier_user res_pjsip_dlg_options res_pjsip_header_funcs chan_pjsip bridge_simple \
bridge_holding bridge_softmix bridge_native_rtp codec_alaw codec_ulaw codec_a_mu codec_resample format_wav \
format_pcm format_sln func_callerid func_channel func_hangupcause res_stasis res_stasis_answer \
res_stasis_playback res_stasis_recording res_stasis_snoop res_stasis_device_state res_ari res_ari_model \
res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels res_ari_device_states \
res_ari_endpoints res_ari_events res_ari_playbacks res_ari_recordings res_ari_sounds app_stasis \
pbx_config app_dial app_playback app_echo app_read";

/// Files whose absence Asterisk reports as an error, in a log a person reads when something failed.
const EMPTY_FILES: [&str; 11] = [
    "acl.conf",
    "ccss.conf",
    "cdr.conf",
    "cel.conf",
    "extensions.conf",
    "features.conf",
    "manager.conf",
    "pjproject.conf",
    "udptl.conf",
    "websocket_client.conf",
    "res_stun_monitor.conf",
];

/// A SIP trunk of a PBX: an endpoint, its address, and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Name of the endpoint in Asterisk and of the trunk in the agent's configuration.
    pub name: String,
    /// User and password given when the carrier challenges.
    pub credentials: Option<(String, String)>,
    /// Seconds between OPTIONS; `None` does not ask, and Asterisk then believes the trunk is there.
    pub qualify_seconds: Option<u32>,
    /// The caller id of the agent's configuration.
    pub caller_id: String,
    /// `max_calls_per_second` and `max_concurrent` of the agent's configuration.
    pub caps: (u32, u32),
}

impl Trunk {
    /// A trunk without authentication or qualify.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            credentials: None,
            qualify_seconds: None,
            caller_id: "+14155550100".to_owned(),
            caps: (5, 10),
        }
    }

    /// Answers a digest challenge with these.
    pub fn with_credentials(mut self, user: &str, password: &str) -> Self {
        self.credentials = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// Asks the carrier with OPTIONS every so many seconds.
    pub fn qualified_every(mut self, seconds: u32) -> Self {
        self.qualify_seconds = Some(seconds);
        self
    }

    /// Caps of the agent: calls per second, and at a time.
    pub fn capped(mut self, per_second: u32, at_a_time: u32) -> Self {
        self.caps = (per_second, at_a_time);
        self
    }
}

impl From<&str> for Trunk {
    fn from(name: &str) -> Self {
        Self::named(name)
    }
}

/// Every file of `etc`.
pub(super) fn files(host: &PbxHost, rtp_first: u16, rtp_last: u16) -> Vec<(&'static str, String)> {
    let mut files: Vec<_> = EMPTY_FILES.iter().map(|name| (*name, String::new())).collect();
    files.extend([
        ("asterisk.conf", asterisk(&host.dir, &host.name, host.asterisk.root.is_none())),
        ("modules.conf", modules()),
        ("logger.conf", logger()),
        ("indications.conf", "[general]\ncountry=us\n\n[us]\nring=440+480/2000,0/4000\n".to_owned()),
        (
            "http.conf",
            format!(
                "[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport={}\nsessionlimit=200\n",
                host.ari_port
            ),
        ),
        (
            "ari.conf",
            format!(
                "[general]\nenabled=yes\n\n[{ARI_USER}]\ntype=user\nread_only=no\npassword={}\n",
                host.password
            ),
        ),
        ("rtp.conf", format!("[general]\nrtpstart={rtp_first}\nrtpend={rtp_last}\n")),
        ("pjsip.conf", pjsip(host.sip_port, &host.trunks)),
    ]);
    files
}

/// Makes what [`asterisk`] names below `dir`.
pub(crate) fn make_directories(dir: &Path) -> Result<()> {
    for name in ["etc", "run", "spool", "lib", "log", "cache"] {
        let place = dir.join(name);
        fs::create_dir_all(&place).with_context(|| format!("create {}", place.display()))?;
    }
    Ok(())
}

/// `asterisk.conf` for an instance that has everything of its own below `dir`.
pub(crate) fn asterisk(dir: &Path, name: &str, host_own: bool) -> String {
    let dir = dir.display();
    // The library path differs by architecture; the compiled-in default is right on the host, and
    // in the root it is found by the loader of the package itself.
    let modules = if host_own { String::new() } else { module_dir_line() };
    format!(
        "[directories]\n{modules}astcachedir => {dir}/cache\nastetcdir => {dir}/etc\nastvarlibdir => {dir}/lib\n\
         astdbdir => {dir}/lib\nastkeydir => {dir}/lib\nastdatadir => /usr/share/asterisk\n\
         astagidir => {dir}/lib\nastspooldir => {dir}/spool\nastrundir => {dir}/run\nastlogdir => {dir}/log\n\n\
         [options]\nverbose = 3\nnocolor = yes\nsystemname = {name}\n"
    )
}

fn module_dir_line() -> String {
    format!("astmoddir => /usr/lib/{}-linux-gnu/asterisk/modules\n", std::env::consts::ARCH)
}

fn modules() -> String {
    let mut text = String::from("[modules]\nautoload=no\n");
    for module in MODULES.split_whitespace() {
        let _ = writeln!(text, "load={module}.so");
    }
    text
}

fn logger() -> String {
    "[general]\ndateformat=%F %T.%3q\n\n[logfiles]\nmessages.log => notice,warning,error,verbose\n".to_owned()
}

/// `auto_info`: keys as SIP INFO where the carrier offers no telephone-event, as ours does not.
pub(super) fn pjsip(sip_port: u16, trunks: &[(Trunk, u16)]) -> String {
    let mut text = format!(
        "[global]\ntype=global\nuser_agent=CallPing-lab\n\n\
         [loopback]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{sip_port}\n"
    );
    for (trunk, carrier_port) in trunks {
        let name = &trunk.name;
        let _ = write!(text, "\n[{name}]\ntype=aor\ncontact=sip:127.0.0.1:{carrier_port}\n");
        if let Some(seconds) = trunk.qualify_seconds {
            let _ = writeln!(text, "qualify_frequency={seconds}\nqualify_timeout=1.0");
        }
        let _ = write!(
            text,
            "\n[{name}]\ntype=endpoint\ntransport=loopback\ncontext=none\ndisallow=all\nallow=ulaw,alaw\n\
             aors={name}\ndtmf_mode=auto_info\ndirect_media=no\nrtp_symmetric=no\n"
        );
        if let Some((user, password)) = &trunk.credentials {
            let _ = write!(
                text,
                "outbound_auth={name}\n\n[{name}]\ntype=auth\nauth_type=userpass\nusername={user}\npassword={password}\n"
            );
        }
        let _ = write!(text, "\n[{name}]\ntype=identify\nendpoint={name}\nmatch=127.0.0.1\n");
    }
    text
}

pub(super) fn agent(host: &PbxHost, control_plane_url: &str, route_countries: &[&str]) -> Result<String> {
    let state_dir = host.dir.join("agent");
    let mut document = toml::toml! {
        [control_plane]
        [ari]
        app = "pbx-agent"
        [voice]
        allow_message_text = false
    };
    document.insert("name".into(), host.name.as_str().into());
    document.insert("state_dir".into(), path(&state_dir)?);
    table(&mut document, "control_plane")?.insert("url".into(), control_plane_url.into());
    let ari = table(&mut document, "ari")?;
    ari.insert("url".into(), format!("http://127.0.0.1:{}", host.ari_port).into());
    ari.insert("username".into(), ARI_USER.into());
    ari.insert("password_file".into(), path(&host.password_file())?);
    let trunks: Vec<toml::Value> =
        host.trunks.iter().map(|(trunk, _)| agent_trunk(trunk, route_countries)).collect();
    document.insert("trunk".into(), trunks.into());
    toml::to_string(&document).context("write agent.toml")
}

fn agent_trunk(trunk: &Trunk, route_countries: &[&str]) -> toml::Value {
    let mut table = toml::Table::new();
    table.insert("name".into(), trunk.name.as_str().into());
    table.insert("dial".into(), format!("PJSIP/{{digits}}@{}", trunk.name).into());
    let countries: Vec<toml::Value> = route_countries.iter().map(|entry| toml::Value::from(*entry)).collect();
    table.insert("route_countries".into(), countries.into());
    table.insert("caller_id".into(), trunk.caller_id.as_str().into());
    table.insert("max_calls_per_second".into(), trunk.caps.0.into());
    table.insert("max_concurrent".into(), trunk.caps.1.into());
    table.insert("max_minutes_per_day".into(), 600.into());
    table.into()
}

fn table<'a>(document: &'a mut toml::Table, name: &str) -> Result<&'a mut toml::Table> {
    document.get_mut(name).and_then(toml::Value::as_table_mut).with_context(|| format!("[{name}]"))
}

fn path(path: &Path) -> Result<toml::Value> {
    Ok(path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?.into())
}
