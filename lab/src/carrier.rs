//! A scripted SIP carrier, on loopback or wherever hosts of its network find it, played by sipp behind a relay that sees every message.

pub mod behaviour;
mod book;
mod call;
mod expect;
mod player;
mod relay;
mod scenario;
pub mod sip;
mod tap;
mod when;

pub use behaviour::Behaviour;
pub use book::{CallRecord, Direction, Heard, Passed};
pub use call::Call;
pub use expect::ExpectCall;
pub use tap::{Seen, Tap};
pub use when::When;

use crate::ports::Ports;
use anyhow::{Context, Result};
use book::{Book, Line, digits};
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// The carrier of a lab; cheap to clone.
#[derive(Clone, Debug)]
pub struct Carrier(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    // Dropped first: its threads use the players.
    relay: relay::Relay,
    players: Arc<player::Players>,
    book: Arc<Book>,
    trunk_ports: HashMap<String, u16>,
}

impl Carrier {
    /// Opens a port on loopback for each trunk. Calls are answered in silence until told otherwise.
    pub fn open(dir: &Path, ports: &Arc<Ports>, trunks: &[&str]) -> Result<Self> {
        Self::open_at(Ipv4Addr::LOCALHOST, dir, ports, trunks)
    }

    /// The same at another address of this machine.
    pub fn open_at(address: Ipv4Addr, dir: &Path, ports: &Arc<Ports>, trunks: &[&str]) -> Result<Self> {
        let book = Arc::new(Book::new());
        let bind = || -> Result<UdpSocket> {
            let port = ports.one()?;
            UdpSocket::bind((address, port)).with_context(|| format!("bind UDP port {port}"))
        };
        let audio = bind()?;
        let audio_port = audio.local_addr().context("the audio port")?.port();
        let audio_at = SocketAddrV4::new(address, audio_port);
        let players = Arc::new(player::Players::new(dir.to_owned(), Arc::clone(ports), audio_at)?);
        let mut sockets = Vec::new();
        let mut trunk_ports = HashMap::new();
        for trunk in trunks {
            let socket = bind()?;
            trunk_ports.insert((*trunk).to_owned(), socket.local_addr().context("a trunk's port")?.port());
            sockets.push(((*trunk).to_owned(), socket));
        }
        let relay = relay::Relay::open(Arc::clone(&book), Arc::clone(&players), sockets, audio)?;
        Ok(Self(Arc::new(Parts { relay, players, book, trunk_ports })))
    }

    /// The port of a trunk.
    pub fn port(&self, trunk: &str) -> Result<u16> {
        self.0.trunk_ports.get(trunk).copied().with_context(|| format!("the carrier has no trunk {trunk:?}"))
    }

    /// Sets what happens when this number is called: `when_called(n).answer().press('1')`.
    pub fn when_called(&self, number: &str) -> When {
        When::new(self.clone(), digits(number))
    }

    /// What is left to calls without a rule of their own.
    pub fn by_default(&self, behaviour: Behaviour) {
        self.0.book.change(|book| book.default = Some(behaviour));
    }

    /// Starts the sipp of a behaviour now, so that the first call does not wait for it.
    pub async fn prepare(&self, behaviour: Behaviour) -> Result<()> {
        let parts = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || parts.players.ready(&behaviour))
            .await
            .context("start sipp")??;
        Ok(())
    }

    /// Expects a call to this number, also one that came before this was said.
    pub fn expect_call(&self, number: &str) -> ExpectCall {
        ExpectCall::new(self.clone(), digits(number))
    }

    /// Expects that no call begins on any trunk for so long, from now on.
    ///
    /// # Errors
    /// When one does; the error shows it.
    pub async fn expect_silence(&self, length: Duration) -> Result<()> {
        let before = self.0.book.read().calls.len();
        let broken = self.0.book.wait_for(length, |book| (book.calls.len() > before).then_some(())).await;
        anyhow::ensure!(
            broken.is_none(),
            "expected silence for {length:?}, but a phone rang; {}",
            self.story()
        );
        Ok(())
    }

    /// Everything sent on this trunk is lost, both ways, until [`Carrier::revive`].
    pub fn cut(&self, trunk: &str) {
        self.line(trunk, |line| line.dead = true);
    }

    /// Every new call on this trunk is refused with this code, whatever its number's rules say, until
    /// told `None`. Rules are not used up by it.
    pub fn refuse_all(&self, trunk: &str, code: Option<u16>) {
        self.line(trunk, |line| line.refusing = code);
    }

    /// Ends [`Carrier::cut`].
    pub fn revive(&self, trunk: &str) {
        self.line(trunk, |line| line.dead = false);
    }

    /// Everything on this trunk takes so much longer, each way.
    pub fn delay(&self, trunk: &str, delay: Duration) {
        self.line(trunk, |line| line.delay = delay);
    }

    /// Waits for more than `count` OPTIONS on a trunk.
    pub async fn expect_options_beyond(&self, trunk: &str, count: u64, within: Duration) -> Result<()> {
        let look = |book: &mut book::Inner| {
            (book.options.get(trunk).copied().unwrap_or_default() > count).then_some(())
        };
        self.0
            .book
            .wait_for(within, look)
            .await
            .with_context(|| format!("no OPTIONS on trunk {trunk} within {within:?}"))
    }

    /// Follows every message from now on, as it passes.
    pub fn tap(&self) -> Tap {
        Tap::new(self.clone())
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.0.book.read().calls.clone()
    }

    /// Whether there is a call like this.
    pub fn has_call(&self, fits: impl FnMut(&CallRecord) -> bool) -> bool {
        self.0.book.read().calls.iter().any(fits)
    }

    /// Waits for the INVITE of the newest call to this number.
    pub async fn expect_invite(&self, number: &str, within: Duration) -> Result<Instant> {
        let digits = digits(number);
        let look = |book: &mut book::Inner| {
            book.calls
                .iter()
                .rev()
                .find(|call| call.to == digits)
                .and_then(|call| call.passed.first())
                .map(|first| first.at)
        };
        self.0
            .book
            .wait_for(within, look)
            .await
            .with_context(|| format!("no INVITE for {number} within {within:?}; {}", self.story()))
    }

    /// Everything that passed, readable, with what sipp complained about.
    pub fn story(&self) -> String {
        let mut story = self.0.book.story();
        let complaints = self.0.players.complaints();
        if !complaints.is_empty() {
            story.push_str("\nsipp says:\n");
            story.push_str(&complaints);
        }
        story
    }

    fn line(&self, trunk: &str, change: impl FnOnce(&mut Line)) {
        self.0.book.change(|book| change(book.lines.entry(trunk.to_owned()).or_default()));
    }
}
