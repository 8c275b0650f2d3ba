//! Which reports are on their way: numbers alone, no socket, no journal, no clock. `now` is always the
//! host's own.

use shared::{ids::JournalId, time::Timestamp};
use std::time::Duration;

/// Reports that may be on their way at once. After a long outage the control plane applies them at
/// its own pace, and its acknowledgements must be read in between.
const WINDOW: u64 = 256;
/// Reports read from the journal at once.
const BATCH: u64 = 64;
/// Reports that are not acknowledged within this time are sent again.
const ACK_LIMIT: Duration = Duration::from_secs(15);

/// Numbers up to `acked` are done, up to `sent` are out.
#[derive(Debug)]
pub struct Outbox {
    journal: JournalId,
    acked: u64,
    sent: u64,
    progress: Timestamp,
}

/// Reports to read and send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Those with higher numbers,
    pub after: u64,
    /// at most so many.
    pub most: usize,
}

impl Outbox {
    /// For a connection whose other end has applied everything up to `applied`, of a journal that begins
    /// with `oldest`: after a restored database that may be later.
    pub fn new(journal: JournalId, applied: u64, oldest: u64, now: Timestamp) -> Self {
        let acked = applied.max(oldest.saturating_sub(1));
        Self { journal, acked, sent: acked, progress: now }
    }

    /// What to send next, where the journal's last report is `last`.
    pub fn next(&self, last: u64) -> Option<Batch> {
        let room = WINDOW.saturating_sub(self.sent - self.acked).min(BATCH);
        (self.sent < last && room > 0).then_some(Batch { after: self.sent, most: room as usize })
    }

    /// A report is out.
    pub fn sent(&mut self, seq: u64, now: Timestamp) {
        if self.acked == self.sent {
            self.progress = now;
        }
        self.sent = self.sent.max(seq);
    }

    /// The other end has applied everything up to here; false for what was not sent, and for what
    /// is known already.
    pub fn acknowledged(&mut self, journal: JournalId, seq: u64, now: Timestamp) -> bool {
        if journal != self.journal || seq > self.sent {
            tracing::warn!(%journal, seq, sent = self.sent, "an acknowledgement of what was not sent is ignored");
            return false;
        }
        if seq <= self.acked {
            return false;
        }
        self.acked = seq;
        self.progress = now;
        true
    }

    /// Everything that is not acknowledged is to be sent again.
    pub fn again(&mut self, now: Timestamp) {
        self.sent = self.acked;
        self.progress = now;
    }

    /// When to send again, where something is not acknowledged.
    pub fn overdue(&self) -> Option<Timestamp> {
        (self.acked < self.sent).then(|| self.progress + ACK_LIMIT)
    }

    /// Whether everything up to the journal's last report is applied.
    pub fn is_empty(&self, last: u64) -> bool {
        self.acked >= last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_micros(0);

    fn journal(number: u128) -> JournalId {
        JournalId::new(Uuid::from_u128(number))
    }

    /// Sends everything that may be sent of a journal of `last` reports.
    fn pour(outbox: &mut Outbox, last: u64, now: Timestamp) -> Vec<u64> {
        let mut out = Vec::new();
        while let Some(Batch { after, most }) = outbox.next(last) {
            for seq in (after + 1..=last).take(most) {
                outbox.sent(seq, now);
                out.push(seq);
            }
        }
        out
    }

    #[test]
    fn a_report_that_is_not_acknowledged_is_sent_again_after_15_seconds() {
        let start = NOW;
        let mut outbox = Outbox::new(journal(1), 4, 1, start);
        assert_eq!(outbox.overdue(), None, "nothing is on its way");
        assert_eq!(pour(&mut outbox, 6, start), [5, 6]);
        assert_eq!(outbox.overdue(), Some(start + ACK_LIMIT));
        let later = start + Duration::from_secs(10);
        assert!(outbox.acknowledged(journal(1), 5, later));
        assert_eq!(outbox.overdue(), Some(later + ACK_LIMIT));
        outbox.again(later + ACK_LIMIT);
        assert_eq!(pour(&mut outbox, 6, later + ACK_LIMIT), [6]);
        assert!(outbox.acknowledged(journal(1), 6, later + ACK_LIMIT));
        assert!(outbox.is_empty(6));
    }

    #[test]
    fn an_acknowledgement_of_what_was_not_sent_or_of_another_journal_changes_nothing() {
        let now = NOW;
        let mut outbox = Outbox::new(journal(1), 0, 1, now);
        pour(&mut outbox, 2, now);
        assert!(!outbox.acknowledged(journal(1), 3, now));
        assert!(!outbox.acknowledged(journal(2), 1, now));
        assert!(!outbox.acknowledged(journal(1), u64::MAX, now));
        assert!(!outbox.is_empty(2));
        assert!(outbox.acknowledged(journal(1), 2, now));
        assert!(!outbox.acknowledged(journal(1), 1, now), "known already");
    }

    #[test]
    fn a_long_outage_is_caught_up_a_window_at_a_time() {
        let now = NOW;
        let mut outbox = Outbox::new(journal(1), 0, 1, now);
        assert_eq!(pour(&mut outbox, 100_000, now).len() as u64, WINDOW);
        assert!(outbox.acknowledged(journal(1), 10, now));
        assert_eq!(pour(&mut outbox, 100_000, now), (257..=266).collect::<Vec<_>>());
    }

    #[test]
    fn reports_that_a_restored_control_plane_lost_are_skipped() {
        let now = NOW;
        let mut outbox = Outbox::new(journal(1), 5, 1, now);
        assert_eq!(outbox.next(1001).map(|batch| batch.after), Some(5));
        outbox.sent(1000, now);
        assert!(outbox.acknowledged(journal(1), 1000, now));
        assert_eq!(outbox.next(1001).map(|batch| batch.after), Some(1000));
        let outbox = Outbox::new(journal(1), 5, 1001, now);
        assert!(outbox.is_empty(1000), "nobody waits for the acknowledgement of what is trimmed");
    }

    proptest! {
        #[test]
        fn whatever_is_acknowledged_every_report_goes_out_in_order(acks in prop::collection::vec(0u64..700, 0..40)) {
            let now = NOW;
            let mut outbox = Outbox::new(journal(1), 0, 1, now);
            let mut out = pour(&mut outbox, 600, now);
            for ack in acks {
                outbox.acknowledged(journal(1), ack, now);
                out.extend(pour(&mut outbox, 600, now));
                prop_assert!(outbox.sent - outbox.acked <= WINDOW);
            }
            prop_assert!(out.iter().copied().eq(1..=out.len() as u64));
        }
    }
}
