//! How often each peer failed to enrol: a bound on guessing and on the work it costs.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Failures are counted over this long.
const WINDOW: Duration = Duration::from_secs(60);
/// Peers that are remembered.
const PEERS: usize = 4096;

pub(super) struct Failures {
    most: u32,
    /// Held for one look-up, never across an await.
    peers: Mutex<HashMap<IpAddr, Count>>,
}

struct Count {
    since: Instant,
    failed: u32,
}

impl Failures {
    pub(super) fn new(most: u32) -> Self {
        Self { most, peers: Mutex::default() }
    }

    /// Counts an enrolment as failed, until it is given back; the error is how many seconds to wait.
    pub(super) fn admit(&self, peer: IpAddr, now: Instant) -> Result<(), u32> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if peers.len() >= PEERS {
            peers.retain(|_, count| now.duration_since(count.since) < WINDOW);
            if peers.len() >= PEERS {
                // Rather forget than keep a host from enrolling.
                peers.clear();
            }
        }
        let count = peers.entry(network(peer)).or_insert(Count { since: now, failed: 0 });
        let age = now.duration_since(count.since);
        if age >= WINDOW {
            *count = Count { since: now, failed: 0 };
        } else if count.failed >= self.most {
            return Err(u32::try_from((WINDOW - age).as_secs()).unwrap_or(0) + 1);
        }
        count.failed += 1;
        Ok(())
    }

    /// An enrolment did not fail.
    pub(super) fn give_back(&self, peer: IpAddr) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = peers.get_mut(&network(peer)) {
            count.failed = count.failed.saturating_sub(1);
        }
    }
}

/// A subscriber of IPv6 has 2^64 addresses at least.
fn network(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_peer_that_guesses_waits_until_its_minute_is_over_and_others_do_not() {
        let failures = Failures::new(2);
        let start = Instant::now();
        let (guesser, other) = (peer("192.0.2.1"), peer("192.0.2.2"));
        assert_eq!(failures.admit(guesser, start), Ok(()));
        assert_eq!(failures.admit(guesser, start), Ok(()));
        assert_eq!(failures.admit(guesser, start + Duration::from_secs(20)), Err(41));
        assert_eq!(failures.admit(other, start), Ok(()));
        assert_eq!(failures.admit(guesser, start + WINDOW), Ok(()));
    }

    #[test]
    fn hosts_that_enrol_are_not_counted() {
        let failures = Failures::new(1);
        for _ in 0..5 {
            assert_eq!(failures.admit(peer("192.0.2.1"), Instant::now()), Ok(()));
            failures.give_back(peer("192.0.2.1"));
        }
    }

    #[test]
    fn neighbours_in_one_ipv6_network_count_together_and_memory_is_bounded() {
        let failures = Failures::new(1);
        let now = Instant::now();
        assert_eq!(failures.admit(peer("2001:db8::1"), now), Ok(()));
        assert!(failures.admit(peer("2001:db8::2"), now).is_err());
        for n in 0..10_000_u32 {
            let _ = failures.admit(IpAddr::from(n.to_be_bytes()), now);
        }
        assert!(failures.peers.lock().unwrap().len() <= PEERS);
    }
}
