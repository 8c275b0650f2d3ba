//! What a client may cost.

use crate::intake::Rate;
use std::time::Duration;

/// A program that brings some hundred projects up to date is not held back; a loop is, before its rows fill the disk or
/// its transactions keep alerts waiting.
const WRITES: Rate = Rate { burst: 600, per_second: 5 };
/// Some such programs at once.
const WRITES_OF_ORG: Rate = Rate { burst: 2_000, per_second: 20 };

/// Bounds on clients. The defaults are the product's; tests tighten them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// Time for a TLS handshake.
    pub handshake_time: Duration,
    /// Time for the head of a request, and for a connection without one.
    pub idle_time: Duration,
    /// Header fields of a request.
    pub header_fields: usize,
    /// Bytes of a request's header fields, and of its target.
    pub header_bytes: usize,
    /// How fast one endpoint may send.
    pub endpoint_rate: Rate,
    /// How fast one person or key may change things.
    pub writes: Rate,
    /// How fast the people and keys of one organization may together.
    pub writes_of_org: Rate,
    /// Streams of events that one person or key may have open.
    pub streams_of_one: u32,
    /// Streams of events that the people and keys of one organization may have open.
    pub streams_of_organization: u32,
    /// Streams of events that may be open in all.
    pub streams: u32,
    /// How often somebody who watches is asked for again, and hears that the connection is alive.
    pub stream_pulse: Duration,
    /// Bytes of a webhook's body.
    pub webhook_bytes: usize,
    /// Bytes of all bodies that are held at once, from their first byte until they are stored.
    pub body_memory: usize,
    /// Time for a whole body.
    pub body_time: Duration,
    /// Bytes of an unwanted body that are read and thrown away, so that the answer arrives.
    pub drain_bytes: u64,
    /// Time for the same.
    pub drain_time: Duration,
    /// WebSockets whose agent has not yet proved itself.
    pub unproven_agents: usize,
    /// Enrolments of one peer that may fail within a minute.
    pub failed_enrolments: u32,
    /// Time for the database to answer a readiness probe.
    pub readiness_time: Duration,
    /// How often it is looked at how everything is, for the status page.
    pub status_pause: Duration,
    /// For how long the status page is not made anew, however often it is asked for.
    pub status_page_age: Duration,
    /// Time for requests in flight, the dispatcher and the agents' links when the process ends.
    pub shutdown_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            handshake_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(30),
            header_fields: 100,
            header_bytes: 16 * 1024,
            endpoint_rate: Rate::default(),
            writes: WRITES,
            writes_of_org: WRITES_OF_ORG,
            streams_of_one: 8,
            streams_of_organization: 50,
            streams: 5_000,
            stream_pulse: Duration::from_secs(15),
            webhook_bytes: 256 * 1024,
            body_memory: 128 * 1024 * 1024,
            body_time: Duration::from_secs(30),
            drain_bytes: 8 * 1024 * 1024,
            drain_time: Duration::from_secs(5),
            unproven_agents: 1024,
            failed_enrolments: 10,
            readiness_time: Duration::from_secs(2),
            status_pause: Duration::from_secs(30),
            status_page_age: Duration::from_secs(10),
            shutdown_time: Duration::from_secs(9),
        }
    }
}
