//! Which PBX and which of its trunks takes a call: `healthy_pbx()` of the product.
//!
//! A pure function over what is known of every host, so that each reason can be tested.

mod prospect;

use super::{
    decisions::Decided,
    rating::{Ratings, Standing},
};
use prospect::Prospect;
pub use prospect::{Route, RouteStanding, routes};
use serde::{Deserialize, Serialize};
use shared::{
    ids::PbxId,
    outcome::Reason,
    phone::Allowed,
    protocol::{Health, TrunkHealth},
    time::Timestamp,
};
use std::collections::{BTreeSet, HashMap};

/// What is known of an enrolled PBX.
#[derive(Clone, Debug)]
pub struct Host {
    /// Who.
    pub id: PbxId,
    /// Its name, as in orders.
    pub name: String,
    /// Whether its agent's link is up.
    pub connected: bool,
    /// What its agent last said; `None` until it has spoken since this program's start.
    pub health: Option<Health>,
    /// How it has done lately.
    pub ratings: Ratings,
    /// What operators have decided about it.
    pub decided: Decided,
}

/// A PBX and a trunk on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who is to ring the phone.
    pub pbx: PbxId,
    /// Its name, as in orders.
    pub pbx_name: String,
    /// Over which of its trunks.
    pub trunk: String,
}

/// Somewhere a call has failed a moment ago.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The host.
    pub pbx: PbxId,
    /// The trunk on it.
    pub trunk: String,
    /// The host itself is in doubt, so its other trunks are no better.
    pub whole_pbx: bool,
    /// What the host gave as its reason, if it gave one.
    pub reason: Option<Reason>,
}

/// Attempts under way, by host and trunk, as the call log knows them.
pub type Busy = HashMap<PbxId, HashMap<String, u32>>;

/// What is asked for.
pub struct Wish<'a> {
    /// Whom to ring.
    pub number: &'a Allowed,
    /// Where not to try again.
    pub avoid: &'a [Tried],
    /// Attempts under way.
    pub busy: &'a Busy,
    /// Hosts that may not hear us.
    pub silent: &'a BTreeSet<PbxId>,
    /// A critical call probes nothing.
    pub critical: bool,
    /// Only a host will do that can speak codes.
    pub speaks_code: bool,
    /// Now, for rests that are over.
    pub now: Timestamp,
    /// Whether it may take the channels that are kept for organizations without a call under way.
    pub share: Share,
}

/// How much of a trunk a call may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All of it.
    Whole,
    /// All but a fifth, at least one channel: so that a storm of one organization does not keep
    /// another's first call waiting. A trunk with a single channel has none to keep.
    ExceptKept,
    /// Half of it, at least one channel: whatever comes of what is no alert, alerts find the other half.
    Half,
}

impl Share {
    /// Attempts that a trunk takes at once.
    fn of(self, max_concurrent: u32) -> u32 {
        match self {
            Self::ExceptKept if max_concurrent > 1 => max_concurrent - (max_concurrent / 5).max(1),
            Self::Half if max_concurrent > 1 => max_concurrent / 2,
            Self::ExceptKept | Self::Half | Self::Whole => max_concurrent,
        }
    }
}

/// Why nobody takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// Everybody who could take it was tried already, and nobody else will be free for it soon.
    AllTried,
    /// No trunk of the whole fleet may ever reach this number.
    Never(Reason),
    /// Nobody at the moment: `no_pbx`, `capacity` or `draining`.
    NotNow(Reason),
}

/// Chooses a PBX and a trunk.
///
/// What works comes first, then what is doubtful, then what [rests](crate::fleet::rating). Among equals
/// hosts take turns; a host that was not tried yet comes first, and among its trunks one whose name
/// was not tried anywhere, then the least busy one.
///
/// # Errors
/// [`NoRoute`]. `Never` only when every enrolled host has said which numbers its trunks may reach:
/// a host that is away may be the one with the right trunk.
pub fn choose(hosts: &[&Host], turn: usize, wish: &Wish<'_>) -> Result<Candidate, NoRoute> {
    let mut best: Option<(Rank, Candidate)> = None;
    let mut obstacle = Obstacle::default();
    for place in 0..hosts.len() {
        let host = hosts[(turn + place) % hosts.len()];
        let Some(health) = &host.health else {
            obstacle.unknown_host = true;
            continue;
        };
        for trunk in &health.trunks {
            let (standing, active) = match Prospect::of(host, health, trunk, wish) {
                Prospect::Free { standing, active } => (standing, active),
                hindered @ (Prospect::NotAllowed
                | Prospect::Away
                | Prospect::Draining
                | Prospect::Tried
                | Prospect::Full) => {
                    obstacle.note(hindered);
                    continue;
                }
            };
            let rank = Rank {
                standing,
                tried_host: wish.avoid.iter().any(|tried| tried.pbx == host.id),
                tried_name: wish.avoid.iter().any(|tried| tried.trunk == trunk.name),
                place,
                active,
            };
            if best.as_ref().is_none_or(|(other, _)| rank < *other) {
                let candidate =
                    Candidate { pbx: host.id, pbx_name: host.name.clone(), trunk: trunk.name.clone() };
                best = Some((rank, candidate));
            }
        }
    }
    match best {
        Some((_, candidate)) => Ok(candidate),
        None => Err(obstacle.verdict(hosts.is_empty())),
    }
}

impl Host {
    /// Whether this trunk could place a call, the draining of its host aside.
    fn is_healthy(&self, health: &Health, trunk: &TrunkHealth) -> bool {
        self.connected && health.asterisk.is_some() && trunk.online
    }

    /// Whether it takes no new calls, by its own word or an operator's.
    pub(super) fn is_draining(&self, health: &Health) -> bool {
        health.draining || self.decided.drained_at.is_some()
    }

    /// How a trunk stands, whoever says so.
    pub(super) fn standing(&self, trunk: &str, now: Timestamp) -> Standing {
        match self.decided.rests_until(trunk, now) {
            Some(_) => Standing::Resting,
            None => self.ratings.standing(trunk, now),
        }
    }
}

impl Wish<'_> {
    fn busy_on(&self, pbx: PbxId, trunk: &str) -> u32 {
        self.busy.get(&pbx).and_then(|trunks| trunks.get(trunk)).copied().unwrap_or(0)
    }

    /// On probation, an ordinary call counts as what shows whether it works; one at a time.
    fn standing(&self, host: &Host, trunk: &str, active: u32) -> Standing {
        let rated = host.standing(trunk, self.now);
        match rated {
            Standing::Works if self.silent.contains(&host.id) => Standing::Doubtful,
            Standing::Probation if !self.critical && active == 0 => Standing::Works,
            Standing::Probation => Standing::Resting,
            standing @ (Standing::Works | Standing::Doubtful | Standing::Resting) => standing,
        }
    }

    fn tried(&self, pbx: PbxId, trunk: &str) -> bool {
        self.avoid.iter().any(|tried| tried.pbx == pbx && (tried.whole_pbx || tried.trunk == trunk))
    }
}

/// Smaller is better; compared field by field.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    standing: Standing,
    tried_host: bool,
    tried_name: bool,
    place: usize,
    active: u32,
}

/// What stood in the way on trunks that may reach the number.
#[derive(Default)]
struct Obstacle {
    unknown_host: bool,
    away: bool,
    draining: bool,
    tried: bool,
    full: bool,
}

impl Obstacle {
    fn note(&mut self, hindered: Prospect) {
        match hindered {
            Prospect::Away => self.away = true,
            Prospect::Draining => self.draining = true,
            Prospect::Tried => self.tried = true,
            Prospect::Full => self.full = true,
            Prospect::NotAllowed | Prospect::Free { .. } => {}
        }
    }

    fn verdict(&self, nobody: bool) -> NoRoute {
        if self.full {
            NoRoute::NotNow(Reason::Capacity)
        } else if self.draining {
            NoRoute::NotNow(Reason::Draining)
        } else if self.tried {
            NoRoute::AllTried
        } else if self.away || self.unknown_host || nobody {
            NoRoute::NotNow(Reason::NoPbx)
        } else {
            NoRoute::Never(Reason::CountryNotAllowed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::rating::Evidence;
    use shared::{fence::RouteCountries, phone};
    use std::time::Duration;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    fn trunk(name: &str, countries: &[&str]) -> TrunkHealth {
        TrunkHealth {
            name: name.into(),
            online: true,
            route_countries: RouteCountries::try_from(
                countries.iter().map(ToString::to_string).collect::<Vec<_>>(),
            )
            .unwrap(),
            caller_id: None,
            active: 0,
            max_concurrent: 2,
        }
    }

    fn host(id: u128, trunks: Vec<TrunkHealth>) -> Host {
        Host {
            id: PbxId::new(Uuid::from_u128(id)),
            name: format!("pbx-{id}"),
            connected: true,
            health: Some(Health {
                asterisk: Some("22.10.1".into()),
                trouble: None,
                draining: false,
                active: 0,
                trunks,
                speaks_codes: false,
            }),
            ratings: Ratings::default(),
            decided: Decided::default(),
        }
    }

    fn health(host: &mut Host) -> &mut Health {
        host.health.as_mut().unwrap()
    }

    fn ask(hosts: &[Host], turn: usize, avoid: &[Tried], busy: &Busy) -> Result<(String, String), NoRoute> {
        let hosts: Vec<_> = hosts.iter().collect();
        let number = phone::judge("+380501234567").unwrap();
        choose(
            &hosts,
            turn,
            &Wish {
                number: &number,
                avoid,
                busy,
                silent: &BTreeSet::new(),
                critical: false,
                speaks_code: false,
                now: NOW,
                share: Share::Whole,
            },
        )
        .map(|candidate| (candidate.pbx_name, candidate.trunk))
    }

    fn take(hosts: &[Host], turn: usize, avoid: &[Tried]) -> Result<(String, String), NoRoute> {
        ask(hosts, turn, avoid, &Busy::new())
    }

    fn tried(id: u128, trunk: &str, whole_pbx: bool) -> Tried {
        Tried { pbx: PbxId::new(Uuid::from_u128(id)), trunk: trunk.into(), whole_pbx, reason: None }
    }

    fn is(pbx: &str, trunk: &str) -> Result<(String, String), NoRoute> {
        Ok((pbx.into(), trunk.into()))
    }

    #[test]
    fn a_host_that_does_not_answer_its_orders_is_left_for_one_that_does() {
        let hosts = [host(1, vec![trunk("a", &["UA"])]), host(2, vec![trunk("a", &["UA"])])];
        let hosts: Vec<_> = hosts.iter().collect();
        let number = phone::judge("+380501234567").unwrap();
        for turn in 0..4 {
            let silent = BTreeSet::from([hosts[0].id]);
            let wish = Wish {
                number: &number,
                avoid: &[],
                busy: &Busy::new(),
                silent: &silent,
                critical: true,
                speaks_code: false,
                now: NOW,
                share: Share::Whole,
            };
            assert_eq!(choose(&hosts, turn, &wish).unwrap().pbx_name, "pbx-2");
        }
    }

    #[test]
    fn a_fifth_of_a_trunk_is_kept_or_half_of_it_and_of_a_single_channel_nothing() {
        for (channels, shared, half) in
            [(1, 1, 1), (2, 1, 1), (3, 2, 1), (4, 3, 2), (5, 4, 2), (10, 8, 5), (30, 24, 15)]
        {
            assert_eq!(Share::ExceptKept.of(channels), shared);
            assert_eq!(Share::Half.of(channels), half);
            assert_eq!(Share::Whole.of(channels), channels);
        }
    }

    #[test]
    fn what_rests_is_used_where_nothing_better_may_take_the_call_and_probed_by_lesser_ones() {
        use crate::fleet::rating::Evidence::TrunkFailed;
        let (mut hosts, busy) = (vec![host(1, vec![trunk("a", &["UA"])])], Busy::new());
        for _ in 0..3 {
            hosts[0].ratings.note("a", TrunkFailed, NOW);
        }
        assert_eq!(take(&hosts, 0, &[]).unwrap().0, "pbx-1", "a doubtful route is better than none");
        hosts.push(host(2, vec![trunk("a", &["UA"])]));
        assert_eq!(take(&hosts, 0, &[]).unwrap().0, "pbx-2");
        let number = phone::judge("+380501234567").unwrap();
        let hosts: Vec<_> = hosts.iter().collect();
        let rested = NOW + std::time::Duration::from_secs(31);
        for (critical, chosen) in [(false, "pbx-1"), (true, "pbx-2")] {
            let (silent, share) = (BTreeSet::new(), Share::Whole);
            let wish = Wish {
                number: &number,
                avoid: &[],
                busy: &busy,
                silent: &silent,
                critical,
                speaks_code: false,
                now: rested,
                share,
            };
            assert_eq!(choose(&hosts, 0, &wish).unwrap().pbx_name, chosen);
        }
    }

    fn rests(host: &mut Host, trunk: &str) {
        host.decided.rests.insert(trunk.to_owned(), NOW + Duration::from_secs(60));
    }

    #[test]
    fn a_host_that_an_operator_drains_takes_nothing_and_says_why() {
        let mut hosts = [host(1, vec![trunk("a", &["UA"])]), host(2, vec![trunk("a", &["UA"])])];
        hosts[0].decided.drained_at = Some(NOW);
        for turn in 0..4 {
            assert_eq!(take(&hosts, turn, &[]), is("pbx-2", "a"));
        }
        assert_eq!(take(&hosts[..1], 0, &[]), Err(NoRoute::NotNow(Reason::Draining)));
        hosts[1].connected = false;
        assert_eq!(take(&hosts, 0, &[]), Err(NoRoute::NotNow(Reason::Draining)));
    }

    #[test]
    fn a_trunk_that_an_operator_lets_rest_is_used_where_nothing_better_may_take_the_call() {
        let mut hosts =
            [host(1, vec![trunk("a", &["UA"]), trunk("b", &["UA"])]), host(2, vec![trunk("a", &["PL"])])];
        rests(&mut hosts[0], "a");
        for turn in 0..4 {
            assert_eq!(take(&hosts, turn, &[]), is("pbx-1", "b"));
        }
        // A doubtful one is better; and one that rests by its own failures is no better.
        hosts[0].ratings.note("b", Evidence::TrunkFailed, NOW);
        assert_eq!(take(&hosts, 0, &[]), is("pbx-1", "b"));
        assert_eq!(take(&hosts, 0, &[tried(1, "b", false)]), is("pbx-1", "a"), "better than none");
        let later = NOW + Duration::from_secs(60);
        assert_eq!(hosts[0].standing("a", later), Standing::Works, "the rest is over");
    }

    #[test]
    fn healthy_hosts_take_turns() {
        let hosts = [host(1, vec![trunk("a", &["+380"])]), host(2, vec![trunk("a", &["UA"])])];
        assert_eq!(take(&hosts, 0, &[]), is("pbx-1", "a"));
        assert_eq!(take(&hosts, 1, &[]), is("pbx-2", "a"));
        assert_eq!(take(&hosts, 2, &[]), is("pbx-1", "a"));
    }

    #[test]
    fn a_host_that_is_away_draining_or_without_asterisk_is_passed_over() {
        let spoil: [fn(&mut Host); 4] = [
            |host| host.connected = false,
            |host| health(host).asterisk = None,
            |host| health(host).draining = true,
            |host| health(host).trunks[0].online = false,
        ];
        for spoil in spoil {
            let mut hosts = [host(1, vec![trunk("a", &["UA"])]), host(2, vec![trunk("a", &["UA"])])];
            spoil(&mut hosts[0]);
            assert_eq!(take(&hosts, 0, &[]), is("pbx-2", "a"));
        }
    }

    #[test]
    fn a_trunk_that_may_not_reach_the_country_is_never_chosen() {
        let hosts = [host(1, vec![trunk("eu", &["PL"]), trunk("ua", &["+380"])]), host(2, vec![])];
        assert_eq!(take(&hosts, 1, &[]), is("pbx-1", "ua"));
        assert_eq!(take(&hosts[1..], 0, &[]), Err(NoRoute::Never(Reason::CountryNotAllowed)));
    }

    #[test]
    fn a_number_is_given_up_only_when_every_host_has_spoken() {
        let mut hosts = [host(1, vec![trunk("eu", &["PL"])]), host(2, vec![trunk("ua", &["UA"])])];
        hosts[1].connected = false;
        assert_eq!(take(&hosts, 0, &[]), Err(NoRoute::NotNow(Reason::NoPbx)));
        hosts[1].health = None;
        assert_eq!(take(&hosts, 0, &[]), Err(NoRoute::NotNow(Reason::NoPbx)));
        assert_eq!(take(&hosts[..1], 0, &[]), Err(NoRoute::Never(Reason::CountryNotAllowed)));
        assert_eq!(take(&[], 0, &[]), Err(NoRoute::NotNow(Reason::NoPbx)));
    }

    #[test]
    fn after_a_fault_another_trunk_on_another_host_comes_first() {
        let both = || vec![trunk("a", &["UA"]), trunk("b", &["UA"])];
        let hosts = [host(1, both()), host(2, both())];
        assert_eq!(take(&hosts, 0, &[tried(1, "a", false)]), is("pbx-2", "b"));
        let most = [tried(1, "a", false), tried(2, "b", false), tried(2, "a", false)];
        assert_eq!(take(&hosts, 0, &most), is("pbx-1", "b"));
        let whole = [tried(1, "a", true), tried(2, "a", true)];
        assert_eq!(take(&hosts, 0, &whole), Err(NoRoute::AllTried));
    }

    #[test]
    fn every_trunk_says_in_a_word_how_it_stands() {
        let mut hosts = [
            host(1, vec![trunk("a", &["UA"]), trunk("pl", &["PL"]), trunk("failing", &["UA"])]),
            host(2, vec![trunk("a", &["UA"])]),
            host(3, vec![trunk("a", &["UA"])]),
            host(4, vec![trunk("a", &["UA"]), trunk("spent", &["UA"])]),
        ];
        hosts[0].ratings.note("failing", crate::fleet::rating::Evidence::TrunkFailed, NOW);
        hosts[1].connected = false;
        health(&mut hosts[2]).draining = true;
        health(&mut hosts[3]).trunks[0].active = 2;
        let number = phone::judge("+380501234567").unwrap();
        let wish = Wish {
            number: &number,
            avoid: &[tried(4, "spent", false)],
            busy: &Busy::new(),
            silent: &BTreeSet::new(),
            critical: false,
            speaks_code: false,
            now: NOW,
            share: Share::Whole,
        };
        let told: Vec<_> = routes(&hosts.iter().collect::<Vec<_>>(), &wish)
            .into_iter()
            .map(|route| format!("{} {} {}", route.pbx, route.trunk, route.standing.as_str()))
            .collect();
        let expected = [
            "pbx-1 a ready",
            "pbx-1 pl not_allowed",
            "pbx-1 failing doubtful",
            "pbx-2 a offline",
            "pbx-3 a draining",
            "pbx-4 a full",
            "pbx-4 spent full",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_full_trunk_waits_for_its_turn() {
        let hosts = [host(1, vec![trunk("a", &["UA"])])];
        let busy = |count| Busy::from([(hosts[0].id, HashMap::from([("a".to_owned(), count)]))]);
        assert_eq!(ask(&hosts, 0, &[], &busy(1)), is("pbx-1", "a"));
        assert_eq!(ask(&hosts, 0, &[], &busy(2)), Err(NoRoute::NotNow(Reason::Capacity)));
        let mut said = [host(1, vec![trunk("a", &["UA"])])];
        health(&mut said[0]).trunks[0].active = 2;
        assert_eq!(take(&said, 0, &[]), Err(NoRoute::NotNow(Reason::Capacity)));
    }

    #[test]
    fn where_one_route_has_failed_and_another_is_full_the_call_waits_for_the_other() {
        let mut hosts = [host(1, vec![trunk("a", &["UA"])]), host(2, vec![trunk("a", &["UA"])])];
        let busy = Busy::from([(hosts[1].id, HashMap::from([("a".to_owned(), 2)]))]);
        assert_eq!(ask(&hosts, 0, &[tried(1, "a", true)], &busy), Err(NoRoute::NotNow(Reason::Capacity)));
        health(&mut hosts[1]).draining = true;
        assert_eq!(take(&hosts, 0, &[tried(1, "a", true)]), Err(NoRoute::NotNow(Reason::Draining)));
        hosts[1].connected = false;
        assert_eq!(take(&hosts, 0, &[tried(1, "a", true)]), Err(NoRoute::AllTried));
    }

    #[test]
    fn a_fleet_that_only_drains_says_so() {
        let mut hosts = [host(1, vec![trunk("a", &["UA"])])];
        health(&mut hosts[0]).draining = true;
        assert_eq!(take(&hosts, 0, &[]), Err(NoRoute::NotNow(Reason::Draining)));
    }
}
