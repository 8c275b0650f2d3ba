//! The reading half of a connection.

use super::{AgentEvent, ENDED, HEARTBEAT_SECONDS, queries::Queries, socket::understand};
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
    applied: u64,
    queries: &Queries,
    events: &mpsc::Sender<AgentEvent>,
) -> Closing
where
    R: Stream<Item = Result<Message, tungstenite::Error>> + Unpin,
{
    let mut ear = Ear { fleet, link, queries, events, reported: applied, first: true, health: None };
    let listening = async {
        ear.tell(AgentEvent::Connected(link.clone())).await?;
        loop {
            // Silence is what an agent is to blame for: it is not counted while we do not listen.
            let message = timeout(SILENCE, stream.next()).await.map_err(|_| SILENT)?;
            match understand(message) {
                Ok(Some(frame)) => ear.hear(frame).await?,
                Ok(None) => {}
                Err(Closing { error: Some(error), .. }) if error.is_tolerable() => {
                    tracing::warn!(?error, "a frame of a newer agent");
                    ear.answer(ControlFrame::Error(error))?;
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

/// What one connection has heard.
struct Ear<'a> {
    fleet: &'a Fleet,
    link: &'a Link,
    queries: &'a Queries,
    events: &'a mpsc::Sender<AgentEvent>,
    /// Highest report number, from the last connection on.
    reported: u64,
    /// No report has come over this connection yet.
    first: bool,
    health: Option<Health>,
}

impl Ear<'_> {
    async fn hear(&mut self, frame: AgentFrame) -> Result<(), Closing> {
        match frame {
            AgentFrame::Hello(_) => Err(out_of_order("a second hello".into())),
            AgentFrame::Health(health) => self.healthy_as(health).await,
            AgentFrame::Report(report) => self.reported(report).await,
            AgentFrame::Standing { attempts } if attempts.len() > MAX_QUERY => {
                Err(bad_field(format!("{} attempts in a standing, at most {MAX_QUERY}", attempts.len())))
            }
            AgentFrame::Standing { attempts } if self.queries.answered(&attempts) => {
                self.tell(AgentEvent::Standing(self.link.clone(), attempts)).await
            }
            AgentFrame::Standing { .. } => Err(out_of_order("a standing that nobody asked for".into())),
            AgentFrame::OrderKeys { pinned } if pinned.len() > MOST_PINNED => {
                Err(bad_field(format!("{} order keys are pinned, at most {MOST_PINNED}", pinned.len())))
            }
            AgentFrame::OrderKeys { pinned } => {
                self.confirmed(pinned);
                Ok(())
            }
            AgentFrame::Error(FrameError { code, detail }) => {
                let (code, detail) = (shown(&code), shown(&detail));
                tracing::warn!(code, detail, "the agent could not use a frame of ours");
                Ok(())
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

    async fn healthy_as(&mut self, health: Health) -> Result<(), Closing> {
        let frees = frees(self.health.as_ref(), &health);
        self.health = Some(health.clone());
        self.fleet.0.hub.healthy_as(self.link, health);
        if frees { self.tell(AgentEvent::Freed(self.link.pbx())).await } else { Ok(()) }
    }

    async fn reported(&mut self, report: Report) -> Result<(), Closing> {
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
        self.tell(AgentEvent::Report(self.link.clone(), report)).await
    }

    fn answer(&self, frame: ControlFrame) -> Result<(), Closing> {
        self.link.send(frame).map_err(|_| ENDED)
    }

    async fn tell(&self, event: AgentEvent) -> Result<(), Closing> {
        match timeout(STALLED, self.events.send(event)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Closing::new(CloseCode::Away, "the control plane is shutting down")),
            Err(_) => Err(NOT_FOLLOWED),
        }
    }
}

/// Whether a call that waited may now find room where it did not before.
fn frees(before: Option<&Health>, now: &Health) -> bool {
    before.is_none_or(|before| {
        now.trunks.iter().any(|trunk| room(now, &trunk.name) > room(before, &trunk.name))
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
