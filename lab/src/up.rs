//! `lab up`: Asterisk hosts and a carrier by hand, for whoever starts the product themselves.

use crate::{Behaviour, Lab, LabOptions, Trunk, carrier::sip, ear::Ear, say::say};
use anyhow::{Context, Result};
use std::{fs, time::Duration};

/// How long a phone of the friendly carrier rings.
pub const RING: Duration = Duration::from_secs(1);

/// What to start.
#[derive(Clone, Debug)]
pub struct UpOptions {
    /// How many PBX hosts.
    pub pbxs: usize,
    /// Names of the trunks of each.
    pub trunks: Vec<String>,
    /// Written into the agents' configuration.
    pub control_plane_url: String,
}

/// Every phone rings for a second, answers, and presses 1 when it has listened for a moment.
pub async fn be_a_friendly_carrier(lab: &Lab) -> Result<()> {
    let behaviour = Behaviour::press('1').ringing(RING).listening(Duration::from_millis(1500));
    lab.carrier().by_default(behaviour.clone());
    lab.carrier().prepare(behaviour).await
}

/// Starts, prints where everything is, and tells every SIP message that passes, for ever.
pub async fn run(options: UpOptions) -> Result<()> {
    let trunks = options.trunks.iter().map(|name| Trunk::named(name)).collect();
    let lab = Lab::start(LabOptions { pbxs: options.pbxs, trunks, ..LabOptions::default() }).await?;
    be_a_friendly_carrier(&lab).await?;
    for pbx in lab.pbxs() {
        let file = pbx.dir().join("agent.toml");
        fs::write(&file, pbx.agent_config(&options.control_plane_url, &["+380"])?)
            .with_context(|| format!("write {}", file.display()))?;
        say(format!(
            "{}: ARI http://127.0.0.1:{}, SIP {}, agent configuration {}",
            pbx.name(),
            pbx.ari_port(),
            pbx.sip_port(),
            file.display()
        ));
    }
    for trunk in &options.trunks {
        say(format!("trunk {trunk}: carrier at sip:127.0.0.1:{}", lab.carrier().port(trunk)?));
    }
    say("Every phone rings for 1 s, answers and presses 1. SIP messages follow; Ctrl-C ends everything.");
    for pbx in lab.pbxs() {
        let (name, mut ear) = (pbx.name().to_owned(), Ear::at(pbx).await?);
        tokio::spawn(async move {
            let mut last = String::new();
            // Ctrl-C ends it with everything else.
            while let Ok(code) = ear.hears(6).await {
                if code != last {
                    say(format!("{name} says the code {code}"));
                    last = code;
                }
            }
        });
    }
    let mut tap = lab.carrier().tap();
    loop {
        let seen = tap.next().await;
        let arrow = match seen.passed.direction {
            crate::carrier::Direction::FromPbx => "->",
            crate::carrier::Direction::ToPbx => "<-",
        };
        let at = jiff::Timestamp::now().strftime("%H:%M:%S%.3f");
        say(format!(
            "{at}  PBX {} {arrow} trunk {}  {}",
            seen.pbx_port,
            seen.trunk,
            sip::summary(&seen.passed.message)
        ));
    }
}
