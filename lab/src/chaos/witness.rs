//! What the three witnesses say: the sender, the call log, and the carrier. Plain data.

use super::plan::Callee;
use crate::carrier::{CallRecord, Direction, sip};
use anyhow::{Context, Result};
use serde_json::Value;
use shared::outcome::{AttemptStatus, CallStatus};
use std::time::{Duration, Instant};

/// One moment on the lab's clock and on the wall, so that logs and wires can be compared.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Every time of a witness counts from here.
    pub begun: Instant,
    /// The same moment.
    pub wall: jiff::Timestamp,
}

/// The sender, about one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The phone that is to ring, and for nothing else; E.164.
    pub phone: String,
    /// Which organization.
    pub org: usize,
    /// What the phone does.
    pub callee: Callee,
    /// The 202.
    pub accepted: Option<Accepted>,
    /// Statuses of other answers.
    pub refused: Vec<u16>,
    /// Tries without any answer.
    pub unanswered: u32,
}

/// A 202.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// When.
    pub at: Duration,
    /// The request's id.
    pub request: String,
}

/// The call log, about one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedCall {
    /// Where it stands.
    pub status: CallStatus,
    /// Why.
    pub reason: Option<String>,
    /// Oldest first.
    pub attempts: Vec<LoggedAttempt>,
}

/// The call log, about one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedAttempt {
    /// Its id.
    pub id: String,
    /// `pbx-1`.
    pub pbx: String,
    /// `a`.
    pub trunk: String,
    /// Where it stands.
    pub status: AttemptStatus,
    /// When its order was made.
    pub initiated_at: Duration,
    /// Whether it is over.
    pub ended: bool,
    /// Labelled.
    pub possible_duplicate: bool,
}

/// The carrier, about one INVITE and what followed on its Call-ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    /// E.164.
    pub phone: String,
    /// `pbx-1`.
    pub pbx: String,
    /// `a`.
    pub trunk: String,
    /// When the INVITE came.
    pub at: Duration,
    /// When the phone rang or was picked up; `None`: busy, or refused by the carrier.
    pub rang_at: Option<Duration>,
    /// The callee's own answer, ringing or busy, came at all: the phone was reached.
    pub reached_at: Option<Duration>,
    /// Key 1 was pressed and the PBX confirmed it.
    pub key: bool,
}

impl Sent {
    /// Not sent yet.
    pub fn new(phone: &str, org: usize, callee: Callee) -> Self {
        Self { phone: phone.to_owned(), org, callee, accepted: None, refused: Vec::new(), unanswered: 0 }
    }
}

impl LoggedCall {
    /// Reads an item of `GET /api/v1/calls`.
    ///
    /// # Errors
    /// Where a field of the contract is missing or says something unknown.
    pub fn read(item: &Value, clock: Clock) -> Result<Self> {
        let status = text(item, "status")?;
        let attempts = item["attempts"].as_array().context("a call without attempts")?;
        Ok(Self {
            status: CallStatus::from_word(status).with_context(|| format!("a call that is {status:?}"))?,
            reason: item["reason"].as_str().map(str::to_owned),
            attempts: attempts.iter().map(|one| LoggedAttempt::read(one, clock)).collect::<Result<_>>()?,
        })
    }

    /// Nothing more is awaited of it.
    pub fn at_rest(&self) -> bool {
        self.status.is_final() && self.attempts.iter().all(|attempt| attempt.ended)
    }
}

impl LoggedAttempt {
    fn read(item: &Value, clock: Clock) -> Result<Self> {
        let status = text(item, "status")?;
        let initiated: jiff::Timestamp = text(item, "initiated_at")?.parse().context("initiated_at")?;
        Ok(Self {
            id: text(item, "id")?.to_owned(),
            pbx: text(item, "pbx")?.to_owned(),
            trunk: text(item, "trunk")?.to_owned(),
            status: AttemptStatus::from_word(status)
                .with_context(|| format!("an attempt that is {status:?}"))?,
            initiated_at: initiated.duration_since(clock.wall).try_into().unwrap_or_default(),
            ended: !item["ended_at"].is_null(),
            possible_duplicate: item["possible_duplicate"].as_bool().context("possible_duplicate")?,
        })
    }

    /// It ended with the callee's own answer, so that another ring is no surprise to anybody.
    pub fn was_answered_by_callee(&self) -> bool {
        self.ended
            && matches!(
                self.status,
                AttemptStatus::NoAnswer
                    | AttemptStatus::Busy
                    | AttemptStatus::Rejected
                    | AttemptStatus::Answered
            )
    }
}

impl Dialog {
    /// Reads the carrier's record of a call; `pbx` names a SIP port.
    pub fn read(call: &CallRecord, clock: Clock, pbx: impl Fn(u16) -> String) -> Self {
        let since = |at: Instant| at.saturating_duration_since(clock.begun);
        let answer = |fits: fn(u16) -> bool| {
            let answers = |message: &str| {
                sip::status(message).is_some_and(fits)
                    && sip::cseq(message).is_some_and(|(_, method)| method == "INVITE")
            };
            call.first(Direction::ToPbx, answers).map(|passed| since(passed.at))
        };
        let rang_at = answer(|status| status == 180 || (200..300).contains(&status));
        Self {
            phone: format!("+{}", call.to),
            pbx: pbx(call.pbx.port()),
            trunk: call.trunk.clone(),
            at: call.passed.first().map(|first| since(first.at)).unwrap_or_default(),
            rang_at,
            reached_at: rang_at.or_else(|| answer(|status| status == 486)),
            key: call.keys().contains(&'1'),
        }
    }
}

fn text<'a>(item: &'a Value, key: &str) -> Result<&'a str> {
    item[key].as_str().with_context(|| format!("no {key} in {item}"))
}
