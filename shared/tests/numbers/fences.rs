//! Fences over an example number of every kind of every region.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType, enums::Region};
use shared::{
    fence::RouteCountries,
    phone::{Allowed, judge},
};
use std::collections::BTreeSet;

/// The regions that share +1, by the numbering plan of North America.
const NORTH_AMERICA: [&str; 25] = [
    "AG", "AI", "AS", "BB", "BM", "BS", "CA", "DM", "DO", "GD", "GU", "JM", "KN", "KY", "LC", "MP", "MS",
    "PR", "SX", "TC", "TT", "US", "VC", "VG", "VI",
];
const EUROPEAN_UNION: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Every example number that may be called at all.
fn world() -> Vec<Allowed> {
    let kinds = [
        PhoneNumberType::FixedLine,
        PhoneNumberType::Mobile,
        PhoneNumberType::FixedLineOrMobile,
        PhoneNumberType::VoIP,
    ];
    let world: Vec<Allowed> = PHONE_NUMBER_UTIL
        .get_supported_regions()
        .flat_map(|region| kinds.map(|kind| (region, kind)))
        .filter_map(|(region, kind)| {
            PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind).ok()
        })
        .filter_map(|number| judge(&number.format_as(PhoneNumberFormat::E164)).ok())
        .collect();
    let regions: BTreeSet<String> = world.iter().map(|number| number.region.to_string()).collect();
    // The metadata has 245; the examples of Western Sahara and Saint Martin are numbers that it gives
    // to Morocco and Saint Barthélemy, with which they share their plans.
    assert!(regions.len() >= 243, "examples of {} regions only", regions.len());
    world
}

fn fence(entries: &[&str]) -> RouteCountries {
    RouteCountries::try_from(entries.iter().map(ToString::to_string).collect::<Vec<_>>()).expect("a fence")
}

/// The regions that a fence reaches.
fn reached(entries: &[&str]) -> BTreeSet<String> {
    let fence = fence(entries);
    world().iter().filter(|number| fence.allows(number)).map(|number| number.region.to_string()).collect()
}

fn set(regions: &[&str]) -> BTreeSet<String> {
    regions.iter().map(ToString::to_string).collect()
}

#[test]
fn each_region_reaches_itself_and_nobody_else() {
    let world = world();
    for region in PHONE_NUMBER_UTIL.get_supported_regions().filter(|region| *region != Region::World) {
        let name = region.to_string();
        let fence = fence(&[&name]);
        for number in &world {
            assert_eq!(fence.allows(number), number.region == region, "[{name}] and {}", number.region);
        }
        assert!(fence.broad_entries().is_empty(), "{name}");
    }
}

#[test]
fn each_calling_code_reaches_exactly_its_own_regions_and_warns_where_they_are_several() {
    let world = world();
    for region in PHONE_NUMBER_UTIL.get_supported_regions().filter(|region| *region != Region::World) {
        let Some(code) = PHONE_NUMBER_UTIL.get_country_code_for_region(region) else { continue };
        let entry = format!("+{code}");
        let fence = fence(&[&entry]);
        for number in &world {
            let theirs = PHONE_NUMBER_UTIL.get_country_code_for_region(number.region);
            assert_eq!(fence.allows(number), theirs == Some(code), "[{entry}] and {}", number.region);
        }
        let sharing = PHONE_NUMBER_UTIL.get_regions_for_country_calling_code(code).map_or(0, Iterator::count);
        let warned = fence.broad_entries().first().map_or(1, |(_, regions)| regions.len());
        assert_eq!(warned, sharing, "{entry}");
    }
}

#[test]
fn neighbours_under_one_calling_code_are_told_apart() {
    assert_eq!(reached(&["US"]), set(&["US"]), "neither the Caribbean nor Canada");
    assert_eq!(reached(&["RU"]), set(&["RU"]), "not Kazakhstan");
    assert_eq!(reached(&["GB"]), set(&["GB"]), "not Guernsey, Jersey or the Isle of Man");
    assert_eq!(reached(&["+1"]), set(&NORTH_AMERICA));
    assert_eq!(reached(&["+7"]), set(&["KZ", "RU"]));
    assert_eq!(reached(&["+44"]), set(&["GB", "GG", "IM", "JE"]));
    assert_eq!(reached(&[]), set(&[]), "an empty fence opens nothing");
}

#[test]
fn a_trunk_for_one_country_reaches_that_country_only() {
    assert_eq!(reached(&["+380"]), set(&["UA"]), "zadarma and intertelecom");
}

#[test]
fn numbers_of_the_european_union_leave_over_the_trunk_that_names_it_alone() {
    let trunks =
        [("zadarma", fence(&["+380"])), ("intertelecom", fence(&["+380"])), ("eu", fence(&EUROPEAN_UNION))];
    for number in world() {
        let taking: Vec<&str> =
            trunks.iter().filter(|(_, fence)| fence.allows(&number)).map(|(name, _)| *name).collect();
        let region = number.region.to_string();
        let expected: &[&str] = match region.as_str() {
            "UA" => &["zadarma", "intertelecom"],
            region if EUROPEAN_UNION.contains(&region) => &["eu"],
            _ => &[],
        };
        assert_eq!(taking, expected, "{region}");
    }
}
