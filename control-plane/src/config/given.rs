//! A value that somebody gave, and where: a mistake is reported there.

use super::ConfigError;
use std::path::PathBuf;

/// Longest complaint about a line, characters.
const LONGEST: usize = 400;

/// A text and its origin.
pub(super) struct Given {
    pub(super) text: String,
    pub(super) place: Place,
}

/// Where a value was given.
pub(super) enum Place {
    Option { option: &'static str, variable: &'static str },
    Line { path: PathBuf, line: usize, key: String },
}

impl Place {
    pub(super) const fn option(option: &'static str, variable: &'static str) -> Self {
        Self::Option { option, variable }
    }

    /// What the option or its variable says, else the file.
    pub(super) fn or_file(self, text: Option<String>, file: Option<Given>) -> Option<Given> {
        match text {
            Some(text) => Some(Given { text, place: self }),
            None => file,
        }
    }

    pub(super) fn error(self, problem: String) -> ConfigError {
        match self {
            Self::Option { option, variable } => ConfigError::Option { option, variable, problem },
            Self::Line { path, line, key } => {
                ConfigError::Line { path, line, key: shown(&key), problem: shown(&problem) }
            }
        }
    }
}

/// What the file says, fit for one line on a terminal.
fn shown(text: &str) -> String {
    match text {
        "" => "\"\"".to_owned(),
        text => text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(LONGEST).collect(),
    }
}

impl Given {
    /// Reads the text; what is wrong with it is reported where it was given.
    pub(super) fn read<T>(self, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, ConfigError> {
        read(&self.text).map_err(|problem| self.place.error(problem))
    }
}
