//! The fence around a trunk: the countries it may reach.
//!
//! Evaluated twice, by programs that share no state: by the control plane when a PBX is chosen,
//! and by the agent from root-owned configuration before anything is dialled.

use crate::phone::Allowed;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType, enums::Region};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Longest calling-code prefix: a country code and an area code (`+1876`, `+35818`).
const LONGEST_PREFIX: usize = 7;

/// One entry of `route_countries`.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Entry {
    /// `+380`: every number that starts so. Held with the `+`.
    Prefix(String),
    /// `UA`: every number of that region and no other, also where regions share a calling code.
    Region(Region),
}

/// `route_countries` of a trunk. Empty allows nothing.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct RouteCountries(Vec<Entry>);

/// An entry that names no country.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "route_countries: {entry:?} is neither a calling code such as \"+380\" nor an ISO region such as \"UA\": {why}"
)]
pub struct UnknownEntry {
    /// As it was written.
    pub entry: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl RouteCountries {
    /// Whether the trunk may reach this number.
    pub fn allows(&self, number: &Allowed) -> bool {
        self.0.iter().any(|entry| match entry {
            Entry::Prefix(prefix) => number.e164.as_str().starts_with(prefix.as_str()),
            Entry::Region(region) => number.region == *region,
        })
    }

    /// Whether the trunk can reach nothing at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Calling-code entries that open more than one country, with the regions they open:
    /// `+1` is the United States, Canada and the Caribbean; `+447` is mobile phones of Great Britain
    /// and of three islands beside it. Worth a warning.
    pub fn broad_entries(&self) -> Vec<(String, Vec<String>)> {
        self.0
            .iter()
            .filter_map(|entry| {
                let Entry::Prefix(prefix) = entry else { return None };
                let regions = regions_behind(prefix);
                (regions.len() > 1).then(|| (prefix.clone(), regions))
            })
            .collect()
    }
}

/// Regions under the calling code of `prefix`. Of a longer prefix only those where an example number
/// begins with it: the metadata has no list of area codes.
fn regions_behind(prefix: &str) -> Vec<String> {
    let digits = &prefix[1..];
    let Some((length, regions)) = (1..=3.min(digits.len())).find_map(|length| {
        let regions =
            PHONE_NUMBER_UTIL.get_regions_for_country_calling_code(digits[..length].parse().ok()?)?;
        Some((length, regions))
    }) else {
        return Vec::new();
    };
    let mut regions: Vec<String> = regions
        .filter(|region| length == digits.len() || has_numbers_behind(*region, prefix))
        .map(|region| region.to_string())
        .collect();
    regions.sort_unstable();
    regions
}

fn has_numbers_behind(region: Region, prefix: &str) -> bool {
    [PhoneNumberType::FixedLine, PhoneNumberType::Mobile, PhoneNumberType::VoIP].into_iter().any(|kind| {
        PHONE_NUMBER_UTIL
            .get_example_number_for_type_and_region(region, kind)
            .is_ok_and(|number| number.format_as(PhoneNumberFormat::E164).starts_with(prefix))
    })
}

impl FromStr for Entry {
    type Err = UnknownEntry;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = |why| Err(UnknownEntry { entry: text.to_owned(), why });
        if let Some(digits) = text.strip_prefix('+') {
            if digits.is_empty()
                || digits.len() > LONGEST_PREFIX
                || !digits.bytes().all(|byte| byte.is_ascii_digit())
            {
                return unknown("after the + come 1 to 7 digits");
            }
            let region = (1..=3.min(digits.len()))
                .filter_map(|length| digits[..length].parse().ok())
                .find_map(|code| PHONE_NUMBER_UTIL.get_region_for_country_code(code));
            return match region {
                None => unknown("no country has this calling code"),
                Some(Region::World) => unknown("satellite and global services are never called"),
                Some(_) => Ok(Self::Prefix(text.to_owned())),
            };
        }
        if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return unknown("a region is two capital letters");
        }
        let Ok(region) = Region::from_code(text) else {
            return unknown("no such region");
        };
        if PHONE_NUMBER_UTIL.get_country_code_for_region(region).is_none_or(|code| code == 0) {
            return unknown("no such region");
        }
        Ok(Self::Region(region))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(prefix) => f.write_str(prefix),
            Self::Region(region) => region.fmt(f),
        }
    }
}

impl TryFrom<Vec<String>> for RouteCountries {
    type Error = UnknownEntry;

    fn try_from(entries: Vec<String>) -> Result<Self, Self::Error> {
        entries.iter().map(|entry| entry.parse()).collect::<Result<_, _>>().map(Self)
    }
}

impl From<RouteCountries> for Vec<String> {
    fn from(countries: RouteCountries) -> Self {
        countries.0.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Debug for RouteCountries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(ToString::to_string)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::judge;

    fn fence(entries: &[&str]) -> RouteCountries {
        RouteCountries::try_from(entries.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    }

    fn reaches(entries: &[&str], number: &str) -> bool {
        fence(entries).allows(&judge(number).expect(number))
    }

    #[test]
    fn an_empty_fence_lets_nothing_through() {
        assert!(!reaches(&[], "+380501234567"));
    }

    #[test]
    fn a_region_does_not_reach_its_neighbours_under_the_same_calling_code() {
        assert!(reaches(&["US"], "+12015550123"));
        assert!(!reaches(&["US"], "+15062345678"), "Canada");
        assert!(!reaches(&["US"], "+18762345678"), "Jamaica");
        assert!(reaches(&["RU"], "+79123456789"));
        assert!(!reaches(&["RU"], "+77710009998"), "Kazakhstan");
        assert!(reaches(&["GB"], "+447400123456"));
        assert!(!reaches(&["GB"], "+447781123456"), "Guernsey");
    }

    #[test]
    fn a_calling_code_reaches_every_region_under_it_and_says_so() {
        for number in ["+12015550123", "+15062345678", "+18762345678"] {
            assert!(reaches(&["+1"], number));
        }
        let broad = fence(&["+1", "+380"]).broad_entries();
        assert_eq!(broad.len(), 1);
        assert!(broad[0].1.contains(&"JM".to_owned()));
        for (entry, expected) in [
            ("+7", &["KZ", "RU"][..]),
            ("+44", &["GB", "GG", "IM", "JE"]),
            ("+447", &["GB", "GG", "IM", "JE"]),
        ] {
            assert_eq!(
                fence(&[entry]).broad_entries(),
                [(entry.to_owned(), expected.iter().map(ToString::to_string).collect())]
            );
        }
        assert!(fence(&["+1876", "+380", "UA", "US"]).broad_entries().is_empty());
    }

    #[test]
    fn an_entry_that_names_no_country_is_an_error_that_says_why() {
        for entry in
            ["", "+", "380", "ua", "Ukraine", "XX", "+999", "+0", "+870", "+38050123456789", "001", "+38O"]
        {
            let error = RouteCountries::try_from(vec![entry.to_owned()]).expect_err(entry);
            assert!(error.to_string().contains("route_countries"), "{error}");
        }
    }
}
