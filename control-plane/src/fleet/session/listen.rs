//! The reading half of a connection.

use super::{AgentEvent, ENDED, HEARTBEAT_SECONDS, Proven, queries::Queries, socket::understand};
use crate::fleet::{
    Fleet,
    link::{Closing, Link},
};
use futures_util::{Stream, StreamExt};
use shared::{
    order::key_id,
    protocol::{AgentFrame, ControlFrame, FrameError, Health, MAX_QUERY, Report},
};
use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};
use tokio_tungstenite::tungstenite::{self, Message, protocol::frame::coding::CloseCode};

/// Three heartbeats.
const SILENCE: Duration = Duration::from_secs(3 * HEARTBEAT_SECONDS as u64);
/// Followers that take nothing for this long leave us in the dark about the agent.
const STALLED: Duration = SILENCE;

/// Order keys that a host may say it pins.
const MOST_PINNED: usize = 8;

const SILENT: Closing = Closing::new(CloseCode::Policy, "nothing was heard for three heartbeats");
const NOT_FOLLOWED: Closing =
    Closing::new(CloseCode::Again, "the control plane does not keep up with reports");

/// Turns frames into events, until the link is closed or there is a reason to close it.
pub(super) async fn listen<R>(
    fleet: &Fleet,
    stream: &mut R,
    link: &Link,
    known: Known,
    queries: &Queries,
    events: &mpsc::Sender<AgentEvent>,
) -> Closing
where
    R: Stream<Item = Result<Message, tungstenite::Error>> + Unpin,
{
    let mut ear = Ear::new(fleet.clone(), link.clone(), known);
    let listening = async {
        if known.forgotten {
            tell(events, AgentEvent::Forgotten(link.clone(), known.reported)).await?;
        }
        tell(events, AgentEvent::Connected(link.clone())).await?;
        loop {
            // Silence is what an agent is to blame for: it is not counted while we do not listen.
            let message = timeout(SILENCE, stream.next()).await.map_err(|_| SILENT)?;
            match understand(message) {
                Ok(Some(frame)) => {
                    if let Some(event) = ear.hear(frame, queries)? {
                        tell(events, event).await?;
                    }
                }
                Ok(None) => {}
                Err(Closing { error: Some(error), .. }) if error.is_tolerable() => {
                    tracing::warn!(?error, "a frame of a newer agent");
                    link.send(ControlFrame::Error(error)).map_err(|_| ENDED)?;
                }
                Err(closing) => return Err(closing),
            }
        }
    };
    tokio::select! {
        biased;
        closing = link.closed() => closing,
        heard = listening => match heard {
            Ok(never) => never,
            Err(closing) => closing,
        },
    }
}

/// How far the reports of an agent are known when it connects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Highest number that is applied, or forgotten with those before it.
    pub(super) reported: u64,
    /// An older agent, which does not say where its journal begins: its first report may skip some.
    may_skip: bool,
    /// Reports are forgotten that were applied once.
    pub(super) forgotten: bool,
}

impl Known {
    pub(super) fn of(proven: &Proven) -> Self {
        let begins = proven.oldest.map_or(0, |oldest| oldest.saturating_sub(1));
        Self {
            reported: proven.applied.max(begins),
            may_skip: proven.oldest.is_none(),
            forgotten: proven.remembers_more(),
        }
    }
}

/// What one connection has heard.
pub(super) struct Ear {
    fleet: Fleet,
    link: Link,
    /// Highest report number, from the last connection on.
    reported: u64,
    /// The next report may skip some.
    first: bool,
    health: Option<Health>,
}

impl Ear {
    /// Of a link whose journal is known so far.
    pub(super) fn new(fleet: Fleet, link: Link, known: Known) -> Self {
        Self { fleet, link, reported: known.reported, first: known.may_skip, health: None }
    }

    /// What a frame means to whoever follows the agent, if anything.
    pub(super) fn hear(
        &mut self,
        frame: AgentFrame,
        queries: &Queries,
    ) -> Result<Option<AgentEvent>, Closing> {
        match frame {
            AgentFrame::Hello(_) => Err(out_of_order("a second hello".into())),
            AgentFrame::Health(health) => Ok(self.healthy_as(health)),
            AgentFrame::Report(report) => self.reported(report).map(Some),
            AgentFrame::Standing { attempts } if attempts.len() > MAX_QUERY => {
                Err(bad_field(format!("{} attempts in a standing, at most {MAX_QUERY}", attempts.len())))
            }
            AgentFrame::Standing { attempts } if queries.answered(&attempts) => {
                Ok(Some(AgentEvent::Standing(self.link.clone(), attempts)))
            }
            AgentFrame::Standing { .. } => Err(out_of_order("a standing that nobody asked for".into())),
            AgentFrame::OrderKeys { pinned } if pinned.len() > MOST_PINNED => {
                Err(bad_field(format!("{} order keys are pinned, at most {MOST_PINNED}", pinned.len())))
            }
            AgentFrame::OrderKeys { pinned } => {
                self.confirmed(pinned);
                Ok(None)
            }
            AgentFrame::Error(FrameError { code, detail }) => {
                let (code, detail) = (shown(&code), shown(&detail));
                tracing::warn!(code, detail, "the agent could not use a frame of ours");
                Ok(None)
            }
        }
    }

    fn confirmed(&self, pinned: Vec<String>) {
        let keys = self.fleet.keyring().public().keys;
        if !keys.iter().any(|key| pinned.contains(&key_id(key))) {
            tracing::error!(
                "the agent pins none of our order keys and will obey nothing: enrol its host again"
            );
        }
        self.link.confirmed(pinned);
    }

    fn healthy_as(&mut self, health: Health) -> Option<AgentEvent> {
        let frees = frees(self.health.as_ref(), &health);
        self.health = Some(health.clone());
        self.fleet.0.hub.healthy_as(&self.link, health);
        frees.then(|| AgentEvent::Freed(self.link.pbx()))
    }

    fn reported(&mut self, report: Report) -> Result<AgentEvent, Closing> {
        let Report { journal, seq, .. } = report;
        if journal != self.link.journal() {
            return Err(bad_field(format!("journal {journal} is not the one of the hello")));
        }
        if seq == 0 {
            return Err(bad_field("seq 0, where numbers count from 1".into()));
        }
        if seq > self.reported.saturating_add(1) {
            // An agent forgets what was once acknowledged: what our database has lost is gone.
            if !self.first {
                return Err(out_of_order(format!("report {seq} after report {}", self.reported)));
            }
            tracing::error!(
                seq,
                applied = self.reported,
                "reports between these two are lost: the database is older than what the agent remembers"
            );
        }
        self.first = false;
        self.reported = self.reported.max(seq);
        Ok(AgentEvent::Report(self.link.clone(), report))
    }
}

async fn tell(events: &mpsc::Sender<AgentEvent>, event: AgentEvent) -> Result<(), Closing> {
    match timeout(STALLED, events.send(event)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Closing::new(CloseCode::Away, "the control plane is shutting down")),
        Err(_) => Err(NOT_FOLLOWED),
    }
}

/// Whether a call that waited may now find room where it did not before.
fn frees(before: Option<&Health>, now: &Health) -> bool {
    before.is_none_or(|before| {
        let speaks = now.speaks_codes && !before.speaks_codes;
        speaks || now.trunks.iter().any(|trunk| room(now, &trunk.name) > room(before, &trunk.name))
    })
}

/// How many more attempts a trunk takes.
fn room(health: &Health, trunk: &str) -> u32 {
    if health.asterisk.is_none() || health.draining {
        return 0;
    }
    health
        .trunks
        .iter()
        .find(|other| other.name == trunk && other.online)
        .map_or(0, |trunk| trunk.max_concurrent.saturating_sub(trunk.active))
}

/// Text of the other side, fit for a log.
fn shown(text: &str) -> String {
    text.chars().take(300).flat_map(char::escape_debug).collect()
}

fn out_of_order(detail: String) -> Closing {
    Closing::blaming(FrameError::new("out_of_order", detail))
}

fn bad_field(detail: String) -> Closing {
    Closing::blaming(FrameError::new("bad_field", detail))
}
