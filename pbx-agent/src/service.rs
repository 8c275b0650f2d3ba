//! What the service manager is told of a running agent, in a line for whoever looks at the service.

use crate::{config::Config, link::LinkState};
use daemon::Manager;
use shared::protocol::Health;
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};

/// Changes that come together are told together.
const PAUSE: Duration = Duration::from_millis(500);

/// Where it comes from.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(crate) config: Arc<Config>,
    pub(crate) health: watch::Receiver<Health>,
    pub(crate) link: watch::Receiver<LinkState>,
    /// True once the agent is being stopped.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Tells it at every change, until the agent ends.
pub(crate) async fn tell(manager: Manager, mut sources: Sources) {
    if !manager.is_there() {
        return std::future::pending().await;
    }
    let mut told = String::new();
    loop {
        let line = {
            let stopping = *sources.stopping.borrow_and_update();
            let (health, link) = (sources.health.borrow_and_update(), sources.link.borrow_and_update());
            status(&sources.config, &health, &link, stopping)
        };
        if line != told {
            manager.status(&line);
            told = line;
        }
        sleep(PAUSE).await;
        tokio::select! {
            Ok(()) = sources.health.changed() => {}
            Ok(()) = sources.link.changed() => {}
            Ok(()) = sources.stopping.changed() => {}
            else => return std::future::pending().await,
        }
    }
}

fn status(config: &Config, health: &Health, link: &LinkState, stopping: bool) -> String {
    let url = &config.control_plane.url;
    let mut line = String::new();
    if stopping {
        line.push_str("stopping; ");
    } else if health.draining {
        line.push_str("takes no new work; ");
    }
    line.push_str(&match (link.connected, &link.trouble) {
        (true, _) => format!("linked to {url}, {} under way", calls(health.active)),
        (false, Some(trouble)) => {
            format!("control plane not reachable: {trouble}; {} under way", calls(health.active))
        }
        (false, None) => format!("connecting to {url}"),
    });
    if let Some(trouble) = &health.trouble {
        line.push_str("; ");
        line.push_str(trouble);
    }
    line
}

fn calls(count: u32) -> String {
    match count {
        0 => "no call".to_owned(),
        1 => "1 call".to_owned(),
        more => format!("{more} calls"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn told(change: impl FnOnce(&mut Health, &mut LinkState)) -> String {
        let config = Config::parse(Path::new("agent.toml"), include_str!("../agent.example.toml"));
        let mut health = Health {
            asterisk: Some("22.0.0".to_owned()),
            trouble: None,
            draining: false,
            active: 0,
            trunks: Vec::new(),
            speaks_codes: true,
        };
        let mut link = LinkState { connected: true, trouble: None };
        change(&mut health, &mut link);
        status(&config.expect("the example"), &health, &link, false)
    }

    #[test]
    fn a_line_says_whether_the_host_is_linked_and_what_it_does() {
        assert_eq!(told(|_, _| {}), "linked to wss://cp.example.com/, no call under way");
        assert_eq!(told(|health, _| health.active = 2), "linked to wss://cp.example.com/, 2 calls under way");
        let why = "no connection to wss://cp.example.com/: no such host";
        assert_eq!(
            told(|health, link| {
                health.active = 1;
                *link = LinkState { connected: false, trouble: Some(why.to_owned()) };
            }),
            format!("control plane not reachable: {why}; 1 call under way")
        );
        assert_eq!(
            told(|health, _| {
                health.draining = true;
                health.trouble = Some("Asterisk does not answer".to_owned());
            }),
            "takes no new work; linked to wss://cp.example.com/, no call under way; Asterisk does not answer"
        );
    }
}
