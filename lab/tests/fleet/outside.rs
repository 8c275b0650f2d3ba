//! What somebody else on the network finds.

use crate::field::Field;
use anyhow::{Result, bail, ensure};
use lab::booted::{Machine, Namespace};
use std::{collections::BTreeSet, thread};

const EVERY_PORT: [&str; 2] = ["-sS", "1-65535"];
/// What a stranger could hope for: DNS, NTP, mDNS, syslog, SIP, SIP over TLS, ARI, RTP.
const DATAGRAMS: [&str; 2] = ["-sU", "53,123,514,5060,5061,5353,8088,10000-10010"];

pub async fn a_stranger_finds_what_is_documented_and_nothing_else(field: &Field) -> Result<()> {
    let stranger = &field.segment.join(200)?;
    // A scan is spent waiting for answers that do not come.
    thread::scope(|scope| {
        let mut looks = vec![scope.spawn(|| {
            let found = open(stranger, &field.alerts.address().to_string(), EVERY_PORT)?;
            ensure!(
                found == BTreeSet::from(["443/open/tcp".to_owned()]),
                "the control plane shows {found:?}"
            );
            Ok(())
        })];
        looks.extend(field.pbxs.iter().map(|pbx| scope.spawn(|| shows_nothing(stranger, pbx))));
        // Who may open 443 is said in IPv4 alone.
        looks.extend(field.pbxs.iter().chain([&field.alerts]).map(|machine| {
            scope.spawn(move || {
                let found = open(stranger, &machine.address_six().to_string(), EVERY_PORT)?;
                ensure!(found.is_empty(), "{} shows {found:?} over IPv6", machine.name());
                Ok(())
            })
        }));
        looks.into_iter().try_for_each(|look| look.join().unwrap_or_else(|_| bail!("a scan panicked")))
    })?;
    // What the trunk's address may reach answers, so that the silence above is the firewall's.
    for pbx in &field.pbxs {
        let listens = pbx.shell("ss --no-header --listening --numeric --udp 'sport = :5060'").await?;
        ensure!(!listens.trim().is_empty(), "{} does not listen for SIP at all", pbx.name());
    }
    Ok(())
}

fn shows_nothing(stranger: &Namespace, pbx: &Machine) -> Result<()> {
    let address = &pbx.address().to_string();
    let shown = open(stranger, address, EVERY_PORT)?;
    ensure!(shown.is_empty(), "{} shows {shown:?}", pbx.name());
    let shown = open(stranger, address, DATAGRAMS)?;
    let answered: Vec<&String> = shown.iter().filter(|port| port.contains("/open/")).collect();
    ensure!(answered.is_empty(), "{} answers {answered:?}", pbx.name());
    // nmap cannot tell silence from a filter; an OPTIONS that nobody answers can.
    let asked = stranger.run("python3", &["-c", OPTIONS, address])?;
    ensure!(asked.trim() == "silence", "{} answers a stranger's OPTIONS: {asked}", pbx.name());
    Ok(())
}

/// Ports that are open, or may be.
fn open(stranger: &Namespace, address: &str, [kind, ports]: [&str; 2]) -> Result<BTreeSet<String>> {
    let mut arguments =
        vec!["-n", "-Pn", "-T4", "--max-retries", "1", "--min-rate", "4000", kind, "-p", ports];
    if address.contains(':') {
        arguments.push("-6");
    }
    arguments.extend(["--open", "-oG", "-", address]);
    Ok(ports_in(&stranger.run("nmap", &arguments)?))
}

const OPTIONS: &str = "\
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
s.connect((sys.argv[1], 5060))
me = '%s:%d' % s.getsockname()
s.send(('OPTIONS sip:x@%s SIP/2.0\\r\\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bKx\\r\\nMax-Forwards: 70\\r\\n'
        'From: <sip:x@%s>;tag=x\\r\\nTo: <sip:x@%s>\\r\\nCall-ID: x\\r\\nCSeq: 1 OPTIONS\\r\\nContact: <sip:x@%s>\\r\\n'
        'Content-Length: 0\\r\\n\\r\\n' % (sys.argv[1], me, me, sys.argv[1], me)).encode())
try:
    print(s.recv(2000).decode().splitlines()[0])
except OSError:
    print('silence')
";

/// `Ports: 22/open/tcp//ssh///, …` of nmap's greppable form.
fn ports_in(output: &str) -> BTreeSet<String> {
    let ports = output.lines().filter_map(|line| line.split_once("Ports: ")).map(|(_, ports)| ports);
    ports
        .flat_map(|ports| ports.split('\t').next().unwrap_or_default().split(", "))
        .map(|port| port.split("//").next().unwrap_or_default().to_owned())
        .collect()
}
