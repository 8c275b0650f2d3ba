//! Every mistake is told with its line and key.

use super::{CONTRACT, read};

/// The mistakes of the contract's example after one change. Its first line is empty, so that the
/// line numbers are those of an editor that shows [`CONTRACT`].
fn mistakes_after(from: &str, to: &str) -> String {
    assert_eq!(CONTRACT.matches(from).count(), 1, "{from:?} must stand once in the example");
    mistakes_of(&CONTRACT.replacen(from, to, 1))
}

fn mistakes_of(text: &str) -> String {
    match read("apply.toml", text) {
        Ok(_) => "no mistake".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Each change gives one mistake, which begins with this place and says this.
fn each_is_told(cases: &[(&str, &str, &str, &str)]) {
    for (from, to, place, says) in cases {
        let told = mistakes_after(from, to);
        let expected = format!("apply.toml:{place}: ");
        assert!(told.starts_with(&expected) && told.contains(says), "{from} -> {to}:\n{told}");
        assert_eq!(told.lines().count(), 1, "no echoes: {told}");
    }
}

#[test]
fn unknown_keys_come_with_a_suggestion() {
    each_is_told(&[
        ("name = \"Acme\"", "nmae = \"Acme\"", "4: org.nmae", "no such key \"nmae\"; did you mean \"name\"?"),
        ("[[pbx]]", "[[pbxs]]", "29: pbxs", "did you mean \"pbx\"?"),
        ("region = \"eu\"", "regoin = \"eu\"", "31: pbx.regoin", "did you mean \"region\"?"),
        ("phones = [", "phone = [", "9: org.member.phone", "did you mean \"phones\"?"),
        ("alert_key =", "alertkey =", "22: org.project.endpoint.alertkey", "did you mean \"alert_key\"?"),
        ("redials = 5", "redails = 5", "15: org.project.policy.redails", "did you mean \"redials\"?"),
        (
            "timezone = \"Europe/Kyiv\"",
            "zzz = 1",
            "5: org.zzz",
            "no such key \"zzz\". Known here: slug, name",
        ),
    ]);
}

#[test]
fn values_that_cannot_be_meant_are_told() {
    let slug = "is 1 to 63 lower-case letters, digits or dashes";
    let long = format!("slug = \"{}\"", "a".repeat(64));
    each_is_told(&[
        ("slug = \"acme\"", "slug = \"Acme Ltd\"", "3: org.slug", slug),
        ("slug = \"acme\"", "slug = \"\"", "3: org.slug", slug),
        ("slug = \"shop\"", &long, "11: org.project.slug", slug),
        ("slug = \"shop\"", "slug = 5", "11: org.project.slug", "is a text in quotes, not a number"),
        ("name = \"Acme\"", "name = \" \"", "4: org.name", "is 1 to 100 characters"),
        ("name = \"Acme\"", "name = \"A\\u0007\"", "4: org.name", "none of them a control character"),
        ("\"Europe/Kyiv\"", "\"Europe/Kiyv\"", "5: org.timezone", "did you mean \"Europe/Kyiv\"?"),
        ("\"Europe/Kyiv\"", "\"+02:00\"", "5: org.timezone", "no such time zone. Write an IANA name"),
        ("\"owner\"", "\"ownr\"", "8: org.member.role", "no such role; did you mean \"owner\"?"),
        (
            "email = \"oncall@example.com\"",
            "email = \"oncall\"",
            "7: org.member.email",
            "is an e-mail address",
        ),
        (
            "primary = \"oncall@example.com\"",
            "primary = \"\"",
            "12: org.project.primary",
            "is an e-mail address",
        ),
        ("\"pbx-1\"", "\"pbx 1\"", "30: pbx.name", "is 1 to 64 letters, digits, dashes, dots"),
        ("\"eu\"", "[\"eu\"]", "31: pbx.region", "is a text in quotes, not an array"),
        (
            "[\"+380501234567\"]",
            "\"+380501234567\"",
            "9: org.member.phones",
            "is an array of texts, not a text",
        ),
        ("6c1f6f1e-0000-4000-8000-000000000001", "6c1f", "21: org.project.endpoint.id", "is a UUID"),
        (
            "6c1f6f1e-0000-4000-8000-000000000001",
            "6c1f6f1e000040008000000000000001",
            "21: org.project.endpoint.id",
            "is a UUID",
        ),
        ("\"optional second secret\"", "\" x\"", "22: org.project.endpoint.alert_key", "sent as a header"),
    ]);
}

#[test]
fn policies_out_of_range_are_told_key_by_key() {
    each_is_told(&[
        (
            "ring_seconds = 30",
            "ring_seconds = 4",
            "14: org.project.policy.ring_seconds",
            "4: must be between 5 and 120",
        ),
        ("redials = 5", "redials = -1", "15: org.project.policy.redials", "invalid value: integer `-1`"),
        ("redials = 5", "redials = \"5\"", "15: org.project.policy.redials", "invalid type: string"),
        (
            "\"acknowledged\"",
            "\"acknowleged\"",
            "19: org.project.policy.delivered_when",
            "did you mean \"acknowledged\"?",
        ),
        (
            "[org.project.policy] ",
            "[[org.project.policy]] ",
            "13: org.project.policy",
            "is a table, not an array",
        ),
    ]);
    let text = CONTRACT
        .replace("redials = 5", "redials = 51")
        .replace("lifetime_minutes = 30", "lifetime_minutes = 0");
    let told = mistakes_of(&text);
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.contains("apply.toml:15: org.project.policy.redials: 51: must"), "{told}");
    assert!(told.contains("apply.toml:17: org.project.policy.lifetime_minutes: 0: must"), "{told}");
}

#[test]
fn a_number_that_must_not_be_called_is_told_by_its_last_digits() {
    for (number, says) in [
        ("+82801234567", "the number …4567 can never be called: number_toll_free"),
        ("+4918012345", "the number …2345 can never be called: number_premium"),
        ("+380102", "this can never be called: number_emergency"),
        ("112", "this can never be called: number_emergency"),
        ("380631234568", "the number …4568 can never be called: number_invalid: write the number as +"),
        ("", "this can never be called: number_invalid"),
    ] {
        let told = mistakes_after("\"+380501234567\"", &format!("\"+380631234567\", \"{number}\""));
        assert!(told.starts_with("apply.toml:9: org.member.phones: ") && told.contains(says), "{told}");
        assert!(number.len() < 8 || !told.contains(number), "{told}");
    }
}

#[test]
fn missing_keys_are_told_at_their_table() {
    each_is_told(&[
        ("slug = \"acme\"", "", "2: org.slug", "missing key"),
        ("email = \"oncall@example.com\"", "", "6: org.member.email", "missing key"),
        ("role = \"owner\"", "", "6: org.member.role", "missing key"),
        ("slug = \"shop\"", "", "10: org.project.slug", "missing key"),
        ("primary = \"oncall@example.com\"", "", "10: org.project.primary", "missing key"),
        ("id = \"6c1f6f1e-0000-4000-8000-000000000001\"", "", "20: org.project.endpoint.id", "missing key"),
        ("name = \"default\"", "", "24: org.project.scenario.name", "missing key"),
        ("name = \"pbx-1\"", "", "29: pbx.name", "missing key"),
    ]);
}

#[test]
fn names_that_must_be_there_are_looked_for() {
    let twice = "phones = [\"+380501234567\", \"+380 50 123 4567\"]";
    each_is_told(&[
        (
            "primary = \"oncall@example.com\"",
            "primary = \"oncal@example.com\"",
            "12: org.project.primary",
            "is not a member of this organization; did you mean \"oncall@example.com\"?",
        ),
        ("phones = [\"+380501234567\"]", "", "12: org.project.primary", "this member has no phone"),
        (
            "phones = [\"+380501234567\"]",
            "phones = []",
            "12: org.project.primary",
            "this member has no phone",
        ),
        ("phones = [\"+380501234567\"]", twice, "9: org.member.phones", "the number …4567 is listed twice"),
        (
            "scenario = \"default\"",
            "scenario = \"defaults\"",
            "23: org.project.endpoint.scenario",
            "this project has no scenario \"defaults\"; did you mean \"default\"?",
        ),
    ]);
    let none_written = CONTRACT.replace("name = \"default\"", "name = \"night\"");
    assert_eq!(mistakes_of(&none_written), "no mistake", "the default scenario need not be written");
}

#[test]
fn names_that_stand_twice_are_told() {
    let twice = |table: &str, says: &str| {
        let told = mistakes_of(&format!("{CONTRACT}{table}"));
        assert!(told.contains(says), "{table}\n{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    };
    twice("[[org]]\nslug = \"acme\"", "apply.toml:33: org.slug: another organization has this slug: line 3");
    twice("[[pbx]]\nname = \"pbx-1\"", "apply.toml:33: pbx.name: another PBX has this name: line 30");
    twice(
        "[[org.member]]\nemail = \"ONCALL@example.com\"\nrole = \"viewer\"",
        "apply.toml:33: org.member.email: this organization has this member already: line 7",
    );
    twice(
        "[[org.project]]\nslug = \"shop\"\nprimary = \"oncall@example.com\"",
        "apply.toml:33: org.project.slug: another project of this organization has this slug: line 11",
    );
    let other = "[[org.project]]\nslug = \"other\"\nprimary = \"oncall@example.com\"\n";
    twice(
        &format!("{other}[[org.project.endpoint]]\nid = \"6C1F6F1E-0000-4000-8000-000000000001\""),
        "apply.toml:36: org.project.endpoint.id: another endpoint has this id: line 21",
    );
    let scenario = "[[org.project.scenario]]\nname = \"x\"\n";
    twice(
        &format!("{other}{scenario}{scenario}"),
        "apply.toml:38: org.project.scenario.name: another scenario of this project has this name: line 36",
    );
}

#[test]
fn one_person_has_one_list_of_phones() {
    let in_beta = |phones: &str| {
        let member = format!("email = \"oncall@example.com\"\nrole = \"viewer\"\n{phones}");
        mistakes_of(&format!("{CONTRACT}[[org]]\nslug = \"beta\"\n[[org.member]]\n{member}"))
    };
    assert_eq!(in_beta(""), "no mistake");
    assert_eq!(in_beta("phones = [\"+380501234567\"]"), "no mistake");
    for other in ["phones = []", "phones = [\"+380631234567\"]"] {
        let told = in_beta(other);
        let says = "apply.toml:35: org.member.phones: this person has other phones on line 7";
        assert!(told.starts_with(says), "{told}");
    }
}

/// Of these, the rules' own mistakes are worded by `routing`.
#[test]
fn rules_are_told_by_line_and_key() {
    const WHEN: &str = "when = [{ field = \"severity\", op = \"in\", value = [\"critical\", \"major\"] }]";
    const RULE: &str = "org.project.scenario.rule";
    let place = |key: &str| format!("27: {RULE}{key}");
    each_is_told(&[
        (WHEN, "wen = []", &place(".wen"), "did you mean \"when\"?"),
        ("op = \"in\"", "op = \"inn\"", &place(".when"), "inn"),
        ("field = \"severity\"", "feild = \"severity\"", &place(".when.feild"), "did you mean \"field\"?"),
        ("do = \"call_primary\"", "do = \"call_someone\"", &format!("28: {RULE}.action"), "call_someone"),
        ("action = { do = \"call_primary\" } ", "", &format!("26: {RULE}"), "missing key `action`"),
        (
            "do = \"call_primary\"",
            "do = \"call_member\", member = \"nobody@example.com\"",
            &format!("26: {RULE}.action.member"),
            "nobody@example.com is not a member of this organization",
        ),
        (
            "do = \"call_primary\"",
            "do = \"call_on_schedule\", schedule = \"week\"",
            &format!("26: {RULE}.action.do"),
            "schedules are not available in this version",
        ),
    ]);
    let known =
        mistakes_after("do = \"call_primary\"", "do = \"call_member\", member = \"OnCall@example.com\"");
    assert_eq!(known, "no mistake");
}

#[test]
fn broken_lines_are_all_told_and_nothing_else() {
    let text = CONTRACT.replace("slug = \"acme\"", "slug = acme").replace("region = \"eu\"", "region \"eu\"");
    let told = mistakes_of(&text);
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.contains("apply.toml:3: slug: ") && told.contains("apply.toml:31: syntax: "), "{told}");
    let told = mistakes_of(&CONTRACT.replace("name = \"Acme\"", "slug = \"b\""));
    assert_eq!(told, "apply.toml:4: slug: duplicate key");
}

#[test]
fn every_mistake_is_told_up_to_a_point() {
    let text =
        CONTRACT.replace("\"owner\"", "\"boss\"").replace("\"pbx-1\"", "\"\"").replace("\"shop\"", "\"S\"");
    let told = mistakes_of(&text);
    let places: Vec<_> = told.lines().map(|line| line.split(": ").nth(1).unwrap()).collect();
    assert_eq!(places, ["org.member.role", "org.project.slug", "pbx.name"], "in the order of the file");
    let told = mistakes_of(&"[[pbx]]\n".repeat(1_000));
    assert_eq!(told.lines().count(), 51);
    assert!(told.ends_with("apply.toml: and 950 more"), "{told}");
}

#[test]
fn the_second_secret_is_never_repeated() {
    let told = mistakes_after("\"optional second secret\"", "\"s\u{e9}cret-word\"");
    assert!(told.contains("alert_key") && !told.contains("cret-word"), "{told}");
    let told = mistakes_after("\"optional second secret\"", "secret-word");
    assert!(told.contains("alert_key") && !told.contains("secret-word"), "{told}");
}
