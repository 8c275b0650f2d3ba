//! What SIP messages, ARI events and the call log say, in words.

use super::timeline::{Step, Who};
use crate::carrier::{Direction, Seen, sip};
use jiff::Timestamp;
use serde_json::Value;
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

/// The same moment on the monotonic clock and on the wall's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    instant: Instant,
    wall: Timestamp,
}

impl Clock {
    pub(super) fn now() -> Self {
        Self { instant: Instant::now(), wall: Timestamp::now() }
    }

    /// An RFC 3339 time, or Asterisk's `2026-11-24T10:00:23.964+0000`, as an instant.
    pub(super) fn instant(&self, text: &str) -> Option<Instant> {
        let wall: Timestamp =
            text.parse().or_else(|_| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text)).ok()?;
        let micros = wall.as_microsecond() - self.wall.as_microsecond();
        let distance = Duration::from_micros(micros.unsigned_abs());
        if micros < 0 { self.instant.checked_sub(distance) } else { Some(self.instant + distance) }
    }
}

/// A message at the carrier; the ones nobody wants to read are left out.
pub(super) fn sip_step(seen: &Seen) -> Option<Step> {
    let message = &seen.passed.message;
    let from_pbx = seen.passed.direction == Direction::FromPbx;
    let to_pbx = !from_pbx;
    let answered_method = sip::cseq(message).map(|(_, method)| method);
    let what = match (sip::method(message), sip::status(message), answered_method) {
        (Some("INVITE"), ..) if from_pbx => {
            let caller = sip::header(message, "From").and_then(sip::user).unwrap_or("nobody");
            format!("INVITE on {}: +{} is called by {caller}", seen.trunk, seen.to)
        }
        (Some("CANCEL"), ..) if from_pbx => "CANCEL: the PBX gives up".to_owned(),
        (Some("BYE"), ..) => format!("BYE: {} hangs up", if from_pbx { "the PBX" } else { "the callee" }),
        (Some("INFO"), ..) if to_pbx => format!("the callee presses {}", sip::key(message).unwrap_or('?')),
        (None, Some(180), _) if to_pbx => "180: the phone rings".to_owned(),
        (None, Some(200), Some("INVITE")) if to_pbx => "200: somebody answers".to_owned(),
        (None, Some(code), Some("INVITE")) if to_pbx && code >= 300 => {
            format!(
                "{}: refused",
                message.lines().next().unwrap_or_default().trim_start_matches("SIP/2.0 ").trim()
            )
        }
        _ => return None,
    };
    Some(Step { at: seen.passed.at, who: Who::Carrier, what, begins: false })
}

/// An event of an application that is subscribed to everything, learnt at `now`.
pub(super) fn ari_step(clock: &Clock, now: Instant, pbx: &str, event: &Value) -> Option<Step> {
    let what = match event["type"].as_str()? {
        "ChannelCreated" => "channel made".to_owned(),
        "ChannelStateChange" => match event["channel"]["state"].as_str()? {
            "Ringing" => "channel is ringing".to_owned(),
            "Up" => "channel is up".to_owned(),
            _ => return None,
        },
        "PlaybackStarted" => "begins to speak".to_owned(),
        "PlaybackFinished" => "has spoken".to_owned(),
        "ChannelDtmfReceived" => format!("key {} arrived", event["digit"].as_str()?),
        "ChannelDestroyed" => {
            let sip = event["tech_cause"].as_i64().filter(|code| *code > 0);
            let sip = sip.map(|code| format!(", SIP {code}")).unwrap_or_default();
            format!("channel is gone, cause {}{sip}", event["cause"])
        }
        _ => return None,
    };
    // Asterisk cuts its times off to whole milliseconds: it was some time within that one.
    let at = now.min(clock.instant(event["timestamp"].as_str()?)? + Duration::from_millis(1));
    Some(Step { at, who: Who::Asterisk, what: format!("{pbx}: {what}"), begins: false })
}

/// Follows `GET /api/v1/calls` and says what is new in it.
#[derive(Debug, Default)]
pub(super) struct CallLog {
    told: HashSet<String>,
}

impl CallLog {
    /// New lines of one answer.
    pub(super) fn steps(&mut self, clock: &Clock, now: Instant, body: &Value) -> Vec<Step> {
        let mut steps = Vec::new();
        for call in body["items"].as_array().into_iter().flatten() {
            for (number, attempt) in call["attempts"].as_array().into_iter().flatten().enumerate() {
                self.attempt(clock, now, number == 0, attempt, &mut steps);
            }
            self.call(now, call, &mut steps);
        }
        steps
    }

    fn attempt(&mut self, clock: &Clock, now: Instant, first: bool, attempt: &Value, steps: &mut Vec<Step>) {
        let id = attempt["id"].as_str().unwrap_or_default();
        let word = |key: &str| attempt[key].as_str().unwrap_or("?").to_owned();
        let timed = [
            (
                "initiated_at",
                Who::ControlPlane,
                format!("order sent to {}, trunk {}", word("pbx"), word("trunk")),
            ),
            ("placed_at", Who::Agent, format!("placed by {}", word("pbx"))),
            ("answered_at", Who::Agent, "answered".to_owned()),
        ];
        for (key, who, what) in timed {
            if let Some(at) = attempt[key].as_str().and_then(|text| clock.instant(text))
                && self.told.insert(format!("{id} {key}"))
            {
                steps.push(Step { at, who, what, begins: first && key == "initiated_at" });
            }
        }
        let status = word("status");
        let ended = attempt["ended_at"].as_str().and_then(|text| clock.instant(text));
        let open = ["initiated", "placed", "answered"].contains(&status.as_str());
        if !open && self.told.insert(format!("{id} {status}")) {
            let reason = attempt["reason"].as_str().map(|reason| format!(" ({reason})")).unwrap_or_default();
            let what = format!("reported, and seen in the log: {status}{reason}");
            steps.push(Step { at: now, who: Who::Agent, what, begins: false });
        }
        if let Some(at) = ended
            && self.told.insert(format!("{id} ended"))
        {
            steps.push(Step { at, who: Who::Agent, what: "attempt over".to_owned(), begins: false });
        }
    }

    fn call(&mut self, now: Instant, call: &Value, steps: &mut Vec<Step>) {
        let (id, status) = (call["id"].as_str().unwrap_or_default(), call["status"].as_str().unwrap_or("?"));
        let dull = ["queued", "calling", "answered"].contains(&status);
        if !dull && self.told.insert(format!("{id} {status}")) {
            let destination = call["destination"].as_str().unwrap_or("?");
            let what = format!("the log says: call to {destination} {status}");
            steps.push(Step { at: now, who: Who::ControlPlane, what, begins: false });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_ways_to_write_a_time_name_the_same_moment() {
        let clock = Clock::now();
        let one = clock.instant("2026-11-24T10:00:23.964+0000");
        assert!(one.is_some());
        assert_eq!(one, clock.instant("2026-11-24T10:00:23.964Z"));
    }

    #[test]
    fn the_call_log_is_told_once() {
        let clock = Clock::now();
        let time = clock.wall.to_string();
        let body = json!({"items": [{"id": "c", "status": "acknowledged", "destination": "+380501234567", "attempts": [
            {"id": "a", "status": "acknowledged", "pbx": "pbx-1", "trunk": "a", "initiated_at": time, "placed_at": time,
             "answered_at": null}]}]});
        let mut log = CallLog::default();
        let told: Vec<String> =
            log.steps(&clock, Instant::now(), &body).into_iter().map(|step| step.what).collect();
        assert_eq!(
            told,
            [
                "order sent to pbx-1, trunk a",
                "placed by pbx-1",
                "reported, and seen in the log: acknowledged",
                "the log says: call to +380501234567 acknowledged"
            ]
        );
        assert!(log.steps(&clock, Instant::now(), &body).is_empty());
    }
}
