//! What the board wants, each thing that takes time in a task of its own.

use super::Switchboard;
use crate::{
    ari::Originate,
    board::{Dial, Effect, Input, Playback},
    call::{Part, Sound},
    journal::OrderRow,
    ledger::Came,
    voice,
};
use shared::{ids::AttemptId, order::Prompt, protocol::AttemptStanding};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// A callee who has picked up hears a tone rather than silence.
const RENDER_LIMIT: Duration = Duration::from_secs(3);
/// 880 Hz; Asterisk repeats it until it is stopped.
const TONE: &str = "tone:880/300";

impl Switchboard {
    pub(super) fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Enter(row) => self.enter(*row),
            Effect::Remember { attempt, fingerprint, came } => {
                self.parts.journal.remember(attempt, fingerprint, came);
            }
            Effect::Append(report) => self.parts.journal.append(*report),
            Effect::Burn { attempts, came, ticket } => self.burn(attempts, came, ticket),
            Effect::Prune(now) => self.parts.journal.prune(now),
            Effect::Answer { ticket, standings } => self.answer(ticket, standings),
            // Whoever waits is told by the end of the channel.
            Effect::LeaveUnanswered { ticket } => drop(self.askers.remove(&ticket)),
            Effect::Originate(dial) => self.originate(*dial),
            Effect::Play(playback) => self.play(*playback),
            Effect::Stop { attempt, playback } => self.stop(attempt, playback),
            Effect::HangUp(attempt) => self.hang_up(attempt),
            Effect::Look(attempt) => self.look(attempt),
            Effect::HangUpStray { channel } => self.hang_up_stray(channel),
            Effect::ResendReports => {
                self.parts.resend.send_modify(|count| *count = count.wrapping_add(1));
            }
            Effect::PublishHealth(health) => {
                self.parts.health.send_if_modified(|known| {
                    let changed = *known != *health;
                    *known = *health;
                    changed
                });
            }
        }
    }

    /// The request is made here and now: what the board wants of the journal later comes later.
    fn enter(&mut self, row: OrderRow) {
        let (attempt, asked) = (row.attempt, Instant::now());
        let entered = self.parts.journal.enter(row);
        self.written.push(Box::pin(async move {
            match entered.await {
                Ok(()) => {
                    tracing::debug!(%attempt, journalled_us = asked.elapsed().as_micros(), "journalled");
                    Some(Input::Journalled(attempt))
                }
                Err(error) => Some(Input::NotJournalled { attempt, why: error.to_string() }),
            }
        }));
    }

    fn burn(&mut self, attempts: Vec<AttemptId>, came: Came, ticket: Option<u64>) {
        let burned = self.parts.journal.burn(attempts, came);
        let Some(ticket) = ticket else { return };
        self.written.push(Box::pin(async move {
            // An error means that the journal's thread has ended, and the process with it.
            burned.await.ok().map(|()| Input::Burned { ticket })
        }));
    }

    fn answer(&mut self, ticket: u64, standings: Vec<AttemptStanding>) {
        if let Some(asker) = self.askers.remove(&ticket) {
            // The link may be gone meanwhile; it will ask again.
            let _ = asker.send(standings);
        }
    }

    fn originate(&mut self, dial: Dial) {
        let (ari, voice, happen) = (self.parts.ari.clone(), self.parts.voice.clone(), self.happen.clone());
        self.tasks.spawn(async move {
            let asked = Instant::now();
            let Dial { attempt, endpoint, caller_id, ring, prompt } = dial;
            let caller_id = caller_id.as_deref();
            let originate = Originate { attempt, endpoint: &endpoint, ring, caller_id };
            let originated = ari.originate(&originate).await;
            let originated_us = asked.elapsed().as_micros();
            // The switchboard outlives its tasks, so there is always somebody to tell.
            let _ = happen.send(Input::Originated(attempt, originated));
            tracing::debug!(%attempt, originated_us, "originate");
            render_all(&voice, &prompt).await;
        });
    }

    fn play(&mut self, playback: Playback) {
        let Playback { attempt, play, playback, part, sound, prompt } = playback;
        let (ari, voice, happen) = (self.parts.ari.clone(), self.parts.voice.clone(), self.happen.clone());
        self.tasks.spawn(async move {
            let media = match sound {
                Sound::Tone => Some(TONE.to_owned()),
                Sound::Spoken => spoken(&voice, part, &prompt).await,
            };
            let playing = match media {
                Some(media) => {
                    ari.play(&attempt.to_string(), &playback, &media).await.unwrap_or_else(|error| {
                        tracing::warn!(%attempt, %error, "cannot play");
                        false
                    })
                }
                None => false,
            };
            if !playing {
                let _ = happen.send(Input::NotPlayed { attempt, play });
            }
        });
    }

    fn stop(&mut self, attempt: AttemptId, playback: String) {
        let ari = self.parts.ari.clone();
        self.tasks.spawn(async move {
            if let Err(error) = ari.stop(&playback).await {
                tracing::warn!(%attempt, %error, "cannot stop a playback");
            }
        });
    }

    /// When it fails, the state machine's watchdog asks again.
    fn hang_up(&mut self, attempt: AttemptId) {
        let (ari, happen) = (self.parts.ari.clone(), self.happen.clone());
        self.tasks.spawn(async move {
            match ari.hang_up(&attempt.to_string()).await {
                Ok(true) => {}
                Ok(false) => drop(happen.send(Input::NoChannel(attempt))),
                Err(error) => tracing::warn!(%attempt, %error, "cannot hang up"),
            }
        });
    }

    /// When it fails, the state machine's watchdog asks again.
    fn look(&mut self, attempt: AttemptId) {
        let (ari, happen) = (self.parts.ari.clone(), self.happen.clone());
        self.tasks.spawn(async move {
            match ari.channel(&attempt.to_string()).await {
                Ok(found) => drop(happen.send(Input::Looked(attempt, found))),
                Err(error) => tracing::warn!(%attempt, %error, "cannot look for a channel"),
            }
        });
    }

    fn hang_up_stray(&mut self, channel: String) {
        let ari = self.parts.ari.clone();
        self.tasks.spawn(async move {
            if let Err(error) = ari.hang_up(&channel).await {
                tracing::warn!(channel, %error, "cannot hang up a channel that nobody knows");
            }
        });
    }
}

/// While the phone rings. Codes need nothing: what they are made of is there.
async fn render_all(voice: &voice::Voice, prompt: &Prompt) {
    if prompt.code.is_some() {
        return;
    }
    for part in [Part::Alert, Part::Thanks, Part::Instructions] {
        let Some((text, language)) = voice::sentence(part, prompt, voice.allows_message_text()) else {
            return;
        };
        if let Err(error) = voice.file(&text, language).await {
            tracing::warn!(%error, "a prompt cannot be spoken; the callee will hear a tone");
            return;
        }
    }
}

/// The media to play, if the words are ready in time.
async fn spoken(voice: &voice::Voice, part: Part, prompt: &Prompt) -> Option<String> {
    let (text, language) = voice::sentence(part, prompt, voice.allows_message_text())?;
    match timeout(RENDER_LIMIT, voice.file(&text, language)).await {
        Ok(Ok(file)) => Some(media(&file)),
        // Said already when it was rendered.
        Ok(Err(_)) => None,
        Err(_) => {
            tracing::warn!("a prompt is not ready in time; the callee hears a tone");
            None
        }
    }
}

/// Asterisk wants the path without its extension.
fn media(file: &Path) -> String {
    format!("sound:{}", file.with_extension("").display())
}
