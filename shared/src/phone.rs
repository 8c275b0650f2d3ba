//! Reading a phone number strictly, and the safety net: which numbers may ever be dialled.
//!
//! Nothing is repaired. A reader that guesses turns one phone into another, so whatever is not
//! plainly one international number is refused with the reason. The verdict on what is left
//! comes from Google's numbering metadata (`rlibphonenumber`; ARCHITECTURE.md says why not
//! another library).

use crate::outcome::Reason;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType, enums::Region};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The longest text that is looked at: 15 digits (ITU-T E.164 §6) with room for separators.
const LONGEST_INPUT: usize = 40;
/// Without the country code in front, up to this many digits is a short code and not a number.
const LONGEST_SHORT_CODE: usize = 6;

/// A number that may be dialled, in canonical E.164: `+` and 7 to 15 digits.
///
/// Holding one is the proof that the safety net was passed: there is no other way to make it,
/// deserialization included.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(String);

impl E164 {
    /// With the leading `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the leading `+`: what goes into a SIP URI.
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }

    /// `…4567`: what a log line above DEBUG may show.
    pub fn last_four(&self) -> LastFour<'_> {
        LastFour(&self.0[self.0.len() - 4..])
    }
}

/// The last four digits of a number, shown as `…4567`.
pub struct LastFour<'a>(&'a str);

impl fmt::Display for LastFour<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…{}", self.0)
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Debug output lands in logs, so it shows four digits only.
impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E164({})", self.last_four())
    }
}

impl FromStr for E164 {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        judge(text).map(|allowed| allowed.e164)
    }
}

impl TryFrom<String> for E164 {
    type Error = Refusal;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let e164: Self = text.parse()?;
        if e164.0 == text {
            Ok(e164)
        } else {
            Err(Refusal::new(Reason::NumberInvalid, "not in canonical E.164 form"))
        }
    }
}

impl From<E164> for String {
    fn from(e164: E164) -> Self {
        e164.0
    }
}

/// A number that passed, with what the metadata says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The number.
    pub e164: E164,
    /// ISO 3166-1 alpha-2 region.
    pub region: Region,
    /// Fixed line, mobile, fixed line or mobile, or VoIP; nothing else passes.
    pub kind: PhoneNumberType,
}

/// Why a number may not be dialled. Never holds the number: it ends up in logs and answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Refusal {
    /// The code of the contract.
    pub reason: Reason,
    /// What was wrong, for a person.
    pub detail: &'static str,
    /// The region, where the metadata knows one.
    pub region: Option<Region>,
    /// The kind of number, where the metadata knows one.
    pub kind: Option<PhoneNumberType>,
}

impl Refusal {
    const fn new(reason: Reason, detail: &'static str) -> Self {
        Self { reason, detail, region: None, kind: None }
    }
}

/// The word that programs read for a kind of number: `FIXED_LINE_OR_MOBILE`.
pub const fn kind_word(kind: PhoneNumberType) -> &'static str {
    match kind {
        PhoneNumberType::FixedLine => "FIXED_LINE",
        PhoneNumberType::Mobile => "MOBILE",
        PhoneNumberType::FixedLineOrMobile => "FIXED_LINE_OR_MOBILE",
        PhoneNumberType::TollFree => "TOLL_FREE",
        PhoneNumberType::PremiumRate => "PREMIUM_RATE",
        PhoneNumberType::SharedCost => "SHARED_COST",
        PhoneNumberType::VoIP => "VOIP",
        PhoneNumberType::PersonalNumber => "PERSONAL_NUMBER",
        PhoneNumberType::Pager => "PAGER",
        PhoneNumberType::UAN => "UAN",
        PhoneNumberType::VoiceMail => "VOICEMAIL",
        PhoneNumberType::Unknown => "UNKNOWN",
    }
}

/// Reads `text` and judges it.
///
/// # Errors
/// [`Refusal`] for everything that is not one valid fixed-line, mobile or VoIP number of a real
/// region, written internationally.
pub fn judge(text: &str) -> Result<Allowed, Refusal> {
    let written = read_strictly(text)?;
    let number = PHONE_NUMBER_UTIL
        .parse(&written, None)
        .map_err(|_| Refusal::new(Reason::NumberInvalid, "no country has this calling code"))?;
    let region = number.get_region_code();
    if !number.is_valid() {
        return Err(Refusal { region, kind: Some(PhoneNumberType::Unknown), ..explain_invalid(&written) });
    }
    let kind = number.get_type();
    let refuse = |reason, detail| Err(Refusal { reason, detail, region, kind: Some(kind) });
    let Some(home) = region.filter(|region| *region != Region::World) else {
        return refuse(
            Reason::NumberType,
            "satellite and global services have no country and are never called",
        );
    };
    match kind {
        PhoneNumberType::FixedLine
        | PhoneNumberType::Mobile
        | PhoneNumberType::FixedLineOrMobile
        | PhoneNumberType::VoIP => {}
        PhoneNumberType::TollFree => return refuse(Reason::NumberTollFree, "toll-free"),
        PhoneNumberType::PremiumRate => return refuse(Reason::NumberPremium, "premium rate"),
        PhoneNumberType::SharedCost => return refuse(Reason::NumberPremium, "shared cost"),
        PhoneNumberType::PersonalNumber => return refuse(Reason::NumberType, "personal number"),
        PhoneNumberType::Pager => return refuse(Reason::NumberType, "pager"),
        PhoneNumberType::UAN => return refuse(Reason::NumberType, "universal access number"),
        PhoneNumberType::VoiceMail => return refuse(Reason::NumberType, "voicemail"),
        PhoneNumberType::Unknown => return refuse(Reason::NumberType, "a kind of number that nobody knows"),
    }
    // The library drops national prefixes and repairs; whatever it changed is another number.
    if number.format_as(PhoneNumberFormat::E164) != written {
        return refuse(
            Reason::NumberInvalid,
            "digits that do not belong there, such as a national 0 after the country code",
        );
    }
    Ok(Allowed { e164: E164(written), region: home, kind })
}

/// `+` and digits from what a person writes: one leading `+`, then digits with single spaces,
/// dashes or dots between them and at most one pair of parentheses.
fn read_strictly(text: &str) -> Result<String, Refusal> {
    const MALFORMED: Refusal = Refusal::new(
        Reason::NumberInvalid,
        "write the number as +, country code and digits, for example +380501234567",
    );
    let text = text.trim_matches(' ');
    if text.len() > LONGEST_INPUT {
        return Err(MALFORMED);
    }
    let Some(rest) = text.strip_prefix('+') else {
        return Err(
            if (1..=LONGEST_SHORT_CODE).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_digit())
            {
                explain_short(text)
            } else {
                MALFORMED
            },
        );
    };
    let mut written = String::with_capacity(16);
    written.push('+');
    let mut previous = b'+';
    let mut opened = false;
    let mut closed = false;
    for byte in rest.bytes() {
        match byte {
            b'0'..=b'9' => written.push(char::from(byte)),
            b' ' if previous != b' ' && previous != b'+' => {}
            b'-' | b'.' if previous.is_ascii_digit() || previous == b')' => {}
            b'(' if !opened && previous != b'+' => opened = true,
            b')' if opened && !closed && previous.is_ascii_digit() => closed = true,
            _ => return Err(MALFORMED),
        }
        previous = byte;
    }
    let ends_whole = previous.is_ascii_digit() || (previous == b')' && closed);
    if opened != closed || !ends_whole || written.as_bytes().get(1) == Some(&b'0') {
        return Err(MALFORMED);
    }
    let digits = written.len() - 1;
    if digits > 15 {
        return Err(Refusal::new(Reason::NumberInvalid, "longer than the 15 digits of E.164"));
    }
    if digits < 7 {
        return Err(explain_invalid(&written));
    }
    Ok(written)
}

/// A number that is not valid may still be recognisably an emergency line or a short code
/// written with a country code in front (`+380102`); saying so helps whoever typed it.
fn explain_invalid(written: &str) -> Refusal {
    let national = (1..=3)
        .filter_map(|length| {
            let code: i32 = written.get(1..=length)?.parse().ok()?;
            PHONE_NUMBER_UTIL.get_region_for_country_code(code)?;
            written.get(length + 1..)
        })
        .next();
    match national {
        Some(national) if (1..=LONGEST_SHORT_CODE).contains(&national.len()) => explain_short(national),
        _ => Refusal::new(Reason::NumberInvalid, "no such number in its country's numbering plan"),
    }
}

/// The emergency numbers of the world are three digits and start with 1, 9 or 0 (ITU-T E.161.1
/// names 112 and 911); which of them rings where does not matter, since no short number is dialled.
fn explain_short(digits: &str) -> Refusal {
    match digits {
        "000" | "100" | "101" | "102" | "103" | "104" | "108" | "110" | "111" | "112" | "113" | "115"
        | "116" | "117" | "118" | "119" | "120" | "122" | "123" | "144" | "190" | "191" | "192" | "193"
        | "194" | "197" | "198" | "199" | "911" | "999" | "995" | "996" | "997" | "998" => {
            Refusal::new(Reason::NumberEmergency, "emergency lines are never called")
        }
        _ => Refusal::new(Reason::NumberShort, "short codes are never called"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reason_of(text: &str) -> Reason {
        judge(text).expect_err(text).reason
    }

    #[test]
    fn a_number_written_by_a_person_is_read() {
        for text in [
            "+380501234567",
            "+380 50 123 4567",
            "+380-50-123-4567",
            "+380 (50) 123.45.67",
            " +380501234567 ",
        ] {
            let allowed = judge(text).expect(text);
            assert_eq!(allowed.e164.as_str(), "+380501234567");
            assert_eq!(allowed.region, Region::UA);
        }
    }

    #[test]
    fn nothing_is_repaired() {
        for text in [
            "",
            "+",
            "380501234567",
            "++380501234567",
            "+380501234567+",
            "+380501234567x123",
            "+380501234567;ext=5",
            "+380501234567@evil.example",
            "tel:+380501234567",
            "+380501234567,1",
            "+380501234567\r\nX: 1",
            "+380501234567\0",
            "+44 (0)7400123456",
            "+440 7400123456",
            "+٣٨٠٥٠١٢٣٤٥٦٧",
            "+380 (50 1234567",
            "+380)50(1234567",
            "+380 50  1234567",
            "+(380)501234567",
            "+14413701",
            "${EXTEN}",
            "+380501234567&PJSIP/evil",
        ] {
            assert!(judge(text).is_err(), "{text:?} passed");
        }
    }

    #[test]
    fn numbers_that_cost_a_fortune_or_call_for_help_are_refused_by_name() {
        assert_eq!(reason_of("112"), Reason::NumberEmergency);
        assert_eq!(reason_of("+380102"), Reason::NumberEmergency);
        assert_eq!(reason_of("72000"), Reason::NumberShort);
        assert_eq!(reason_of("+82801234567"), Reason::NumberTollFree);
        assert_eq!(reason_of("+4918012345"), Reason::NumberPremium);
        assert_eq!(reason_of("+8215441234"), Reason::NumberType);
        assert_eq!(reason_of("+881612345678"), Reason::NumberType);
        assert_eq!(reason_of("+4415123"), Reason::NumberShort);
    }

    #[test]
    fn debug_output_never_shows_a_whole_number() {
        let e164: E164 = "+380501234567".parse().unwrap();
        assert_eq!(format!("{e164:?}"), "E164(…4567)");
    }

    #[test]
    fn a_frame_cannot_smuggle_in_a_number_that_was_not_judged() {
        assert!(serde_json::from_str::<E164>("\"+380501234567\"").is_ok());
        assert!(serde_json::from_str::<E164>("\"+380 50 123 4567\"").is_err());
        assert!(serde_json::from_str::<E164>("\"112\"").is_err());
    }

    proptest! {
        #[test]
        fn whatever_passes_is_plus_and_seven_to_fifteen_digits(text in "\\PC{0,24}|[+0-9 ().x;,@-]{0,24}|\\+[0-9]{5,16}") {
            if let Ok(allowed) = judge(&text) {
                let e164 = allowed.e164.as_str();
                prop_assert!(e164.starts_with('+') && (8..=16).contains(&e164.len()));
                prop_assert!(e164[1..].bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert_eq!(&judge(e164).unwrap(), &allowed);
            }
        }
    }
}
