//! What the agent's unit lets a program do that runs in its place.

use crate::field::Field;
use anyhow::{Context, Result, ensure};
use lab::booted::Machine;
use serde_json::{Value, json};

/// Runs as the agent would, and says of each thing whether it could be done.
const PROBE: &str = r#"
import json, os, socket, subprocess, ctypes
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
def executable_memory():
    import mmap
    m = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    m.close()
def listen():
    s = socket.socket()
    s.bind(('0.0.0.0', 9))
found = {
    'is root': os.getuid() == 0,
    'reads its credential': can(lambda: open(os.environ['CREDENTIALS_DIRECTORY'] + '/ari.password').read()),
    'writes its state': can(lambda: write('/var/lib/pbx-agent/probe')),
    'writes a /tmp': can(lambda: write('/tmp/probe')),
    'opens TCP': can(family(socket.AF_INET, socket.SOCK_STREAM)),
    'reads /etc/shadow': can(lambda: open('/etc/shadow').read()),
    'reads the password of ARI in /etc': can(lambda: open('/etc/pbx-agent/ari.password').read()),
    'reads the passwords of trunks': can(lambda: open('/etc/asterisk/pjsip.conf').read()),
    'lists /root': can(lambda: os.listdir('/root')),
    'lists /home': can(lambda: os.listdir('/home') or 1/0),
    'writes /etc': can(lambda: write('/etc/probe')),
    'writes /usr': can(lambda: write('/usr/probe')),
    'writes /var/lib': can(lambda: write('/var/lib/probe')),
    'writes its own configuration': can(lambda: write('/etc/pbx-agent/agent.toml')),
    'sees other processes': any(open('/proc/%s/comm' % p).read().strip() == 'asterisk' for p in os.listdir('/proc') if p.isdigit()),
    'opens packet sockets': can(family(socket.AF_PACKET, socket.SOCK_RAW)),
    'opens netlink': can(family(socket.AF_NETLINK, socket.SOCK_RAW)),
    'opens raw IP': can(family(socket.AF_INET, socket.SOCK_RAW)),
    'opens bluetooth': can(lambda: socket.socket(31, socket.SOCK_RAW, 1).close()),
    'changes its user': can(lambda: os.setuid(0)),
    'makes a namespace': ctypes.CDLL(None).unshare(0x10000000) == 0,
    'mounts': ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0,
    'sets the clock': can(lambda: __import__('time').clock_settime(0, 0)),
    'has writable executable memory': can(executable_memory),
    'loads a module': subprocess.run(['modprobe', 'dummy'], capture_output=True).returncode == 0 if os.path.exists('/sbin/modprobe') else False,
    'reads the kernel log': can(lambda: open('/dev/kmsg').read(1)),
}
with open('/var/lib/pbx-agent/probe.json', 'w') as f:
    json.dump(found, f)
"#;

pub async fn the_agent_can_do_its_work_and_nothing_else(field: &Field) -> Result<()> {
    let pbx = &field.pbxs[0];
    pbx.write("/usr/local/lib/probe.py", PROBE).await?;
    // The unit itself, with another program in it; and not twice at once in one state directory.
    pbx.shell(
        "sed -e 's#^ExecStart=.*#ExecStart=/usr/bin/python3 /usr/local/lib/probe.py#' -e 's/^Type=.*/Type=oneshot/' \
             -e '/^Restart=/d' -e '/^WatchdogSec=/d' -e '/^NotifyAccess=/d' \
             \"$(systemctl show --value --property FragmentPath pbx-agent)\" > /run/systemd/system/probe.service \
         && systemctl daemon-reload && systemctl start probe",
    )
    .await
    .context("run the probe")?;
    let found = pbx.shell("cat /var/lib/pbx-agent/probe.json").await?;
    pbx.shell("rm -f /run/systemd/system/probe.service /usr/local/lib/probe.py /var/lib/pbx-agent/probe*; systemctl daemon-reload")
        .await?;
    let mut found: Value = serde_json::from_str(&found).context("the probe's findings")?;
    let found = found.as_object_mut().context("an object")?;
    for needed in ["reads its credential", "writes its state", "writes a /tmp", "opens TCP"] {
        ensure!(found.remove(needed) == Some(json!(true)), "the agent's place is too narrow: {needed}");
    }
    let too_much: Vec<&String> =
        found.iter().filter(|(_, could)| **could != json!(false)).map(|(what, _)| what).collect();
    ensure!(too_much.is_empty(), "whoever takes the agent over {too_much:?}");
    let exposure = pbx.shell("systemd-analyze security --no-pager pbx-agent | tail -1").await?;
    let level = exposure.split_whitespace().find_map(|word| word.parse::<f64>().ok());
    let level = level.with_context(|| format!("no level in {exposure:?}"))?;
    ensure!(level <= 2.0, "systemd-analyze security: {exposure}");
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
