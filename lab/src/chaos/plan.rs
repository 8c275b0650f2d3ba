//! Who sends what to whom: the webhooks of a seed, each to a phone of its own, and what the phones do.

use crate::{Carrier, setup::Project};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use std::time::Duration;

/// Organizations that send.
pub const ORGS: [&str; 3] = ["north", "south", "west"];
/// On average.
const WEBHOOKS_PER_SECOND: u32 = 4;
/// `555-0100` to `555-0199` of each is reserved for fiction (ATIS-0300115).
const AREA_CODES: [&str; 12] =
    ["201", "202", "212", "213", "303", "312", "404", "415", "503", "617", "702", "713"];

/// A webhook to be sent, and the phone that must ring for it.
#[derive(Clone, Debug)]
pub struct Planned {
    /// From the beginning of the stream.
    pub at: Duration,
    /// Which of [`ORGS`].
    pub org: usize,
    /// Its endpoint and its phone, used for nothing else.
    pub project: Project,
    /// Severity critical rather than major.
    pub critical: bool,
    /// What the phone does.
    pub callee: Callee,
}

/// What a phone does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// Answers soon and presses 1.
    Takes,
    /// Rings for 2 s, listens for 2 s, presses 1.
    TakesLate,
    /// Rings out the first time.
    RingsOutFirst,
    /// Busy the first time.
    BusyFirst,
    /// The first time a machine answers, presses nothing and hangs up.
    MachineFirst,
    /// A machine answers each time.
    Machine,
}

/// The webhooks of a seed within `window`. No more than there are numbers.
pub fn plan(seed: u64, window: Duration) -> Vec<Planned> {
    // Another stream of chance than the harm's.
    let mut random = StdRng::seed_from_u64(!seed);
    let mut planned = Vec::new();
    let mut at = Duration::ZERO;
    let gap = 2_000 / WEBHOOKS_PER_SECOND;
    while at < window && planned.len() < AREA_CODES.len() * 100 {
        let number = planned.len();
        planned.push(Planned {
            at,
            org: random.random_range(0..ORGS.len()),
            project: Project::new(&format!("p{number}"), &phone(number)),
            critical: random.random_bool(0.4),
            callee: callee(&mut random, at < window / 2),
        });
        at += Duration::from_millis(random.random_range(0..=gap).into());
    }
    planned
}

/// Machines use up every redial, so that late ones would prolong every run.
fn callee(random: &mut StdRng, early: bool) -> Callee {
    const MOST: [Callee; 10] = [
        Callee::Takes,
        Callee::Takes,
        Callee::Takes,
        Callee::Takes,
        Callee::TakesLate,
        Callee::TakesLate,
        Callee::TakesLate,
        Callee::RingsOutFirst,
        Callee::BusyFirst,
        Callee::MachineFirst,
    ];
    if early && random.random_bool(0.08) {
        return Callee::Machine;
    }
    MOST.choose(random).copied().unwrap_or(Callee::Takes)
}

fn phone(number: usize) -> String {
    format!("+1{}55501{:02}", AREA_CODES[(number / 100) % AREA_CODES.len()], number % 100)
}

impl Callee {
    /// Whether it presses 1 sooner or later.
    pub fn can_be_reached(self) -> bool {
        self != Self::Machine
    }

    /// Tells the carrier.
    pub fn settle_in(self, carrier: &Carrier, phone: &str) {
        let when = || carrier.when_called(phone);
        let moment = Duration::from_millis(300);
        let takes = || drop(when().ringing(moment).answer().press('1'));
        match self {
            Self::Takes => takes(),
            Self::TakesLate => {
                let two = Duration::from_secs(2);
                drop(when().ringing(two).answer().press_after(two, '1'));
            }
            Self::RingsOutFirst => {
                when().once().ring_out();
                takes();
            }
            Self::BusyFirst => {
                when().once().busy();
                takes();
            }
            Self::MachineFirst => {
                drop(when().once().answer().hang_up_after(Duration::from_secs(2)));
                takes();
            }
            Self::Machine => drop(when().answer().hang_up_after(Duration::from_secs(1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{fence::RouteCountries, phone::judge};
    use std::collections::HashSet;

    #[test]
    fn every_webhook_has_a_phone_of_its_own_that_may_be_dialled() {
        let planned = plan(3, Duration::from_secs(600));
        let fence = RouteCountries::try_from(vec!["US".to_owned()]).unwrap();
        let phones: HashSet<_> = planned.iter().map(|one| one.project.phone.clone()).collect();
        assert_eq!(phones.len(), planned.len());
        for phone in phones {
            assert!(phone.contains("55501"), "{phone} is not reserved for fiction");
            assert!(fence.allows(&judge(&phone).unwrap_or_else(|why| panic!("{phone}: {why:?}"))), "{phone}");
        }
    }

    #[test]
    fn a_seed_plans_the_same_stream_again() {
        let told = |seed| -> Vec<_> {
            let planned = plan(seed, Duration::from_secs(20));
            planned.into_iter().map(|one| (one.at, one.org, one.critical, one.callee)).collect()
        };
        assert_eq!(told(5), told(5));
        assert_ne!(told(5), told(6));
        assert!((60..110).contains(&told(5).len()), "{}", told(5).len());
    }
}
