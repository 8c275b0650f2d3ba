//! Languages that letters are written in.

/// A language with a whole catalogue. Another one is a variant here and a file below `words/`; the compiler then
/// asks for the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Ukrainian.
    Ukrainian,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Ukrainian];

    /// BCP 47, as the database and HTML write it: `en`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Ukrainian => "uk",
        }
    }

    /// Reads a language; exactly as [`Language::as_str`] writes it.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_read_as_it_is_written() {
        for language in Language::ALL {
            assert_eq!(Language::from_word(language.as_str()), Some(language));
        }
        assert_eq!(Language::from_word("tlh"), None);
    }
}
