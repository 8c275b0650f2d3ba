//! What state machines ask for, each in a task of its own.

use super::{Happening, Switchboard, attempt::playback_prefix};
use crate::{
    ari::Originate,
    call::{Input, Part, Sound},
    voice,
};
use shared::{ids::AttemptId, order::Prompt};
use std::{path::Path, time::Duration};
use tokio::time::timeout;

/// A callee who has picked up hears a tone rather than silence.
const RENDER_LIMIT: Duration = Duration::from_secs(3);
/// 880 Hz; Asterisk repeats it until it is stopped.
const TONE: &str = "tone:880/300";

impl Switchboard {
    /// Journal, then Asterisk, and only then anything else.
    pub(super) fn originate(&mut self, attempt: AttemptId) {
        let Some(known) = self.attempts.get_mut(&attempt) else { return };
        let Some(dial) = known.dial.take() else { return };
        let prompt = known.resume.prompt.clone();
        let (ari, voice, happen) = (self.parts.ari.clone(), self.parts.voice.clone(), self.happen.clone());
        self.tasks.spawn(async move {
            // The switchboard outlives its tasks, so there is always somebody to tell.
            if let Err(error) = dial.entered.await {
                let _ = happen.send(Happening::NotJournalled(attempt, error));
                return;
            }
            let journalled = dial.taken.elapsed();
            let originate = Originate {
                attempt,
                endpoint: &dial.endpoint,
                ring: dial.ring,
                caller_id: dial.caller_id.as_deref(),
            };
            let originated = ari.originate(&originate).await;
            let answered = dial.taken.elapsed();
            let _ = happen.send(Happening::Originated(attempt, originated));
            tracing::debug!(
                %attempt,
                journalled_us = journalled.as_micros(),
                originated_us = answered.as_micros(),
                "originate"
            );
            render_all(&voice, &prompt).await;
        });
    }

    pub(super) fn play(&mut self, attempt: AttemptId, play: u32, part: Part, sound: Sound) {
        let Some(known) = self.attempts.get(&attempt) else { return };
        let prompt = known.resume.prompt.clone();
        let playback = format!("{}{play}", playback_prefix(attempt, self.run));
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
                let _ = happen.send(Happening::Input(attempt, Input::PlaybackFinished { play, ok: false }));
            }
        });
    }

    pub(super) fn stop(&mut self, attempt: AttemptId, play: u32) {
        let playback = format!("{}{play}", playback_prefix(attempt, self.run));
        let ari = self.parts.ari.clone();
        self.tasks.spawn(async move {
            if let Err(error) = ari.stop(&playback).await {
                tracing::warn!(%attempt, %error, "cannot stop a playback");
            }
        });
    }

    /// When it fails, the state machine's watchdog asks again.
    pub(super) fn hang_up(&mut self, attempt: AttemptId) {
        let (ari, happen) = (self.parts.ari.clone(), self.happen.clone());
        self.tasks.spawn(async move {
            match ari.hang_up(&attempt.to_string()).await {
                Ok(true) => {}
                Ok(false) => drop(happen.send(Happening::Input(attempt, Input::Gone))),
                Err(error) => tracing::warn!(%attempt, %error, "cannot hang up"),
            }
        });
    }

    /// When it fails, the state machine's watchdog asks again.
    pub(super) fn look(&mut self, attempt: AttemptId) {
        let (ari, happen) = (self.parts.ari.clone(), self.happen.clone());
        self.tasks.spawn(async move {
            let input = match ari.channel(&attempt.to_string()).await {
                Ok(Some(channel)) => Input::Present { up: channel.state == "Up" },
                Ok(None) => Input::Gone,
                Err(error) => {
                    tracing::warn!(%attempt, %error, "cannot look for a channel");
                    return;
                }
            };
            let _ = happen.send(Happening::Input(attempt, input));
        });
    }

    pub(super) fn hang_up_stray(&mut self, channel: String) {
        let ari = self.parts.ari.clone();
        self.tasks.spawn(async move {
            if let Err(error) = ari.hang_up(&channel).await {
                tracing::warn!(channel, %error, "cannot hang up a channel that nobody knows");
            }
        });
    }
}

/// While the phone rings.
async fn render_all(voice: &voice::Voice, prompt: &Prompt) {
    for part in [Part::Alert, Part::Thanks, Part::Instructions] {
        let (text, language) = voice::sentence(part, prompt, voice.allows_message_text());
        if let Err(error) = voice.file(&text, language).await {
            tracing::warn!(%error, "a prompt cannot be spoken; the callee will hear a tone");
            return;
        }
    }
}

/// The media to play, if the words are ready in time.
async fn spoken(voice: &voice::Voice, part: Part, prompt: &Prompt) -> Option<String> {
    let (text, language) = voice::sentence(part, prompt, voice.allows_message_text());
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
