//! What a letter says, as text and as HTML: both come from one catalogue for each language.

mod english;
mod ukrainian;

use super::{language::Language, template::Template};
use std::fmt::Write;
use url::Url;

/// Longest subject and longest paragraph or value, characters: names come from outside.
const LONGEST_SUBJECT: usize = 150;
const LONGEST_TEXT: usize = 1000;

const STYLE: &str = "font-family:sans-serif;font-size:16px;line-height:1.5;color:#1f2328;max-width:36em";
const BUTTON: &str = "display:inline-block;padding:10px 18px;background:#1f5fd0;color:#ffffff;\
                      text-decoration:none;border-radius:6px";

/// A letter as it leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rendered {
    /// One line.
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// Writes a letter.
pub(super) fn render(template: &Template, language: Language) -> Rendered {
    let words = match language {
        Language::English => english::words(template),
        Language::Ukrainian => ukrainian::words(template),
    };
    Rendered { text: words.text(), html: words.html(language), subject: words.subject }
}

/// A letter as its catalogue says it. Whatever is put in is one line: nobody's name begins a header or a paragraph.
struct Words {
    subject: String,
    parts: Vec<Part>,
}

enum Part {
    Paragraph(String),
    /// What it does, and where it leads.
    Link(String, String),
    /// Names and values, one a line.
    Facts(Vec<(&'static str, String)>),
    /// Said last, in small print.
    Ending(String),
}

impl Words {
    fn about(subject: impl AsRef<str>) -> Self {
        Self { subject: one_line(subject.as_ref(), LONGEST_SUBJECT), parts: Vec::new() }
    }

    fn paragraph(self, text: impl AsRef<str>) -> Self {
        self.with(Part::Paragraph(one_line(text.as_ref(), LONGEST_TEXT)))
    }

    fn link(self, label: &str, link: &Url) -> Self {
        // Not shortened: it would lead nowhere. Whatever a URL holds that is no plain ASCII, it holds encoded.
        self.with(Part::Link(label.to_owned(), link.to_string()))
    }

    fn facts<const N: usize>(self, facts: [(&'static str, String); N]) -> Self {
        let facts = facts.into_iter().map(|(name, value)| (name, one_line(&value, LONGEST_TEXT)));
        self.with(Part::Facts(facts.collect()))
    }

    fn ending(self, text: impl AsRef<str>) -> Self {
        self.with(Part::Ending(one_line(text.as_ref(), LONGEST_TEXT)))
    }

    fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    fn text(&self) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Paragraph(text) => format!("{text}\n"),
            Part::Link(label, link) => format!("{label}:\n{link}\n"),
            Part::Facts(facts) => facts.iter().map(|(name, value)| format!("{name}: {value}\n")).collect(),
            Part::Ending(text) => format!("-- \n{text}\n"),
        });
        parts.collect::<Vec<_>>().join("\n")
    }

    fn html(&self, language: Language) -> String {
        let mut html = format!(
            "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n\
             <body style=\"{STYLE}\">\n",
            language.as_str(),
            escaped(&self.subject)
        );
        for part in &self.parts {
            // Writing to a string cannot fail.
            let _ = match part {
                Part::Paragraph(text) => writeln!(html, "<p>{}</p>", escaped(text)),
                Part::Link(label, link) => {
                    let (label, link) = (escaped(label), escaped(link));
                    writeln!(
                        html,
                        "<p><a href=\"{link}\" style=\"{BUTTON}\">{label}</a></p>\n\
                         <p style=\"font-size:13px;word-break:break-all\">{link}</p>"
                    )
                }
                Part::Facts(facts) => {
                    let lines = facts.iter().map(|(name, value)| format!("{name}: {}", escaped(value)));
                    writeln!(html, "<p>{}</p>", lines.collect::<Vec<_>>().join("<br>\n"))
                }
                Part::Ending(text) => {
                    writeln!(html, "<p style=\"font-size:13px;color:#656d76\">{}</p>", escaped(text))
                }
            };
        }
        html.push_str("</body></html>\n");
        html
    }
}

/// Without control characters and without those that turn the direction of writing: neither a header nor a
/// sentence can be made to say something else. Cut where it is too long.
fn one_line(text: &str, longest: usize) -> String {
    let seen = text.chars().filter(|c| !turns_writing(*c)).map(|c| if c.is_control() { ' ' } else { c });
    let line: String = seen.collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(longest) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

const fn turns_writing(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}')
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests;
