//! "Did you mean": what somebody probably wanted to write.

/// How alike two words must be, from 0 to 1 (Jaro-Winkler).
const ALIKE: f64 = 0.75;

/// Ends a sentence: `; did you mean "…"?`, or a full stop where no known word is like it.
pub(crate) fn did_you_mean<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(written, word), word))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(|| ".".to_owned(), |(_, word)| format!("; did you mean {word:?}?"))
}

/// What to say of a key that nobody knows.
pub(crate) fn unknown_key(written: &str, known: &[&str]) -> String {
    let meant = did_you_mean(written, known.iter().copied());
    format!("no such key {written:?}{meant} Known here: {}", known.join(", "))
}
