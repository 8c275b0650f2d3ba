//! The link of a simulated agent: its outbox, and what the control plane says.

use super::Link;
use crate::simulation::{
    bug::Bug,
    event::{Event, Request},
    plane::order_in,
    truth::RECONCILED_WITHIN,
    world::World,
};
use pbx_agent::{
    board::Input,
    journal::Write,
    link::{Batch, Outbox},
};
use rand::RngExt;
use shared::{
    ids::{AttemptId, JournalId},
    protocol::{AgentFrame, ControlFrame, Report},
};
use uuid::Uuid;

impl World<'_> {
    pub(super) fn link(&mut self, host: usize) -> Option<&mut Link> {
        self.hosts[host].agent.run.as_mut()?.link.as_mut()
    }

    /// Sends what the journal holds, as far as the outbox lets it out.
    pub(super) fn deliver(&mut self, host: usize) {
        let now = self.now;
        loop {
            let offered = self.hosts[host].agent.journal.state().offered;
            let Some(link) = self.link(host) else { return };
            let connection = link.connection;
            let Some(Batch { after, most }) = link.outbox.next(offered) else { break };
            let mut reports: Vec<Report> =
                self.hosts[host].agent.journal.reports_after(after, most).expect("the journal can be read");
            reports.retain(|report| report.seq <= offered);
            if reports.is_empty() {
                break;
            }
            for report in reports {
                if let Some(link) = self.link(host) {
                    link.outbox.sent(report.seq, now);
                }
                if self.bug == Some(Bug::ReportForgottenWhenSent) {
                    let (journal, seq) = (report.journal, report.seq);
                    let file = &mut self.hosts[host].agent.journal;
                    file.commit(|file| file.trim(journal, seq)).expect("the journal forgets");
                }
                self.send_up(host, connection, AgentFrame::Report(report));
            }
        }
        if let Some(link) = self.link(host)
            && let Some(overdue) = link.outbox.overdue()
            && link.resend_at.is_none_or(|at| at < overdue)
        {
            link.resend_at = Some(overdue);
            let connection = link.connection;
            self.at(overdue.max(now), Event::Resend { host, connection });
        }
    }

    pub(in crate::simulation) fn resend(&mut self, host: usize, connection: u64) {
        let now = self.now;
        if let Some(link) = self.link(host)
            && link.connection == connection
        {
            link.resend_at = None;
            if link.outbox.overdue().is_some_and(|at| at <= now) {
                link.outbox.again(now);
            }
            self.deliver(host);
        }
    }

    pub(in crate::simulation) fn agent_notices(&mut self, host: usize, connection: u64) {
        let wait = self.millis(100..2_000);
        let agent = &mut self.hosts[host].agent;
        let life = agent.life;
        let Some(run) = &mut agent.run else { return };
        let lost = run.link.as_ref().is_some_and(|link| link.connection == connection);
        if lost || agent.awaiting == Some(connection) {
            let served = run.link.take().is_some();
            agent.awaiting = None;
            if served {
                self.write(host, Write::Withhold, None);
            }
            self.later(wait, Event::Connect { host, life });
        }
    }

    pub(in crate::simulation) fn agent_hears(&mut self, host: usize, connection: u64, frame: ControlFrame) {
        let (is_linked, is_awaited) = {
            let agent = &self.hosts[host].agent;
            let linked = agent.run.as_ref().and_then(|run| run.link.as_ref());
            (linked.is_some_and(|link| link.connection == connection), agent.awaiting == Some(connection))
        };
        if !self.carries(host, connection) || !(is_linked || is_awaited) {
            return;
        }
        match frame {
            ControlFrame::Welcome { applied, .. } if is_awaited => self.welcomed(host, connection, applied),
            // Frames of a hostile network may overtake the welcome; the agent ends such a connection.
            _ if is_awaited => self.break_link(host, 1..50),
            ControlFrame::Order(signed) => {
                let pinned = self.stage.pinned.clone();
                self.ordered_again(host, order_in(&signed).attempt_id);
                self.feed(host, Input::Order { signed: Box::new(signed), pinned });
            }
            ControlFrame::Cancel { attempt_id } => {
                self.tell(|| format!("pbx-{} hears cancel {attempt_id}", host + 1));
                self.feed(host, Input::Cancel(attempt_id));
            }
            ControlFrame::Query { attempts } => {
                self.tell(|| format!("pbx-{} hears query {attempts:?}", host + 1));
                let ticket = self.number();
                if let Some(run) = &mut self.hosts[host].agent.run {
                    run.tickets.insert(ticket, connection);
                }
                self.feed(host, Input::Query { ticket, attempts });
            }
            ControlFrame::Ack { journal, seq } => {
                let now = self.now;
                let state = self.hosts[host].agent.journal.state();
                if journal == state.id && seq > state.offered && self.bug != Some(Bug::OldJournalTrusted) {
                    // Another copy of this journal was newer. The next handshake decides.
                    return self.break_link(host, 1..50);
                }
                if let Some(link) = self.link(host)
                    && link.outbox.acknowledged(journal, seq, now)
                {
                    self.write(host, Write::Trim { journal, seq }, None);
                    self.deliver(host);
                }
            }
            ControlFrame::Welcome { .. }
            | ControlFrame::Challenge { .. }
            | ControlFrame::Reject { .. }
            | ControlFrame::OrderKeys { .. }
            | ControlFrame::Error(_) => {}
        }
    }

    /// Planted: an agent that has forgotten the order dials it again.
    fn ordered_again(&mut self, host: usize, attempt: AttemptId) {
        let life = self.hosts[host].agent.life;
        let Some(run) = &mut self.hosts[host].agent.run else { return };
        let again = !run.ordered.insert(attempt);
        if again
            && self.bug == Some(Bug::DedupRemoved)
            && let Some(dial) = run.dials.get(&attempt).cloned()
        {
            self.ask(host, life, Request::Originate(Box::new(dial)));
        }
    }

    fn welcomed(&mut self, host: usize, connection: u64, applied: u64) {
        let now = self.now;
        let fresh = JournalId::new(Uuid::from_u128(self.rng.random()));
        let agent = &mut self.hosts[host].agent;
        agent.awaiting = None;
        let state = agent.journal.state();
        if applied > state.offered && self.bug != Some(Bug::OldJournalTrusted) {
            agent.journal.commit(|file| file.start_anew(fresh)).expect("the journal begins anew");
            agent.journal.adopt(fresh);
            self.break_link(host, 1..50);
            let (wait, life) = (self.millis(100..1_000), self.hosts[host].agent.life);
            self.later(wait, Event::Connect { host, life });
            return;
        }
        let Some(run) = &mut agent.run else { return };
        run.link = Some(Link {
            connection,
            outbox: Outbox::new(state.id, applied, state.oldest, now),
            resend_at: None,
        });
        let health = run.board.health();
        run.health = Some(health.clone());
        self.write(host, Write::Offer, None);
        self.write(host, Write::Trim { journal: state.id, seq: applied }, None);
        self.deliver(host);
        self.send_up(host, connection, AgentFrame::Health(health));
        self.later(RECONCILED_WITHIN, Event::Agree { host, connection });
    }
}
