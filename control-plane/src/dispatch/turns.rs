//! When the dispatcher last came to the end of a turn, for whoever watches it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Shared between the dispatcher and those who watch it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Turns(Arc<Mutex<Instant>>);

/// It begins as if one had just ended.
impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Turns {
    /// A turn is over, and durable.
    pub(super) fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// For how long none has ended. Even where there is nothing to do one does every 20 seconds.
    pub fn idle(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}
