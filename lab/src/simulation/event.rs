//! What the world's clock brings.

use super::asterisk::Step;
use control_plane::dispatch::turn::Done;
use pbx_agent::board;
use shared::protocol::{AgentFrame, ControlFrame};

/// Something that happens at a moment.
///
/// Whatever belongs to a process carries the number of its life, to a connection the number of the
/// connection: what was under way when it ended comes to nothing.
#[derive(Debug)]
pub enum Event {
    /// Of the plan.
    Incident(usize),
    /// A harm of the plan is over.
    Healed(usize),
    /// A sender sends its webhook, again if need be.
    Send(usize),
    /// The answer is on its way to the sender.
    Answered { webhook: usize, life: u64 },
    /// What a webhook said reaches the disk only now; with [`super::bug::Bug::AckBeforeFsync`].
    StoredLate { webhook: usize, life: u64 },
    /// The control plane is started.
    ControlPlaneStarts,
    /// The dispatcher takes a turn.
    Turn { life: u64 },
    /// The turn is durable: what it wants leaves.
    TurnDone { life: u64, done: Box<Done> },
    /// An agent tries to connect.
    Connect { host: usize, life: u64 },
    /// Its proof has arrived.
    Proven { host: usize, life: u64 },
    /// A frame arrives.
    ToControlPlane { host: usize, connection: u64, frame: AgentFrame },
    /// A frame arrives.
    ToAgent { host: usize, connection: u64, frame: ControlFrame },
    /// The control plane notices that a connection is gone.
    ControlPlaneNotices { host: usize, connection: u64 },
    /// The agent notices that a connection is gone.
    AgentNotices { host: usize, connection: u64 },
    /// Reports may have to be sent again.
    Resend { host: usize, connection: u64 },
    /// An agent is started.
    AgentStarts { host: usize },
    /// The disk of an agent takes what has gathered.
    Disk { host: usize, life: u64 },
    /// A timer of an agent's board may be due.
    Timer { host: usize, life: u64 },
    /// An agent hears of something.
    Told { host: usize, life: u64, input: board::Input },
    /// An agent tries to open the event stream of its Asterisk.
    OpenStream { host: usize, life: u64 },
    /// Asterisk is started.
    AsteriskStarts { host: usize },
    /// An agent's request reaches its Asterisk.
    Asked { host: usize, life: u64, request: Request },
    /// Something happens to a channel.
    Channel { host: usize, life: u64, channel: String, step: Step },
    /// Some seconds after a connection was made: do both ends agree?
    Agree { host: usize, connection: u64 },
    /// Nothing goes wrong any more.
    Peace,
    /// Is everything over?
    Look,
}

/// What an agent asks of Asterisk.
#[derive(Clone, Debug)]
pub enum Request {
    /// Make a channel.
    Originate(Box<board::Dial>),
    /// Play to one.
    Play { channel: String, play: u32, playback: String },
    /// Stop playing.
    Stop { channel: String, playback: String },
    /// Hang up.
    HangUp { channel: String, stray: bool },
    /// Does it live?
    Look { channel: String },
}
