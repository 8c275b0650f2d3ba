//! Bugs that are planted to show that the simulation would find them.
//!
//! Each is what the programs would do if one line of theirs were missing; it is planted at the seam
//! between them and the simulated world, so that no program carries a switch for it.

/// A line that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The agent does not remember orders: one that comes twice is dialled twice.
    DedupRemoved,
    /// The agent does not look at an order's expiry.
    ExpiryUnchecked,
    /// The webhook is answered 202 before it is on disk.
    AckBeforeFsync,
    /// The agent dials before the order is in its journal.
    DialBeforeFsync,
    /// Orders leave before their attempts are on the control plane's disk.
    OrderBeforeCommit,
    /// The control plane applies a report that it has applied already.
    ReportAppliedTwice,
    /// A ring in doubt is followed by another that is not labelled.
    LabelForgotten,
    /// A restarted agent knows nothing of calls that it had under way.
    CapsForgotten,
    /// The agent forgets reports when they are sent, not when they are acknowledged.
    ReportForgottenWhenSent,
    /// A call that was cancelled while it rang is not hung up.
    CancelForgotten,
    /// The agent does not say that it lost sight of a call before its end.
    DoubtKeptSilent,
    /// An answer, by whatever machine, is taken for an acknowledgement.
    AnswerTakenForKey,
    /// The control plane does not listen to agents that remember more than its database.
    OldDatabaseTrusted,
    /// The control plane does not look at its clock.
    ClockNotFollowed,
    /// A person who takes or closes an alert is told so, and it is not on disk.
    PersonNotStored,
    /// A repeat that comes when its alert's calls have ended in vain rings nobody.
    RepeatRingsNobody,
    /// The dispatcher is not told that a person has taken or closed an alert.
    PersonNotHeard,
    /// The agent does not look at how many calls of a trunk start within a second.
    RateUnchecked,
    /// The agent does not notice that its journal was restored from an older copy.
    OldJournalTrusted,
    /// Who asks to be left alone is told so, and it is not on disk.
    LeftAloneNotStored,
    /// Hosts do not look at where a trunk may dial to.
    CountryUnchecked,
    /// Every number is taken for one that asked to be left alone.
    EverybodyLeftAlone,
}

impl Bug {
    /// Every one.
    pub const ALL: [Self; 22] = [
        Self::DedupRemoved,
        Self::ExpiryUnchecked,
        Self::AckBeforeFsync,
        Self::DialBeforeFsync,
        Self::OrderBeforeCommit,
        Self::ReportAppliedTwice,
        Self::LabelForgotten,
        Self::CapsForgotten,
        Self::ReportForgottenWhenSent,
        Self::CancelForgotten,
        Self::DoubtKeptSilent,
        Self::AnswerTakenForKey,
        Self::OldDatabaseTrusted,
        Self::ClockNotFollowed,
        Self::PersonNotStored,
        Self::RepeatRingsNobody,
        Self::PersonNotHeard,
        Self::RateUnchecked,
        Self::OldJournalTrusted,
        Self::LeftAloneNotStored,
        Self::CountryUnchecked,
        Self::EverybodyLeftAlone,
    ];
}
