//! What the control plane and the PBX agents must agree on, and nothing else.
//!
//! Nothing here does I/O, reads a clock or draws a random number: ids and times are made at the
//! edges and passed in, so that both programs' state machines can be replayed exactly.

pub mod code;
pub mod complaint;
pub mod fence;
pub mod ids;
pub mod order;
pub mod order_keys;
pub mod outcome;
pub mod phone;
pub mod protocol;
pub mod severity;
mod signed;
pub mod time;
