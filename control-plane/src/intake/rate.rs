//! How fast requests of one sender are taken in, such as an endpoint: a bucket of tokens each.
//!
//! Generous: a storm is taken in whole, a loop is not. Kept in memory alone; a restart fills the buckets.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Buckets before full ones are forgotten.
const BUCKETS: usize = 10_000;

/// How fast one of them may send.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Tokens of a full bucket: requests at once.
    pub burst: u32,
    /// Tokens that come back in a second.
    pub per_second: u32,
}

impl Default for Rate {
    fn default() -> Self {
        Self { burst: 20_000, per_second: 100 }
    }
}

/// The buckets of all senders.
pub(crate) struct Rates<K> {
    rate: Rate,
    /// Held for one look-up, never across an await.
    buckets: Mutex<HashMap<K, Bucket>>,
}

struct Bucket {
    tokens: f64,
    at: Instant,
}

impl<K: Eq + Hash> Rates<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes a token; the error is how many seconds to wait for one.
    pub(crate) fn admit(&self, sender: K, now: Instant) -> Result<(), u32> {
        let (burst, per_second) = (f64::from(self.rate.burst), f64::from(self.rate.per_second));
        // A bucket that is full again need not be remembered.
        let refill = Duration::from_secs_f64(burst / per_second);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS && !buckets.contains_key(&sender) {
            buckets.retain(|_, bucket| now.duration_since(bucket.at) < refill);
            if buckets.len() >= BUCKETS {
                // Rather forget than keep an alert out.
                buckets.clear();
            }
        }
        let bucket = buckets.entry(sender).or_insert(Bucket { tokens: burst, at: now });
        let back = now.duration_since(bucket.at).as_secs_f64() * per_second;
        *bucket = Bucket { tokens: (bucket.tokens + back).min(burst), at: now };
        if bucket.tokens < 1.0 {
            // A whole second is the least one can ask for.
            return Err(1);
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::ids::EndpointId;
    use uuid::Uuid;

    const RATE: Rate = Rate { burst: 200, per_second: 10 };

    fn endpoint(number: u128) -> EndpointId {
        EndpointId::new(Uuid::from_u128(number))
    }

    /// Requests taken in of so many at one moment.
    fn taken(rates: &Rates<EndpointId>, number: u128, requests: u32, now: Instant) -> usize {
        (0..requests).filter(|_| rates.admit(endpoint(number), now).is_ok()).count()
    }

    #[test]
    fn a_burst_is_taken_in_then_ten_a_second_and_another_endpoint_is_not_concerned() {
        let (rates, now) = (Rates::new(RATE), Instant::now());
        assert_eq!(taken(&rates, 1, 250, now), 200);
        assert_eq!(rates.admit(endpoint(1), now), Err(1));
        assert_eq!(taken(&rates, 2, 100, now), 100);
        assert_eq!(taken(&rates, 1, 50, now + Duration::from_secs(1)), 10);
        assert_eq!(taken(&rates, 1, 300, now + Duration::from_secs(3600)), 200, "a bucket holds no more");
    }

    #[test]
    fn memory_is_bounded_and_full_buckets_go_first() {
        let (rates, now) = (Rates::new(RATE), Instant::now());
        let later = now + Duration::from_secs(20);
        for number in 0..BUCKETS as u128 - 1 {
            rates.admit(endpoint(number), now).unwrap();
        }
        taken(&rates, u128::MAX, 200, later);
        rates.admit(endpoint(u128::MAX - 1), later).unwrap();
        assert_eq!(rates.buckets.lock().unwrap().len(), 2);
        assert!(rates.admit(endpoint(u128::MAX), later).is_err(), "an empty one is remembered");
    }
}
