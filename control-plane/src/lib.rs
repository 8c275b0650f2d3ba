//! CallPing's control plane: accounts, routing, the call queue, history and the portal.
//!
//! Data flows one way: `web` -> `intake` -> `routing` -> `dispatch` -> `fleet` -> the agents, and
//! their reports back through `fleet` to `dispatch`. A room uses only rooms further along, `store`
//! and the crate `shared`. ARCHITECTURE.md tells the whole story.

pub mod accounts;
pub mod cli;
pub mod config;
pub mod dispatch;
pub mod fleet;
pub mod intake;
pub mod routing;
pub mod serve;
pub mod store;
pub mod web;
