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
    greeting: &'static str,
    digits: [&'static str; 10],
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
    greeting: "This is CallPing. Your code is:",
    digits: ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
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
    greeting: "Це CallPing. Ваш код:",
    digits: ["нуль", "один", "два", "три", "чотири", "п'ять", "шість", "сім", "вісім", "дев'ять"],
};

const CATALOGUES: [&Catalogue; 2] = [&ENGLISH, &UKRAINIAN];

/// A sentence and the language it is in: the callee's, or English where there is no catalogue. `None` for a
/// digit that the prompt does not have.
pub fn sentence(part: Part, prompt: &Prompt, allow_message_text: bool) -> Option<(String, &'static str)> {
    let words = catalogue(&prompt.language);
    let text = match part {
        Part::Alert => alert(words, prompt, allow_message_text),
        Part::Instructions => words.instructions.to_owned(),
        Part::Thanks => words.thanks.to_owned(),
        Part::Greeting => words.greeting.to_owned(),
        Part::Digit(place) => {
            let digit = prompt.code.as_ref()?.digit(place.into())?;
            (*words.digits.get(usize::from(digit))?).to_owned()
        }
    };
    Some((text, words.language))
}

/// Everything that codes are made of, in every language: each a sentence and its language.
pub(super) fn pieces_of_codes() -> impl Iterator<Item = (&'static str, &'static str)> {
    CATALOGUES.into_iter().flat_map(|words| {
        let pieces = words.digits.into_iter().chain([words.greeting]);
        pieces.map(|piece| (piece, words.language))
    })
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
    let named = CATALOGUES.into_iter().find(|words| primary.eq_ignore_ascii_case(words.language));
    named.unwrap_or(&ENGLISH)
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
    use shared::code::Code;

    fn prompt(language: &str) -> Prompt {
        Prompt {
            severity: Severity::Critical,
            project: "Shop".into(),
            language: language.into(),
            message: Some("db\r\n <b>down</b>\0".into()),
            code: None,
        }
    }

    fn said(part: Part, prompt: &Prompt, allow_message_text: bool) -> (String, &'static str) {
        sentence(part, prompt, allow_message_text).unwrap()
    }

    #[test]
    fn the_callee_hears_how_bad_it_is_where_and_which_keys_there_are() {
        assert_eq!(
            said(Part::Alert, &prompt("en-GB"), false).0,
            "Critical alert from Shop. Press 1 to acknowledge, 3 to repeat."
        );
        let (text, language) = said(Part::Alert, &prompt("uk"), false);
        assert!(text.starts_with("Критична тривога від Shop. "), "{text}");
        assert_eq!(language, "uk");
    }

    #[test]
    fn the_message_is_spoken_only_where_the_host_allows_it_and_without_markup() {
        assert!(!said(Part::Alert, &prompt("en"), false).0.contains("down"));
        assert!(said(Part::Alert, &prompt("en"), true).0.contains("Shop. db bdown/b. Press"));
    }

    #[test]
    fn a_language_without_a_catalogue_is_answered_in_english() {
        assert_eq!(said(Part::Thanks, &prompt("fi"), false).1, "en");
        assert_eq!(said(Part::Thanks, &prompt("; rm -rf /"), false).1, "en");
    }

    #[test]
    fn a_code_is_said_digit_by_digit_in_the_callees_language() {
        let code = |language| Prompt { code: Some(Code::of(20_719)), ..prompt(language) };
        let digits = |language| -> Vec<String> {
            (0..6).map(|place| said(Part::Digit(place), &code(language), false).0).collect()
        };
        assert_eq!(digits("en-GB"), ["zero", "two", "zero", "seven", "one", "nine"]);
        assert_eq!(digits("uk"), ["нуль", "два", "нуль", "сім", "один", "дев'ять"]);
        assert_eq!(said(Part::Greeting, &code("fi"), false).0, "This is CallPing. Your code is:");
        assert_eq!(sentence(Part::Digit(6), &code("en"), false), None);
        assert_eq!(sentence(Part::Digit(0), &prompt("en"), false), None, "an alert has no digits");
    }

    #[test]
    fn whatever_is_said_of_a_code_is_among_the_pieces_that_are_made_beforehand() {
        for (language, number) in [("en", 123_456), ("uk", 789_000)] {
            let prompt = Prompt { code: Some(Code::of(number)), ..prompt(language) };
            for part in (0..6).map(Part::Digit).chain([Part::Greeting]) {
                let (text, language) = said(part, &prompt, false);
                assert!(pieces_of_codes().any(|piece| piece == (text.as_str(), language)), "{text}");
            }
        }
    }
}
