//! The dispatcher's turns, and what leaves after each.

use super::order_in;
use crate::simulation::{bug::Bug, event::Event, stage::BEGINNING, world::World};
use control_plane::{
    dispatch::turn::{Done, Turn, Work},
    store::{StoreError, Tx},
};
use rand::RngExt;
use shared::{ids::JournalId, order::Order, protocol::ControlFrame, time::Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// Longest sleep of the dispatcher.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);
/// Events that one turn takes.
const EVENTS_PER_TURN: usize = 256;

impl World<'_> {
    /// There may be something to do.
    pub(in crate::simulation) fn nudge(&mut self) {
        let wait = self.micros(50..1_000);
        if let Some(running) = &mut self.plane.running {
            running.nudged |= running.turning;
        }
        self.turn_at(self.now + wait);
    }

    fn turn_at(&mut self, at: Timestamp) {
        let life = self.plane.life;
        let Some(running) = &mut self.plane.running else { return };
        if !running.turning && running.wake.is_none_or(|wake| at < wake || wake <= self.now) {
            running.wake = Some(at);
            self.at(at, Event::Turn { life });
        }
    }

    pub(in crate::simulation) fn turn(&mut self, life: u64) {
        let Some(running) = &mut self.plane.running else { return };
        if self.plane.life != life || running.turning {
            return;
        }
        running.wake = None;
        let taken = running.heard.len().min(EVENTS_PER_TURN.saturating_sub(running.work.events.len()));
        running.work.events.extend(running.heard.drain(..taken));
        let (fate, now) = (self.plane.fate(), self.plane_now());
        let Some(running) = &mut self.plane.running else { return };
        if let Some(by) = running.wall.was_set(now, self.now.since(BEGINNING))
            && self.bug != Some(Bug::ClockNotFollowed)
        {
            running.fleet.clock_was_set(by);
            running.work.note_step(by);
        }
        let (bug, rng) = (self.bug, &mut self.rng);
        let mut ids = || Uuid::from_u128(rng.random());
        let mut early = None;
        let taken = self.stage.memory.write::<_, StoreError>(fate, |tx| {
            let twice = bug == Some(Bug::ReportAppliedTwice);
            let applied = if twice { forget_last_report(tx)? } else { vec![] };
            let done = Turn::take(tx, &running.fleet, &running.inherited, now, &mut ids, &running.work)?;
            for (journal, seq) in applied {
                tx.execute(
                    "UPDATE agent_journals SET applied = $2 WHERE journal_id = $1 AND applied < $2",
                    &[&journal, &seq],
                )?;
            }
            if bug == Some(Bug::LabelForgotten) {
                tx.execute("UPDATE call_logs SET possible_duplicate = 0", &[])?;
            }
            if bug == Some(Bug::OrderBeforeCommit) && now.as_micros() % 4 == 0 {
                early = Some(done);
                return Err(StoreError::Overloaded);
            }
            Ok(done)
        });
        if let Some(done) = early {
            done.effects.carry_out(&running.fleet, now);
        }
        match taken {
            Ok(done) => {
                running.work = Work::default();
                running.turning = true;
                self.check_new_attempts(now);
                self.check_expired(now);
                let wait = self.micros(100..3_000);
                self.later(wait, Event::TurnDone { life, done: Box::new(done) });
            }
            Err(error) if error.is_temporary() => {
                self.write_sessions();
                self.turn_at(self.now + Duration::from_millis(500));
            }
            Err(error) => self.truth.broken(format!("a turn failed for good: {error}")),
        }
    }

    pub(in crate::simulation) fn turn_done(&mut self, life: u64, done: Done) {
        if self.plane.life != life {
            return;
        }
        let (now, ahead) = (self.plane_now(), self.plane_ahead());
        let Some(running) = &mut self.plane.running else { return };
        running.turning = false;
        running.work.missed = done.effects.carry_out(&running.fleet, now);
        let busy = std::mem::take(&mut running.nudged)
            || done.more
            || !running.heard.is_empty()
            || !running.work.missed.is_empty();
        self.write_sessions();
        if busy {
            self.nudge();
        } else {
            let next = done.next.map_or(self.now + LONGEST_SLEEP, |next| next.shifted(-ahead));
            self.turn_at(next.min(self.now + LONGEST_SLEEP).max(self.now));
        }
    }

    /// What waits on the links travels.
    pub(in crate::simulation) fn write_sessions(&mut self) {
        let Some(running) = &mut self.plane.running else { return };
        let (mut frames, mut ended) = (Vec::new(), Vec::new());
        for (host, (connection, session)) in &mut running.sessions {
            ended.extend(session.is_closed().then_some(*host));
            frames.extend(session.outgoing().into_iter().map(|frame| (*host, *connection, frame)));
        }
        let ahead = self.plane_ahead();
        for (host, connection, frame) in frames {
            if let ControlFrame::Order(signed) = &frame {
                let order = order_in(signed);
                self.truth.ordered(&order, host, self.now, ahead);
                if self.bug != Some(Bug::OrderBeforeCommit) {
                    self.check_order(&order);
                }
                self.tell_order(host, &order);
            }
            if self.bug == Some(Bug::CancelForgotten) && matches!(frame, ControlFrame::Cancel { .. }) {
                continue;
            }
            self.send_down(host, connection, frame);
        }
        for host in ended {
            self.break_link(host, 1..50);
        }
    }

    fn tell_order(&mut self, host: usize, order: &Order) {
        self.tell(|| {
            format!(
                "order {} of call {} leaves for pbx-{} {}",
                order.attempt_id,
                order.call_id,
                host + 1,
                order.trunk
            )
        });
    }
}

/// Planted: the last report of each journal counts as not applied. How far each was.
fn forget_last_report(tx: &mut Tx<'_>) -> Result<Vec<(JournalId, i64)>, StoreError> {
    let applied =
        tx.rows("SELECT journal_id, applied FROM agent_journals WHERE applied > 0", &[], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    tx.execute("UPDATE agent_journals SET applied = applied - 1 WHERE applied > 0", &[])?;
    Ok(applied)
}
