//! How this host is, as the control plane and `status` are told.

use crate::{ari::Endpoint, config::Config, ledger::Ledger};
use shared::protocol::{Health, TrunkHealth};

/// What is known of Asterisk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asterisk {
    /// ARI answers and the application is registered.
    Up {
        /// Its version.
        version: String,
    },
    /// It is not, and why.
    Down {
        /// For a person.
        why: String,
    },
}

/// Whether a trunk can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Asterisk considers it reachable, or does not watch it.
    Online,
    /// Its qualify fails, or no registration stands.
    Offline,
    /// Asterisk has no endpoint of this name.
    Unknown,
}

/// Puts together what the host knows of itself.
pub fn health(
    config: &Config,
    ledger: &Ledger,
    asterisk: &Asterisk,
    endpoints: &[Endpoint],
    journal_trouble: Option<&str>,
    draining: bool,
) -> Health {
    let mut trouble: Vec<String> = Vec::new();
    let version = match asterisk {
        Asterisk::Up { version } => Some(version.clone()),
        Asterisk::Down { why } => {
            trouble.push(why.clone());
            None
        }
    };
    if let Some(why) = journal_trouble {
        trouble.push(format!("the journal cannot be written, so nothing may be dialled: {why}"));
    }
    let trunks = config
        .trunks
        .iter()
        .map(|trunk| {
            let reach = reach(trunk.dial.carrier(), endpoints);
            if version.is_some() && reach == Reach::Unknown {
                trouble.push(format!("Asterisk has no endpoint for trunk {}", trunk.name));
            }
            TrunkHealth {
                name: trunk.name.clone(),
                online: version.is_some() && reach == Reach::Online,
                route_countries: trunk.route_countries.clone(),
                caller_id: trunk.caller_id.clone(),
                active: ledger.active_on(&trunk.name),
                max_concurrent: trunk.max_concurrent,
            }
        })
        .collect();
    Health {
        asterisk: version,
        trouble: (!trouble.is_empty()).then(|| trouble.join("; ")),
        draining: draining || journal_trouble.is_some(),
        active: ledger.active(),
        trunks,
        speaks_codes: false,
    }
}

/// How Asterisk lists the endpoint that carries a trunk. A dial string that names none (a `Local`
/// channel) cannot be watched and counts as online.
pub fn reach(carrier: Option<(&str, &str)>, endpoints: &[Endpoint]) -> Reach {
    let Some((technology, resource)) = carrier else { return Reach::Online };
    let found = endpoints.iter().find(|endpoint| {
        endpoint.technology.eq_ignore_ascii_case(technology) && endpoint.resource == resource
    });
    match found.map(|endpoint| endpoint.state.as_deref()) {
        None => Reach::Unknown,
        Some(Some("offline")) => Reach::Offline,
        Some(_) => Reach::Online,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(resource: &str, state: &str) -> Endpoint {
        Endpoint { technology: "PJSIP".into(), resource: resource.into(), state: Some(state.into()) }
    }

    #[test]
    fn a_trunk_is_online_offline_or_unknown_as_asterisk_lists_it() {
        let endpoints = [endpoint("a", "online"), endpoint("b", "offline"), endpoint("c", "unknown")];
        assert_eq!(reach(Some(("PJSIP", "a")), &endpoints), Reach::Online);
        assert_eq!(reach(Some(("pjsip", "b")), &endpoints), Reach::Offline);
        assert_eq!(reach(Some(("PJSIP", "c")), &endpoints), Reach::Online);
        assert_eq!(reach(Some(("PJSIP", "d")), &endpoints), Reach::Unknown);
        assert_eq!(reach(None, &endpoints), Reach::Online);
    }
}
