//! How one trunk stands towards a call: what [`choose`](super::choose) goes by, and what people are shown of it.

use super::{Host, Standing, Wish};
use shared::protocol::{Health, TrunkHealth};

/// How a trunk stands towards a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prospect {
    /// It may not reach the number.
    NotAllowed,
    /// Its host, its Asterisk or the trunk itself is away, or the host cannot do what is asked for.
    Away,
    /// Its host takes nothing new.
    Draining,
    /// It was tried already, or has cost what it may.
    Tried,
    /// It has as many calls as it may.
    Full,
    /// It would take the call.
    Free {
        /// How it has done lately.
        standing: Standing,
        /// Attempts under way on it.
        active: u32,
    },
}

impl Prospect {
    pub(super) fn of(host: &Host, health: &Health, trunk: &TrunkHealth, wish: &Wish<'_>) -> Self {
        if !trunk.route_countries.allows(wish.number) {
            return Self::NotAllowed;
        }
        let active = wish.busy_on(host.id, &trunk.name).max(trunk.active);
        if !host.is_healthy(health, trunk) || (wish.speaks_code && !health.speaks_codes) {
            Self::Away
        } else if host.is_draining(health) {
            Self::Draining
        } else if wish.tried(host.id, &trunk.name) {
            Self::Tried
        } else if active >= wish.share.of(trunk.max_concurrent) {
            Self::Full
        } else {
            Self::Free { standing: wish.standing(host, &trunk.name, active), active }
        }
    }

    /// In one word, as the API shows it.
    const fn word(self) -> RouteStanding {
        match self {
            Self::NotAllowed => RouteStanding::NotAllowed,
            Self::Away => RouteStanding::Offline,
            Self::Draining => RouteStanding::Draining,
            Self::Tried | Self::Full => RouteStanding::Full,
            Self::Free { standing: Standing::Works, .. } => RouteStanding::Ready,
            Self::Free { standing: Standing::Doubtful, .. } => RouteStanding::Doubtful,
            Self::Free { standing: Standing::Probation | Standing::Resting, .. } => RouteStanding::Resting,
        }
    }
}

/// How a trunk stands towards a call, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteStanding {
    /// It would take the call.
    Ready,
    /// It has as many calls as it may, or has cost what it may within the hour.
    Full,
    /// It has failed again and again: used where nothing better may take the call.
    Resting,
    /// It has failed a moment ago.
    Doubtful,
    /// It cannot be reached.
    Offline,
    /// Its host takes no new calls.
    Draining,
    /// It may not reach the number.
    NotAllowed,
}

impl RouteStanding {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Ready,
        Self::Full,
        Self::Resting,
        Self::Doubtful,
        Self::Offline,
        Self::Draining,
        Self::NotAllowed,
    ];

    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Full => "full",
            Self::Resting => "resting",
            Self::Doubtful => "doubtful",
            Self::Offline => "offline",
            Self::Draining => "draining",
            Self::NotAllowed => "not_allowed",
        }
    }
}

/// A trunk as a call would find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Name of its host.
    pub pbx: String,
    /// Its name.
    pub trunk: String,
    /// How it stands.
    pub standing: RouteStanding,
}

/// Every trunk that hosts have told of, by host.
pub fn routes(hosts: &[&Host], wish: &Wish<'_>) -> Vec<Route> {
    let told = hosts.iter().filter_map(|host| Some((host, host.health.as_ref()?)));
    let each = told.flat_map(|(host, health)| {
        health.trunks.iter().map(|trunk| Route {
            pbx: host.name.clone(),
            trunk: trunk.name.clone(),
            standing: Prospect::of(host, health, trunk, wish).word(),
        })
    });
    each.collect()
}
