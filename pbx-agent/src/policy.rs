//! Every reason to refuse an order, in one pure function.
//!
//! The control plane is not trusted here: a stolen one signs what it likes, and only what this
//! host's own configuration allows is dialled.

#[cfg(test)]
mod tests;

use crate::{
    clock::Moment,
    config::{Config, Trunk},
    ledger::{Fingerprint, Ledger, MEMORY, NUMBER_WINDOW, NumberMark, Seen},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::VerifyingKey;
use serde::Deserialize;
use shared::{
    complaint::fit_for_log,
    ids::AttemptId,
    order::{Order, OrderError, SignedOrder},
    outcome::Reason,
    phone,
    time::Timestamp,
};
use std::time::Duration;

/// A conversation shorter than this is no use, so none is begun with less talk time left.
const LEAST_TALK: Duration = Duration::from_secs(30);
/// Whatever an order says, nothing rings longer.
const LONGEST_RING: Duration = Duration::from_secs(120);
/// Whatever an order says, no conversation is longer.
const LONGEST_TALK: Duration = Duration::from_secs(600);

/// What is said where the ledger is full.
const FULL: &str = "this host remembers as many orders as it can; it forgets them two days after they came. If a \
                    stranger sent them, enrol it anew and move journal.db out of its state_dir";

/// What the host is like at this moment, beyond what the ledger knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// It takes no new work.
    pub draining: bool,
    /// ARI answers and the application is registered.
    pub ari_up: bool,
    /// Its voice has every digit ready.
    pub speaks_codes: bool,
}

/// The answer to an order.
#[derive(Debug)]
pub enum Verdict<'a> {
    /// Dial it.
    Obey(Box<Permit<'a>>),
    /// The same order came before: its reports are the answer.
    Repeated,
    /// Do not dial it.
    Refuse(Refusal),
}

/// An order that may be dialled, and within which limits.
#[derive(Debug)]
pub struct Permit<'a> {
    /// The order.
    pub order: Order,
    /// Its trunk.
    pub trunk: &'a Trunk,
    /// Tells this order from others under the same id.
    pub fingerprint: Fingerprint,
    /// How long it may ring.
    pub ring: Duration,
    /// How long the conversation may last.
    pub talk: Duration,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Whom to report it for; `None` when the id cannot be read, when it belongs to another order, which
    /// a stranger must not be able to end, and when there is no room to remember it.
    pub attempt: Option<AttemptId>,
    /// When the order was issued; `None` where its signature is not one that this host obeys.
    pub issued: Option<Timestamp>,
    /// Code of the contract.
    pub reason: Reason,
    /// For the operator; holds no number.
    pub detail: String,
}

/// Judges one order: its age by the control plane's clock, the caps by the host's own.
pub fn judge<'a>(
    config: &'a Config,
    pinned: &[VerifyingKey],
    ledger: &Ledger,
    host: Host,
    now: Moment,
    signed: &SignedOrder,
) -> Verdict<'a> {
    let refused = |(reason, detail): No, issued| {
        let attempt = claimed_id(signed).filter(|attempt| match ledger.seen(*attempt) {
            None => !ledger.is_full(),
            Some(Seen::NeverCame) => true,
            Some(Seen::Order { .. }) => false,
        });
        Verdict::Refuse(Refusal { attempt, issued, reason, detail })
    };
    let order = match signed.open(pinned) {
        Ok(order) => order,
        Err(error) => return refused(unopened(&error, signed), None),
    };
    let issued = Some(order.issued_at);
    match examine(config, ledger, host, now, order, Fingerprint::of(signed)) {
        Ok(Some(permit)) => Verdict::Obey(Box::new(permit)),
        Ok(None) => Verdict::Repeated,
        Err(no) => refused(no, issued),
    }
}

type No = (Reason, String);

/// `None` is a repetition.
fn examine<'a>(
    config: &'a Config,
    ledger: &Ledger,
    host: Host,
    now: Moment,
    order: Order,
    fingerprint: Fingerprint,
) -> Result<Option<Permit<'a>>, No> {
    match ledger.seen(order.attempt_id) {
        None => {}
        Some(Seen::Order { fingerprint: known, .. }) if known == fingerprint => return Ok(None),
        Some(Seen::Order { .. }) => {
            return no(Reason::Duplicate, "another order came under this attempt id");
        }
        Some(Seen::NeverCame) => {
            return no(Reason::Expired, "it was cancelled or declared lost before it came");
        }
    }
    if order.pbx != config.name {
        return no(Reason::WrongPbx, format!("this is {}", config.name));
    }
    if now.corrected >= order.expires_at {
        let late = now.corrected.since(order.expires_at).as_secs_f64();
        return no(Reason::Expired, format!("arrived {late:.1} s after it expired"));
    }
    if now.corrected.since(order.issued_at) >= MEMORY || ledger.may_have_forgotten(order.issued_at) {
        return no(Reason::Expired, "issued longer ago than this host remembers orders");
    }
    if ledger.is_full() {
        return no(Reason::Capacity, FULL);
    }
    let Some(trunk) = config.trunk(&order.trunk) else {
        return no(Reason::Capacity, unknown_trunk(config, &order.trunk));
    };
    let number = phone::judge(order.to.as_str()).map_err(|no| (no.reason, no.detail.to_owned()))?;
    if !trunk.route_countries.allows(&number) {
        let detail = format!("trunk {} may not reach {}", trunk.name, number.region);
        return no(Reason::CountryNotAllowed, detail);
    }
    if host.draining {
        return no(Reason::Draining, "this host takes no new work");
    }
    if !host.ari_up {
        return no(Reason::AriUnavailable, "Asterisk does not answer on ARI");
    }
    if order.prompt.code.is_some() && !host.speaks_codes {
        // The contract has no word for a host without a voice; this one has another host asked.
        return no(Reason::AriUnavailable, "the voice of this host cannot speak codes");
    }
    let calls = ledger.calls_to(NumberMark::of(&order.to), now.local);
    if calls >= config.max_calls_per_number {
        let minutes = NUMBER_WINDOW.as_secs() / 60;
        let detail = format!(
            "{calls} calls to this number within {minutes} minutes, this host's max_calls_per_number"
        );
        return no(Reason::Cooldown, detail);
    }
    let asked =
        Duration::from_secs(u64::from(order.talk_seconds)).clamp(Duration::from_secs(1), LONGEST_TALK);
    let talk = caps(trunk, ledger, now.local, asked)?;
    let ring = Duration::from_secs(u64::from(order.ring_seconds)).clamp(Duration::from_secs(1), LONGEST_RING);
    Ok(Some(Permit { order, trunk, fingerprint, ring, talk }))
}

/// The talk time that the trunk's caps leave for one more call.
fn caps(trunk: &Trunk, ledger: &Ledger, now: Timestamp, asked: Duration) -> Result<Duration, No> {
    let room = ledger.room(trunk, now);
    if room.active >= trunk.max_concurrent {
        let detail = format!("trunk {} has {} calls under way, its max_concurrent", trunk.name, room.active);
        return Err((Reason::Capacity, detail));
    }
    if room.last_second >= trunk.max_calls_per_second {
        let detail = format!(
            "trunk {} started {} calls within a second, its max_calls_per_second",
            trunk.name, room.last_second
        );
        return Err((Reason::RateLimited, detail));
    }
    if room.talk_left < LEAST_TALK.min(asked) {
        let detail =
            format!("trunk {} has used its max_minutes_per_day of {}", trunk.name, trunk.max_minutes_per_day);
        return Err((Reason::Quota, detail));
    }
    Ok(asked.min(room.talk_left))
}

/// An order whose number the safety net refuses cannot even be read; its verified bytes say why.
fn unopened(error: &OrderError, signed: &SignedOrder) -> No {
    match error {
        OrderError::UnknownKey(_) | OrderError::BadSignature => (Reason::BadSignature, error.to_string()),
        OrderError::Unreadable(_) => {
            let number = peek(signed).and_then(|peeked| peeked.to);
            match number.map(|text| (phone::judge(&text), text)) {
                Some((Err(refusal), _)) => (refusal.reason, refusal.detail.to_owned()),
                Some((Ok(allowed), text)) if allowed.e164.as_str() != text => {
                    (Reason::NumberInvalid, "the number is not in canonical E.164 form".to_owned())
                }
                // The contract has no word of its own for an order of another version.
                Some((Ok(_), _)) | None => (Reason::BadSignature, error.to_string()),
            }
        }
    }
}

#[derive(Deserialize)]
struct Peeked {
    attempt_id: AttemptId,
    to: Option<String>,
}

fn peek(signed: &SignedOrder) -> Option<Peeked> {
    serde_json::from_slice(&BASE64_STANDARD.decode(&signed.order).ok()?).ok()
}

/// The id an order claims, verified or not: only ever used to say that it is refused.
fn claimed_id(signed: &SignedOrder) -> Option<AttemptId> {
    peek(signed).map(|peeked| peeked.attempt_id)
}

fn unknown_trunk(config: &Config, name: &str) -> String {
    let known: Vec<&str> = config.trunks.iter().map(|trunk| trunk.name.as_str()).collect();
    let name: String = fit_for_log(name).chars().take(64).collect();
    format!("no trunk \"{name}\" on this host; it has {}", known.join(", "))
}

fn no<T>(reason: Reason, detail: impl Into<String>) -> Result<T, No> {
    Err((reason, detail.into()))
}
