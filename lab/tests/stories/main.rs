//! Stories on real Asterisk and a real SIP carrier, one file per behaviour.

mod agent;
mod answers;
mod carrier_refuses;
mod chaos;
mod digest;
mod expectations;
mod hosts;
mod mail;
mod nobody_answers;
mod product;
mod scene;
mod threat_model;
mod trunk_health;
