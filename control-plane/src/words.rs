//! Values that are one of some words, as the description of the API shows them: each as an enum of its own.

use crate::{
    accounts::{audit::Deed, keys::Scope, members::Role, token::Audience, tries},
    dispatch::{alert_history::AlertState, timeline},
    fleet::{choice::RouteStanding, rating::Standing},
    intake::{GROUP, RESOLVE, requests::BodyKind},
    mail::{self, Language},
    routing::{Operator, rule::Action},
    status::{State, incidents},
};
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

macro_rules! described {
    ($($of:ty as $name:literal: $what:literal = $words:expr;)*) => {$(
        impl PartialSchema for $of {
            fn schema() -> RefOr<Schema> {
                let words = ObjectBuilder::new().schema_type(Type::String).description(Some($what));
                words.enum_values(Some($words)).into()
            }
        }

        impl ToSchema for $of {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )*};
}

/// The words of [`shared::severity::Severity`].
pub enum Severity {}
/// The words of [`shared::outcome::CallStatus`].
pub enum CallStatus {}
/// The words of [`shared::outcome::AttemptStatus`].
pub enum AttemptStatus {}
/// The words of [`shared::outcome::Reason`].
pub enum Reason {}
/// What a rule may do.
pub enum ActionWord {}
/// What was decided about a request: what its rules said, or what it belongs to.
pub enum Decision {}
/// The names of letters' templates.
pub enum LetterKind {}
/// What is counted against a limit.
pub enum Tried {}
/// Who acted.
pub enum ActorKind {}
/// How a component of the service is now.
pub enum ComponentState {}
/// What a day of a component was.
pub enum DayState {}
/// The words of [`Standing`].
pub enum TrunkStanding {}

described! {
    Role as "Role": "What somebody is in an organization" = Role::ALL.map(Role::as_str);
    Scope as "Scope": "What an API key may do" = Scope::ALL.map(Scope::as_str);
    Deed as "AuditAction": "What was done" = Deed::ALL.iter().map(|deed| deed.as_str());
    Audience as "Audience": "For whom a session is: people of organizations, or operators"
        = Audience::ALL.map(Audience::as_str);
    Language as "Language": "BCP 47" = Language::ALL.map(Language::as_str);
    AlertState as "AlertState": "Where an alert stands" = AlertState::ALL.map(AlertState::as_str);
    timeline::Kind as "TimelineKind": "What happened" = timeline::Kind::ALL.map(timeline::Kind::as_str);
    BodyKind as "BodyKind": "What a body is made of" = BodyKind::ALL.map(BodyKind::as_str);
    RouteStanding as "RouteStanding": "How a trunk stands towards a call"
        = RouteStanding::ALL.map(RouteStanding::as_str);
    Operator as "Operator": "How a field is compared" = Operator::ALL.map(Operator::word);
    ActionWord as "ActionWord": "What is done" = Action::WORDS;
    Decision as "Decision": "What was decided about a request: what its rules say; `group`, as somebody is cared for already; \
        `resolve`, as it ends an alert"
        = Action::WORDS.into_iter().chain([GROUP, RESOLVE]);
    LetterKind as "LetterKind": "What a letter is for" = mail::Template::NAMES;
    mail::Cause as "SuppressionCause": "Why an address gets no letter any more"
        = mail::Cause::ALL.map(mail::Cause::as_str);
    Tried as "Tried": "What is tried, and how often within its time" = tries::ALL.map(|limit| limit.what);
    State as "StatusState": "How the service is" = State::ALL.map(State::as_str);
    ComponentState as "ComponentState": "How a component is now"
        = State::ALL.map(State::as_str).into_iter().chain(["unknown"]);
    DayState as "DayState": "What a day was" = State::ALL.map(State::as_str).into_iter().chain(["no_data"]);
    incidents::Impact as "Impact": "How bad an incident is" = incidents::Impact::ALL.iter().map(|it| it.as_str());
    incidents::Stage as "IncidentState": "How far an incident is"
        = incidents::Stage::ALL.iter().map(|it| it.as_str());
    ActorKind as "ActorKind": "Who acted" = ["account", "api_key", "operator", "nobody"];
    mail::State as "LetterState": "Where a letter stands" = mail::State::ALL.map(mail::State::as_str);
    TrunkStanding as "TrunkStanding": "How a trunk stands, the best first" = Standing::ALL.map(Standing::as_str);
    Severity as "Severity": "The most urgent first"
        = shared::severity::Severity::ALL.map(shared::severity::Severity::as_str);
    CallStatus as "CallStatus": "Where the duty to reach one phone stands"
        = shared::outcome::CallStatus::ALL.iter().map(|status| status.as_str());
    AttemptStatus as "AttemptStatus": "Where one dial order stands"
        = shared::outcome::AttemptStatus::ALL.iter().map(|status| status.as_str());
    Reason as "Reason": "Why something was refused, held back or blocked"
        = shared::outcome::Reason::ALL.iter().map(|reason| reason.as_str());
}
