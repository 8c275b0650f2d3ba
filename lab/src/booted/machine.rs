//! One booted host.

use super::{Namespace, Segment};
use crate::process::{Process, output};
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    net::{Ipv4Addr, Ipv6Addr},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// Longest time from power to a shell over SSH; 5 s on an idle machine.
const BOOTS_WITHIN: Duration = Duration::from_secs(120);

/// A host with systemd and sshd on a Debian root; what it writes goes to a layer of its own. Dropped, it is
/// switched off as by pulling the plug.
#[derive(Debug)]
pub struct Machine {
    // Goes before its network.
    process: Process,
    name: String,
    namespace: Namespace,
    key: PathBuf,
}

/// Whom hosts let in.
#[derive(Debug)]
pub struct Administrator {
    key: PathBuf,
    public: String,
}

impl Administrator {
    /// Makes a key for SSH below `dir`.
    pub fn make(dir: &Path) -> Result<Self> {
        let key = dir.join("ssh_key");
        output(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key))?;
        let public = fs::read_to_string(dir.join("ssh_key.pub")).context("read the key for SSH")?;
        Ok(Self { key, public })
    }

    /// The private key's file.
    pub fn key(&self) -> &Path {
        &self.key
    }
}

impl Machine {
    /// Boots a host on this root, with this number in the segment, and waits until it lets us in.
    pub async fn boot(
        name: &str,
        root: &Path,
        segment: &Segment,
        number: u8,
        administrator: &Administrator,
        dir: &Path,
    ) -> Result<Self> {
        let namespace = segment.join(number)?;
        let dir = dir.join(name);
        let upper = dir.join("upper");
        for place in ["upper", "work", "merged"] {
            fs::create_dir_all(dir.join(place)).with_context(|| format!("create the disk of {name}"))?;
        }
        let write = |path: &str, text: &str| -> Result<()> {
            let path = upper.join(path);
            fs::create_dir_all(path.parent().context("a file lies in a directory")?)?;
            fs::write(&path, text).with_context(|| format!("write {}", path.display()))
        };
        write("etc/hostname", &format!("{name}\n"))?;
        write("etc/hosts", &format!("127.0.0.1 localhost {name}\n"))?;
        write("etc/resolv.conf", &segment.resolv_conf())?;
        write("etc/apt/apt.conf.d/90lab", &segment.apt_conf())?;
        write("root/.ssh/authorized_keys", &administrator.public)?;
        for (path, mode) in [("root", 0o700), ("root/.ssh", 0o700), ("root/.ssh/authorized_keys", 0o600)] {
            fs::set_permissions(upper.join(path), fs::Permissions::from_mode(mode))?;
        }
        // In namespaces of its own: nothing stays mounted and no process goes on when it ends, however it ends.
        // 133 is how systemd-nspawn --keep-unit asks to be started again, after a reboot.
        let script = "mount -t overlay overlay -o \"lowerdir=$1,upperdir=$2/upper,workdir=$2/work\" \"$2/merged\" \
                      || exit; status=133; while [ $status = 133 ]; do status=0; \
                      systemd-nspawn --quiet --boot --register=no --keep-unit --console=pipe --resolv-conf=off --capability=CAP_NET_ADMIN \
                      --network-namespace-path=\"$3\" --hostname=\"$4\" -D \"$2/merged\" || status=$?; \
                      done; exit $status";
        let mut command = Command::new("unshare");
        command.args([
            "--mount",
            "--propagation",
            "private",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ]);
        command.args(["sh", "-c", script, "sh"]);
        command.arg(root).arg(&dir).arg(namespace.path()).arg(name);
        command.env("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1");
        let process = Process::start(name, &command, &dir.join("console.log"))?;
        let mut this = Self { process, name: name.to_owned(), namespace, key: administrator.key.clone() };
        this.await_shell("").await?;
        Ok(this)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address.
    pub fn address(&self) -> Ipv4Addr {
        self.namespace.address()
    }

    /// Its address in IPv6.
    pub fn address_six(&self) -> Ipv6Addr {
        self.namespace.address_six()
    }

    /// Runs a script there, as root over SSH; what it printed.
    pub async fn shell(&self, script: &str) -> Result<String> {
        let mut command = tokio::process::Command::from(self.ssh());
        let output = command.arg(script).kill_on_drop(true).output().await.context("run ssh")?;
        ensure!(
            output.status.success(),
            "{}: `{script}` ended with {}:\n{}{}",
            self.name,
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Puts a text into a file there.
    pub async fn write(&self, path: &str, text: &str) -> Result<()> {
        let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text);
        self.shell(&format!("echo {encoded} | base64 -d > {path}")).await.map(drop)
    }

    /// Boots it anew, as its operator would, and waits until it lets us in again.
    pub async fn reboot(&mut self) -> Result<()> {
        let before = self.shell(BOOTED_AT).await?;
        // The connection may end before the answer.
        let _ = self.shell("systemctl reboot").await;
        self.await_shell(&before).await
    }

    /// Waits for a shell of another boot than `before`.
    async fn await_shell(&mut self, before: &str) -> Result<()> {
        let begun = Instant::now();
        loop {
            match self.shell(BOOTED_AT).await {
                Ok(booted) if booted != before => return Ok(()),
                Ok(_) => {}
                Err(error) if begun.elapsed() > BOOTS_WITHIN => {
                    bail!(
                        "{} did not boot within {BOOTS_WITHIN:?}: {error}\nits console:\n{}",
                        self.name,
                        self.process.tail()
                    )
                }
                Err(_) => {}
            }
            if let Some(status) = self.process.exited() {
                bail!("{} ended with {status}; its console:\n{}", self.name, self.process.tail());
            }
            ensure!(begun.elapsed() <= BOOTS_WITHIN, "{} did not boot anew", self.name);
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    fn ssh(&self) -> Command {
        let mut command = Command::new("ssh");
        command.arg("-i").arg(&self.key).args(OPTIONS).arg(format!("root@{}", self.address()));
        command
    }
}

/// Start of the first process, in ticks: another after each boot.
const BOOTED_AT: &str = "cut -d' ' -f22 /proc/1/stat";

/// Its key is not known beforehand, and is another in each run.
pub const OPTIONS: [&str; 8] = [
    "-oStrictHostKeyChecking=no",
    "-oUserKnownHostsFile=/dev/null",
    "-oBatchMode=yes",
    "-oConnectTimeout=5",
    "-oServerAliveInterval=5",
    "-oServerAliveCountMax=6",
    "-oLogLevel=ERROR",
    "-oIdentitiesOnly=yes",
];
