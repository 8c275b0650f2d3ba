//! What is heard on the phones that a PBX host calls, as far as it is digits.
//!
//! Its owner sees which files Asterisk plays, and knows what each says because it has the ten digits spoken to itself: by
//! their samples, not by the names of their files.

use crate::{ari::Events, pbx::PbxHost};
use anyhow::{Context, Result, ensure};
use pbx_agent::{config::Config, voice::Voice};
use std::{collections::HashMap, fs};

const WORDS: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/// Somebody who listens on every phone.
pub struct Ear {
    events: Events,
    digits: HashMap<Vec<u8>, usize>,
}

impl Ear {
    /// Listens to a host whose agent has been configured.
    pub async fn at(pbx: &PbxHost) -> Result<Self> {
        let config = Config::load(&pbx.dir().join("agent.toml"))?;
        let room = tempfile::tempdir()?;
        let voice = Voice::new(&config.voice, room.path());
        let mut digits = HashMap::new();
        for (digit, word) in WORDS.iter().enumerate() {
            digits.insert(fs::read(voice.file(word, "en").await?)?, digit);
        }
        ensure!(digits.len() == WORDS.len(), "two digits sound the same");
        Ok(Self { events: pbx.ari()?.events("listener", true).await?, digits })
    }

    /// So many digits, as they are played; waits for them for ever.
    pub async fn hears(&mut self, count: usize) -> Result<String> {
        let mut heard = String::new();
        while heard.len() < count {
            let event = self.events.next().await?;
            let Some(media) = event["playback"]["media_uri"].as_str() else { continue };
            if event["type"] != "PlaybackStarted" {
                continue;
            }
            let file = media.strip_prefix("sound:").with_context(|| format!("{media} is no word"))?;
            match self.digits.get(&fs::read(format!("{file}.wav"))?) {
                Some(digit) => heard.push_str(&digit.to_string()),
                // Something else is said: digits begin anew.
                None => heard.clear(),
            }
        }
        Ok(heard)
    }
}
