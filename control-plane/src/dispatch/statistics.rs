//! How calls of an organization ended over the last days, from what was counted by the hour.

use super::rollup::{SPANS, hour_of};
use crate::store::{StoreError, Tx};
use jiff::{Span, tz::TimeZone};
use serde::Serialize;
use shared::{
    ids::{OrgId, ProjectId},
    outcome::CallStatus,
    time::Timestamp,
};
use std::time::Duration;
use utoipa::ToSchema;

const HOUR: Duration = Duration::from_secs(3600);

/// How many days are looked back on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Days {
    /// A day, hour by hour.
    One,
    /// A week, day by day.
    Seven,
    /// A month.
    Thirty,
    /// A quarter.
    Ninety,
}

impl std::str::FromStr for Days {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "1" => Ok(Self::One),
            "7" => Ok(Self::Seven),
            "30" => Ok(Self::Thirty),
            "90" => Ok(Self::Ninety),
            _ => Err(()),
        }
    }
}

/// How calls ended.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Figures {
    /// Beginning of the first step, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub from: String,
    /// Now.
    #[schema(format = "date-time")]
    pub to: String,
    /// How long a step is; days are those of the organization's time zone.
    pub step: Step,
    /// How calls ended, step by step, those without any included.
    pub outcomes: Vec<Outcomes>,
    /// How long it took from a call's making until it was answered.
    pub answer_times: Vec<AnswerTime>,
    /// Half of the calls that were answered were so within this time, about; null where none was. At most 600.
    pub median_seconds: Option<f64>,
    /// The same of nine tenths.
    pub p90_seconds: Option<f64>,
    /// What became of attempts that were made in this time and are over, by trunk.
    pub trunks: Vec<TrunkOutcomes>,
}

/// How long a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// An hour.
    Hour,
    /// A day.
    Day,
}

/// How calls ended within one step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Outcomes {
    /// Its beginning, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub at: String,
    /// Key 1 was pressed.
    pub acknowledged: i64,
    /// Somebody picked up, and that was enough.
    pub answered: i64,
    /// Every try was used up.
    pub exhausted: i64,
    /// Their lifetime ran out.
    pub expired: i64,
    /// No longer needed.
    pub cancelled: i64,
    /// Held back.
    pub blocked: i64,
}

/// Calls that were answered within a span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnswerTime {
    /// End of the span, seconds; it begins where the one before ends. Null for whatever took longer.
    pub upto_seconds: Option<u32>,
    /// How many.
    pub calls: i64,
}

/// What became of attempts over one trunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrunkOutcomes {
    /// Name of the PBX.
    pub pbx: String,
    /// Name of the trunk.
    pub trunk: String,
    /// All that are over; those that expired or were cancelled are in no other number.
    pub attempts: i64,
    /// Picked up.
    pub answered: i64,
    /// The phone was busy.
    pub busy: i64,
    /// It rang out.
    pub no_answer: i64,
    /// Declined.
    pub rejected: i64,
    /// The trunk, the network, the PBX or the number failed.
    pub failed: i64,
    /// The host's own policy refused.
    pub refused: i64,
}

macro_rules! since {
    ($columns:literal, $from:literal, $rest:literal) => {
        [
            concat!("SELECT ", $columns, " FROM ", $from, " WHERE org_id = $1 AND hour >= $2 ", $rest),
            concat!(
                "SELECT ",
                $columns,
                " FROM ",
                $from,
                " WHERE org_id = $1 AND hour >= $2 AND project_id = $3 ",
                $rest
            ),
        ]
    };
}

const OUTCOMES: [&str; 2] = since!("hour, status, SUM(calls)", "call_figures", "GROUP BY hour, status");
const ANSWERS: [&str; 2] = since!("upto, SUM(calls)", "answer_figures", "GROUP BY upto");
const TRUNKS: [&str; 2] = since!(
    "pbxs.name, trunk, SUM(attempts), SUM(answered), SUM(busy), SUM(no_answer), SUM(rejected), SUM(failed), SUM(refused)",
    "trunk_figures JOIN pbxs ON pbxs.id = pbx_id",
    "GROUP BY pbxs.name, trunk ORDER BY pbxs.name, trunk"
);

/// The figures of an organization, or of one of its projects. The work grows with the days, and not with history.
///
/// # Errors
/// [`StoreError`]
pub fn figures(
    tx: &mut Tx<'_>,
    org: OrgId,
    project: Option<ProjectId>,
    days: Days,
    timezone: &str,
    now: Timestamp,
) -> Result<Figures, StoreError> {
    let steps = beginnings(days, timezone, now);
    let from = steps.first().copied().unwrap_or(now);
    // A day may begin within an hour: that hour is the day's in which it begins.
    let since = Timestamp::from_micros(
        hour_of(from).as_micros() + if hour_of(from) < from { 3_600_000_000 } else { 0 },
    );
    let which = usize::from(project.is_some());
    let mut params: Vec<&dyn crate::store::ToValue> = vec![&org, &since];
    params.extend(project.iter().map(|project| project as &dyn crate::store::ToValue));
    let mut outcomes: Vec<Outcomes> =
        steps.iter().map(|at| Outcomes { at: at.to_string(), ..Outcomes::default() }).collect();
    let ended = tx.legible(OUTCOMES[which], &params, |row| {
        Ok((row.get::<Timestamp>(0)?, row.get::<CallStatus>(1)?, row.get::<i64>(2)?))
    })?;
    for (hour, status, calls) in ended {
        let place = steps.partition_point(|at| *at <= hour).checked_sub(1);
        if let Some(step) = place.and_then(|place| outcomes.get_mut(place)) {
            step.add(status, calls);
        }
    }
    let counted = tx.legible(ANSWERS[which], &params, |row| Ok((row.get::<u32>(0)?, row.get::<i64>(1)?)))?;
    let of = |upto: u32| counted.iter().find(|(span, _)| *span == upto).map_or(0, |(_, calls)| *calls);
    let mut answer_times: Vec<AnswerTime> =
        SPANS.map(|upto| AnswerTime { upto_seconds: Some(upto), calls: of(upto) }).into();
    answer_times.push(AnswerTime { upto_seconds: None, calls: of(0) });
    let trunks = tx.legible(TRUNKS[which], &params, |row| {
        Ok(TrunkOutcomes {
            pbx: row.get(0)?,
            trunk: row.get(1)?,
            attempts: row.get(2)?,
            answered: row.get(3)?,
            busy: row.get(4)?,
            no_answer: row.get(5)?,
            rejected: row.get(6)?,
            failed: row.get(7)?,
            refused: row.get(8)?,
        })
    })?;
    Ok(Figures {
        from: from.to_string(),
        to: now.to_string(),
        step: if days == Days::One { Step::Hour } else { Step::Day },
        outcomes,
        median_seconds: within(&answer_times, 0.5),
        p90_seconds: within(&answer_times, 0.9),
        answer_times,
        trunks,
    })
}

impl Outcomes {
    fn add(&mut self, status: CallStatus, calls: i64) {
        match status {
            CallStatus::Acknowledged => self.acknowledged += calls,
            CallStatus::Answered => self.answered += calls,
            CallStatus::Exhausted => self.exhausted += calls,
            CallStatus::Expired => self.expired += calls,
            CallStatus::Cancelled => self.cancelled += calls,
            CallStatus::Blocked => self.blocked += calls,
            CallStatus::Queued | CallStatus::Calling => {}
        }
    }
}

/// The beginnings of the steps, the earliest first; the last one is under way.
fn beginnings(days: Days, timezone: &str, now: Timestamp) -> Vec<Timestamp> {
    let days = match days {
        Days::One => return (0..24).rev().map(|hours| hour_of(now - HOUR * hours)).collect(),
        Days::Seven => 7,
        Days::Thirty => 30,
        Days::Ninety => 90,
    };
    // A zone that nobody knows any more is none.
    let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
    let today = jiff::Timestamp::from_microsecond(now.as_micros())
        .unwrap_or_default()
        .to_zoned_datetime(zone.clone())
        .date();
    let begins = |ago: i64| {
        let date = today.checked_sub(Span::new().days(ago)).ok()?;
        Some(Timestamp::from_micros(date.to_zoned_datetime(zone.clone()).ok()?.timestamp().as_microsecond()))
    };
    (0..days).rev().filter_map(begins).collect()
}

/// Within which time such a part of the calls was answered, as if they were spread evenly within each span.
fn within(times: &[AnswerTime], part: f64) -> Option<f64> {
    let all: i64 = times.iter().map(|time| time.calls).sum();
    if all == 0 {
        return None;
    }
    let wanted = all as f64 * part;
    let (mut before, mut begins) = (0.0, 0.0);
    for AnswerTime { upto_seconds, calls } in times {
        let calls = *calls as f64;
        let Some(ends) = upto_seconds.map(f64::from) else { break };
        if before + calls >= wanted && calls > 0.0 {
            let at = begins + (ends - begins) * (wanted - before) / calls;
            return Some((at * 10.0).round() / 10.0);
        }
        (before, begins) = (before + calls, ends);
    }
    Some(begins)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{ToValue, testing};

    fn at(text: &str) -> Timestamp {
        Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn days_are_those_of_the_time_zone_also_where_the_clocks_change() {
        let steps = beginnings(Days::Seven, "Europe/Kyiv", at("2026-03-31T10:00:00Z"));
        assert_eq!(steps.len(), 7);
        assert_eq!(steps[0], at("2026-03-24T22:00:00Z"));
        assert_eq!(steps[4], at("2026-03-28T22:00:00Z"), "the night of the change");
        assert_eq!(steps[5], at("2026-03-29T21:00:00Z"));
        let hours = beginnings(Days::One, "Europe/Kyiv", at("2026-03-31T10:20:00Z"));
        assert_eq!(
            (hours.len(), hours[0], hours[23]),
            (24, at("2026-03-30T11:00:00Z"), at("2026-03-31T10:00:00Z"))
        );
        assert_eq!(beginnings(Days::Thirty, "Nowhere", at("2026-03-31T10:20:00Z")).len(), 30);
    }

    #[test]
    fn half_of_the_calls_are_found_within_their_span() {
        let times = |counts: [i64; 12]| -> Vec<AnswerTime> {
            let ends = SPANS.map(Some).into_iter().chain([None]);
            ends.zip(counts).map(|(upto_seconds, calls)| AnswerTime { upto_seconds, calls }).collect()
        };
        assert_eq!(within(&times([0; 12]), 0.5), None);
        let some = times([0, 10, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            (within(&some, 0.25), within(&some, 0.5), within(&some, 0.9)),
            (Some(7.5), Some(10.0), Some(28.0))
        );
        let slow = times([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
        assert_eq!(within(&slow, 0.5), Some(600.0));
    }

    #[tokio::test]
    async fn figures_read_no_more_than_the_hours_that_they_show() {
        let store = testing::store().await;
        for [all, of_project] in [OUTCOMES, ANSWERS, TRUNKS] {
            for (sql, count) in [(all, 2), (of_project, 3)] {
                let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
                let plan = store.read(move |tx| {
                    let params: [&dyn ToValue; 3] = [&"org", &1i64, &"project"];
                    tx.rows(sql, &params[..count], |row| row.get::<String>(3))
                });
                let plan = plan.await.unwrap().join("; ");
                assert!(plan.contains("_figures") && plan.contains("(org_id=? AND hour>?)"), "{plan}");
            }
        }
    }
}
