//! Debian packages the lab needs, installed when missing, with a line that says why.

use crate::{process::output, say::preparing};
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    path::Path,
    process::Command,
    sync::{Mutex, PoisonError},
};

/// sipp, which plays the carrier, and espeak-ng, which speaks the agents' prompts.
pub fn ensure_sipp_and_espeak() -> Result<()> {
    ensure_program("sipp", "sip-tester", "it plays the SIP carrier")?;
    ensure_program("espeak-ng", "espeak-ng", "it speaks the agents' prompts")
}

/// mmdebstrap, which makes the root that Asterisk lives in.
pub fn ensure_mmdebstrap() -> Result<()> {
    ensure_program("mmdebstrap", "mmdebstrap", "it makes the Debian root that holds Asterisk 22")?;
    let keyring = || Path::new("/usr/share/keyrings/debian-archive-keyring.gpg").is_file();
    ensure_there(keyring, "debian-archive-keyring", "Debian's signatures are checked with it")
}

/// openssl, which makes the certificates of the lab's authority.
pub fn ensure_openssl() -> Result<()> {
    ensure_program("openssl", "openssl", "it makes the certificates of the lab's authority")
}

/// aiosmtpd, which is the mail server of stories.
pub fn ensure_aiosmtpd() -> Result<()> {
    let there = || Path::new("/usr/lib/python3/dist-packages/aiosmtpd").is_dir();
    ensure_there(there, "python3-aiosmtpd", "it is the mail server of the stories about letters")
}

/// curl, which fetches Ubuntu's keys.
pub fn ensure_curl() -> Result<()> {
    ensure_program("curl", "curl", "it fetches Ubuntu's keys")
}

/// oathtool, which stands in for an authenticator app.
pub fn ensure_oathtool() -> Result<()> {
    ensure_program("oathtool", "oathtool", "it stands in for an authenticator app")
}

/// tinyproxy, through which booted hosts reach Debian's mirror.
pub fn ensure_tinyproxy() -> Result<()> {
    ensure_program("tinyproxy", "tinyproxy-bin", "booted hosts reach Debian's mirror through it")
}

/// dnsmasq, from which booted hosts learn names.
pub fn ensure_dnsmasq() -> Result<()> {
    ensure_program("dnsmasq", "dnsmasq-base", "booted hosts learn each other's names from it")
}

/// What boots hosts and reaches them.
pub fn ensure_machines() -> Result<()> {
    ensure_program(
        "systemd-nspawn",
        "systemd-container",
        "it boots the hosts that the playbooks are tested on",
    )?;
    ensure_program("ip", "iproute2", "it makes the network of the booted hosts")?;
    ensure_program("ssh", "openssh-client", "Ansible reaches the booted hosts with it")?;
    ensure_program("nmap", "nmap", "it looks at the booted hosts from outside")
}

/// What publishes packages: an index and its signature.
pub fn ensure_repository_tools() -> Result<()> {
    ensure_program("apt-ftparchive", "apt-utils", "it writes the index of an APT repository")?;
    ensure_program("gpg", "gnupg", "it signs an APT repository")
}

/// Unpacks a package below `root` without installing it: nothing of it is set up or started.
pub fn unpack(package: &str, root: &Path, why: &str) -> Result<()> {
    preparing(format!(
        "fetching the package {package} with apt-get and unpacking it into {}: {why}",
        root.display()
    ));
    ensure!(
        on_path("apt-get"),
        "{package} is missing ({why}) and this is not Debian or Ubuntu: install it by hand"
    );
    let fetched = root.join("fetched").join(package);
    fs::create_dir_all(&fetched).with_context(|| format!("create {}", fetched.display()))?;
    let download = || apt_in(&fetched, &["download", package]);
    download().or_else(|_| apt(&["update"]).and_then(|()| download())).with_context(|| {
        format!("{package} is missing ({why}) and apt-get could not fetch it; is there a network?")
    })?;
    for file in fs::read_dir(&fetched).with_context(|| format!("list {}", fetched.display()))? {
        let file = file.with_context(|| format!("list {}", fetched.display()))?.path();
        output(Command::new("dpkg-deb").arg("-x").arg(&file).arg(root))?;
    }
    Ok(())
}

/// Whether a program of this name is on the path.
pub fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .any(|dir| dir.join(program).is_file())
}

fn ensure_program(program: &str, package: &str, why: &str) -> Result<()> {
    ensure_there(|| on_path(program), package, why)
}

fn ensure_there(there: impl Fn() -> bool, package: &str, why: &str) -> Result<()> {
    // Stories run side by side, and apt-get waits for dpkg's lock, not for that of its lists.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if there() { Ok(()) } else { install(package, why) }
}

fn install(package: &str, why: &str) -> Result<()> {
    preparing(format!("installing the package {package} with apt-get: {why}"));
    ensure!(
        on_path("apt-get"),
        "{package} is missing ({why}) and this is not Debian or Ubuntu: install it by hand"
    );
    if apt(&["install", "-y", "--no-install-recommends", package]).is_ok() {
        return Ok(());
    }
    apt(&["update"]).and_then(|()| apt(&["install", "-y", "--no-install-recommends", package])).with_context(
        || format!("{package} is missing ({why}) and apt-get could not install it; are you root, is there a network?"),
    )
}

fn apt(arguments: &[&str]) -> Result<()> {
    apt_in(Path::new("/"), arguments)
}

fn apt_in(dir: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new("apt-get")
        .current_dir(dir)
        .args(["-q", "-o", "DPkg::Lock::Timeout=300"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .output()
        .context("run apt-get")?;
    ensure!(
        output.status.success(),
        "apt-get {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}
