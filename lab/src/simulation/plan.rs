//! What happens to the world from outside: webhooks and harm, drawn from a seed.

use super::stage::DIALLABLE;
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use shared::severity::Severity;
use std::{fmt, time::Duration};

/// Hosts of the simulated fleet.
pub const HOSTS: usize = 3;
/// Endpoints: one of each organization, with policies of their own.
pub const ENDPOINTS: usize = 2;
/// Another endpoint, of an organization whose members have numbers that nobody may dial.
pub const FORBIDDEN: usize = ENDPOINTS;
/// Trunks of each host.
pub const TRUNKS: [&str; 2] = ["a", "b"];
/// Incidents begin within this time.
const SPAN: u64 = 60_000;

/// Everything that is done to the world, in order of time.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What everything that is not planned is drawn from: delays, and what callees do.
    pub seed: u64,
    /// How the network treats what travels on it.
    pub network: Network,
    /// How far each host's wall clock is off, microseconds.
    pub skews: [i64; HOSTS],
    /// How much faster than the truth each runs, microseconds a second.
    pub drifts: [i64; HOSTS],
    /// Sorted by time.
    pub incidents: Vec<Incident>,
}

/// How the network treats frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// As TCP does: in order, and lost only with the connection.
    Orderly,
    /// Single frames are lost, doubled and reordered.
    Hostile,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub struct Incident {
    /// When, since the beginning.
    pub at: Duration,
    /// What.
    pub what: What,
}

/// What happens from outside. Harm names host and trunk by number, and then how long it lasts.
#[derive(Clone, Debug)]
pub enum What {
    /// A sender has an alert, and tries until it is accepted.
    Webhook {
        /// To which endpoint.
        endpoint: usize,
        /// How urgent.
        severity: Severity,
        /// Names the alert, so that others repeat or resolve it.
        key: Option<u8>,
        /// What happened.
        message: &'static str,
    },
    /// A sender says that the alert of this key is over.
    Resolve {
        /// At which endpoint.
        endpoint: usize,
        /// Which alert.
        key: u8,
    },
    /// A person takes the newest alert of an endpoint, or closes it, through the API.
    Person {
        /// Of which endpoint.
        endpoint: usize,
        /// Closes it.
        closes: bool,
    },
    /// The owner of one of [`DIALLABLE`](super::stage::DIALLABLE) asks to be left alone.
    LeaveAlone(usize),
    /// The control plane dies and is started again after a while.
    KillControlPlane(Duration),
    /// The control plane's disk takes nothing for a while.
    ControlPlaneDiskFull(Duration),
    /// The clock of the control plane's machine is set, by so many microseconds.
    ControlPlaneClock(i64),
    /// The database is backed up, for the next [`What::RestoreDatabase`].
    BackUp,
    /// The control plane dies, and is started again after a while on the backup.
    RestoreDatabase(Duration),
    /// An agent dies and is started again after a while.
    KillAgent(usize, Duration),
    /// It dies, loses its journal, and is started again after a while.
    LoseJournal(usize, Duration),
    /// The disk of a host is backed up, for the next [`What::RestoreJournal`].
    BackUpJournal(usize),
    /// Its agent dies, and is started again after a while on the journal of the backup.
    RestoreJournal(usize, Duration),
    /// The clock of a host is set, by so many microseconds; its agent goes by it from its next start on.
    HostClock(usize, i64),
    /// Its disk takes nothing for a while.
    AgentDiskFull(usize, Duration),
    /// Its disk is slow for a while.
    AgentDiskSlow(usize, Duration),
    /// Asterisk dies with every channel and is started again after a while.
    KillAsterisk(usize, Duration),
    /// Asterisk answers nothing and tells nothing for a while.
    StallAsterisk(usize, Duration),
    /// A host's link breaks, and both ends notice.
    CutLink(usize, Duration),
    /// A host's link goes silent: what is sent is lost, and each end notices in its own time.
    SilenceLink(usize, Duration),
    /// A carrier refuses every call over a trunk for a while.
    TrunkRefuses(usize, usize, Duration),
    /// What rings over a trunk at this moment is cut off by the network behind it.
    TrunkBreaks(usize, usize),
    /// The same by the carrier, which says why.
    CarrierDrops(usize, usize, Dropped),
    /// A carrier takes its time before it says that a phone rings, for a while.
    CarrierSlow(usize, usize, Duration),
    /// Asterisk counts a trunk as unreachable for a while.
    TrunkOffline(usize, usize, Duration),
}

/// Why a carrier drops a call that rings (Q.850).
#[derive(Clone, Copy, Debug)]
pub enum Dropped {
    /// 34, no circuit; said with SIP 503.
    NoCircuit,
    /// 41, temporary failure; said with SIP 500.
    TemporaryFailure,
}

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let network = if rng.random_ratio(1, 4) { Network::Hostile } else { Network::Orderly };
        let skews = std::array::from_fn(|_| match rng.random_range(0..4) {
            0 => 3_600_000_000,
            1 => -3_600_000_000,
            _ => rng.random_range(-1_500_000..1_500_000),
        });
        let mut incidents = Vec::new();
        for _ in 0..rng.random_range(1..=4) {
            incidents.push(Incident { at: moment(&mut rng), what: webhook(&mut rng) });
        }
        let begun: Vec<Duration> = incidents.iter().map(|incident| incident.at).collect();
        for _ in 0..rng.random_range(0..=5) {
            // Most harm comes while something is under way.
            let after = begun[rng.random_range(0..begun.len())];
            let at = match rng.random_range(0..6) {
                0 => moment(&mut rng),
                1 | 2 => after + Duration::from_micros(rng.random_range(0..20_000)),
                _ => after + Duration::from_millis(rng.random_range(0..20_000)),
            };
            if rng.random_ratio(1, 20) {
                let back = Duration::from_millis(rng.random_range(0..20_000));
                incidents.push(Incident { at: at.saturating_sub(back), what: What::BackUp });
                incidents.push(Incident { at, what: What::RestoreDatabase(Duration::from_secs(1)) });
            } else if rng.random_ratio(1, 20) {
                let host = rng.random_range(0..HOSTS);
                let by = step(&mut rng);
                incidents.push(Incident { at, what: What::HostClock(host, by) });
                incidents.push(Incident { at, what: What::KillAgent(host, Duration::from_secs(1)) });
            } else if rng.random_ratio(1, 8) {
                // An agent that dies while its disk is busy.
                let host = rng.random_range(0..HOSTS);
                let dies = at + Duration::from_millis(rng.random_range(1..5_000));
                incidents.push(Incident { at, what: What::AgentDiskSlow(host, Duration::from_secs(10)) });
                incidents.push(Incident { at: dies, what: What::KillAgent(host, Duration::from_secs(1)) });
            } else {
                incidents.push(Incident { at, what: harm(&mut rng) });
            }
        }
        for after in begun {
            if rng.random_ratio(1, 8) {
                let at = after + Duration::from_millis(rng.random_range(0..20_000));
                let what =
                    What::Person { endpoint: rng.random_range(0..ENDPOINTS), closes: rng.random_bool(0.5) };
                incidents.push(Incident { at, what });
            }
        }
        // Of another source, so that what was drawn above stays what it was for each seed.
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0xca221e2);
        for _ in 0..rng.random_range(0..=2) {
            let after = incidents[rng.random_range(0..incidents.len())].at;
            let at = after + Duration::from_millis(rng.random_range(0..10_000));
            incidents.push(Incident { at, what: carrier_trouble(&mut rng) });
        }
        if rng.random_ratio(1, 12) {
            let (host, after) = (rng.random_range(0..HOSTS), incidents[0].at);
            let kept = after + Duration::from_millis(rng.random_range(0..10_000));
            let back = kept + Duration::from_millis(rng.random_range(1_000..20_000));
            let down = Duration::from_millis(rng.random_range(50..5_000));
            incidents.push(Incident { at: kept, what: What::BackUpJournal(host) });
            incidents.push(Incident { at: back, what: What::RestoreJournal(host, down) });
        }
        let mut asks = ChaCha8Rng::seed_from_u64(seed ^ 0xdeaf);
        if asks.random_ratio(1, 16) {
            let severity = if asks.random_bool(0.5) { Severity::Critical } else { Severity::Major };
            let what = What::Webhook { endpoint: FORBIDDEN, severity, key: None, message: "flood" };
            incidents.push(Incident { at: moment(&mut asks), what });
        }
        if asks.random_ratio(1, 16) {
            let after = incidents[asks.random_range(0..incidents.len())].at;
            let at = after + Duration::from_millis(asks.random_range(0..20_000));
            incidents.push(Incident { at, what: What::LeaveAlone(asks.random_range(0..DIALLABLE.len())) });
        }
        let drifts = std::array::from_fn(|_| rng.random_range(-500..500));
        incidents.sort_by_key(|incident| incident.at);
        Self { seed, network, skews, drifts, incidents }
    }

    /// Whether any incident is like this.
    pub fn has(&self, is_meant: impl Fn(&What) -> bool) -> bool {
        self.incidents.iter().any(|incident| is_meant(&incident.what))
    }
}

fn moment(rng: &mut ChaCha8Rng) -> Duration {
    Duration::from_millis(1_000 + rng.random_range(0..SPAN))
}

fn webhook(rng: &mut ChaCha8Rng) -> What {
    let endpoint = rng.random_range(0..ENDPOINTS);
    let key = rng.random_bool(0.5).then(|| rng.random_range(0..2));
    match key {
        Some(key) if rng.random_ratio(1, 5) => What::Resolve { endpoint, key },
        _ => {
            let severity = if rng.random_bool(0.5) { Severity::Critical } else { Severity::Major };
            let message = ["db down", "disk full", "load high"][rng.random_range(0..3)];
            What::Webhook { endpoint, severity, key, message }
        }
    }
}

fn harm(rng: &mut ChaCha8Rng) -> What {
    let host = rng.random_range(0..HOSTS);
    let trunk = rng.random_range(0..TRUNKS.len());
    let short = Duration::from_millis(rng.random_range(50..5_000));
    let long = Duration::from_millis(rng.random_range(100..60_000));
    match rng.random_range(0..18) {
        0 | 1 => What::KillControlPlane(short),
        2 => What::ControlPlaneDiskFull(short),
        3 | 4 => What::KillAgent(host, short),
        5 => What::KillAgent(host, long),
        6 => What::AgentDiskFull(host, short),
        7 => What::AgentDiskSlow(host, long),
        8 => What::KillAsterisk(host, short),
        9 => What::StallAsterisk(host, long / 3),
        10 => What::CutLink(host, short),
        11 => What::CutLink(host, long),
        12 => What::SilenceLink(host, long),
        13 => What::TrunkRefuses(host, trunk, long),
        14 => What::TrunkBreaks(host, trunk),
        15 => What::LoseJournal(host, short),
        16 => What::ControlPlaneClock(step(rng)),
        _ => What::TrunkOffline(host, trunk, long),
    }
}

fn carrier_trouble(rng: &mut ChaCha8Rng) -> What {
    let (host, trunk) = (rng.random_range(0..HOSTS), rng.random_range(0..TRUNKS.len()));
    match rng.random_range(0..4) {
        0 => What::CarrierDrops(host, trunk, Dropped::NoCircuit),
        1 => What::CarrierDrops(host, trunk, Dropped::TemporaryFailure),
        _ => What::CarrierSlow(host, trunk, Duration::from_millis(rng.random_range(1_000..60_000))),
    }
}

/// From some seconds to two hours, forward or back.
fn step(rng: &mut ChaCha8Rng) -> i64 {
    let most = [5_000_000, 60_000_000, 7_200_000_000][rng.random_range(0..3)];
    rng.random_range(-most..most)
}

impl What {
    /// Whether it does any harm.
    pub fn is_harm(&self) -> bool {
        !matches!(
            self,
            Self::Webhook { .. }
                | Self::Resolve { .. }
                | Self::Person { .. }
                | Self::LeaveAlone(_)
                | Self::BackUp
                | Self::BackUpJournal(_)
        )
    }

    /// Whether somebody sends it, and waits for an answer.
    pub fn is_sent(&self) -> bool {
        matches!(self, Self::Webhook { .. } | Self::Resolve { .. })
    }
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>9.3} s  {:?}", self.at.as_secs_f64(), self.what)
    }
}
