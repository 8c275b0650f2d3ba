//! Obeys signed dial orders on an Asterisk host.
//!
//! The way of an order: [`link`] (the WebSocket to the control plane) -> [`policy`] (every reason
//! to refuse) -> [`journal`] (on disk before anything rings) -> [`call`] (one attempt as a state
//! machine) -> [`ari`] (Asterisk on loopback). Reports go back the same way. [`board`] decides about all
//! attempts, [`switchboard`] is the one task that does what it wants; [`run`] starts and ends every task.

pub mod ari;
pub mod board;
pub mod call;
pub mod check;
pub mod cli;
pub mod clock;
pub mod config;
pub mod drain;
pub mod health;
pub mod identity;
pub mod journal;
pub mod ledger;
pub mod link;
pub mod policy;
pub mod retry;
pub mod run;
pub mod say;
mod service;
pub mod status;
pub mod switchboard;
pub mod tls;
pub mod voice;
