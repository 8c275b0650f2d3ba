//! `/api/v1/scenarios/{id}/dry-run`: what a payload would do. It rings nobody and stores nothing.

use super::{
    call::{Call, missing, ok},
    caller::Member,
    fields::{bad_value, last_four},
    reckoning::reckon,
    requests,
    scenarios::read_rules,
};
use crate::{
    accounts::{
        people,
        projects::{self, Project},
    },
    dispatch::{
        forecast::{Prospective, forecast},
        policy::Policy,
        summons::Summons,
    },
    fleet::choice::RouteStanding,
    intake::{self, Arrival, Reading},
    routing::{
        Explanation, Operator,
        rule::{Action, WrittenAction, WrittenRule},
        scenarios,
    },
    store::StoreError,
    web::{
        Response,
        problem::{Kind, Problem},
    },
    words,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    ids::{AlertId, RequestId},
    severity::Severity,
    time::Timestamp,
};
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Why the primary is called where a payload holds more than rules look at.
const TOO_MANY_VALUES: &str = "too_many_values";

/// What is tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DryRunWish {
    /// A payload: JSON, or a text that is taken for the raw body.
    #[schema(value_type = Value, required = false)]
    payload: Option<Value>,
    /// Or a stored request of the organization.
    #[schema(value_type = String, required = false, format = "uuid")]
    request_id: Option<RequestId>,
    /// What the sender would call the payload.
    #[schema(value_type = String, required = false, max_length = 200)]
    content_type: Option<String>,
    /// Rules that are not saved, instead of those that are.
    #[schema(value_type = Vec<WrittenRule>, required = false, max_items = 100)]
    rule: Option<Value>,
}

/// What would become of it.
#[derive(Serialize, ToSchema)]
pub(super) struct DryRun {
    /// As it is read.
    #[schema(value_type = words::Severity)]
    severity: Severity,
    /// As it is read.
    message: String,
    /// What repeats and a resolve would name the alert by.
    dedup_key: Option<String>,
    /// It says that an alert is over.
    resolves: bool,
    /// What each rule makes of it, in their order.
    verdicts: Vec<RuleVerdict>,
    /// Place of the rule that decides, from 0; null where none matches, and the primary is called.
    rule: Option<usize>,
    /// What is done.
    #[schema(value_type = WrittenAction)]
    action: Action,
    /// Why the primary is called although the action means somebody else, or the rules were not asked.
    #[schema(value_type = Option<FallbackWord>)]
    fallback: Option<&'static str>,
    /// What comes of it.
    outcome: Outcome,
    /// Who would be called.
    recipients: Vec<Recipient>,
    /// What rules can name; null where that is more than they look at.
    #[schema(value_type = Option<Object>)]
    fields: Option<Value>,
}

/// What a rule makes of it.
#[derive(Serialize, ToSchema)]
pub(super) struct RuleVerdict {
    /// Its place, from 0.
    index: usize,
    /// Whether it matches.
    matches: bool,
    /// Whether it is the first that does.
    decides: bool,
    /// What each of its conditions makes of it.
    conditions: Vec<ConditionVerdict>,
}

/// What a condition makes of it.
#[derive(Serialize, ToSchema)]
pub(super) struct ConditionVerdict {
    /// Path of its field.
    field: String,
    /// How that is compared.
    #[schema(value_type = Operator)]
    op: &'static str,
    /// With what.
    #[schema(value_type = Value)]
    value: Value,
    /// What the field leads to, cut where it is long; null where there is nothing.
    #[schema(value_type = Value)]
    found: Option<Value>,
    /// Whether it holds.
    holds: bool,
}

/// Why the primary is called.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes words that are written elsewhere")]
pub(super) enum FallbackWord {
    /// There are no schedules yet.
    NoSchedules,
    /// The member has left, or never was one.
    NoMember,
    /// The member has no phone that may be dialled.
    NoPhone,
    /// The payload holds more than rules look at.
    TooManyValues,
}

/// What comes of it.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// Somebody is called.
    Calls,
    /// A rule says that nobody is.
    Suppressed,
    /// An alert is closed.
    Resolved,
    /// Everybody is held back.
    Nobody,
}

/// Somebody who would be called.
#[derive(Serialize, ToSchema)]
pub(super) struct Recipient {
    /// Who.
    #[schema(format = "uuid")]
    account_id: String,
    /// What they want to be called; may be empty.
    display_name: String,
    /// On which phone: the last four digits of its number, `…4567`; null where they have none.
    destination: Option<String>,
    /// Why the call would be held back; null: it rings.
    #[schema(value_type = Option<words::Reason>)]
    held_back: Option<&'static str>,
    /// Over which trunks it could go; none where it is no number that may be dialled.
    routes: Vec<RouteView>,
}

/// A trunk, as the call would find it.
#[derive(Serialize, ToSchema)]
pub(super) struct RouteView {
    /// Name of the PBX.
    pbx: String,
    /// Name of the trunk.
    trunk: String,
    /// How it stands.
    #[schema(value_type = RouteStanding)]
    standing: &'static str,
}

/// Try a scenario: what would this payload do?
///
/// It rings nobody and stores nothing. What would hold a call back is judged as for a real one at this moment.
#[utoipa::path(
    post,
    path = "/api/v1/scenarios/{id}/dry-run",
    tag = "projects",
    request_body = DryRunWish,
    responses(
        (status = 200, description = "What would come of it", body = DryRun),
        (status = 404, description = "No such scenario or request"),
        (status = 422, description = "A value or a rule cannot be used")
    )
)]
pub(super) async fn run(call: Call, member: Member) -> Result<Response, Problem> {
    let id: Uuid = call.id("id", Kind::UnknownScenario)?;
    let DryRunWish { payload, request_id, content_type, rule } = call.body()?;
    if payload.is_some() && request_id.is_some() {
        return Err(bad_value("request_id", "stands instead of a payload: give one of them"));
    }
    let unsaved = rule.map(read_rules).transpose()?;
    let org = member.org;
    let found = call.app.store.read(move |tx| {
        let (project, stored) =
            scenarios::by_id(tx, org, id)?.ok_or_else(|| missing(Kind::UnknownScenario))?;
        let scenario = match unsaved {
            Some(unsaved) => unsaved,
            None => scenarios::legible(&stored.rules, project, &stored.name).unwrap_or_default(),
        };
        let project = projects::project(tx, project)?.ok_or_else(|| missing(Kind::UnknownScenario))?;
        let request = request_id.map(|id| requests::found(tx, org, id)).transpose()?;
        Ok::<_, Problem>((scenario, project, request))
    });
    let (scenario, project, request) = found.await?;
    let arrival = match request {
        Some(request) => request.arrival(call.remote),
        None => made_up(&call, payload, content_type),
    };
    let read = reckon(move || {
        let reading = intake::read(&arrival);
        let explanation = scenario.explain(&reading.fields);
        (reading, explanation)
    });
    let (reading, explanation) = read.await?;
    let fleet = call.app.fleet.clone();
    let told = call.app.store.read(move |tx| {
        let called = match reading.resolves {
            true => None,
            false => Some(scenarios::called(tx, &explanation.action, &project)?),
        };
        let (callees, fallback) = called.map_or_else(Default::default, |it| (it.callees, it.fallback));
        let fallback = fallback.map(scenarios::Fallback::as_str);
        let names = people::names(tx, project.org_id, project.primary)?;
        let prospective = forecast(tx, &fleet, &summons(&project, reading.severity), callees)?;
        let recipients = prospective.into_iter().map(|call| Recipient::of(call, &names)).collect();
        Ok::<_, StoreError>(DryRun::of(reading, explanation, fallback, recipients))
    });
    ok(&told.await?)
}

/// The payload as if it had been sent.
fn made_up(call: &Call, payload: Option<Value>, content_type: Option<String>) -> Arrival {
    let (body, usual) = match payload {
        None => (String::new(), None),
        Some(Value::String(text)) => (text, None),
        Some(payload) => (payload.to_string(), Some("application/json".to_owned())),
    };
    let headers = content_type.or(usual).map(|it| ("content-type".to_owned(), it)).into_iter().collect();
    Arrival {
        remote: call.remote,
        method: "POST".to_owned(),
        query: String::new(),
        headers,
        body: body.into(),
    }
}

/// An alert that is none: its ids are nobody's.
fn summons(project: &Project, severity: Severity) -> Summons {
    Summons {
        request_id: RequestId::new(Uuid::now_v7()),
        alert_id: AlertId::new(Uuid::now_v7()),
        org_id: project.org_id,
        project_id: project.id,
        severity,
        policy: Policy::of(project),
        at: Timestamp::now(),
    }
}

impl DryRun {
    fn of(
        reading: Reading,
        explanation: Explanation,
        fallback: Option<&'static str>,
        recipients: Vec<Recipient>,
    ) -> Self {
        let Explanation { verdicts, rule, action, is_too_much } = explanation;
        let outcome = if reading.resolves {
            Outcome::Resolved
        } else if action == Action::Suppress {
            Outcome::Suppressed
        } else if recipients.iter().any(|recipient| recipient.held_back.is_none()) {
            Outcome::Calls
        } else {
            Outcome::Nobody
        };
        let verdicts = verdicts.into_iter().enumerate().map(|(index, verdict)| RuleVerdict {
            index,
            matches: verdict.matches,
            decides: rule == Some(index),
            conditions: verdict
                .findings
                .into_iter()
                .map(|finding| ConditionVerdict {
                    field: finding.condition.field().to_owned(),
                    op: finding.condition.operator().word(),
                    value: finding.condition.value().clone(),
                    found: finding.found,
                    holds: finding.holds,
                })
                .collect(),
        });
        Self {
            severity: reading.severity,
            message: reading.message,
            dedup_key: reading.dedup_key,
            resolves: reading.resolves,
            verdicts: verdicts.collect(),
            rule,
            action,
            fallback: fallback.or(is_too_much.then_some(TOO_MANY_VALUES)),
            outcome,
            recipients,
            fields: requests::shown_fields(reading.fields),
        }
    }
}

impl Recipient {
    fn of(call: Prospective, names: &HashMap<String, String>) -> Self {
        let account_id = call.account_id.to_string();
        let display_name = names.get(&account_id).cloned().unwrap_or_default();
        let routes = call.routes.into_iter().map(|route| RouteView {
            pbx: route.pbx,
            trunk: route.trunk,
            standing: route.standing.as_str(),
        });
        Self {
            account_id,
            display_name,
            destination: call.phone.as_deref().map(last_four),
            held_back: call.held_back.map(shared::outcome::Reason::as_str),
            routes: routes.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::PartialSchema;

    #[test]
    fn the_words_that_are_described_are_those_that_are_written() {
        let described = serde_json::to_value(FallbackWord::schema()).unwrap();
        let written = [
            scenarios::Fallback::NoSchedules.as_str(),
            scenarios::Fallback::NoMember.as_str(),
            scenarios::Fallback::NoPhone.as_str(),
            TOO_MANY_VALUES,
        ];
        assert_eq!(described["enum"], serde_json::json!(written));
    }

    #[test]
    fn what_can_be_read_is_a_scenario() {
        assert!(
            read_rules(serde_json::json!([{"action": {"do": "call_all"}}]))
                .is_ok_and(|it| it.actions().count() == 1)
        );
        assert!(read_rules(serde_json::json!([{"action": {"do": "dance"}}])).is_err());
    }
}
