//! The program under a service manager: sd_notify(3) and sd_listen_fds(3) as systemd does them.

use crate::plane::{PATIENCE, answer, client};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixDatagram,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// Hands `serve` the socket on its standard input, as number 3, under the name that the unit gives it.
const HAND_OVER: &str = r#"exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve "$@""#;

/// What systemd would be.
struct Manager {
    dir: TempDir,
    notified: UnixDatagram,
    /// Open for as long as the manager lives, whoever serves it.
    socket: TcpListener,
}

impl Manager {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let notified = UnixDatagram::bind(dir.path().join("notify")).unwrap();
        notified.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { dir, notified, socket: TcpListener::bind("127.0.0.1:0").unwrap() }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    fn data_dir(&self) -> &Path {
        self.dir.path()
    }

    /// Starts the service and waits until it is ready.
    fn start(&self, name: &str) -> Child {
        let socket = Stdio::from(std::os::fd::OwnedFd::from(self.socket.try_clone().unwrap()));
        let child = Command::new("sh")
            .args(["-c", HAND_OVER, env!("CARGO_BIN_EXE_control-plane")])
            // Where nothing is handed over; nobody could listen there.
            .args(["--listen", "192.0.2.1:8080", "--data-dir"])
            .arg(self.data_dir().join("data"))
            .env("LISTEN_FDNAMES", name)
            .env("NOTIFY_SOCKET", self.data_dir().join("notify"))
            .env("WATCHDOG_USEC", "300000")
            .stdin(socket)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        self.hears("READY=1");
        child
    }

    fn hears(&self, wanted: &str) {
        let mut word = [0; 4096];
        loop {
            let length = self.notified.recv(&mut word).expect(wanted);
            if String::from_utf8_lossy(&word[..length]).trim_end() == wanted {
                return;
            }
        }
    }

    /// SIGTERM, until it is gone.
    fn stop(&self, mut child: Child) {
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        self.hears("STOPPING=1");
        assert!(child.wait().unwrap().success());
    }
}

async fn health(address: SocketAddr) -> u16 {
    answer(client().get(format!("http://{address}/readyz"))).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_refuses_no_connection() {
    let manager = Manager::new();
    let first = manager.start("https");
    for _ in 0..3 {
        manager.hears("WATCHDOG=1");
    }
    assert_eq!(health(manager.address()).await, 200);
    manager.stop(first);
    // Nobody serves now: the connection waits instead of being refused.
    let waiting = tokio::spawn(health(manager.address()));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    let second = manager.start("https");
    assert_eq!(waiting.await.unwrap(), 200);
    manager.stop(second);
}

#[test]
fn a_socket_under_another_name_is_not_taken_for_the_public_one() {
    let manager = Manager::new();
    let socket = Stdio::from(std::os::fd::OwnedFd::from(manager.socket.try_clone().unwrap()));
    let output = Command::new("sh")
        .args(["-c", HAND_OVER, env!("CARGO_BIN_EXE_control-plane")])
        .args(["--listen", "192.0.2.1:8080", "--data-dir"])
        .arg(manager.data_dir().join("data"))
        .env("LISTEN_FDNAMES", "something")
        .stdin(socket)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("cannot listen on 192.0.2.1:8080"), "{said}");
}
