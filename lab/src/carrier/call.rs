//! A call that reached the carrier: what arrived, and what is expected of it next.

use super::{CallRecord, Carrier, Heard, behaviour::Outcome, book::Direction, scenario::HANG_UP, sip};
use anyhow::{Context, Result};
use std::time::{Duration, Instant};

/// One call at the carrier. Reading it never waits; expecting does.
#[derive(Clone, Debug)]
pub struct Call {
    carrier: Carrier,
    index: usize,
}

impl Call {
    pub(super) fn new(carrier: Carrier, index: usize) -> Self {
        Self { carrier, index }
    }

    /// All that is known of it now.
    pub fn record(&self) -> CallRecord {
        self.carrier.0.book.read().calls[self.index].clone()
    }

    /// The first INVITE as it arrived.
    pub fn invite(&self) -> String {
        self.record().passed.first().map(|passed| passed.message.clone()).unwrap_or_default()
    }

    /// When the first INVITE arrived, on the relay's clock.
    pub fn invited_at(&self) -> Instant {
        self.record().passed.first().map_or(self.carrier.0.book.opened, |passed| passed.at)
    }

    /// The trunk it came over.
    pub fn trunk(&self) -> String {
        self.record().trunk
    }

    /// The called digits.
    pub fn to(&self) -> String {
        self.record().to
    }

    /// The SIP port of the PBX that placed it.
    pub fn pbx_port(&self) -> u16 {
        self.record().pbx.port()
    }

    /// The number the callee sees: the user part of From.
    pub fn caller_id(&self) -> Option<String> {
        sip::header(&self.invite(), "From").and_then(sip::user).map(str::to_owned)
    }

    /// Keys pressed and confirmed so far.
    pub fn keys(&self) -> Vec<char> {
        self.record().keys()
    }

    /// What the callee has heard so far.
    pub fn heard(&self) -> Heard {
        let book = self.carrier.0.book.read();
        let port = book.calls[self.index].audio_port;
        port.and_then(|port| book.heard.get(&port).copied()).unwrap_or_default()
    }

    /// Every message of this call, readable.
    pub fn story(&self) -> String {
        self.carrier.0.book.story_of(&self.record())
    }

    /// The PBX gives up before anybody answered: CANCEL.
    pub async fn expect_cancelled(&self, within: Duration) -> Result<Instant> {
        self.wait("the PBX to cancel it", within, |call| call.request("CANCEL").map(|passed| passed.at)).await
    }

    /// The PBX ends the conversation: BYE.
    pub async fn expect_hung_up(&self, within: Duration) -> Result<Instant> {
        self.wait("the PBX to hang up", within, |call| call.request("BYE").map(|passed| passed.at)).await
    }

    /// The callee ended the conversation and the PBX confirmed it.
    pub async fn expect_hung_up_by_callee(&self, within: Duration) -> Result<Instant> {
        self.wait("the callee to hang up", within, |call| {
            let confirmed = |message: &str| {
                sip::status(message) == Some(200)
                    && sip::cseq(message).is_some_and(|(_, method)| method == "BYE")
            };
            call.first(Direction::FromPbx, confirmed).map(|passed| passed.at)
        })
        .await
    }

    /// The PBX acknowledges the answer.
    pub async fn expect_answered(&self, within: Duration) -> Result<Instant> {
        self.wait("it to be answered", within, |call| {
            call.final_response()
                .filter(|(_, status)| *status == 200)
                .and_then(|_| call.request("ACK"))
                .map(|ack| ack.at)
        })
        .await
    }

    /// The carrier refused it with this code and the PBX acknowledged.
    pub async fn expect_refused(&self, code: u16, within: Duration) -> Result<Instant> {
        self.wait(&format!("it to be refused with {code}"), within, |call| {
            call.final_response()
                .filter(|(_, status)| *status == code)
                .and_then(|_| call.request("ACK"))
                .map(|ack| ack.at)
        })
        .await
    }

    /// The key is pressed and the PBX confirms it.
    pub async fn expect_key(&self, key: char, within: Duration) -> Result<()> {
        self.wait(&format!("key {key} to be pressed"), within, |call| {
            call.keys().contains(&key).then_some(())
        })
        .await
    }

    /// The callee hears the PBX speak: at least so many packets (20 ms each) that are not silence.
    pub async fn expect_voice(&self, packets: u64, within: Duration) -> Result<Heard> {
        let deadline = Instant::now() + within;
        loop {
            let heard = self.heard();
            if heard.voiced >= packets {
                return Ok(heard);
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "the callee heard {heard:?} within {within:?} and not {packets} packets of voice\n{}",
                self.story()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The callee presses a key now. What the behaviour itself presses comes first.
    pub async fn press(&self, key: char) -> Result<()> {
        let before = self.talking().await?;
        self.tell(&key.to_string())?;
        self.wait(&format!("key {key} to be confirmed"), super::expect::WITHIN, |call| {
            (call.keys().len() > before).then_some(())
        })
        .await
    }

    /// The callee hangs up now.
    pub async fn hang_up(&self) -> Result<()> {
        self.talking().await?;
        self.tell(HANG_UP)?;
        self.expect_hung_up_by_callee(super::expect::WITHIN).await?;
        Ok(())
    }

    /// Waits until sipp listens for what it is told: answered, and its own keys pressed.
    async fn talking(&self) -> Result<usize> {
        self.expect_answered(super::expect::WITHIN).await?;
        let wanted = match self.record().behaviour.outcome {
            Outcome::Answer { keys, .. } => keys.len(),
            Outcome::Refuse { .. } | Outcome::RingOut | Outcome::Silence => 0,
        };
        self.wait("its own keys to be pressed", super::expect::WITHIN, |call| {
            let pressed = call.keys().len();
            (pressed >= wanted).then_some(pressed)
        })
        .await
    }

    fn tell(&self, body: &str) -> Result<()> {
        self.carrier.0.relay.tell(&self.record(), body)
    }

    async fn wait<T>(
        &self,
        what: &str,
        within: Duration,
        look: impl Fn(&CallRecord) -> Option<T>,
    ) -> Result<T> {
        let found = self.carrier.0.book.wait_for(within, |book| look(&book.calls[self.index])).await;
        found.with_context(|| {
            format!("waited {within:?} for {what}\n{}\n{}", self.story(), self.carrier.story())
        })
    }
}
