//! The words of the prompts: every language in one place.

use crate::call::Part;
use shared::{order::Prompt, severity::Severity};

/// A message is cut after this many characters: nobody listens to more before pressing a key.
const LONGEST_MESSAGE: usize = 300;
const LONGEST_NAME: usize = 80;

/// One language.
struct Catalogue {
    language: &'static str,
    critical: &'static str,
    major: &'static str,
    minor: &'static str,
    info: &'static str,
    from: &'static str,
    instructions: &'static str,
    thanks: &'static str,
}

const ENGLISH: Catalogue = Catalogue {
    language: "en",
    critical: "Critical alert",
    major: "Major alert",
    minor: "Minor alert",
    info: "Notice",
    from: "from",
    instructions: "Press 1 to acknowledge, 3 to repeat.",
    thanks: "Thank you. The alert is acknowledged. Goodbye.",
};

const UKRAINIAN: Catalogue = Catalogue {
    language: "uk",
    critical: "Критична тривога",
    major: "Важлива тривога",
    minor: "Незначна тривога",
    info: "Повідомлення",
    from: "від",
    instructions: "Натисніть один, щоб підтвердити, три, щоб повторити.",
    thanks: "Дякуємо. Тривогу підтверджено. До побачення.",
};

/// A sentence and the language it is in: the callee's, or English where there is no catalogue.
pub fn sentence(part: Part, prompt: &Prompt, allow_message_text: bool) -> (String, &'static str) {
    let words = catalogue(&prompt.language);
    let text = match part {
        Part::Alert => alert(words, prompt, allow_message_text),
        Part::Instructions => words.instructions.to_owned(),
        Part::Thanks => words.thanks.to_owned(),
    };
    (text, words.language)
}

fn alert(words: &Catalogue, prompt: &Prompt, allow_message_text: bool) -> String {
    let severity = match prompt.severity {
        Severity::Critical => words.critical,
        Severity::Major => words.major,
        Severity::Minor => words.minor,
        Severity::Info => words.info,
    };
    let mut text = format!("{severity} {} {}. ", words.from, speakable(&prompt.project, LONGEST_NAME));
    if let Some(message) = prompt.message.as_deref().filter(|_| allow_message_text) {
        text.push_str(&speakable(message, LONGEST_MESSAGE));
        text.push_str(". ");
    }
    text.push_str(words.instructions);
    text
}

fn catalogue(language: &str) -> &'static Catalogue {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    if primary.eq_ignore_ascii_case(UKRAINIAN.language) { &UKRAINIAN } else { &ENGLISH }
}

/// One line without control characters or markup, cut at `longest` characters.
fn speakable(text: &str, longest: usize) -> String {
    let words: Vec<String> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .map(|word| word.chars().filter(|c| !"<>[]{}".contains(*c)).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").chars().take(longest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(language: &str) -> Prompt {
        Prompt {
            severity: Severity::Critical,
            project: "Shop".into(),
            language: language.into(),
            message: Some("db\r\n <b>down</b>\0".into()),
        }
    }

    #[test]
    fn the_callee_hears_how_bad_it_is_where_and_which_keys_there_are() {
        assert_eq!(
            sentence(Part::Alert, &prompt("en-GB"), false).0,
            "Critical alert from Shop. Press 1 to acknowledge, 3 to repeat."
        );
        let (text, language) = sentence(Part::Alert, &prompt("uk"), false);
        assert!(text.starts_with("Критична тривога від Shop. "), "{text}");
        assert_eq!(language, "uk");
    }

    #[test]
    fn the_message_is_spoken_only_where_the_host_allows_it_and_without_markup() {
        assert!(!sentence(Part::Alert, &prompt("en"), false).0.contains("down"));
        assert!(sentence(Part::Alert, &prompt("en"), true).0.contains("Shop. db bdown/b. Press"));
    }

    #[test]
    fn a_language_without_a_catalogue_is_answered_in_english() {
        assert_eq!(sentence(Part::Thanks, &prompt("fi"), false).1, "en");
        assert_eq!(sentence(Part::Thanks, &prompt("; rm -rf /"), false).1, "en");
    }
}
