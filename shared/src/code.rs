//! The code that a call speaks, so that whoever types it shows that the phone is theirs.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Six digits. They are nobody's business but the callee's: Debug hides them, and there is no Display.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

/// What was to be a code is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code is {} digits", Code::LENGTH)]
pub struct NoCode;

impl Code {
    /// Digits of a code.
    pub const LENGTH: usize = 6;
    /// There are so many codes.
    pub const COUNT: u32 = 1_000_000;

    /// The code that is this number, with zeros in front; of larger ones the last digits.
    pub fn of(number: u32) -> Self {
        Self(format!("{:06}", number % Self::COUNT))
    }

    /// The digits, as they are typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digit at this place, from 0.
    pub fn digit(&self, place: usize) -> Option<u8> {
        self.0.as_bytes().get(place).map(|byte| byte - b'0')
    }
}

impl TryFrom<String> for Code {
    type Error = NoCode;

    fn try_from(text: String) -> Result<Self, NoCode> {
        let is_code = text.len() == Self::LENGTH && text.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then_some(Self(text)).ok_or(NoCode)
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

/// Without the digits: Debug output lands in logs.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_keeps_its_zeros_in_front() {
        let code = Code::of(42);
        assert_eq!(code.as_str(), "000042");
        assert_eq!(
            (0..7).map(|place| code.digit(place)).collect::<Vec<_>>(),
            [Some(0), Some(0), Some(0), Some(0), Some(4), Some(2), None]
        );
    }

    #[test]
    fn nothing_else_is_read_as_a_code_and_no_error_repeats_it() {
        for text in ["12345", "1234567", "12345a", "１２３４５６", ""] {
            let json = format!("\"{text}\"");
            assert_eq!(serde_json::from_str::<Code>(&json).unwrap_err().to_string(), "a code is 6 digits");
        }
    }

    proptest! {
        #[test]
        fn a_code_survives_the_road_and_is_never_shown(number in 0..Code::COUNT) {
            let code = Code::of(number);
            let json = serde_json::to_string(&code).unwrap();
            prop_assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), code.clone());
            prop_assert_eq!(format!("{:?}", code), "Code(…)");
        }
    }
}
