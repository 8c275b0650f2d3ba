//! Typed ids: a function that takes a `CallId` cannot be handed an `OrgId`.
//!
//! All are UUIDs. Those that name something that happened at a moment (requests, calls,
//! attempts) are made as version 7 at the edge, so that they sort by time.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID made at the edge.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A tenant.
    OrgId,
    /// A person.
    AccountId,
    /// A sign-in of a person.
    SessionId,
    /// An invitation into an organization.
    InviteId,
    /// A person's phone.
    PhoneId,
    /// A group of endpoints, rules and people inside an organization.
    ProjectId,
    /// A webhook URL; the id is its credential.
    EndpointId,
    /// One stored HTTP request to an endpoint.
    RequestId,
    /// What one request, or several with the same dedup key, opened.
    AlertId,
    /// The duty to reach one phone about one alert.
    CallId,
    /// One dial order on one PBX over one trunk. Also the id of the channel in Asterisk, which
    /// refuses a second live channel with the same id (409).
    AttemptId,
    /// An Asterisk host.
    PbxId,
    /// One call's worth of proof that a phone is its person's.
    VerificationId,
    /// A key of the HTTP API.
    ApiKeyId,
    /// One letter to one person. Also its key at the mail provider, which takes it once.
    LetterId,
    /// Something that went wrong, as operators tell of it.
    IncidentId,
    /// One journal of one agent. A new journal file is a new id, so that report numbers that
    /// start again at 1 are not mistaken for old ones.
    JournalId,
}
