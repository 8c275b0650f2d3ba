//! A provider that asks for everything: who signs in over TLS with a password may call, over SRTP alone. Played by
//! an Asterisk.

use super::Segment;
use crate::{
    asterisk::Asterisk,
    authority::Authority,
    pbx::config,
    process::{Process, tail},
};
use anyhow::{Context, Result};
use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

/// Its name, which its certificate holds.
pub const NAME: &str = "sip.provider.test";
/// Where it speaks SIP over TLS.
pub const PORT: u16 = 5061;
/// Whom it lets in.
pub const USER: &str = "customer";
/// And by what; with the character that begins a comment in Asterisk's files.
pub const PASSWORD: &str = "spell;it-out";

/// A running provider. Whoever is called picks up and presses 1.
#[derive(Debug)]
pub struct Provider {
    _process: Process,
    authority: Authority,
    dir: PathBuf,
}

impl Provider {
    /// Opens it at this address of this machine, below `dir`.
    pub async fn open(segment: &Segment, dir: &Path) -> Result<Self> {
        let dir = dir.join("provider");
        let authority = Authority::make_for(&dir.join("tls"), NAME).await?;
        let asterisk = Asterisk::prepare().await?;
        config::make_directories(&dir)?;
        for (name, text) in files(segment.provider(), &asterisk, &authority, &dir) {
            fs::write(dir.join("etc").join(name), text).with_context(|| format!("write {name}"))?;
        }
        let command = asterisk.command(&dir, &dir.join("etc/asterisk.conf"))?;
        let process = Process::start("the provider", &command, &dir.join("log/output"))?;
        Ok(Self { _process: process, authority, dir })
    }

    /// PEM of the authority that signed its certificate, which no host knows by itself.
    pub fn ca_file(&self) -> PathBuf {
        self.authority.ca_file()
    }

    /// How it was called by this number, `tls=1 srtp=1`; `None` if it was not.
    pub fn picked_up(&self, number: &str) -> Option<String> {
        picked_up_in(&fs::read_to_string(self.log()).ok()?, number)
    }

    /// The end of its log, for whoever reads why something failed.
    pub fn log_tail(&self) -> String {
        tail(&self.log(), 40)
    }

    fn log(&self) -> PathBuf {
        self.dir.join("log/messages.log")
    }
}

/// The same words stand there once more, in quotes, where the dialplan is told step by step.
fn picked_up_in(log: &str, number: &str) -> Option<String> {
    let digits = number.trim_start_matches('+');
    let words = format!("Ext. {digits}: picked up {digits} ");
    log.lines().find_map(|line| Some(line.split_once(&words)?.1.trim().to_owned()))
}

fn files(
    address: Ipv4Addr,
    asterisk: &Asterisk,
    authority: &Authority,
    dir: &Path,
) -> [(&'static str, String); 6] {
    let (certificate, key) = (authority.certificate_file(), authority.key_file());
    let pjsip = format!(
        "[tls]\ntype=transport\nprotocol=tls\nbind={address}:{PORT}\nmethod=tlsv1_2\ncert_file={certificate}\n\
         priv_key_file={key}\n\
         \n[{USER}]\ntype=aor\nmax_contacts=9\n\
         \n[{USER}]\ntype=auth\nauth_type=userpass\nusername={USER}\npassword={password}\n\
         \n[{USER}]\ntype=endpoint\ntransport=tls\ncontext=phones\ndisallow=all\nallow=alaw\naors={USER}\n\
         auth={USER}\nmedia_encryption=sdes\ndirect_media=no\ndtmf_mode=rfc4733\n",
        certificate = certificate.display(),
        key = key.display(),
        password = PASSWORD.replace(';', "\\;"),
    );
    let extensions = "[phones]\nexten => _X.,1,Answer()\n\
         same => n,Log(NOTICE,picked up ${EXTEN} tls=${CHANNEL(pjsip,secure)} srtp=${CHANNEL(rtp,secure)})\n\
         same => n,Wait(2)\nsame => n,SendDTMF(1)\nsame => n,Wait(30)\n";
    [
        ("asterisk.conf", config::asterisk(dir, "provider", asterisk.root.is_none())),
        ("modules.conf", "[modules]\nautoload=yes\n".to_owned()),
        ("logger.conf", "[logfiles]\nmessages.log => notice,warning,error,verbose\n".to_owned()),
        ("rtp.conf", "[general]\nrtpstart=20000\nrtpend=20100\n".to_owned()),
        ("pjsip.conf", pjsip),
        ("extensions.conf", extensions.to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_from_the_log_and_not_from_the_dialplan() {
        let log = "VERBOSE[1][C-1] pbx.c: Executing [447400123456@phones:2] Log(\"PJSIP/customer-0\", \"NOTICE,picked up \
                   447400123456 tls=1 srtp=1\") in new stack\n\
                   NOTICE[1][C-1] Ext. 447400123456: picked up 447400123456 tls=1 srtp=0\n";
        assert_eq!(picked_up_in(log, "+447400123456").as_deref(), Some("tls=1 srtp=0"));
        assert_eq!(picked_up_in(log, "+447400123457"), None);
    }
}
