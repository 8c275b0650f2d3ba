//! What a call is told.

use crate::fleet::choice::{Candidate, NoRoute};
use shared::{
    ids::{AttemptId, PbxId},
    protocol::AttemptEvent,
};

/// What a call is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The moment of [`super::Call::wake_at`] has come, or a PBX has become free.
    Due,
    /// Answer to [`super::Output::Choose`]: a route, and the id of the attempt that would use it.
    Offered {
        /// Made by the driver.
        attempt: AttemptId,
        /// Where.
        candidate: Candidate,
    },
    /// Answer to [`super::Output::Choose`]: no route.
    NoCandidate(NoRoute),
    /// A report about one of this call's attempts, live or given up.
    Report {
        /// Which.
        attempt: AttemptId,
        /// What happened to it.
        event: AttemptEvent,
    },
    /// The order certainly was not and will not be started: it never left, or its agent never saw
    /// it and now refuses it.
    NeverStarted {
        /// Which.
        attempt: AttemptId,
    },
    /// Asked after a reconnect, its agent says that the attempt is under way.
    StillLive {
        /// Which.
        attempt: AttemptId,
        /// Which host says so.
        pbx: PbxId,
    },
    /// The alert was closed or taken by somebody else.
    Cancel,
    /// From now on it rings another phone: what became of the one before says nothing of it.
    Readdressed,
    /// The alert has become worse: a pause before a redial is over. An attempt under way stays.
    Raised,
    /// The process has just started; its clock may have been set back before.
    Started,
    /// The clock by which it goes was set: everything ahead moves with it.
    ClockSet {
        /// Microseconds.
        by: i64,
    },
    /// The database is older than the truth: it may have been answered since.
    Forgotten,
}
