//! Stories of the agent's program, between a scripted control plane and a scripted Asterisk.

mod asterisk;
mod control_plane;
mod host;

mod asterisk_trouble;
mod bad_frames;
mod checking;
mod disk_trouble;
mod draining;
mod enrolled_anew;
mod enrolment;
mod enrolment_tls;
mod handshake;
mod hostile_frames;
mod lying_clock;
mod order_keys;
mod orders;
mod reports;
mod restored_journal;
mod service;
mod stopping;
mod support;
mod tls;
