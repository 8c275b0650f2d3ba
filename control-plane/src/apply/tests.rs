//! Apply files as stories.

mod database;
mod mistakes;

use super::*;
use proptest::prelude::*;

/// The example of the contract, word for word.
const CONTRACT: &str = r#"
[[org]]
slug = "acme"
name = "Acme"
timezone = "Europe/Kyiv"
  [[org.member]]
  email = "oncall@example.com"
  role = "owner"
  phones = ["+380501234567"]          # vouched for by the operator: verified; the first is primary
  [[org.project]]
  slug = "shop"
  primary = "oncall@example.com"
    [org.project.policy]                 # every key optional; these are the defaults
    ring_seconds = 30
    redials = 5                          # further tries to the same phone after no answer, busy, or no key
    redial_pause_seconds = 30            # a fault of a trunk or PBX fails over at once instead
    lifetime_minutes = 30
    cooldown_seconds = 60                # holds back calls below critical to a phone that was just called
    delivered_when = "acknowledged"      # or "answered"
    [[org.project.endpoint]]
    id = "6c1f6f1e-0000-4000-8000-000000000001"
    alert_key = "optional second secret"
    scenario = "default"
    [[org.project.scenario]]
    name = "default"
      [[org.project.scenario.rule]]
      when = [{ field = "severity", op = "in", value = ["critical", "major"] }]
      action = { do = "call_primary" }   # call_all | call_project | call_member (member=) | call_on_schedule (schedule=) | suppress
[[pbx]]
name = "pbx-1"
region = "eu"
"#;

#[test]
fn the_contracts_example_is_read() {
    let document = read("apply.toml", CONTRACT).unwrap();
    let org = &document.orgs[0];
    assert_eq!((org.slug.value.as_str(), org.name.as_str()), ("acme", "Acme"));
    assert_eq!(org.timezone, "Europe/Kyiv");
    let project = &org.projects[0];
    assert_eq!(project.primary.value.as_str(), "oncall@example.com");
    assert_eq!(project.policy, crate::dispatch::policy::Policy::default());
    let endpoint = &project.endpoints[0];
    assert_eq!(endpoint.id.value.to_string(), "6c1f6f1e-0000-4000-8000-000000000001");
    assert_eq!(endpoint.alert_key.as_ref().map(|key| key.as_str()), Some("optional second secret"));
    assert_eq!(project.scenarios[0].name.value, "default");
    assert_eq!((document.pbxs[0].name.value.as_str(), document.pbxs[0].region.as_str()), ("pbx-1", "eu"));
}

#[test]
fn what_is_left_out_has_its_default() {
    let text = r#"
[[org]]
slug = "acme"
[[org.member]]
email = "On.Call@Example.com"
role = "member"
phones = ["+380 50 123-45-67"]
[[org.project]]
slug = "shop"
primary = "oN.call@example.COM"
[[org.project.endpoint]]
id = "6C1F6F1E-0000-4000-8000-000000000001"
[[pbx]]
name = "pbx-1"
"#;
    let document = read("apply.toml", text).unwrap();
    let org = &document.orgs[0];
    assert_eq!((org.name.as_str(), org.timezone.as_str()), ("acme", "UTC"));
    assert_eq!(org.members[0].email.value.as_str(), "on.call@example.com");
    assert_eq!(org.members[0].phones.as_ref().unwrap()[0].as_str(), "+380501234567");
    assert_eq!(org.projects[0].policy, crate::dispatch::policy::Policy::default());
    assert!(org.projects[0].endpoints[0].alert_key.is_none());
    assert_eq!(document.pbxs[0].region, "");
}

#[test]
fn a_file_that_is_no_text_of_reasonable_size_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("apply.toml");
    let refusal = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        read_file(&path).map_err(|error| error.to_string())
    };
    assert_eq!(refusal(CONTRACT.as_bytes()).unwrap(), CONTRACT);
    assert!(refusal(b"a = 1\nb = \"\xff\"\n").unwrap_err().ends_with("apply.toml:2: is not UTF-8 text"));
    assert!(refusal(&vec![b'#'; 4 << 20]).is_ok());
    assert!(refusal(&vec![b'#'; (4 << 20) + 1]).unwrap_err().contains("larger than 4 MiB"));
    let error = read_file(&dir.path().join("nowhere.toml")).unwrap_err().to_string();
    assert!(error.contains("nowhere.toml: cannot be read"), "{error}");
}

/// Texts that come near to being an apply file.
fn nearly_a_document() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        proptest::sample::select(CONTRACT.lines().map(str::to_owned).collect::<Vec<_>>()),
        "\\[\\[?(org|pbx|org\\.(member|project|project\\.(policy|endpoint|scenario|scenario\\.rule)))\\]\\]?",
        "(slug|name|email|role|phones|primary|policy|endpoint|scenario|rule|id|region|when|action) = \
         (\"[a-z+@.0-9-]{0,12}\"|[0-9.-]{1,4}|\\[[\"+0-9, ]{0,9}\\]|\\{[a-z= \"]{0,9}\\}|true|1979-05-27)",
        "\\PC{0,20}",
    ];
    proptest::collection::vec(line, 0..30).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn nothing_that_somebody_writes_makes_it_panic(text in nearly_a_document()) {
        if let Err(error) = read("apply.toml", &text) {
            let told = error.to_string();
            prop_assert!(told.lines().all(|line| line.starts_with("apply.toml:")), "{told}");
        }
    }

    #[test]
    fn a_document_with_a_line_lost_is_read_or_its_mistakes_are_told(line in 0..CONTRACT.lines().count()) {
        let text: Vec<_> = CONTRACT.lines().enumerate().filter(|(at, _)| *at != line).collect();
        let text: Vec<_> = text.into_iter().map(|(_, line)| line).collect();
        if let Err(error) = read("apply.toml", &text.join("\n")) {
            prop_assert!(error.to_string().starts_with("apply.toml:"), "{error}");
        }
    }
}

#[test]
fn nesting_without_end_is_a_mistake_and_no_overflow() {
    let deep = 100_000;
    for text in [
        format!("[{}]", vec!["org"; deep].join(".")),
        format!("{} = 1", vec!["org"; deep].join(".")),
        format!("org = {}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("org = {}", "{ org = ".repeat(deep)),
    ] {
        let error = read("apply.toml", &text).err().expect("refused").to_string();
        assert!(error.starts_with("apply.toml:1: "), "{error}");
    }
}
