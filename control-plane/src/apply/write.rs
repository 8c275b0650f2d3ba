//! From the document to the database: one transaction, statement by prepared statement.

use super::{
    changes::Changes,
    document::{Document, Endpoint, Member, Org, Project},
    mistakes::{At, Mistake},
};
use crate::{
    accounts::{
        Applied,
        email::Email,
        members, orgs, people, phones,
        projects::{self, project_of_endpoint},
    },
    fleet,
    intake::{addresses::is_anothers, endpoints::apply_endpoint},
    routing::scenarios::{apply_scenario, scenario},
    store::{StoreError, Tx},
};
use shared::{
    ids::{AccountId, OrgId, ProjectId},
    time::Timestamp,
};
use std::collections::{HashMap, HashSet};

/// Brings everything that the document names up to date. Mistakes that only the database could
/// show come back beside the changes; then the caller keeps nothing.
pub(super) fn write(
    tx: &mut Tx<'_>,
    document: &Document,
    now: Timestamp,
) -> Result<(Changes, Vec<Mistake>), StoreError> {
    let mut writer =
        Writer { now, changes: Changes::default(), mistakes: Vec::new(), settled: HashSet::new() };
    for org in &document.orgs {
        writer.org(tx, org)?;
    }
    for pbx in &document.pbxs {
        let name = &pbx.name.value;
        let is_new = fleet::pbx_id(tx, name)?.is_none();
        let changed = fleet::apply_pbx(tx, name, &pbx.region)?;
        writer.changes.pbxs.note(applied(is_new, changed), name);
    }
    Ok((writer.changes.summed(), writer.mistakes))
}

struct Writer<'d> {
    now: Timestamp,
    changes: Changes,
    mistakes: Vec<Mistake>,
    /// People whose phones are set: those in several organizations have them once.
    settled: HashSet<&'d Email>,
}

impl<'d> Writer<'d> {
    fn org(&mut self, tx: &mut Tx<'_>, org: &'d Org) -> Result<(), StoreError> {
        let slug = &org.slug.value;
        if org.adopt {
            orgs::adopt(tx, slug)?;
        } else if let Some(maker) = orgs::maker_of(tx, slug)? {
            let problem = format!(
                "{maker} made an organization of this slug over the API, and would read the alerts: choose another, or \
                 write `adopt = true` beside it if this file is to govern that one"
            );
            self.mistakes.push(Mistake { line: org.slug.line, key: "org.slug".to_owned(), problem });
            return Ok(());
        }
        let (id, applied) = orgs::apply_org(tx, slug, &org.name, &org.timezone, self.now)?;
        self.changes.orgs.note(applied, slug);
        let mut accounts = HashMap::new();
        for member in &org.members {
            accounts.insert(&member.email.value, self.member(tx, id, slug, member)?);
        }
        for project in &org.projects {
            // `references` has seen to it that the primary is a member.
            if let Some(primary) = accounts.get(&project.primary.value) {
                self.project(tx, id, *primary, &format!("{slug}/{}", project.slug.value), project)?;
            }
        }
        Ok(())
    }

    fn member(
        &mut self,
        tx: &mut Tx<'_>,
        org: OrgId,
        slug: &str,
        member: &'d Member,
    ) -> Result<AccountId, StoreError> {
        let email = &member.email.value;
        let account = people::apply_account(tx, email, self.now)?;
        let applied = members::apply_member(tx, org, account, member.role, self.now)?;
        self.changes.members.note(applied, format!("{slug}/{email}"));
        if let Some(phones) = &member.phones
            && self.settled.insert(email)
        {
            self.changes.phones.note(phones::set_phones(tx, account, phones, self.now)?);
        }
        Ok(account)
    }

    /// `name` is `org/project`.
    fn project(
        &mut self,
        tx: &mut Tx<'_>,
        org: OrgId,
        primary: AccountId,
        name: &str,
        project: &Project,
    ) -> Result<(), StoreError> {
        let policy = serde_json::json!(project.policy).to_string();
        let (id, applied_project) =
            projects::apply_project(tx, org, &project.slug.value, primary, &policy, self.now)?;
        self.changes.projects.note(applied_project, name);
        for named in &project.scenarios {
            let At { value: scenario_name, .. } = &named.name;
            let is_new = scenario(tx, id, scenario_name)?.is_none();
            let changed = apply_scenario(tx, id, scenario_name, &named.rules.scenario)?;
            self.changes.scenarios.note(applied(is_new, changed), format!("{name}/{scenario_name}"));
        }
        for endpoint in &project.endpoints {
            self.endpoint(tx, id, name, endpoint)?;
        }
        Ok(())
    }

    fn endpoint(
        &mut self,
        tx: &mut Tx<'_>,
        project: ProjectId,
        name: &str,
        endpoint: &Endpoint,
    ) -> Result<(), StoreError> {
        let At { line, value: id } = endpoint.id;
        let owner = project_of_endpoint(tx, id)?;
        if let Some((owner, owner_name)) = &owner
            && *owner != project
        {
            let problem = format!(
                "this endpoint belongs to {owner_name}, where its requests and calls are kept, and stays \
                 there: give {name} an endpoint of its own"
            );
            self.mistakes.push(Mistake { line, key: "org.project.endpoint.id".to_owned(), problem });
            return Ok(());
        }
        if owner.is_none() && is_anothers(tx, id)? {
            let problem =
                "this is, or was, what the URL of another endpoint ends in: make another with uuidgen";
            let problem = problem.to_owned();
            self.mistakes.push(Mistake { line, key: "org.project.endpoint.id".to_owned(), problem });
            return Ok(());
        }
        let alert_key = endpoint.alert_key.as_ref().map(|key| key.as_str());
        let scenario = endpoint.scenario.as_ref().map(|scenario| scenario.value.as_str());
        let changed = apply_endpoint(tx, id, project, alert_key, scenario)?;
        let [a, b, c, d, ..] = *id.uuid().as_bytes();
        let shown = format!("{name}/{}", hex::encode([a, b, c, d]));
        self.changes.endpoints.note(applied(owner.is_none(), changed), shown);
        Ok(())
    }
}

/// For rooms that say only whether anything changed.
const fn applied(is_new: bool, changed: bool) -> Applied {
    match (is_new, changed) {
        (true, true) => Applied::Created,
        (false, true) => Applied::Updated,
        (_, false) => Applied::Unchanged,
    }
}
