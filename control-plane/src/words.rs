//! Values that are one of some words, as the description of the API shows them: each as an enum of its own.

use crate::{
    accounts::{audit::Deed, keys::Scope, members::Role, token::Audience},
    dispatch::{alert_history::AlertState, timeline},
    fleet::rating::Standing,
    mail::{self, Language},
    routing::{Operator, rule::Action},
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
/// Who acted.
pub enum ActorKind {}
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
    Operator as "Operator": "How a field is compared" = Operator::ALL.map(Operator::word);
    ActionWord as "ActionWord": "What is done" = Action::WORDS;
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
