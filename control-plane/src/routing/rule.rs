//! Ordered rules over what a request says.

use super::{Condition, Finding, RuleError, Verdict, condition::WrittenCondition, fields};
use crate::words::ActionWord;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Most rules of a scenario, and most conditions of a rule.
const MOST_RULES: usize = 100;
const MOST_CONDITIONS: usize = 20;
/// Most comparisons that one request may cost, some 0.3 s of them.
const MOST_COMPARISONS: usize = 2_000_000;

/// Ordered rules; no match means `call_primary`. The JSON form is what the apply file holds
/// (`rule = [{ match = "all", when = [...], action = {...} }]`) and what the database keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WrittenScenario")]
pub struct Scenario {
    rule: Vec<Rule>,
}

/// What to do when all, or any, of some conditions hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WrittenRule")]
pub struct Rule {
    #[serde(rename = "match")]
    matching: Match,
    /// Without conditions a rule always matches.
    when: Vec<Condition>,
    action: Action,
}

/// How many of a rule's conditions must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// Every one.
    #[default]
    All,
    /// At least one.
    Any,
}

/// What to do: `{ do = "call_member", member = "oncall@example.com" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenAction", into = "WrittenAction")]
pub enum Action {
    /// Call the project's primary. What happens when no rule matches.
    CallPrimary,
    /// Call every member of the organization who can be called.
    CallAll,
    /// Call everybody of the project.
    CallProject,
    /// Call one member.
    CallMember {
        /// E-mail address.
        member: String,
    },
    /// Call whoever is on call.
    CallOnSchedule {
        /// Its name.
        schedule: String,
    },
    /// Call nobody; the request stays in sight.
    Suppress,
}

impl Scenario {
    /// Rules in their order.
    ///
    /// # Errors
    /// [`RuleError::TooManyRules`]
    pub fn new(rules: Vec<Rule>) -> Result<Self, RuleError> {
        if rules.len() > MOST_RULES {
            return Err(RuleError::TooManyRules { found: rules.len(), most: MOST_RULES });
        }
        Ok(Self { rule: rules })
    }

    /// The action of the first rule that matches; `fields` is an object, see
    /// [`view`](super::fields::view). Where it holds too much for that no rule matches, since a call
    /// too many is better than an alert that rings nobody.
    pub fn decide(&self, fields: &Value) -> Action {
        if self.is_too_much(fields) {
            tracing::warn!("a payload holds too many values for its rules; the primary is called");
            return Action::CallPrimary;
        }
        let decided = self.rule.iter().find(|rule| rule.matches(fields));
        decided.map_or(Action::CallPrimary, |rule| rule.action.clone())
    }

    /// Whether the rules are not asked, because there is more than they look at, or they would compare for long.
    pub(super) fn is_too_much(&self, fields: &Value) -> bool {
        if self.rule.is_empty() {
            return false;
        }
        let mut left = MOST_COMPARISONS;
        let mut costs = self.rule.iter().flat_map(|rule| &rule.when).map(|condition| condition.cost(fields));
        fields::is_too_much(fields)
            || costs.any(|cost| {
                let beyond = cost > left;
                left = left.saturating_sub(cost);
                beyond
            })
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.rule
    }

    /// Every action that a rule names, in their order.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.rule.iter().map(|rule| &rule.action)
    }
}

impl Rule {
    fn matches(&self, fields: &Value) -> bool {
        self.is_met(self.when.iter().map(|condition| condition.holds(fields)))
    }

    /// Whether so many of its conditions hold as must.
    fn is_met(&self, mut holding: impl Iterator<Item = bool>) -> bool {
        match self.matching {
            Match::All => holding.all(|holds| holds),
            Match::Any => self.when.is_empty() || holding.any(|holds| holds),
        }
    }

    /// What it makes of a request; nothing where nothing is `asked`. What was found is shown while there is `room`.
    pub(super) fn explain(&self, fields: &Value, asked: bool, room: &mut usize) -> Verdict {
        let findings: Vec<Finding> =
            self.when.iter().map(|condition| condition.explain(fields, asked, room)).collect();
        let matches = asked && self.is_met(findings.iter().map(|finding| finding.holds));
        Verdict { matches, findings }
    }
}

impl Action {
    /// The words of the contract, in the order of [`Action`].
    pub const WORDS: [&'static str; 6] =
        ["call_primary", "call_all", "call_project", "call_member", "call_on_schedule", "suppress"];

    /// The word of the contract.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::CallPrimary => "call_primary",
            Self::CallAll => "call_all",
            Self::CallProject => "call_project",
            Self::CallMember { .. } => "call_member",
            Self::CallOnSchedule { .. } => "call_on_schedule",
            Self::Suppress => "suppress",
        }
    }
}

/// A scenario as somebody wrote it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Scenario, description = "Ordered rules; where none matches, the primary is called")]
pub(crate) struct WrittenScenario {
    /// Rules, the first that matches wins; where none does, the primary is called.
    #[serde(default)]
    #[schema(value_type = Vec<WrittenRule>, max_items = 100)]
    rule: Vec<Rule>,
}

/// A rule as somebody wrote it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Rule, description = "What to do when all, or any, of some conditions hold")]
pub(crate) struct WrittenRule {
    /// How many of the conditions must hold.
    #[serde(rename = "match", default)]
    matching: Match,
    /// Without conditions a rule always matches.
    #[serde(default)]
    #[schema(value_type = Vec<WrittenCondition>, max_items = 20)]
    when: Vec<Condition>,
    /// What to do.
    #[schema(value_type = WrittenAction)]
    action: Action,
}

/// An action as somebody wrote it: serde alone would ignore a `member` that `call_primary` has no
/// use for.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Action, description = "What to do")]
pub(crate) struct WrittenAction {
    /// What.
    #[schema(value_type = ActionWord)]
    r#do: String,
    /// E-mail address of whom `call_member` calls; needless otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    member: Option<String>,
    /// Name of the schedule by which `call_on_schedule` calls; needless otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    schedule: Option<String>,
}

impl TryFrom<WrittenScenario> for Scenario {
    type Error = RuleError;

    fn try_from(written: WrittenScenario) -> Result<Self, RuleError> {
        Self::new(written.rule)
    }
}

impl TryFrom<WrittenRule> for Rule {
    type Error = RuleError;

    fn try_from(written: WrittenRule) -> Result<Self, RuleError> {
        let WrittenRule { matching, when, action } = written;
        if when.len() > MOST_CONDITIONS {
            return Err(RuleError::TooManyConditions { found: when.len(), most: MOST_CONDITIONS });
        }
        Ok(Self { matching, when, action })
    }
}

impl TryFrom<WrittenAction> for Action {
    type Error = RuleError;

    fn try_from(written: WrittenAction) -> Result<Self, RuleError> {
        let WrittenAction { r#do: action, member, schedule } = written;
        let needed = |key, value: Option<String>| {
            value
                .filter(|value| !value.trim().is_empty())
                .ok_or_else(|| RuleError::MissingKey { action: action.clone(), key })
        };
        let needless = |key, value: Option<String>| match value {
            Some(_) => Err(RuleError::NeedlessKey { action: action.clone(), key }),
            None => Ok(()),
        };
        let (read, member, schedule) = match action.as_str() {
            "call_primary" => (Self::CallPrimary, member, schedule),
            "call_all" => (Self::CallAll, member, schedule),
            "call_project" => (Self::CallProject, member, schedule),
            "call_member" => (Self::CallMember { member: needed("member", member)? }, None, schedule),
            "call_on_schedule" => {
                (Self::CallOnSchedule { schedule: needed("schedule", schedule)? }, member, None)
            }
            "suppress" => (Self::Suppress, member, schedule),
            _ => return Err(RuleError::UnknownAction { written: action }),
        };
        needless("member", member)?;
        needless("schedule", schedule)?;
        Ok(read)
    }
}

impl From<Action> for WrittenAction {
    fn from(action: Action) -> Self {
        let written = Self { r#do: action.word().to_owned(), ..Self::default() };
        match action {
            Action::CallPrimary | Action::CallAll | Action::CallProject | Action::Suppress => written,
            Action::CallMember { member } => Self { member: Some(member), ..written },
            Action::CallOnSchedule { schedule } => Self { schedule: Some(schedule), ..written },
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
