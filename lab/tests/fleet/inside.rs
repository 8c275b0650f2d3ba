//! What the units let a program do that runs in the place of theirs.

use crate::field::Field;
use anyhow::{Context, Result, ensure};
use lab::booted::Machine;
use serde_json::{Value, json};

/// Runs as the program would, and says of each thing whether it could be done.
const PROBE: &str = r#"
import ctypes, json, mmap, os, socket, subprocess, time
unit, state = os.environ['UNIT'], os.environ['STATE_DIRECTORY']
def can(what):
    try:
        what()
        return True
    except Exception:
        return False
def write(path):
    with open(path, 'w') as f:
        f.write('x')
def family(number, kind=socket.SOCK_DGRAM):
    return lambda: socket.socket(number, kind).close()
def listen():
    with socket.socket() as s:
        s.bind(('0.0.0.0', 9))
        s.listen()
def name(process):
    return open('/proc/%s/comm' % process).read().strip()
processes = [process for process in os.listdir('/proc') if process.isdigit()]
found = {
    'is root': os.getuid() == 0,
    'writes its state': can(lambda: write(state + '/probe')),
    'writes a /tmp': can(lambda: write('/tmp/probe')),
    'opens TCP': can(family(socket.AF_INET, socket.SOCK_STREAM)),
    'reads its credential': can(lambda: open(os.environ['CREDENTIALS_DIRECTORY'] + '/ari.password').read()),
    'reads its TLS key': can(lambda: open('/etc/control-plane/tls/key.pem').read()),
    'reads /etc/shadow': can(lambda: open('/etc/shadow').read()),
    'reads the password of ARI in /etc': can(lambda: open('/etc/pbx-agent/ari.password').read()),
    'reads the passwords of trunks': can(lambda: open('/etc/asterisk/pjsip.conf').read()),
    'lists /root': can(lambda: os.listdir('/root')),
    'lists /home': can(lambda: os.listdir('/home') or 1/0),
    'writes /etc': can(lambda: write('/etc/probe')),
    'writes /usr': can(lambda: write('/usr/probe')),
    'writes /var/lib': can(lambda: write('/var/lib/probe')),
    'writes its own configuration': can(lambda: write('/etc/' + unit + '/probe')),
    'sees other processes': any(can(lambda: name(process)) and name(process) in ['asterisk', 'sshd'] for process in processes),
    'listens on a privileged port': can(listen),
    'opens packet sockets': can(family(socket.AF_PACKET, socket.SOCK_RAW)),
    'opens netlink': can(family(socket.AF_NETLINK, socket.SOCK_RAW)),
    'opens raw IP': can(family(socket.AF_INET, socket.SOCK_RAW)),
    'opens bluetooth': can(family(31, socket.SOCK_RAW)),
    'changes its user': can(lambda: os.setuid(0)),
    'makes a namespace': ctypes.CDLL(None).unshare(0x10000000) == 0,
    'mounts': ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0,
    'sets the clock': can(lambda: time.clock_settime(0, 0)),
    'has writable executable memory': can(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()),
    'loads a module': can(lambda: subprocess.run(['modprobe', 'dummy'], check=True, capture_output=True)),
    'reads the kernel log': can(lambda: open('/dev/kmsg').read(1)),
}
with open(state + '/probe.json', 'w') as f:
    json.dump(found, f)
"#;
/// What every program of ours needs.
const NEEDS: [&str; 3] = ["writes its state", "writes a /tmp", "opens TCP"];

pub async fn the_programs_can_do_their_work_and_nothing_else(field: &Field) -> Result<()> {
    let agent = probe(&field.pbxs[0], "pbx-agent", "reads its credential");
    let plane = probe(&field.alerts, "control-plane", "reads its TLS key");
    tokio::try_join!(agent, plane)?;
    let exposure = field.pbxs[0].shell("systemd-analyze security --no-pager pbx-agent | tail -1").await?;
    let level = exposure.split_whitespace().find_map(|word| word.parse::<f64>().ok());
    let level = level.with_context(|| format!("no level in {exposure:?}"))?;
    ensure!(level <= 2.0, "systemd-analyze security: {exposure}");
    Ok(())
}

/// Puts the probe in the place of the program; `secret` is what it alone may read.
async fn probe(machine: &Machine, unit: &str, secret: &str) -> Result<()> {
    machine.write("/usr/local/lib/probe.py", PROBE).await?;
    // The unit itself, with another program in it.
    machine
        .shell(&format!(
            "sed -e 's#^ExecStart=.*#ExecStart=/usr/bin/python3 /usr/local/lib/probe.py#' -e 's/^Type=.*/Type=oneshot/' \
             -e '/^Restart=/d' -e '/^WatchdogSec=/d' -e '/^NotifyAccess=/d' -e '/^User=/i Environment=UNIT={unit}' \
             \"$(systemctl show --value --property FragmentPath {unit})\" > /run/systemd/system/probe.service \
             && systemctl daemon-reload && systemctl start probe"
        ))
        .await
        .context("run the probe")?;
    let found = machine.shell(&format!("cat /var/lib/{unit}/probe.json")).await?;
    machine
        .shell(&format!(
            "rm -f /run/systemd/system/probe.service /usr/local/lib/probe.py /var/lib/{unit}/probe*; systemctl daemon-reload"
        ))
        .await?;
    let mut found: Value = serde_json::from_str(&found).context("the probe's findings")?;
    let found = found.as_object_mut().context("an object")?;
    for needed in NEEDS.iter().chain([&secret]) {
        ensure!(found.remove(*needed) == Some(json!(true)), "the place of {unit} is too narrow: {needed}");
    }
    let too_much: Vec<&String> =
        found.iter().filter(|(_, could)| **could != json!(false)).map(|(what, _)| what).collect();
    ensure!(too_much.is_empty(), "whoever takes {unit} over {too_much:?}");
    Ok(())
}

pub async fn systemd_has_nothing_to_say_against_the_units(field: &Field) -> Result<()> {
    for pbx in &field.pbxs {
        verify(pbx, "pbx-agent.service callping-firewall.service").await?;
    }
    let ours =
        "control-plane.service control-plane.socket control-plane-backup.service control-plane-backup.timer";
    verify(&field.alerts, ours).await
}

/// Of units that come with the host it may say what it likes.
async fn verify(machine: &Machine, units: &str) -> Result<()> {
    let said = machine.shell(&format!("systemd-analyze verify {units} 2>&1")).await?;
    let ours: Vec<&str> = said
        .lines()
        .filter(|line| ["pbx-agent", "callping", "control-plane"].iter().any(|name| line.contains(name)))
        .collect();
    ensure!(ours.is_empty(), "systemd-analyze verify on {}: {ours:#?}", machine.name());
    Ok(())
}
