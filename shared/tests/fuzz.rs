//! Fuzz targets: everything that reads what a stranger may have written.
//!
//! `cargo test` gives each a short run; `cargo bolero test -p shared TARGET` searches for as long as it
//! is let.

#[path = "fuzz/json.rs"]
mod json;
#[path = "fuzz/samples.rs"]
mod samples;

use ed25519_dalek::{Signer, SigningKey};
use json::{Alteration, alterations};
use samples::Sampled;
use serde_json::Value;
use shared::{
    fence::RouteCountries,
    order::{Order, OrderError, SignedOrder, key_id},
    order_keys::{OrderKeys, OrderKeysError, SignedOrderKeys},
    phone::judge,
    protocol::{AgentFrame, ControlFrame, EnrollRequest, FrameError, decode, encode, to_base64},
};
use std::fmt::Debug;

/// A number, altered: plain noise hardly ever gets past the first character.
fn nearly_a_number(bytes: &[u8]) -> String {
    let mut number = b"+380 (50) 123-45.67".to_vec();
    for edit in bytes.chunks_exact(2) {
        let at = usize::from(edit[0]) % (number.len() + 1);
        match edit[1] {
            drop if drop >= 0xE0 && at < number.len() => _ = number.remove(at),
            digit if digit >= 0x80 => number.insert(at, b'0' + digit % 10),
            byte => number.insert(at, byte),
        }
    }
    String::from_utf8_lossy(&number).into_owned()
}

fn only_digits_pass(text: &str) {
    let Ok(allowed) = judge(text) else { return };
    let e164 = allowed.e164.as_str();
    let digits = e164.strip_prefix('+').expect("a plus in front");
    assert!((7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()), "{e164}");
    assert_eq!(judge(e164).as_ref(), Ok(&allowed), "the round trip");
    let written: String = text.chars().filter(|c| c.is_ascii_digit()).collect();
    assert_eq!(written, digits, "not one digit was repaired");
}

#[test]
fn judge_lets_only_digits_pass() {
    bolero::check!().for_each(|bytes: &[u8]| {
        only_digits_pass(&String::from_utf8_lossy(bytes));
        only_digits_pass(&nearly_a_number(bytes));
    });
}

#[test]
fn a_fence_is_read_or_refused_and_written_as_it_was_read() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let entries: Vec<String> = text.split(',').map(str::to_owned).collect();
        if let Ok(fence) = RouteCountries::try_from(entries.clone()) {
            assert_eq!(Vec::<String>::from(fence.clone()), entries);
            fence.broad_entries();
            if let Ok(number) = judge(&nearly_a_number(bytes)) {
                fence.allows(&number);
            }
        }
    });
}

#[test]
fn no_signed_order_of_a_stranger_opens() {
    bolero::check!().with_type().for_each(|(key_id, order, signature): &(String, String, String)| {
        let signed =
            SignedOrder { key_id: key_id.clone(), order: order.clone(), signature: signature.clone() };
        assert!(signed.open(&[]).is_err());
    });
}

/// What is read once is read the same from what was written; what is not is answered with a complaint
/// that fits into a log line and repeats neither a number nor a token.
fn survives_the_road<F>(text: &str) -> Option<FrameError>
where
    F: serde::Serialize + serde::de::DeserializeOwned + Debug + PartialEq,
{
    match decode::<F>(text) {
        Ok(frame) => {
            assert_eq!(decode::<F>(&encode(&frame)).as_ref(), Ok(&frame));
            None
        }
        Err(error) => {
            is_fit_to_be_said(&error, text);
            Some(error)
        }
    }
}

fn is_fit_to_be_said(error: &FrameError, text: &str) {
    let FrameError { code, detail } = error;
    assert!(["not_json", "unknown_type", "bad_field", "too_large"].contains(&code.as_str()), "{error}");
    assert!(!detail.is_empty() && detail.chars().count() <= 300, "{error}");
    // Bytes that the reason of a close frame may have (RFC 6455, section 5.5).
    assert!(code.len() <= 123);
    is_discreet(detail, text);
}

/// Repeats no number and no token, and nothing that a terminal obeys.
fn is_discreet(said: &str, of: &str) {
    assert!(!said.contains("0501234567") && !said.contains("one-time-token"), "{said}\n{of}");
    assert!(!said.contains(|c: char| c.is_control() || c == '\u{202e}'), "{said:?}");
}

#[test]
fn no_frame_breaks_its_reader() {
    let seeds: Vec<String> = (ControlFrame::samples().iter().map(encode))
        .chain(AgentFrame::samples().iter().map(encode))
        .chain(EnrollRequest::samples().iter().map(encode))
        .collect();
    bolero::check!().for_each(|bytes: &[u8]| {
        for seed in &seeds {
            let mut altered = seed.as_bytes().to_vec();
            for edit in bytes.chunks_exact(2).take(8) {
                let at = (usize::from(edit[0]) * 7) % altered.len();
                altered[at] = edit[1];
            }
            let text = String::from_utf8_lossy(&altered);
            survives_the_road::<ControlFrame>(&text);
            survives_the_road::<AgentFrame>(&text);
            let _ = decode::<EnrollRequest>(&text);
        }
    });
}

#[test]
fn a_frame_is_read_by_whom_it_is_for_and_a_bad_field_to_the_other() {
    for frame in ControlFrame::samples() {
        assert_eq!(survives_the_road::<ControlFrame>(&encode(&frame)), None);
        is_known(survives_the_road::<AgentFrame>(&encode(&frame)));
    }
    for frame in AgentFrame::samples() {
        assert_eq!(survives_the_road::<AgentFrame>(&encode(&frame)), None);
        is_known(survives_the_road::<ControlFrame>(&encode(&frame)));
    }
    /// Only what no program of this version says is of the future.
    fn is_known(error: Option<FrameError>) {
        if let Some(error) = error {
            assert_eq!(error.code, "bad_field", "{error}");
        }
    }
}

#[test]
fn whatever_stands_in_any_field_of_a_frame_is_read_or_complained_about() {
    let control = ControlFrame::samples();
    let agent = AgentFrame::samples();
    for Alteration { text, .. } in
        control.iter().flat_map(alterations).chain(agent.iter().flat_map(alterations))
    {
        survives_the_road::<ControlFrame>(&text);
        survives_the_road::<AgentFrame>(&text);
    }
}

#[test]
fn whatever_stands_in_any_field_of_an_enrolment_the_token_is_not_repeated() {
    for request in EnrollRequest::samples() {
        for Alteration { text, what } in alterations(&request) {
            match decode::<EnrollRequest>(&text) {
                Ok(read) => {
                    let again = decode::<EnrollRequest>(&encode(&read)).expect(&what);
                    assert_eq!(encode(&again), encode(&read));
                }
                Err(error) => is_fit_to_be_said(&error, &what),
            }
        }
    }
}

/// What a control plane with a valid key and hostile intent can sign.
fn signed(domain: &[u8], text: &str) -> (String, String, String) {
    let key = SigningKey::from_bytes(&[42; 32]);
    let signature = key.sign(&[domain, text.as_bytes()].concat());
    (key_id(&key.verifying_key()), to_base64(text.as_bytes()), to_base64(&signature.to_bytes()))
}

#[test]
fn whatever_stands_in_any_field_of_a_well_signed_order_only_digits_are_dialled() {
    let pinned = [SigningKey::from_bytes(&[42; 32]).verifying_key()];
    for order in Order::samples() {
        for Alteration { text, what } in alterations(&order) {
            let (key_id, order, signature) = signed(b"callping order v1\0", &text);
            match (SignedOrder { key_id, order, signature }).open(&pinned) {
                Ok(order) => {
                    only_digits_pass(order.to.as_str());
                    assert!(!what.ends_with(" twice"), "{what}: half of an order was read");
                    let again = order.sign(&SigningKey::from_bytes(&[42; 32])).open(&pinned);
                    assert_eq!(again.as_ref(), Ok(&order), "{what}");
                }
                Err(OrderError::Unreadable(why)) => {
                    assert!(why.chars().count() <= 300, "{what}: {why}");
                    is_discreet(&why, &what);
                }
                Err(error) => panic!("{what}: {error}"),
            }
        }
    }
}

#[test]
fn whatever_stands_in_any_field_of_a_well_signed_announcement_keys_are_announced_or_none() {
    let key = SigningKey::from_bytes(&[42; 32]).verifying_key();
    let document = serde_json::json!({"generation": 1, "keys": [to_base64(key.as_bytes())]});
    for Alteration { text, what } in alterations(&document) {
        let (key_id, keys, signature) = signed(b"callping order keys v1\0", &text);
        match (SignedOrderKeys { key_id, keys, signature }).open(&[key]) {
            Ok(OrderKeys { keys, .. }) => assert!((1..=2).contains(&keys.len()), "{what}"),
            Err(error) => assert_eq!(error, OrderKeysError::Unreadable, "{what}"),
        }
    }
}

#[test]
fn whatever_name_a_key_has_it_can_be_said() {
    let SignedOrder { key_id: _, order, signature } =
        Order::samples().remove(0).sign(&SigningKey::from_bytes(&[42; 32]));
    for Alteration { text, what } in alterations(&Value::from("0123456789abcdef")) {
        let Ok(key_id) = serde_json::from_str::<String>(&text) else { continue };
        let signed =
            SignedOrder { key_id: key_id.clone(), order: order.clone(), signature: signature.clone() };
        let said = signed.open(&[]).expect_err(&what).to_string();
        assert!(said.is_ascii() && said.len() < 200 && !said.contains(char::is_control), "{said:?}");
        let keys = SignedOrderKeys { key_id, keys: order.clone(), signature: signature.clone() };
        let said = keys.open(&[]).expect_err(&what).to_string();
        assert!(said.is_ascii() && !said.contains(char::is_control), "{said:?}");
    }
}
