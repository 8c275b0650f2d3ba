//! The whole system under one clock of its own: the control plane's intake, dispatcher and sessions over
//! its tables, the agents' boards and journals, and a model of Asterisk, the network and the callees.
//!
//! ```text
//! seed ──▶ plan (webhooks, harm) ──▶ world: one queue of events in virtual time, one source of chance
//!                                      │ control plane ◀─ frames ─▶ agents ◀─ requests, events ─▶ Asterisk (model)
//!                                      ▼
//!                                    truth: what really happened ──▶ an invariant that does not hold, or figures
//! ```
//! One seed is one run, exactly. Processes die between any two steps and lose what is not durable; links
//! break; disks refuse; clocks are wrong by an hour and are set; journals are lost, databases restored.
//! After every step the invariants are looked at:
//!
//! - a request that was answered 202 is on disk, and each of its calls ends;
//! - an attempt is originated at most once, in time, after it was logged, and within the host's caps;
//! - a ring that may be a second one for the same duty is labelled;
//! - a key that a journal holds counts, and once;
//! - some seconds after a connection was made, both ends agree about every attempt;
//! - where nothing goes wrong, a critical call is ordered within a second, and nothing is labelled;
//! - in the end nothing is left: no channel, no attempt without an end, no report unheard.

mod agent;
mod asterisk;
pub mod bug;
pub mod campaign;
mod event;
mod network;
pub mod plan;
mod plane;
pub mod shrink;
pub mod stage;
mod truth;
pub mod world;

pub use truth::Broken;
