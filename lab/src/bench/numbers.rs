//! Verdicts of the number safety net, beside another library's answer to the same question.

use super::Summary;
use crate::say::say;
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use shared::phone;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// Example numbers of Google's metadata, of regions small and large.
const NUMBERS: [&str; 8] = [
    "+380501234567",
    "+447400123456",
    "+4915123456789",
    "+33612345678",
    "+48512345678",
    "+12015550123",
    "+390212345678",
    "+61412345678",
];
/// Rounds, the two libraries taking turns, and verdicts of each in a round.
const ROUNDS: usize = 50;
const VERDICTS: usize = 2_000;

/// Measures on one core, warm; prints a line and gives the figure for `bench.json`.
///
/// # Errors
/// When a verdict is wrong: its speed is worth nothing then.
pub(super) fn measure() -> Result<Value> {
    for number in NUMBERS {
        ensure!(phone::judge(number).is_ok(), "{number} should be allowed");
        ensure!(is_valid(number), "{number} should be valid to the other library too");
    }
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(round(|number| phone::judge(number).is_ok()));
        theirs.push(round(is_valid));
    }
    let (ours, theirs) = (Summary::of(&ours), Summary::of(&theirs));
    // A round's milliseconds, as microseconds of one verdict.
    let each = |summary: &Summary| summary.median() * 1_000.0 / VERDICTS as f64;
    let (ours, theirs) = (each(&ours), each(&theirs));
    say(format!(
        "\nnumber safety net: {ours:.2} µs a verdict, {:.0} verdicts a second; the crate phonenumber: {theirs:.2} µs, {:.0} \
         (medians of {ROUNDS} rounds of {VERDICTS}, one core, warm)",
        1e6 / ours,
        1e6 / theirs
    ));
    Ok(json!({
        "name": "number_verdict",
        "unit": "µs",
        "value": {"median": ours, "per_second": 1e6 / ours},
        "baseline": {"name": "phonenumber_parse_and_is_valid", "value": {"median": theirs, "per_second": 1e6 / theirs}},
    }))
}

fn round(verdict: impl Fn(&str) -> bool) -> Duration {
    let begun = Instant::now();
    for number in NUMBERS.iter().cycle().take(VERDICTS) {
        black_box(verdict(black_box(number)));
    }
    begun.elapsed()
}

fn is_valid(number: &str) -> bool {
    phonenumber::parse(None, number).is_ok_and(|number| phonenumber::is_valid(&number))
}
