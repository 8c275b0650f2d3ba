//! sipp processes, one for each behaviour that was ever wanted.

use super::{behaviour::Behaviour, scenario};
use crate::{ports::Ports, process::Process};
use anyhow::{Context, Result, bail};
use std::{
    collections::HashMap,
    fs,
    net::{Ipv4Addr, SocketAddrV4},
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// How long sipp may take to bind its port; 20 ms on an idle machine.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Starts players on demand and keeps them until dropped.
#[derive(Debug)]
pub(super) struct Players {
    dir: PathBuf,
    ports: Arc<Ports>,
    /// Where callees hear.
    audio: SocketAddrV4,
    running: Mutex<HashMap<Behaviour, (SocketAddrV4, Process)>>,
}

impl Players {
    pub(super) fn new(dir: PathBuf, ports: Arc<Ports>, audio: SocketAddrV4) -> Result<Self> {
        fs::create_dir_all(&dir).with_context(|| format!("create {}", dir.display()))?;
        Ok(Self { dir, ports, audio, running: Mutex::default() })
    }

    /// Where the sipp that plays this behaviour listens, if it runs.
    pub(super) fn running(&self, behaviour: &Behaviour) -> Option<SocketAddrV4> {
        let mut running = self.running.lock().ok()?;
        let (address, process) = running.get_mut(behaviour)?;
        process.exited().is_none().then_some(*address)
    }

    /// As [`Players::running`], started first where it does not run. Blocks until its port is bound.
    pub(super) fn ready(&self, behaviour: &Behaviour) -> Result<SocketAddrV4> {
        let mut running = self.running.lock().map_err(|_| anyhow::anyhow!("the players were poisoned"))?;
        if let Some((address, process)) = running.get_mut(behaviour)
            && process.exited().is_none()
        {
            return Ok(*address);
        }
        let (address, process) = self.start(behaviour)?;
        running.insert(behaviour.clone(), (address, process));
        Ok(address)
    }

    /// What sipp complained about, for error messages.
    pub(super) fn complaints(&self) -> String {
        let Ok(entries) = fs::read_dir(&self.dir) else { return String::new() };
        entries
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "errors"))
            .map(|entry| worth_reading(&crate::process::tail(&entry.path(), 50)))
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn start(&self, behaviour: &Behaviour) -> Result<(SocketAddrV4, Process)> {
        // SIP, control, and the media ports that sipp binds whether or not it uses them.
        let port = self.ports.take(12)?;
        let file = |extension: &str| self.dir.join(format!("sipp-{port}.{extension}"));
        fs::write(file("xml"), scenario::xml(behaviour, self.audio)).context("write a sipp scenario")?;
        let mut command = Command::new("sipp");
        command.arg("-sf").arg(file("xml")).args(["-i", "127.0.0.1", "-p", &port.to_string()]);
        command.args(["-cp", &(port + 1).to_string(), "-mi", "127.0.0.1", "-mp", &(port + 2).to_string()]);
        command.args(["-nostdin", "-skip_rlimit", "-trace_err", "-error_file"]).arg(file("errors"));
        command.current_dir(&self.dir).env("TERM", "dumb");
        let mut process = Process::start(&format!("sipp-{port}"), &command, &file("out"))?;
        let begun = Instant::now();
        while !bound(port) {
            if let Some(status) = process.exited() {
                bail!("sipp ended with {status} when asked to play {behaviour:?}:\n{}", process.tail());
            }
            if begun.elapsed() > START_LIMIT {
                bail!("sipp did not bind port {port} within {START_LIMIT:?}:\n{}", process.tail());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok((SocketAddrV4::new(Ipv4Addr::LOCALHOST, port), process))
    }
}

/// Without the timeouts, which are how our scenarios wait and which sipp reports without a line's end.
fn worth_reading(errors: &str) -> String {
    errors
        .lines()
        .flat_map(|line| line.split("jumping to label "))
        .filter(|part| {
            part.len() > 3 && !part.contains("receive timeout") && !part.contains("events occurred")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether somebody has bound this UDP port on loopback, as the kernel tells it.
fn bound(port: u16) -> bool {
    let wanted = format!("0100007F:{port:04X}");
    fs::read_to_string("/proc/net/udp").is_ok_and(|table| table.contains(&wanted))
}
