use super::*;

fn fence(entries: &[&str]) -> RouteCountries {
    fence_of(entries.iter().map(ToString::to_string).collect()).unwrap()
}

fn reason<'a>(input: &'a str, fence: Option<&RouteCountries>) -> Option<&'a str> {
    judge(input, fence).0.reason
}

/// What a program reads for these lines.
fn answers(lines: &[u8]) -> Vec<serde_json::Value> {
    let mut told = Vec::new();
    answer_lines(lines, None, |answer| told.push(serde_json::to_value(answer).unwrap())).unwrap();
    told
}

#[test]
fn a_number_that_may_be_called_is_told_with_what_is_known_of_it() {
    let (answer, detail) = judge("+380 50 123 4567", None);
    let expected = serde_json::json!({
        "input": "+380 50 123 4567", "verdict": "allow", "e164": "+380501234567",
        "region": "UA", "type": "MOBILE", "reason": null,
    });
    assert_eq!(serde_json::to_value(&answer).unwrap(), expected);
    assert_eq!(sentence(&answer, &detail), "+380501234567 (UA, MOBILE): may be called");
}

#[test]
fn a_fence_refuses_what_the_net_lets_through() {
    assert_eq!(reason("+380501234567", Some(&fence(&["+380"]))), None);
    assert_eq!(reason("+380501234567", Some(&fence(&["PL", " +1"]))), Some("country_not_allowed"));
    assert_eq!(reason("+380501234567", Some(&fence(&[""]))), Some("country_not_allowed"));
}

#[test]
fn what_is_no_number_is_refused_with_its_reason() {
    for (input, expected) in
        [("", "number_invalid"), ("112", "number_emergency"), ("call me", "number_invalid")]
    {
        assert_eq!(reason(input, None), Some(expected), "{input:?}");
        assert_eq!(judge(input, None).0.e164, None);
    }
}

#[test]
fn every_line_has_one_answer_in_its_order_whatever_it_holds() {
    let told =
        answers(b"\"+380501234567\"\r\n\n+380501234567\n\"112\\u0000\"\n7\n\"\xff\"\n[\"+1\"]\n\"112\"");
    let inputs: Vec<_> = told.iter().map(|answer| answer["input"].as_str().unwrap()).collect();
    assert_eq!(
        inputs,
        ["+380501234567", "", "+380501234567", "112\0", "7", "\"\u{fffd}\"", "[\"+1\"]", "112"]
    );
    assert_eq!(told[0]["verdict"], "allow");
    for answer in &told[1..7] {
        assert_eq!((&answer["verdict"], &answer["reason"]), (&"block".into(), &"number_invalid".into()));
    }
    assert_eq!(told[7]["reason"], "number_emergency");
    assert!(answers(b"").is_empty());
}

#[test]
fn a_line_without_end_is_refused_and_the_next_one_is_read() {
    let mut lines = vec![b'1'; LONGEST_LINE * 2 + 7];
    lines.extend(b"\n\"+380501234567\"\n");
    let told = answers(&lines);
    assert_eq!(told.len(), 2);
    assert_eq!(told[0]["input"].as_str().unwrap().len(), LONGEST_LINE);
    assert_eq!((&told[0]["verdict"], &told[1]["verdict"]), (&"block".into(), &"allow".into()));
}

#[test]
fn what_a_terminal_obeys_is_not_shown_to_a_person() {
    let (answer, detail) = judge("+380501234567\u{1b}[2J\r\n112", None);
    let said = sentence(&answer, &detail);
    assert!(said.starts_with("+380501234567\u{fffd}[2J\u{fffd}\u{fffd}112: number_invalid: "), "{said:?}");
}
