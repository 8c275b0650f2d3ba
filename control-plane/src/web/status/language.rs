//! The language of a page: what is asked for, else what the browser prefers.

use super::words::{Words, english, ukrainian};
use crate::web::{
    api::query::{Query, bad},
    problem::Problem,
};
use hyper::{HeaderMap, header::ACCEPT_LANGUAGE};

/// A language with a whole catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Language {
    English,
    Ukrainian,
}

impl Language {
    pub(super) const ALL: [Self; 2] = [Self::English, Self::Ukrainian];

    /// BCP 47.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Ukrainian => "uk",
        }
    }

    pub(super) const fn words(self) -> &'static Words {
        match self {
            Self::English => &english::WORDS,
            Self::Ukrainian => &ukrainian::WORDS,
        }
    }

    /// `?lang=`, else `Accept-Language`, else English.
    pub(super) fn asked(query: &Query, headers: &HeaderMap) -> Result<Self, Problem> {
        if let Some(word) = query.text("lang") {
            let found = Self::ALL.into_iter().find(|language| language.as_str() == word);
            return found.ok_or_else(|| bad("the parameter lang is en or uk".to_owned()));
        }
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Ok(accepted.and_then(Self::preferred).unwrap_or(Self::English))
    }

    /// The one of the highest weight (RFC 9110, section 12.5.4), of several the one that is named first.
    fn preferred(accepted: &str) -> Option<Self> {
        let mut best: Option<(u16, Self)> = None;
        for range in accepted.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let primary = name.split('-').next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1000), weight);
            let found = Self::ALL.into_iter().find(|language| language.as_str() == primary);
            let (Some(weight), Some(language)) = (weight, found) else { continue };
            if weight > 0 && best.is_none_or(|(heaviest, _)| weight > heaviest) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

/// In thousandths.
fn weight(text: &str) -> Option<u16> {
    let weight: f32 = text.parse().ok()?;
    // In range, so nothing is cut off but what is smaller than a thousandth.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    (0.0..=1.0).contains(&weight).then_some((weight * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_the_language_that_it_prefers() {
        for (accepted, language) in [
            ("uk-UA,uk;q=0.9,en;q=0.8", Some(Language::Ukrainian)),
            ("en-GB, uk;q=0.9", Some(Language::English)),
            ("en;q=0.5, UK;q=0.7", Some(Language::Ukrainian)),
            ("de, fr;q=0.9, en;q=0.1", Some(Language::English)),
            ("uk;q=0, en;q=0.1", Some(Language::English)),
            ("uk;q=2", None),
            ("ukr", None),
            ("de", None),
            ("*", None),
            ("", None),
            (";;,,q=", None),
        ] {
            assert_eq!(Language::preferred(accepted), language, "{accepted:?}");
        }
    }

    #[test]
    fn what_is_asked_for_comes_before_what_is_preferred() {
        let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, "uk".parse().unwrap())]);
        let asked = |query: &str| Language::asked(&Query::read(query, &["lang"]).unwrap(), &headers);
        assert_eq!(asked("lang=en").unwrap(), Language::English);
        assert_eq!(asked("").unwrap(), Language::Ukrainian);
        assert!(format!("{:?}", asked("lang=tlh").unwrap_err()).contains("en or uk"));
    }
}
