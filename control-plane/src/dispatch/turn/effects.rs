//! What is to leave the process once a turn is durable.

use super::work::Missed;
use crate::fleet::{Fleet, Link, rating::Evidence};
use shared::{
    ids::{AttemptId, JournalId, PbxId},
    order::Order,
    protocol::{ControlFrame, MAX_QUERY},
    time::Timestamp,
};
use std::collections::BTreeMap;

/// What is to leave the process once the turn is durable.
#[derive(Debug, Default)]
pub struct Effects {
    pub(super) orders: Vec<(PbxId, Order)>,
    pub(super) cancels: Vec<(PbxId, AttemptId)>,
    pub(super) queries: Vec<(Link, Vec<AttemptId>)>,
    /// Given up: what became of them?
    pub(super) doubts: Vec<(PbxId, AttemptId)>,
    /// The highest report applied of each journal, and where to say so.
    pub(super) acks: BTreeMap<JournalId, (Link, u64)>,
    /// Hosts that are wrong about the time.
    pub(super) wrong_clocks: Vec<Link>,
    pub(super) ratings: Vec<(PbxId, String, Evidence)>,
    /// Hosts whose connection was followed.
    pub(super) greeted: Vec<PbxId>,
    /// Whoever waited for hosts to gather was woken.
    pub(super) gathered: bool,
}

impl Effects {
    /// Sends everything; the orders that did not leave.
    pub fn carry_out(self, fleet: &Fleet, now: Timestamp) -> Vec<Missed> {
        for (pbx, trunk, evidence) in self.ratings {
            fleet.rate(pbx, &trunk, evidence, now);
        }
        for pbx in self.greeted {
            fleet.greet(pbx);
        }
        if self.gathered {
            fleet.note_gathered();
        }
        let mut missed = Vec::new();
        let mut cancels = self.cancels;
        for (pbx, order) in self.orders {
            let told = tracing::info_span!("order", call = %order.call_id, attempt = %order.attempt_id);
            let _told = told.enter();
            // The same turn has learnt that nobody needs it.
            if let Some(place) = cancels.iter().position(|(_, attempt)| *attempt == order.attempt_id) {
                cancels.swap_remove(place);
                missed.push(Missed { call: order.call_id, attempt: order.attempt_id });
                continue;
            }
            match fleet.send_order(pbx, &order) {
                Ok(()) => {
                    tracing::info!(pbx = order.pbx, trunk = order.trunk, to = %order.to.last_four(), "order sent");
                }
                Err(error) => {
                    tracing::warn!(pbx = order.pbx, %error, "the order did not leave");
                    missed.push(Missed { call: order.call_id, attempt: order.attempt_id });
                }
            }
        }
        for (pbx, attempt) in cancels {
            if let Err(error) = fleet.send_cancel(pbx, attempt) {
                tracing::warn!(%pbx, %attempt, %error, "the hang-up waits until the host is back");
            }
        }
        for (pbx, attempt) in self.doubts {
            if let Some(link) = fleet.link(pbx) {
                let _ = link.send(ControlFrame::Query { attempts: vec![attempt] });
            }
        }
        // A link that is down by now asks and acknowledges again after its next handshake.
        for (link, attempts) in self.queries {
            for some in attempts.chunks(MAX_QUERY) {
                let _ = link.send(ControlFrame::Query { attempts: some.to_vec() });
            }
        }
        for (journal, (link, seq)) in self.acks {
            let _ = link.send(ControlFrame::Ack { journal, seq });
        }
        for link in self.wrong_clocks {
            tracing::warn!(
                pbx = link.pbx_name(),
                "the host takes a fresh order for an expired one: it connects again and learns the time"
            );
            link.ask_for_the_time();
        }
        missed
    }
}
