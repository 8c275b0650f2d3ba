//! Child processes that never outlive the lab, not even a lab that is killed with -9.

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process_group, prlimit, test_kill_process_group};
use std::{
    ffi::OsStr,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{OnceLock, mpsc},
    time::{Duration, Instant},
};

/// How often a dying process is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// A process in its own group. Dropped, the whole group is killed and reaped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with its output appended to `log`.
    ///
    /// `setpriv --pdeathsig KILL` makes the kernel kill it when the thread that started it ends;
    /// that thread lives exactly as long as the lab's process, see [`keeper`].
    pub fn start(name: &str, command: &Command, log: &Path) -> Result<Self> {
        let output = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("open the log {}", log.display()))?;
        let errors = output.try_clone().context("share the log")?;
        let mut wrapped = Command::new("setpriv");
        wrapped
            .args([OsStr::new("--pdeathsig"), OsStr::new("KILL"), OsStr::new("--"), command.get_program()])
            .args(command.get_args())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => wrapped.env(key, value),
                None => wrapped.env_remove(key),
            };
        }
        if let Some(dir) = command.get_current_dir() {
            wrapped.current_dir(dir);
        }
        let child = spawn(wrapped).with_context(|| format!("start {name}"))?;
        Ok(Self { name: name.to_owned(), child, log: log.to_owned() })
    }

    /// Process id, also the id of its group.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its exit status, once it is gone.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to end and kills it when it does not within `grace`.
    pub async fn stop(&mut self, grace: Duration) -> Result<ExitStatus> {
        self.signal(Signal::TERM);
        let deadline = Instant::now() + grace;
        loop {
            if let Some(status) = self.exited() {
                self.signal(Signal::KILL);
                return Ok(status);
            }
            if Instant::now() > deadline {
                self.kill();
                anyhow::bail!("{} did not end within {grace:?} of SIGTERM and was killed", self.name);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// kill -9 of the whole group, at once.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }

    /// SIGSTOP: it lives, holds its sockets, and does nothing.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT after [`Process::freeze`].
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// From now on its disk takes nothing more, its own log included: every write to a file fails. Start
    /// it with SIGXFSZ ignored (`env --ignore-signal=XFSZ`), or the first write ends it.
    pub fn fill_disk(&self) -> Result<()> {
        self.limit_files(Some(0))
    }

    /// Ends [`Process::fill_disk`].
    pub fn free_disk(&self) -> Result<()> {
        self.limit_files(None)
    }

    /// The last lines it wrote.
    pub fn tail(&self) -> String {
        tail(&self.log, 30)
    }

    /// Its log file.
    pub fn log(&self) -> &Path {
        &self.log
    }

    fn limit_files(&self, bytes: Option<u64>) -> Result<()> {
        let limit = Rlimit { current: bytes, maximum: None };
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).context("a process id")?;
        prlimit(Some(pid), Resource::Fsize, limit)
            .with_context(|| format!("limit the files of {}", self.name))?;
        Ok(())
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw)
            && test_kill_process_group(group).is_ok()
        {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs it to its end; what it printed.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("run {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}:\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The last `lines` lines of a file, or why it cannot be read.
pub fn tail(path: &Path, lines: usize) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(64 * 1024)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let all: Vec<&str> = text.lines().collect();
        Ok(all[all.len().saturating_sub(lines)..].join("\n"))
    };
    read().unwrap_or_else(|error| format!("({}: {error})", path.display()))
}

/// Spawns on the keeper's thread.
fn spawn(command: Command) -> io::Result<Child> {
    let (reply, answer) = mpsc::channel();
    let gone = |_| io::Error::other("the thread that starts processes is gone");
    keeper()
        .send((command, reply))
        .map_err(|_| io::Error::other("the thread that starts processes is gone"))?;
    answer.recv().map_err(gone)?
}

type Job = (Command, mpsc::Sender<io::Result<Child>>);

/// The one thread that starts children.
///
/// The kernel's parent-death signal fires when the *thread* that forked ends, not the process. A
/// runtime's worker may end while the lab lives (and take Asterisk with it); this one does not.
fn keeper() -> &'static mpsc::Sender<Job> {
    static KEEPER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    KEEPER.get_or_init(|| {
        let (jobs, inbox) = mpsc::channel::<Job>();
        std::thread::spawn(move || {
            for (mut command, reply) in inbox {
                let _ = reply.send(command.spawn());
            }
        });
        jobs
    })
}
