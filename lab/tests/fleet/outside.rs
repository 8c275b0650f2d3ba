//! What somebody else on the network finds.

use crate::field::Field;
use anyhow::{Result, ensure};
use std::collections::BTreeSet;

pub async fn a_stranger_finds_what_is_documented_and_nothing_else(field: &Field) -> Result<()> {
    let stranger = field.segment.join(200)?;
    let open = |address: String, scan: [&str; 2]| -> Result<BTreeSet<String>> {
        let [kind, ports] = scan;
        let mut arguments =
            vec!["-n", "-Pn", "-T4", "--max-retries", "1", "--min-rate", "4000", kind, "-p", ports];
        arguments.extend(["--open", "-oG", "-", &address]);
        Ok(ports_in(&stranger.run("nmap", &arguments)?))
    };
    let everything = ["-sS", "1-65535"];
    // What a stranger could hope for: SIP, SIP over TLS, ARI, RTP, DNS, mDNS, NTP, syslog.
    let datagrams = ["-sU", "53,123,514,5060,5061,5353,8088,10000-10010"];
    let alerts = open(field.alerts.address().to_string(), everything)?;
    ensure!(alerts == BTreeSet::from(["443/open/tcp".to_owned()]), "the control plane shows {alerts:?}");
    for pbx in &field.pbxs {
        let address = pbx.address().to_string();
        let shown = open(address.clone(), everything)?;
        ensure!(shown.is_empty(), "{} shows {shown:?}", pbx.name());
        let shown = open(address.clone(), datagrams)?;
        let answered: Vec<&String> = shown.iter().filter(|port| port.contains("/open/")).collect();
        ensure!(answered.is_empty(), "{} answers {answered:?}", pbx.name());
        // nmap cannot tell silence from a filter; an OPTIONS that nobody answers can.
        let asked = stranger.run("python3", &["-c", OPTIONS, &address])?;
        ensure!(asked.trim() == "silence", "{} answers a stranger's OPTIONS: {asked}", pbx.name());
    }
    // What the trunk's address may reach answers, so that the silence above is the firewall's.
    for pbx in &field.pbxs {
        let listens = pbx.shell("ss --no-header --listening --numeric --udp 'sport = :5060'").await?;
        ensure!(!listens.trim().is_empty(), "{} does not listen for SIP at all", pbx.name());
    }
    Ok(())
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
