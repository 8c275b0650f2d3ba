//! The server as its clients meet it: a real one on a port of its own, with a fresh database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where it stopped")]

mod accounts;
mod admin;
mod agents;
mod alerts;
mod api;
mod backpressure;
mod backup;
mod commands;
mod hostile;
mod mail;
mod pages;
mod paths;
mod plane;
mod portal;
mod service;
mod shutdown;
mod start;
mod status;
mod support;
mod tls;
mod trust;
mod webhook;
