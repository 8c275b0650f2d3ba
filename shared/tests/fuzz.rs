//! Fuzz targets: everything that reads what a stranger may have written.
//!
//! `cargo test` gives each a short run; `cargo bolero test -p shared TARGET` searches for as long as it
//! is let.

use shared::{
    fence::RouteCountries,
    order::SignedOrder,
    phone::judge,
    protocol::{AgentFrame, ControlFrame, EnrollRequest, decode, encode},
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

/// What is read once is read the same from what was written.
fn survives_the_road<F: serde::Serialize + serde::de::DeserializeOwned + Debug + PartialEq>(text: &str) {
    if let Ok(frame) = decode::<F>(text) {
        assert_eq!(decode::<F>(&encode(&frame)).as_ref(), Ok(&frame));
    }
}

#[test]
fn no_frame_breaks_its_reader() {
    const FRAMES: [&str; 5] = [
        r#"{"type":"cancel","attempt_id":"00000000-0000-0000-0000-000000000007"}"#,
        r#"{"type":"reject","code":"revoked","detail":"x"}"#,
        r#"{"type":"health","asterisk":null,"trouble":null,"draining":false,"active":0,"trunks":[{"name":"a","online":true,"route_countries":["+380"],"caller_id":null,"active":0,"max_concurrent":1}]}"#,
        r#"{"type":"standing","attempts":[{"attempt_id":"00000000-0000-0000-0000-000000000007","standing":"live"}]}"#,
        r#"{"token":"t","pbx":"pbx-1","public_key":"AA==","signature":"AA=="}"#,
    ];
    bolero::check!().for_each(|bytes: &[u8]| {
        for seed in FRAMES {
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
