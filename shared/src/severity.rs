//! How bad it is. Shared, because the agent speaks it and the control plane orders by it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Four levels, most urgent first, so that sorting puts critical first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Wake somebody now.
    Critical,
    /// What a request that names no severity is.
    Major,
    /// Can wait for the morning.
    Minor,
    /// For the record.
    Info,
}

impl Severity {
    /// All four, most urgent first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::Major, Self::Minor, Self::Info];

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Info => "info",
        }
    }

    /// 0 for critical to 3 for info: the order in which calls are placed.
    pub const fn rank(self) -> i64 {
        match self {
            Self::Critical => 0,
            Self::Major => 1,
            Self::Minor => 2,
            Self::Info => 3,
        }
    }

    /// Reads the word of the contract back; `None` for any other word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_sorts_first_and_words_survive_a_round_trip() {
        let mut sorted = Severity::ALL;
        sorted.sort();
        assert_eq!(sorted, Severity::ALL);
        for severity in Severity::ALL {
            assert_eq!(Severity::from_word(severity.as_str()), Some(severity));
        }
    }
}
