//! Letters to people: queued in the transaction that wants them, sent in the background, given up in the end.
//!
//! [`queue`] renders a letter and stores it. The sender takes what is due, hands it to the transport that the
//! configuration names, and asks [`next`](decision) what follows. A letter is sent at least once; where the
//! provider knows idempotency keys (Resend) exactly once, elsewhere a repeat has the same Message-ID.
//! The provider's own events ([`apply`]) tell which addresses get no letter any more.

mod decision;
mod event;
mod figures;
pub mod history;
mod language;
mod letter;
mod outbox;
mod secret_file;
mod sender;
mod settings;
mod shown;
mod signature;
mod state;
pub mod suppressions;
mod template;
mod transport;
mod words;

pub use event::{Cause, Event, NotAnEvent, apply};
pub use figures::{Figures, figures};
pub use language::Language;
pub use letter::{Letter, Queued, queue};
pub use secret_file::SecretError;
pub use sender::Nudge;
pub use settings::{MailSettings, Route, SmtpServer, SmtpTls};
pub use signature::{BadSignature, NotASecret, Signed, WebhookSecret};
pub use state::State;
pub use template::{SecondFactorChange, Template};
pub use transport::{MailError, Obstacle, probe};

pub(crate) use sender::Sender;
pub(crate) use settings::sender_of;
pub(crate) use transport::webhook_secret;
