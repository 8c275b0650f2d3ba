//! `check-number`: the safety net and a fence, asked about numbers.

#[cfg(test)]
mod tests;

use super::WRONG;
use crate::say;
use clap::Args;
use serde::Serialize;
use shared::{
    fence::{RouteCountries, UnknownEntry},
    outcome::Reason,
    phone::{self, Allowed, Refusal},
};
use std::{
    borrow::Cow,
    io::{self, BufRead, Read},
    process::ExitCode,
};

/// A line of standard input is kept up to so many bytes. What is longer is no number, and is refused
/// with its beginning for `input`.
const LONGEST_LINE: usize = 4 * 1024 * 1024;

/// What the command was asked.
#[derive(Args)]
pub(super) struct CheckNumber {
    /// Calling codes and regions that may be called, separated by commas, as in +380,PL
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    route_countries: Option<Vec<String>>,
    /// One JSON document a line, for programs; always so for standard input
    #[arg(long)]
    json: bool,
    /// Numbers; without any, one JSON string a line on standard input
    #[arg(value_name = "NUMBER", allow_hyphen_values = true)]
    numbers: Vec<String>,
}

/// Arguments are a question, so the exit code is the answer: 1 where one number may not be called.
/// Standard input is a stream, so the lines are the answer: 0 once every line has one.
pub(super) fn run(asked: CheckNumber) -> ExitCode {
    let CheckNumber { route_countries, json, numbers } = asked;
    let fence = match route_countries.map(fence_of).transpose() {
        Ok(fence) => fence,
        Err(error) => {
            say::complain(format!("--{}", error.to_string().replacen('_', "-", 1)));
            return ExitCode::from(WRONG);
        }
    };
    if numbers.is_empty() {
        let answered = answer_lines(io::stdin().lock(), fence.as_ref(), |answer| say::json_line(answer));
        return match answered {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                say::complain(format!("standard input: {error}"));
                ExitCode::FAILURE
            }
        };
    }
    let mut all = true;
    for number in &numbers {
        let (answer, detail) = judge(number, fence.as_ref());
        all &= answer.verdict == Verdict::Allow;
        if json {
            say::json_line(&answer);
        } else {
            say::say(sentence(&answer, &detail));
        }
    }
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// May it be called?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Allow,
    Block,
}

/// What is said of a number.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Answer<'a> {
    input: &'a str,
    verdict: Verdict,
    /// Canonical, where it is a number that may be called somewhere.
    e164: Option<String>,
    /// ISO 3166-1 alpha-2, where one is known.
    region: Option<String>,
    /// Such as `MOBILE`, where one is known.
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    /// Of the contract; null where it is allowed.
    reason: Option<&'static str>,
}

/// An empty list opens nothing.
fn fence_of(entries: Vec<String>) -> Result<RouteCountries, UnknownEntry> {
    let entries: Vec<String> = entries.iter().map(|entry| entry.trim().to_owned()).collect();
    RouteCountries::try_from(if entries == [""] { Vec::new() } else { entries })
}

/// One answer for every line, in order, each as soon as its line is read.
fn answer_lines(
    mut lines: impl BufRead,
    fence: Option<&RouteCountries>,
    mut tell: impl FnMut(&Answer<'_>),
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let longest = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
        if (&mut lines).take(longest).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() == LONGEST_LINE {
            lines.skip_until(b'\n')?;
        }
        match serde_json::from_slice::<Cow<'_, str>>(&line) {
            Ok(number) => tell(&judge(&number, fence).0),
            // Not even when what it holds without quotes would be a number: nothing is repaired.
            Err(_) => tell(&refused(String::from_utf8_lossy(&line).trim_end_matches('\r'))),
        }
    }
}

fn refused(input: &str) -> Answer<'_> {
    let reason = Some(Reason::NumberInvalid.as_str());
    Answer { input, verdict: Verdict::Block, e164: None, region: None, kind: None, reason }
}

/// The answer, and what a person is told besides.
fn judge<'a>(input: &'a str, fence: Option<&RouteCountries>) -> (Answer<'a>, Cow<'static, str>) {
    match phone::judge(input) {
        Ok(number) => {
            let allowed = fence.is_none_or(|fence| fence.allows(&number));
            let Allowed { e164, region, kind } = number;
            let answer = Answer {
                input,
                verdict: if allowed { Verdict::Allow } else { Verdict::Block },
                e164: Some(e164.to_string()),
                region: Some(region.to_string()),
                kind: Some(phone::kind_word(kind)),
                reason: (!allowed).then(|| Reason::CountryNotAllowed.as_str()),
            };
            let detail = if allowed {
                Cow::Borrowed("may be called")
            } else {
                Cow::Owned(format!(
                    "route_countries opens neither {region} nor a calling code of this number"
                ))
            };
            (answer, detail)
        }
        Err(Refusal { reason, detail, region, kind }) => {
            let answer = Answer {
                region: region.map(|region| region.to_string()),
                kind: kind.map(phone::kind_word),
                reason: Some(reason.as_str()),
                ..refused(input)
            };
            (answer, Cow::Borrowed(detail))
        }
    }
}

fn sentence(answer: &Answer<'_>, detail: &str) -> String {
    let Answer { input, verdict: _, reason, e164, region, kind } = answer;
    let about = [region.as_deref(), *kind].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
    match (reason, e164) {
        (None, Some(e164)) => format!("{e164}{about}: {detail}"),
        (reason, _) => format!("{}{about}: {}: {detail}", shown(input), reason.unwrap_or("refused")),
    }
}

/// On one line, and without what a terminal obeys.
fn shown(input: &str) -> String {
    input.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
