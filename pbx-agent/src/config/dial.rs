//! How Asterisk is told to dial: `PJSIP/{digits}@trunk-a`.

use shared::phone::E164;
use std::str::FromStr;

const DIGITS: &str = "{digits}";
const E164_PLACE: &str = "{e164}";

/// A dial string with one place for the number.
///
/// The number is an [`E164`], so what is put in is digits and nothing else; the characters of the
/// template itself are limited to those that cannot start a second destination (`&`), a dialplan
/// expression (`$`), options (`,`) or SIP parameters (`;`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialTemplate(String);

/// Why a template is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// No technology in front.
    #[error("starts with a technology, as in \"PJSIP/{{digits}}@trunk-a\"")]
    Technology,
    /// No place for the number, or several.
    #[error("needs {{digits}} (without +) or {{e164}} (with +) exactly once")]
    Placeholder,
    /// A character with a meaning of its own in Asterisk.
    #[error("{0:?} is not allowed in a dial string; letters, digits and / @ . : _ - + are")]
    Character(char),
}

impl DialTemplate {
    /// The endpoint to give to Asterisk.
    pub fn endpoint(&self, to: &E164) -> String {
        self.0.replace(DIGITS, to.digits()).replace(E164_PLACE, to.as_str())
    }

    /// Technology and name of the endpoint that carries the call, as `/ari/endpoints` lists them;
    /// `None` where the dial string does not name one.
    pub fn carrier(&self) -> Option<(&str, &str)> {
        let (technology, rest) = self.0.split_once('/')?;
        let resource = match rest.split_once('@') {
            Some((number, host)) if number == DIGITS || number == E164_PLACE => host,
            Some(_) | None => rest.split('/').next()?,
        };
        (!resource.contains('{') && !resource.contains(':') && !resource.is_empty())
            .then_some((technology, resource))
    }
}

impl FromStr for DialTemplate {
    type Err = DialError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let places = text.matches(DIGITS).count() + text.matches(E164_PLACE).count();
        let around = text.split_once(DIGITS).or_else(|| text.split_once(E164_PLACE));
        let Some((before, after)) = around.filter(|_| places == 1) else {
            return Err(DialError::Placeholder);
        };
        let is_bad = |c: &char| !c.is_ascii_alphanumeric() && !"/@.:_-+".contains(*c);
        if let Some(bad) = before.chars().chain(after.chars()).find(is_bad) {
            return Err(DialError::Character(bad));
        }
        match text.split_once('/') {
            Some((technology, _))
                if !technology.is_empty() && technology.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
            {
                Ok(Self(text.to_owned()))
            }
            Some(_) | None => Err(DialError::Technology),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> DialTemplate {
        text.parse().expect(text)
    }

    #[test]
    fn the_number_takes_its_place_with_or_without_the_plus() {
        let to: E164 = "+380501234567".parse().unwrap();
        assert_eq!(template("PJSIP/{digits}@trunk-a").endpoint(&to), "PJSIP/380501234567@trunk-a");
        assert_eq!(
            template("PJSIP/trunk-a/sip:{e164}@10.0.0.1:5060").endpoint(&to),
            "PJSIP/trunk-a/sip:+380501234567@10.0.0.1:5060"
        );
    }

    #[test]
    fn the_endpoint_that_carries_the_call_is_found_in_both_forms() {
        assert_eq!(template("PJSIP/{digits}@trunk-a").carrier(), Some(("PJSIP", "trunk-a")));
        assert_eq!(template("PJSIP/trunk-b/sip:{e164}@10.0.0.1").carrier(), Some(("PJSIP", "trunk-b")));
        assert_eq!(template("Local/{digits}").carrier(), None);
    }

    #[test]
    fn nothing_that_dials_a_second_phone_or_runs_dialplan_is_a_template() {
        for text in [
            "PJSIP/{digits}@a&PJSIP/1@a",
            "PJSIP/{digits}@a,30,g",
            "PJSIP/{digits}@${TRUNK}",
            "PJSIP/{digits}@a;x=y",
            "PJSIP/{digits} @a",
            "PJSIP/{digits}{e164}@a",
            "PJSIP/@a",
            "{digits}@a",
            "/{digits}@a",
            "PJSIP/{digits}@a\n",
            "PJSIP/{other}{digits}@a",
            // Without the one place, another one.
            "PJSIP/{e1{digits}64}@a",
            "PJSIP/{dig{e164}its}@a",
        ] {
            assert!(text.parse::<DialTemplate>().is_err(), "{text:?} passed");
        }
    }
}
