//! The schedule of harm: what is done to whom, when and for how long. A pure function of a seed.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::{fmt, time::Duration};

/// PBX hosts of the field.
pub const PBXS: usize = 3;
/// Trunks of every one of them.
pub const TRUNKS: [&str; 2] = ["a", "b"];
/// How long harm that wants a ringing or talking phone waits for one.
pub const WAIT: Duration = Duration::from_secs(2);
/// A host is left alone so long before it is harmed again.
const REST: Duration = Duration::from_millis(3_000);
/// The control plane likewise: everybody is hurt with it.
const CONTROL_PLANE_REST: Duration = Duration::from_millis(4_500);

/// One piece of harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harm {
    /// From the beginning of the stream of webhooks.
    pub at: Duration,
    /// What.
    pub what: What,
    /// Until it is undone: started again, thawed, restored.
    pub length: Duration,
    /// What it waits for, at most [`WAIT`].
    pub moment: Moment,
}

/// What is done; the number is the PBX host's, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// SIGKILL.
    KillControlPlane,
    /// SIGSTOP.
    FreezeControlPlane,
    /// Its disk takes nothing.
    FillControlPlaneDisk,
    /// SIGKILL.
    KillAgent(usize),
    /// SIGSTOP.
    FreezeAgent(usize),
    /// Its disk takes nothing.
    FillAgentDisk(usize),
    /// SIGKILL.
    KillAsterisk(usize),
    /// SIGSTOP.
    FreezeAsterisk(usize),
    /// Connections break and new ones are closed at once.
    CutLink(usize),
    /// Everything takes so much longer, each way.
    DelayLink(usize, Duration),
    /// The agent hears nothing, and the connection stands.
    DeafenAgent(usize),
    /// The agent is not heard, and the connection stands.
    MuteAgent(usize),
    /// The carrier answers every new call on the trunk with 503.
    RefuseTrunk(usize),
}

/// When harm strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// On time.
    OnTime,
    /// As soon as a phone rings there.
    WhileRinging,
    /// As soon as somebody talks there.
    WhileTalking,
}

impl What {
    /// Whether calls over this PBX suffer.
    pub fn hurts(self, pbx: usize) -> bool {
        self.pbx().map_or(self.hurts_everybody(), |hurt| hurt == pbx)
    }

    /// The PBX host that it is done to.
    pub fn pbx(self) -> Option<usize> {
        match self {
            Self::KillAgent(pbx)
            | Self::FreezeAgent(pbx)
            | Self::FillAgentDisk(pbx)
            | Self::KillAsterisk(pbx)
            | Self::FreezeAsterisk(pbx)
            | Self::CutLink(pbx)
            | Self::DelayLink(pbx, _)
            | Self::DeafenAgent(pbx)
            | Self::MuteAgent(pbx) => Some(pbx),
            Self::KillControlPlane
            | Self::FreezeControlPlane
            | Self::FillControlPlaneDisk
            | Self::RefuseTrunk(_) => None,
        }
    }

    fn hurts_everybody(self) -> bool {
        matches!(self, Self::KillControlPlane | Self::FreezeControlPlane | Self::FillControlPlaneDisk)
    }
}

/// The harm of a seed within `window`, in order. At no moment are more than two PBX hosts harmed at
/// once, nor both trunks; the control plane never for longer than 4 s.
pub fn schedule(seed: u64, window: Duration) -> Vec<Harm> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut harms = control_plane(&mut random, window);
    harms.extend(hosts(&mut random, window));
    harms.extend(trunks(&mut random, window));
    harms.sort_by_key(|harm| harm.at);
    harms
}

fn control_plane(random: &mut StdRng, window: Duration) -> Vec<Harm> {
    let mut harms = Vec::new();
    let mut at = between(random, 1_500, 6_000);
    loop {
        let (what, longest) = match random.random_range(0..4) {
            0 => (What::FreezeControlPlane, 4_000),
            1 => (What::FillControlPlaneDisk, 4_000),
            _ => (What::KillControlPlane, 3_000),
        };
        let moment = if what == What::KillControlPlane { moment(random) } else { Moment::OnTime };
        let harm = Harm { at, what, length: between(random, 0, longest), moment };
        at = harm.latest_end() + CONTROL_PLANE_REST + between(random, 0, 4_000);
        if harm.latest_end() > window {
            return harms;
        }
        harms.push(harm);
    }
}

/// Two hands, each with one host at a time, so that one host of three is left alone.
fn hosts(random: &mut StdRng, window: Duration) -> Vec<Harm> {
    let mut harms = Vec::new();
    let mut hands = [between(random, 500, 3_000), between(random, 500, 3_000)];
    let mut free = [Duration::ZERO; PBXS];
    loop {
        hands.sort();
        let at = hands[0];
        if at > window {
            return harms;
        }
        let rested: Vec<usize> = (0..PBXS).filter(|pbx| free[*pbx] <= at).collect();
        if rested.is_empty() {
            hands[0] += Duration::from_millis(250);
            continue;
        }
        let pbx = rested[random.random_range(0..rested.len())];
        let harm = to_host(random, at, pbx);
        hands[0] = harm.latest_end() + between(random, 300, 2_500);
        if let Some(pbx) = harm.what.pbx().filter(|_| harm.latest_end() <= window) {
            free[pbx] = harm.latest_end() + REST;
            harms.push(harm);
        }
    }
}

fn to_host(random: &mut StdRng, at: Duration, pbx: usize) -> Harm {
    let (what, shortest, longest) = match random.random_range(0..12) {
        0 | 1 => (What::KillAgent(pbx), 0, 4_000),
        2 => (What::FreezeAgent(pbx), 1_000, 6_000),
        3 => (What::FillAgentDisk(pbx), 1_000, 6_000),
        4..=6 => (What::KillAsterisk(pbx), 0, 5_000),
        7 => (What::FreezeAsterisk(pbx), 1_000, 8_000),
        8 => (What::CutLink(pbx), 300, 6_000),
        9 => (What::DelayLink(pbx, between(random, 200, 1_500)), 2_000, 8_000),
        10 => (What::DeafenAgent(pbx), 1_000, 12_000),
        _ => (What::MuteAgent(pbx), 1_000, 12_000),
    };
    let kills = matches!(what, What::KillAgent(_) | What::KillAsterisk(_));
    let moment = if kills { moment(random) } else { Moment::OnTime };
    Harm { at, what, length: between(random, shortest, longest), moment }
}

fn trunks(random: &mut StdRng, window: Duration) -> Vec<Harm> {
    let mut harms = Vec::new();
    let mut at = between(random, 1_000, 8_000);
    loop {
        let what = What::RefuseTrunk(random.random_range(0..TRUNKS.len()));
        let harm = Harm { at, what, length: between(random, 2_000, 7_000), moment: Moment::OnTime };
        if harm.latest_end() > window {
            return harms;
        }
        at = harm.latest_end() + between(random, 3_000, 9_000);
        harms.push(harm);
    }
}

fn moment(random: &mut StdRng) -> Moment {
    match random.random_range(0..3) {
        0 => Moment::WhileRinging,
        1 => Moment::WhileTalking,
        _ => Moment::OnTime,
    }
}

fn between(random: &mut StdRng, least: u64, most: u64) -> Duration {
    Duration::from_millis(random.random_range(least..=most))
}

impl Harm {
    /// When it is undone at the latest.
    pub fn latest_end(&self) -> Duration {
        let wait = if self.moment == Moment::OnTime { Duration::ZERO } else { WAIT };
        self.at + wait + self.length
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KillControlPlane => f.write_str("control plane killed"),
            Self::FreezeControlPlane => f.write_str("control plane stopped (SIGSTOP)"),
            Self::FillControlPlaneDisk => f.write_str("control plane's disk full"),
            Self::KillAgent(pbx) => write!(f, "agent of pbx-{} killed", pbx + 1),
            Self::FreezeAgent(pbx) => write!(f, "agent of pbx-{} stopped (SIGSTOP)", pbx + 1),
            Self::FillAgentDisk(pbx) => write!(f, "agent's disk full on pbx-{}", pbx + 1),
            Self::KillAsterisk(pbx) => write!(f, "Asterisk of pbx-{} killed", pbx + 1),
            Self::FreezeAsterisk(pbx) => write!(f, "Asterisk of pbx-{} stopped (SIGSTOP)", pbx + 1),
            Self::CutLink(pbx) => write!(f, "link of pbx-{} cut", pbx + 1),
            Self::DelayLink(pbx, by) => write!(f, "link of pbx-{} slower by {} ms", pbx + 1, by.as_millis()),
            Self::DeafenAgent(pbx) => write!(f, "link of pbx-{} silent towards the agent", pbx + 1),
            Self::MuteAgent(pbx) => write!(f, "link of pbx-{} silent towards the control plane", pbx + 1),
            Self::RefuseTrunk(trunk) => write!(f, "carrier refuses trunk {} with 503", TRUNKS[*trunk]),
        }
    }
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, what, length, moment } = self;
        let moment = match moment {
            Moment::OnTime => "",
            Moment::WhileRinging => " while a phone rings",
            Moment::WhileTalking => " while somebody talks",
        };
        write!(f, "{:6.2} s  {what}{moment}, for {:.2} s", at.as_secs_f64(), length.as_secs_f64())
    }
}

#[cfg(test)]
mod tests;
