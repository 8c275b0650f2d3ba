//! CallPing's control plane: accounts, rules, the call queue, history and the HTTP surfaces.
//!
//! Data flows one way: `web` -> `intake` -> `routing` -> `dispatch` -> `fleet` -> the agents, and
//! their reports back through `fleet` to `dispatch`. A room uses only rooms further along,
//! `accounts`, `store` and the crate `shared`; `mail` stands beside them for whoever writes to people. ARCHITECTURE.md tells the whole story.

pub mod accounts;
pub mod apply;
pub mod cli;
pub mod config;
pub mod dispatch;
pub mod fleet;
pub mod intake;
mod key_file;
pub mod mail;
pub mod routing;
pub mod say;
mod secret;
pub mod serve;
pub mod service;
pub mod status;
pub mod store;
mod suggestion;
mod values;
pub mod wall_clock;
pub mod web;
mod words;
