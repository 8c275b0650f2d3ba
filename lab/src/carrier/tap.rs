//! Every message as it passes, for those who narrate.

use super::{Carrier, Passed};
use std::time::Duration;

/// A place in the stream of messages.
#[derive(Debug)]
pub struct Tap {
    carrier: Carrier,
    next: usize,
}

/// A message and the call it belongs to.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Call-ID.
    pub call_id: String,
    /// Called digits.
    pub to: String,
    /// The trunk.
    pub trunk: String,
    /// SIP port of the PBX.
    pub pbx_port: u16,
    /// The message.
    pub passed: Passed,
}

impl Tap {
    pub(super) fn new(carrier: Carrier) -> Self {
        let next = carrier.0.book.read().order.len();
        Self { carrier, next }
    }

    /// Waits for the next message.
    pub async fn next(&mut self) -> Seen {
        loop {
            let place = self.next;
            let look = |book: &mut super::book::Inner| {
                let (call, message) = book.order.get(place).copied()?;
                let call = &book.calls[call];
                Some(Seen {
                    call_id: call.call_id.clone(),
                    to: call.to.clone(),
                    trunk: call.trunk.clone(),
                    pbx_port: call.pbx.port(),
                    passed: call.passed[message].clone(),
                })
            };
            if let Some(seen) = self.carrier.0.book.wait_for(Duration::from_secs(3600), look).await {
                self.next += 1;
                return seen;
            }
            // Only a carrier that has failed answers at once with nothing.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
