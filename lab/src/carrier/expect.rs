//! `carrier.expect_call(number).on_trunk("a").within(secs(10)).await`.

use super::{Call, Carrier, book::Inner};
use anyhow::{Context, Result};
use std::{future::IntoFuture, pin::Pin, time::Duration};

/// How long an expectation waits where nothing else is said.
pub(super) const WITHIN: Duration = Duration::from_secs(20);

/// A call that is expected; await it.
#[derive(Debug)]
#[must_use = "an expectation does nothing until it is awaited"]
pub struct ExpectCall {
    carrier: Carrier,
    number: String,
    trunk: Option<String>,
    pbx_port: Option<u16>,
    within: Duration,
    key: Option<char>,
}

impl ExpectCall {
    pub(super) fn new(carrier: Carrier, number: String) -> Self {
        Self { carrier, number, trunk: None, pbx_port: None, within: WITHIN, key: None }
    }

    /// Over this trunk.
    pub fn on_trunk(mut self, trunk: &str) -> Self {
        self.trunk = Some(trunk.to_owned());
        self
    }

    /// From the PBX whose SIP port this is.
    pub fn from_pbx(mut self, sip_port: u16) -> Self {
        self.pbx_port = Some(sip_port);
        self
    }

    /// The longest wait; 20 s where nothing is said.
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// The next call to this number is answered with this key; say it before the call is placed.
    /// The future then resolves when the PBX has confirmed the key.
    pub fn press(mut self, key: char) -> Self {
        self.key = Some(key);
        let when = self.carrier.when_called(&self.number);
        let when = match &self.trunk {
            Some(trunk) => when.on_trunk(trunk),
            None => when,
        };
        let _ = when.once().answer().press(key);
        self
    }

    async fn met(self) -> Result<Call> {
        let look = |book: &mut Inner| {
            let index = book.calls.iter().position(|call| {
                !call.taken
                    && self.number == call.to
                    && self.trunk.as_ref().is_none_or(|wanted| *wanted == call.trunk)
                    && self.pbx_port.is_none_or(|wanted| wanted == call.pbx.port())
            })?;
            book.calls[index].taken = true;
            Some(index)
        };
        let found = self.carrier.0.book.wait_for(self.within, look).await;
        let index = found.with_context(|| {
            format!(
                "expected a call to {}{} within {:?}, and none came; {}",
                self.number,
                self.trunk.as_ref().map(|trunk| format!(" on trunk {trunk}")).unwrap_or_default(),
                self.within,
                self.carrier.story()
            )
        })?;
        let call = Call::new(self.carrier, index);
        if let Some(key) = self.key {
            call.expect_key(key, self.within).await?;
        }
        Ok(call)
    }
}

impl IntoFuture for ExpectCall {
    type Output = Result<Call>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Call>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.met())
    }
}
