//! What one part of the document says of another: names that must be there, and be there once.

use super::{
    document::{Document, Endpoint, NamedScenario, Org, Project},
    mistakes::{At, Place},
};
use crate::{accounts::email::Email, routing::rule::Action, suggestion::did_you_mean};
use shared::{ids::EndpointId, phone::E164};
use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    hash::Hash,
};

/// The scenario that an endpoint may name though nobody wrote it: call the primary.
const DEFAULT_SCENARIO: &str = "default";

/// Looks for every mistake between parts that are right by themselves.
pub(super) fn check(document: &Document, place: &mut Place<'_>) {
    once(document.orgs.iter().map(|org| &org.slug), "org.slug", "another organization has this slug", place);
    once(document.pbxs.iter().map(|pbx| &pbx.name), "pbx.name", "another PBX has this name", place);
    let phones = phones(document, place);
    let mut endpoints = Once::default();
    for org in &document.orgs {
        check_org(org, &phones, &mut endpoints, place);
    }
}

/// The phones of each person who has any here. A person is one account, whatever organizations they
/// belong to, so two different lists cannot both hold.
fn phones<'d>(document: &'d Document, place: &mut Place<'_>) -> HashMap<&'d Email, &'d [E164]> {
    let mut listed: HashMap<&Email, (usize, &[E164])> = HashMap::new();
    for member in document.orgs.iter().flat_map(|org| &org.members) {
        let Some(phones) = &member.phones else { continue };
        match listed.entry(&member.email.value) {
            Entry::Vacant(entry) => {
                entry.insert((member.email.line, phones));
            }
            Entry::Occupied(entry) if entry.get().1 == phones.as_slice() => {}
            Entry::Occupied(entry) => place.mistake(
                member.email.line,
                "org.member.phones",
                format!(
                    "this person has other phones on line {}: list the same ones, or list them once",
                    entry.get().0
                ),
            ),
        }
    }
    listed.into_iter().map(|(email, (_, phones))| (email, phones)).collect()
}

fn check_org<'d>(
    org: &'d Org,
    phones: &HashMap<&Email, &[E164]>,
    endpoints: &mut Once<&'d EndpointId>,
    place: &mut Place<'_>,
) {
    once(
        org.members.iter().map(|member| &member.email),
        "org.member.email",
        "this organization has this member already",
        place,
    );
    once(
        org.projects.iter().map(|project| &project.slug),
        "org.project.slug",
        "another project of this organization has this slug",
        place,
    );
    let members: HashSet<&str> = org.members.iter().map(|member| member.email.value.as_str()).collect();
    for project in &org.projects {
        check_primary(project, &members, phones, place);
        once(
            project.scenarios.iter().map(|scenario| &scenario.name),
            "org.project.scenario.name",
            "another scenario of this project has this name",
            place,
        );
        for scenario in &project.scenarios {
            check_actions(scenario, &members, place);
        }
        for endpoint in &project.endpoints {
            endpoints.see(&endpoint.id, "org.project.endpoint.id", "another endpoint has this id", place);
            check_scenario(endpoint, &project.scenarios, place);
        }
    }
}

fn check_primary(
    project: &Project,
    members: &HashSet<&str>,
    phones: &HashMap<&Email, &[E164]>,
    place: &mut Place<'_>,
) {
    const KEY: &str = "org.project.primary";
    let At { line, value: primary } = &project.primary;
    if !members.contains(primary.as_str()) {
        place.mistake(*line, KEY, not_a_member(primary.as_str(), members));
    } else if phones.get(primary).is_none_or(|phones| phones.is_empty()) {
        place.mistake(*line, KEY, "this member has no phone: list one under phones = [\"+…\"]");
    }
}

fn check_actions(scenario: &NamedScenario, members: &HashSet<&str>, place: &mut Place<'_>) {
    const KEY: &str = "org.project.scenario.rule.action";
    for At { line, value: action } in &scenario.rules.actions {
        match action {
            Action::CallMember { member } if !members.contains(member.to_ascii_lowercase().as_str()) => {
                place.mistake(*line, format!("{KEY}.member"), not_a_member(member, members));
            }
            Action::CallOnSchedule { .. } => place.mistake(
                *line,
                format!("{KEY}.do"),
                "schedules are not available in this version: use call_primary, call_all, call_project or call_member",
            ),
            Action::CallMember { .. }
            | Action::CallPrimary
            | Action::CallAll
            | Action::CallProject
            | Action::Suppress => {}
        }
    }
}

fn check_scenario(endpoint: &Endpoint, scenarios: &[NamedScenario], place: &mut Place<'_>) {
    let Some(At { line, value: wanted }) = &endpoint.scenario else { return };
    let known = || scenarios.iter().map(|scenario| scenario.name.value.as_str());
    if wanted != DEFAULT_SCENARIO && known().all(|name| name != wanted) {
        let problem = format!(
            "this project has no scenario {wanted:?}{} Write it as [[org.project.scenario]]",
            did_you_mean(wanted, known())
        );
        place.mistake(*line, "org.project.endpoint.scenario", problem);
    }
}

fn not_a_member(written: &str, members: &HashSet<&str>) -> String {
    let mut known: Vec<&str> = members.iter().copied().collect();
    known.sort_unstable();
    format!(
        "{written} is not a member of this organization{} Write them as [[org.member]]",
        did_you_mean(written, known)
    )
}

/// Names that may stand only once, with the line where each stood first.
struct Once<T>(HashMap<T, usize>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<'d, T: Eq + Hash> Once<&'d T> {
    fn see(&mut self, name: &'d At<T>, key: &str, problem: &str, place: &mut Place<'_>) {
        match self.0.entry(&name.value) {
            Entry::Vacant(entry) => {
                entry.insert(name.line);
            }
            Entry::Occupied(first) => {
                place.mistake(name.line, key, format!("{problem}: line {}", first.get()))
            }
        }
    }
}

fn once<'d, T: Eq + Hash + 'd>(
    names: impl Iterator<Item = &'d At<T>>,
    key: &str,
    problem: &str,
    place: &mut Place<'_>,
) {
    let mut seen = Once::default();
    for name in names {
        seen.see(name, key, problem, place);
    }
}
