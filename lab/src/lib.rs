//! A laboratory on one machine: real Asterisk hosts, a scripted SIP carrier, the product as
//! processes between them; and the demo and benchmarks that run there.

pub mod ari;
pub mod asterisk;
pub mod authority;
pub mod bench;
pub mod booted;
pub mod carrier;
pub mod chaos;
pub mod demo;
pub mod dirs;
pub mod ear;
pub mod field;
mod letters;
pub mod nginx;
pub mod packages;
pub mod pbx;
pub mod ports;
pub mod postoffice;
pub mod process;
pub mod product;
pub mod roots;
pub mod say;
pub mod setup;
pub mod simulation;
pub mod stage;
pub mod stop;
pub mod up;

pub use carrier::{Behaviour, Carrier};
pub use field::{Lab, LabOptions};
pub use pbx::{PbxHost, Trunk};
