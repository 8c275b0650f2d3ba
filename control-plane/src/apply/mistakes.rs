//! Mistakes in the document, each with its line and key.

use std::{fmt::Write, ops::Range};

/// Most mistakes that are told: whoever made more has made one of them over and over.
const MOST_TOLD: usize = 50;

/// A value and the line on which it stands, from 1.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub line: usize,
    pub value: T,
}

/// One mistake.
#[derive(Clone, Debug)]
pub(super) struct Mistake {
    pub line: usize,
    /// Dotted, as in `org.project.primary`.
    pub key: String,
    pub problem: String,
}

/// The document's text, and what is wrong with it so far.
pub(super) struct Place<'t> {
    text: &'t str,
    /// Where each line starts.
    starts: Vec<usize>,
    found: Vec<Mistake>,
}

impl<'t> Place<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts, found: Vec::new() }
    }

    pub(super) const fn text(&self) -> &'t str {
        self.text
    }

    pub(super) fn line_of(&self, span: &Range<usize>) -> usize {
        self.starts.partition_point(|start| *start <= span.start)
    }

    /// What stands to the left of `=` on a line; `syntax` where there is nothing like it.
    pub(super) fn key_on(&self, line: usize) -> &'t str {
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let written = self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("");
        let key = written.split_once('=').map_or("", |(key, _)| key.trim());
        let is_key =
            !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if is_key { key } else { "syntax" }
    }

    pub(super) fn mistake(&mut self, line: usize, key: impl Into<String>, problem: impl Into<String>) {
        self.found.push(Mistake { line, key: key.into(), problem: problem.into() });
    }

    /// How many so far.
    pub(super) const fn mistakes(&self) -> usize {
        self.found.len()
    }

    pub(super) const fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        self.found
    }
}

/// `file:line: key: problem`, one a line, in the order of the file.
pub(super) fn told(file: &str, mut mistakes: Vec<Mistake>) -> String {
    mistakes.sort_by_key(|mistake| mistake.line);
    let mut text = String::new();
    for Mistake { line, key, problem } in mistakes.iter().take(MOST_TOLD) {
        let separator = if text.is_empty() { "" } else { "\n" };
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{file}:{line}: {key}: {problem}");
    }
    if let Some(more @ 1..) = mistakes.len().checked_sub(MOST_TOLD) {
        let _ = write!(text, "\n{file}: and {more} more");
    }
    text
}
