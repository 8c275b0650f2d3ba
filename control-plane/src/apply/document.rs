//! The document: from TOML to types.

use super::{
    mistakes::{At, Place},
    rules::{self, Rules},
    section::Section,
};
use crate::{
    accounts::{email::Email, members::Role},
    dispatch::policy::Policy,
    values,
};
use shared::{ids::EndpointId, phone::E164};
use std::collections::HashSet;
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue, Error},
};
use zeroize::Zeroizing;

/// A whole file.
#[derive(Default)]
pub(super) struct Document {
    pub orgs: Vec<Org>,
    pub pbxs: Vec<Pbx>,
}

/// `[[org]]`.
pub(super) struct Org {
    pub slug: At<String>,
    pub name: String,
    pub timezone: String,
    /// That somebody else made it is known.
    pub adopt: bool,
    pub members: Vec<Member>,
    pub projects: Vec<Project>,
}

/// `[[org.member]]`.
pub(super) struct Member {
    pub email: At<Email>,
    pub role: Role,
    /// `None` leaves the phones that the person has.
    pub phones: Option<Vec<E164>>,
}

/// `[[org.project]]`.
pub(super) struct Project {
    pub slug: At<String>,
    pub primary: At<Email>,
    pub policy: Policy,
    pub scenarios: Vec<NamedScenario>,
    pub endpoints: Vec<Endpoint>,
}

/// `[[org.project.scenario]]`.
pub(super) struct NamedScenario {
    pub name: At<String>,
    pub rules: Rules,
}

/// `[[org.project.endpoint]]`.
pub(super) struct Endpoint {
    pub id: At<EndpointId>,
    pub alert_key: Option<Zeroizing<String>>,
    pub scenario: Option<At<String>>,
}

/// `[[pbx]]`.
pub(super) struct Pbx {
    pub name: At<String>,
    pub region: String,
}

/// Reads it all. What could not be read is left out, and `place` knows why.
pub(super) fn read(place: &mut Place<'_>) -> Document {
    let (document, errors) = DeTable::parse_recoverable(place.text());
    if !errors.is_empty() {
        // What was recovered around a broken line would only give echoes of it.
        syntax(&errors, place);
        return Document::default();
    }
    let top = Section::open("", 0..0, document.get_ref(), &["org", "pbx"], place);
    let orgs = top.tables("org", &["slug", "name", "timezone", "adopt", "member", "project"], place);
    let pbxs = top.tables("pbx", &["name", "region"], place);
    Document {
        orgs: orgs.iter().filter_map(|section| org(section, place)).collect(),
        pbxs: pbxs.iter().filter_map(|section| pbx(section, place)).collect(),
    }
}

/// One mistake a line: a broken line breaks in several places.
fn syntax(errors: &[Error], place: &mut Place<'_>) {
    let mut lines = HashSet::new();
    for error in errors {
        let line = place.line_of(&error.span().unwrap_or(0..0));
        if lines.insert(line) {
            place.mistake(line, place.key_on(line), error.message().trim().replace('\n', " "));
        }
    }
}

fn org(section: &Section<'_>, place: &mut Place<'_>) -> Option<Org> {
    let slug = section.required("slug", place, values::slug);
    let name = section.optional("name", place, values::name);
    let timezone = section.optional("timezone", place, values::timezone);
    let adopt = section.flag("adopt", place);
    let members = section.tables("member", &["email", "role", "phones"], place);
    let members = members.iter().filter_map(|section| member(section, place)).collect();
    let known = ["slug", "primary", "policy", "endpoint", "scenario"];
    let projects = section.tables("project", &known, place);
    let projects = projects.iter().filter_map(|section| project(section, place)).collect();
    let slug = slug?;
    Some(Org {
        name: name.map_or_else(|| slug.value.clone(), |name| name.value),
        timezone: timezone.map_or_else(|| "UTC".to_owned(), |timezone| timezone.value),
        slug,
        adopt,
        members,
        projects,
    })
}

fn member(section: &Section<'_>, place: &mut Place<'_>) -> Option<Member> {
    let email = section.required("email", place, values::email);
    let role = section.required("role", place, values::role);
    let phones = section.texts("phones", place, values::phone);
    let mut seen = HashSet::new();
    for At { line, value: phone } in phones.iter().flatten() {
        if !seen.insert(phone) {
            let problem = format!("the number {} is listed twice", phone.last_four());
            place.mistake(*line, section.key("phones"), problem);
        }
    }
    let phones = phones.map(|phones| phones.into_iter().map(|phone| phone.value).collect());
    Some(Member { email: email?, role: role?.value, phones })
}

fn project(section: &Section<'_>, place: &mut Place<'_>) -> Option<Project> {
    let slug = section.required("slug", place, values::slug);
    let primary = section.required("primary", place, values::email);
    let policy = match section.table("policy", place) {
        Some(value) => rules::policy(&section.key("policy"), value, place),
        None => Some(Policy::default()),
    };
    let scenarios = section.tables("scenario", &["name", "rule"], place);
    let scenarios = scenarios.iter().filter_map(|section| scenario(section, place)).collect();
    let endpoints = section.tables("endpoint", &["id", "alert_key", "scenario"], place);
    let endpoints = endpoints.iter().filter_map(|section| endpoint(section, place)).collect();
    Some(Project { slug: slug?, primary: primary?, policy: policy?, scenarios, endpoints })
}

fn scenario(section: &Section<'_>, place: &mut Place<'_>) -> Option<NamedScenario> {
    let name = section.required("name", place, values::name);
    let none = Spanned::new(0..0, DeValue::Array(DeArray::new()));
    let rules = rules::rules(&section.key("rule"), section.value("rule").unwrap_or(&none), place);
    Some(NamedScenario { name: name?, rules: rules? })
}

fn endpoint(section: &Section<'_>, place: &mut Place<'_>) -> Option<Endpoint> {
    let id = section.required("id", place, values::endpoint_id);
    let alert_key = section.optional("alert_key", place, values::alert_key);
    let scenario = section.optional("scenario", place, values::name);
    Some(Endpoint { id: id?, alert_key: alert_key.map(|key| key.value), scenario })
}

fn pbx(section: &Section<'_>, place: &mut Place<'_>) -> Option<Pbx> {
    let name = section.required("name", place, values::pbx_name);
    let region = section.optional("region", place, values::name_or_none);
    Some(Pbx { name: name?, region: region.map_or_else(String::new, |region| region.value) })
}
