//! Runs `ground_truth.py` and reads what it prints.

use serde::Deserialize;
use std::{
    io::{self, Write},
    path::Path,
    process::Command,
    sync::LazyLock,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Allow,
    Block,
}

/// One line.
#[derive(Clone, Debug, Deserialize)]
pub struct Truth {
    /// How the input was made.
    pub label: String,
    pub input: String,
    pub verdict: Verdict,
    pub e164: Option<String>,
    pub region: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// Everything that the script knows. `None`, said aloud, on a machine that cannot install the
/// library; a build machine (`CI=true`) fails there.
pub fn ask() -> Option<&'static [Truth]> {
    static TRUTHS: LazyLock<Result<Vec<Truth>, String>> = LazyLock::new(run);
    match &*TRUTHS {
        Ok(truths) => Some(truths),
        Err(reason) => {
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{reason}");
            say(&format!("SKIPPED: {reason}\n"));
            None
        }
    }
}

fn run() -> Result<Vec<Truth>, String> {
    ensure_python()?;
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("phonenumbers");
    let output = Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/numbers/ground_truth.py"))
        .arg(&home)
        .output()
        .map_err(|error| format!("python3: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    say(&said);
    if !output.status.success() {
        return Err(format!(
            "Google's numbering library for Python could not be asked; it needs python3 with venv, and pip's registry \
             the first time: {said}"
        ));
    }
    let lines = String::from_utf8(output.stdout).map_err(|error| error.to_string())?;
    Ok(lines.lines().map(|line| serde_json::from_str(line).expect(line)).collect())
}

/// Python with what makes a virtual environment; installed where it is missing.
fn ensure_python() -> Result<(), String> {
    let is_there = || {
        let python = Command::new("python3").args(["-c", "import venv, ensurepip"]).output();
        python.is_ok_and(|python| python.status.success())
    };
    if is_there() {
        return Ok(());
    }
    say("installing python3 and python3-venv with apt-get: Google's numbering library is asked in Python\n");
    let install = ["install", "-y", "--no-install-recommends", "python3", "python3-venv"];
    let installed = apt(&install).or_else(|_| apt(&["update"]).and_then(|()| apt(&install)));
    match installed {
        Ok(()) if is_there() => Ok(()),
        Ok(()) => {
            Err("python3 cannot make virtual environments, though python3-venv is installed".to_owned())
        }
        Err(error) => Err(format!("python3 with venv is missing and cannot be installed: {error}")),
    }
}

fn apt(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("apt-get")
        .args(["-q", "-o", "DPkg::Lock::Timeout=300"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .output()
        .map_err(|error| format!("apt-get: {error}; install it by hand"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("apt-get {}: {}", arguments[0], said.trim())) }
}

/// Past the test harness, which hides what a passing test prints.
fn say(text: &str) {
    // There is nowhere left to say that this failed.
    let _ = io::stderr().write_all(text.as_bytes());
}
