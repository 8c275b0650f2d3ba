//! What both programs need as services of a host: the service manager, which is systemd where there is
//! one, the log, and what an operator sends to whoever helps.
//!
//! Outside of systemd nothing here does anything: no variable of the environment, no word to anybody.

mod bundle;
mod credentials;
mod log;
mod manager;
mod pulse;
mod sockets;

pub use bundle::Bundle;
pub use credentials::Credentials;
pub use log::log;
pub use manager::{Manager, Word};
pub use pulse::Pulse;
pub use sockets::{HandedOver, NotASocket};
