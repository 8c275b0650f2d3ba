//! What the pages say, one file for each language.

pub(super) mod english;
pub(super) mod ukrainian;

use crate::status::{
    Component, State,
    days::{Day, DayState},
    incidents::{Impact, Stage},
};
use jiff::{civil::DateTime, tz::Offset};
use shared::time::Timestamp;
use std::time::Duration;

macro_rules! catalogue {
    ($($name:ident,)*) => {
        /// A catalogue: the compiler asks every language for every text.
        pub(super) struct Words {
            $(pub(super) $name: &'static str,)*
            /// As they stand in a date.
            pub(super) months: [&'static str; 12],
        }

        impl Words {
            /// Every text by its name.
            #[cfg(test)]
            pub(super) fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

// `{}` stands where something is put in.
catalogue! {
    title, language, languages,
    head_operational, head_degraded, head_outage,
    checked, never_checked,
    components, operational, degraded, outage, unknown, no_data,
    intake, dispatch, pbx, pbx_of_no_region, portal, mail,
    uptime, decimal, no_uptime, days, days_ago_90, days_ago_30, today,
    summary, column_component, column_state, column_uptime, column_outages, column_troubles,
    hours, minutes, seconds, day_down, day_degraded,
    open, past, nothing, history, history_title, history_none, newest, older, back, feed,
    impact_none, impact_minor, impact_major, impact_critical,
    investigating, identified, monitoring, resolved,
    affects, started, ended,
}

impl Words {
    /// What the whole is.
    pub(super) const fn headline(&self, state: State) -> &'static str {
        match state {
            State::Operational => self.head_operational,
            State::Degraded => self.head_degraded,
            State::Outage => self.head_outage,
        }
    }

    pub(super) const fn state(&self, state: Option<State>) -> &'static str {
        match state {
            Some(State::Operational) => self.operational,
            Some(State::Degraded) => self.degraded,
            Some(State::Outage) => self.outage,
            None => self.unknown,
        }
    }

    pub(super) const fn day_state(&self, state: DayState) -> &'static str {
        match state {
            DayState::NoData => self.no_data,
            DayState::Operational => self.operational,
            DayState::Degraded => self.degraded,
            DayState::Outage => self.outage,
        }
    }

    pub(super) const fn impact(&self, impact: Impact) -> &'static str {
        match impact {
            Impact::None => self.impact_none,
            Impact::Minor => self.impact_minor,
            Impact::Major => self.impact_major,
            Impact::Critical => self.impact_critical,
        }
    }

    pub(super) const fn stage(&self, stage: Stage) -> &'static str {
        match stage {
            Stage::Investigating => self.investigating,
            Stage::Identified => self.identified,
            Stage::Monitoring => self.monitoring,
            Stage::Resolved => self.resolved,
        }
    }

    /// The name of a component. Regions are named by operators.
    pub(super) fn component(&self, component: &Component) -> String {
        match component {
            Component::Intake => self.intake.to_owned(),
            Component::Dispatch => self.dispatch.to_owned(),
            Component::Pbx(region) if region.is_empty() => self.pbx_of_no_region.to_owned(),
            Component::Pbx(region) => self.pbx.replace("{}", region),
            Component::Portal => self.portal.to_owned(),
            Component::Mail => self.mail.to_owned(),
        }
    }

    /// Such as `2 h 5 min`.
    pub(super) fn duration(&self, duration: Duration) -> String {
        let (minutes, seconds) = (duration.as_secs() / 60, duration.as_secs() % 60);
        match (minutes / 60, minutes % 60) {
            (0, 0) => format!("{seconds} {}", self.seconds),
            (0, minutes) => format!("{minutes} {}", self.minutes),
            (hours, 0) => format!("{hours} {}", self.hours),
            (hours, minutes) => format!("{hours} {} {minutes} {}", self.hours, self.minutes),
        }
    }

    /// Such as `29 November 2026`.
    pub(super) fn date(&self, day: Day) -> String {
        civil(day.begins()).map_or_else(|| day.to_string(), |date| self.date_of(&date))
    }

    /// Such as `29 November 2026, 12:05 UTC`.
    pub(super) fn moment(&self, at: Timestamp) -> String {
        let text = |at: DateTime| format!("{}, {:02}:{:02} UTC", self.date_of(&at), at.hour(), at.minute());
        civil(at).map_or_else(|| at.to_string(), text)
    }

    fn date_of(&self, date: &DateTime) -> String {
        let month = usize::try_from(date.month() - 1).ok().and_then(|month| self.months.get(month));
        format!("{} {} {}", date.day(), month.copied().unwrap_or_default(), date.year())
    }
}

fn civil(at: Timestamp) -> Option<DateTime> {
    Some(Offset::UTC.to_datetime(jiff::Timestamp::from_microsecond(at.as_micros()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::{super::Language, *};
    use std::collections::HashSet;

    #[test]
    fn every_language_says_everything_in_its_own_words() {
        let english: Vec<_> = Language::English.words().all();
        for language in Language::ALL {
            let words = language.words();
            for ((name, text), (_, original)) in words.all().into_iter().zip(&english) {
                assert!(!text.trim().is_empty() && text.trim() == text, "{name} in {language:?}");
                assert_eq!(
                    text.matches("{}").count(),
                    original.matches("{}").count(),
                    "{name} in {language:?}"
                );
                assert!(language == Language::English || text != *original, "{name} in {language:?}");
            }
            let months: HashSet<&str> = words.months.into_iter().filter(|month| !month.is_empty()).collect();
            assert_eq!(months.len(), 12, "{language:?}");
        }
    }

    #[test]
    fn moments_and_durations_are_written_for_people() {
        let at: Timestamp = "2026-03-09T04:05:59.9Z".parse().unwrap();
        let (english, ukrainian) = (Language::English.words(), Language::Ukrainian.words());
        assert_eq!(english.moment(at), "9 March 2026, 04:05 UTC");
        assert_eq!(ukrainian.moment(at), "9 березня 2026, 04:05 UTC");
        assert_eq!(english.date(Day::of(at)), "9 March 2026");
        let duration = |seconds| english.duration(Duration::from_secs(seconds));
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(60), "1 min");
        assert_eq!(duration(7200), "2 h");
        assert_eq!(duration(7260 + 59), "2 h 1 min");
    }
}
