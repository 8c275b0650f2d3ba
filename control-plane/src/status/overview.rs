//! Everything that the page shows but for what was seen last.

use super::{
    Component, checks,
    days::{Day, Tally},
    incidents::{self, Incident},
};
use crate::store::{StoreError, Tx};
use shared::time::Timestamp;
use std::{collections::BTreeMap, time::Duration};

/// Days whose uptime is shown.
pub const SHOWN_DAYS: i64 = 90;
/// Days whose incidents are shown.
pub const PAST_DAYS: i64 = 14;

/// The last days, and what operators told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The day on which it was read.
    pub today: Day,
    /// What is known of each component's days.
    pub days: BTreeMap<Component, BTreeMap<Day, Tally>>,
    /// Incidents that are not over, the newest first.
    pub open: Vec<Incident>,
    /// Those that were over within the last days, the last first.
    pub past: Vec<Incident>,
}

impl Overview {
    /// Nothing is known.
    pub fn empty(now: Timestamp) -> Self {
        Self { today: Day::of(now), days: BTreeMap::new(), open: Vec::new(), past: Vec::new() }
    }

    /// Reads it; the work does not grow with history.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn read(tx: &mut Tx<'_>, now: Timestamp) -> Result<Self, StoreError> {
        let today = Day::of(now);
        // To the microsecond before the first of these days.
        let since = today.before(PAST_DAYS - 1).begins() - Duration::from_micros(1);
        Ok(Self {
            today,
            days: checks::days(tx, today, SHOWN_DAYS)?,
            open: incidents::open(tx)?,
            past: incidents::over_since(tx, since)?,
        })
    }

    /// The last days of a component, the oldest first.
    pub fn days_of(&self, component: &Component) -> Vec<(Day, Tally)> {
        let known = self.days.get(component);
        let tally = |day| known.and_then(|days| days.get(&day)).copied().unwrap_or_default();
        let days = (0..SHOWN_DAYS).rev().map(|back| self.today.before(back));
        days.map(|day| (day, tally(day))).collect()
    }
}
