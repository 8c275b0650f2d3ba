//! How the service is, for everybody: looked at every half minute, kept by days, and what operators tell of incidents.
//!
//! [`Probe`] looks and writes one row for each component; the time between two rows goes into the day that it belongs
//! to, in the same transaction. So a page never reads history. [`verdict`] and [`days`] judge without any I/O.

mod board;
mod checks;
mod component;
pub mod days;
pub mod incidents;
mod knock;
mod overview;
mod probe;
mod state;
mod verdict;

pub(crate) use board::{Batch, Board};
pub use component::Component;
pub use overview::{Overview, PAST_DAYS, SHOWN_DAYS};
pub(crate) use probe::Probe;
pub use state::State;
pub use verdict::overall;
