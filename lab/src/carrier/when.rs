//! `carrier.when_called(number).once().ringing(ms).answer().press('1')`.

use super::{
    Carrier,
    behaviour::{Behaviour, Challenge, FIRST_KEY, Outcome},
    book::Rule,
};
use std::time::Duration;

/// Says what happens to calls; each step takes effect at once.
#[derive(Debug)]
pub struct When {
    carrier: Carrier,
    rule: Rule,
    placed: Option<u64>,
}

impl When {
    pub(super) fn new(carrier: Carrier, number: String) -> Self {
        let rule = Rule { id: 0, number, trunk: None, once: false, behaviour: Behaviour::answer() };
        Self { carrier, rule, placed: None }
    }

    /// Only calls over this trunk.
    #[must_use]
    pub fn on_trunk(mut self, trunk: &str) -> Self {
        self.rule.trunk = Some(trunk.to_owned());
        self.updated()
    }

    /// Only the next call that fits; several of these are used up in the order they were said.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.rule.once = true;
        self.updated()
    }

    /// Asks for a digest of these credentials first, with 401.
    #[must_use]
    pub fn challenge(mut self, user: &str, password: &str) -> Self {
        self.rule.behaviour.challenge =
            Some(Challenge { by_proxy: false, user: user.to_owned(), password: password.to_owned() });
        self.updated()
    }

    /// As [`When::challenge`], with 407.
    #[must_use]
    pub fn challenge_as_proxy(self, user: &str, password: &str) -> Self {
        let mut next = self.challenge(user, password);
        if let Some(challenge) = &mut next.rule.behaviour.challenge {
            challenge.by_proxy = true;
        }
        next.updated()
    }

    /// `180 Ringing` for so long before the outcome.
    #[must_use]
    pub fn ringing(mut self, ring: Duration) -> Self {
        self.rule.behaviour.ring = ring;
        self.updated()
    }

    /// Answers, says nothing and stays.
    pub fn answer(self) -> Self {
        self.outcome(Outcome::Answer { keys: Vec::new(), hang_up_after: None })
    }

    /// After answering, presses a key.
    pub fn press(self, key: char) -> Self {
        self.press_after(FIRST_KEY, key)
    }

    /// Presses a key so long after the previous step.
    pub fn press_after(mut self, pause: Duration, key: char) -> Self {
        if let Outcome::Answer { keys, .. } = &mut self.rule.behaviour.outcome {
            keys.push((pause, key));
        }
        self.placed()
    }

    /// The callee hangs up so long after answering, or after the last key.
    pub fn hang_up_after(mut self, after: Duration) -> Self {
        if let Outcome::Answer { hang_up_after, .. } = &mut self.rule.behaviour.outcome {
            *hang_up_after = Some(after);
        }
        self.placed()
    }

    /// 486.
    pub fn busy(self) -> Self {
        self.refuse(486)
    }

    /// A final response of this code; ringing before it only where `ringing` said so.
    pub fn refuse(self, code: u16) -> Self {
        self.refusing(code, None)
    }

    /// As [`When::refuse`], with `Reason: Q.850;cause=…`.
    pub fn refuse_because(self, code: u16, cause: u16) -> Self {
        self.refusing(code, Some(cause))
    }

    /// Rings until the caller gives up.
    pub fn ring_out(self) -> Self {
        self.outcome(Outcome::RingOut)
    }

    /// No SIP response at all.
    pub fn no_answer_at_all(self) -> Self {
        self.outcome(Outcome::Silence)
    }

    fn refusing(mut self, code: u16, cause: Option<u16>) -> Self {
        if self.rule.behaviour.ring == super::behaviour::RING {
            self.rule.behaviour.ring = Duration::ZERO;
        }
        self.outcome(Outcome::Refuse { code, cause })
    }

    fn outcome(mut self, outcome: Outcome) -> Self {
        self.rule.behaviour.outcome = outcome;
        self.placed()
    }

    /// The rule is in force from the first step that says an outcome.
    fn placed(mut self) -> Self {
        match self.placed {
            Some(_) => self.updated(),
            None => {
                let rule = self.rule.clone();
                self.placed = Some(self.carrier.0.book.change(|book| book.add_rule(rule)));
                self
            }
        }
    }

    fn updated(self) -> Self {
        if let Some(id) = self.placed {
            self.carrier.0.book.change(|book| {
                if let Some(rule) = book.rule(id) {
                    *rule = Rule { id, ..self.rule.clone() };
                }
            });
        }
        self
    }
}
