//! The safety net and the fence over every region of the world, beside other people's libraries.

#[path = "numbers/fences.rs"]
mod fences;
#[path = "numbers/second_opinion.rs"]
mod second_opinion;
#[path = "numbers/truth.rs"]
mod truth;

use serde::Deserialize;
use shared::phone::{self, Allowed, Refusal};
use truth::{Truth, Verdict};

/// Counted over the metadata: fewer would mean that the script lost a part of the world.
const FEWEST_INPUTS: usize = 50_000;
const FEWEST_ALLOWED: usize = 3_000;

#[test]
fn googles_own_library_agrees_on_every_number_of_every_region() {
    let Some(truths) = truth::ask() else { return };
    let mut wrong = Vec::new();
    let mut allowed = 0;
    for truth in truths {
        allowed += usize::from(truth.verdict == Verdict::Allow);
        let ours = phone::judge(&truth.input);
        if !agrees(truth, &ours) {
            wrong.push(format!("{truth:?}: {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), truths.len(), wrong.join("\n"));
    assert!(truths.len() >= FEWEST_INPUTS && allowed >= FEWEST_ALLOWED, "{allowed} of {}", truths.len());
}

/// Verdict, canonical number, region and kind. What is not a number at all has no kind to compare.
fn agrees(truth: &Truth, ours: &Result<Allowed, Refusal>) -> bool {
    match ours {
        Ok(Allowed { e164, region, kind }) => {
            truth.verdict == Verdict::Allow
                && truth.e164.as_deref() == Some(e164.as_str())
                && truth.region.as_deref() == Some(region.to_string().as_str())
                && truth.kind.as_deref() == Some(phone::kind_word(*kind))
        }
        Err(Refusal { kind, .. }) => {
            truth.verdict == Verdict::Block
                && (truth.kind.is_none() || truth.kind.as_deref() == kind.map(phone::kind_word))
        }
    }
}

#[test]
fn the_sample_of_the_specification_is_judged_as_it_says() {
    /// The sample's words for reasons, and the codes of ours that say the same.
    const REASONS: &[(&str, &[&str])] = &[
        ("malformed", &["number_invalid"]),
        // Truncated numbers look like short codes behind a country's code, and are refused as such.
        ("invalid", &["number_invalid", "number_short"]),
        ("short_code", &["number_short", "number_emergency"]),
        ("emergency", &["number_emergency"]),
        ("toll_free", &["number_toll_free"]),
        ("shared_cost", &["number_premium"]),
        ("uan", &["number_type"]),
    ];
    #[derive(Debug, Deserialize)]
    struct Sample {
        input: String,
        e164: Option<String>,
        expect: Verdict,
        reason: String,
    }
    for line in include_str!("numbers/sample.jsonl").lines() {
        let sample: Sample = serde_json::from_str(line).unwrap();
        match phone::judge(&sample.input) {
            Ok(allowed) => {
                assert_eq!(
                    (sample.expect, sample.e164.as_deref()),
                    (Verdict::Allow, Some(allowed.e164.as_str())),
                    "{sample:?}"
                );
            }
            Err(refusal) => {
                assert_eq!(sample.expect, Verdict::Block, "{sample:?}");
                let known = REASONS.iter().find(|(word, _)| *word == sample.reason);
                let fits = known.is_some_and(|(_, codes)| codes.contains(&refusal.reason.as_str()));
                assert!(fits, "{sample:?}: {refusal:?}");
            }
        }
    }
}
