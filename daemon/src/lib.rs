//! What both programs need of the service manager of their host, which is systemd where there is one.
//!
//! Outside of it nothing here does anything: no variable of the environment, no word to anybody.

mod credentials;
mod manager;
mod pulse;
mod sockets;

pub use credentials::Credentials;
pub use manager::{Manager, Word};
pub use pulse::Pulse;
pub use sockets::{HandedOver, NotASocket};
