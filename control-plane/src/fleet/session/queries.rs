//! What an agent was asked about and has not answered yet.

use shared::{ids::AttemptId, protocol::AttemptStanding};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Attempts asked about over one connection, and how often. An agent answers every question once,
/// so whatever it says beyond that was not asked for.
#[derive(Default)]
pub(super) struct Queries(Mutex<HashMap<AttemptId, u32>>);

impl Queries {
    /// A query is about to be written.
    pub(super) fn asked(&self, attempts: &[AttemptId]) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for attempt in attempts {
            *open.entry(*attempt).or_default() += 1;
        }
    }

    /// Takes an answer; whether every attempt in it was asked about.
    pub(super) fn answered(&self, attempts: &[AttemptStanding]) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.iter().all(|standing| {
            let Some(count) = open.get_mut(&standing.attempt_id) else { return false };
            *count -= 1;
            if *count == 0 {
                open.remove(&standing.attempt_id);
            }
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::protocol::Standing;
    use uuid::Uuid;

    fn attempt(id: u128) -> AttemptId {
        AttemptId::new(Uuid::from_u128(id))
    }

    fn over(id: u128) -> AttemptStanding {
        AttemptStanding { attempt_id: attempt(id), standing: Standing::Over }
    }

    #[test]
    fn each_question_has_one_answer() {
        let queries = Queries::default();
        assert!(!queries.answered(&[over(1)]), "never asked");
        queries.asked(&[attempt(1), attempt(2)]);
        queries.asked(&[attempt(1)]);
        assert!(queries.answered(&[over(1), over(2)]));
        assert!(queries.answered(&[over(1)]), "asked twice");
        assert!(!queries.answered(&[over(2)]), "answered already");
    }
}
