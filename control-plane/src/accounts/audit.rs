//! The audit log: who did what to what, from where, and what it was before.
//!
//! Written in the transaction of the deed itself, so there is no deed without its row and no row without its deed.
//! What is secret is left out; so is what the person alone may know, such as whole phone numbers.

use crate::store::{Row, StoreError, ToValue, Tx, Value as Column};
use serde_json::{Map, Value};
use shared::{
    ids::{AccountId, ApiKeyId, OrgId},
    time::Timestamp,
};
use std::{fmt, net::IpAddr, str::FromStr};
use uuid::{Builder, Uuid};

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A person.
    Account(AccountId),
    /// A program with a key.
    ApiKey(ApiKeyId),
    /// A person who runs the installation, in that office.
    Operator(AccountId),
    /// Nobody who is known: a sign-in that failed, a link of a mail.
    Nobody,
}

/// Who acts, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub who: Who,
    /// Address of the client.
    pub remote: IpAddr,
}

macro_rules! deeds {
    ($($name:ident = $word:literal;)*) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "their words say it")]
        pub enum Deed {
            $($name,)*
        }

        impl Deed {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As the log and the API write it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

deeds! {
    AccountCreated = "account.created";
    AccountChanged = "account.changed";
    AccountClosed = "account.closed";
    SignedIn = "session.opened";
    SignedInFromNewPlace = "session.opened_from_new_place";
    SignedOut = "session.ended";
    SessionRevoked = "session.revoked";
    RefreshReused = "session.refresh_reused";
    ManyFailures = "session.many_failures";
    PasswordChanged = "password.changed";
    PasswordReset = "password.reset";
    AddressChangeAsked = "address.change_asked";
    AddressChanged = "address.changed";
    SecondFactorOn = "second_factor.on";
    SecondFactorOff = "second_factor.off";
    RecoveryCodesMade = "second_factor.recovery_codes";
    PhoneAdded = "phone.added";
    PhoneChanged = "phone.changed";
    PhoneRemoved = "phone.removed";
    PhoneVerified = "phone.verified";
    OrganizationCreated = "organization.created";
    OrganizationChanged = "organization.changed";
    OrganizationTransferred = "organization.transferred";
    OrganizationDeleted = "organization.deleted";
    MemberJoined = "member.joined";
    MemberChanged = "member.changed";
    MemberRemoved = "member.removed";
    MemberLeft = "member.left";
    Invited = "invite.created";
    InviteResent = "invite.resent";
    InviteRevoked = "invite.revoked";
    ProjectCreated = "project.created";
    ProjectChanged = "project.changed";
    ProjectDeleted = "project.deleted";
    EndpointCreated = "endpoint.created";
    EndpointChanged = "endpoint.changed";
    EndpointDeleted = "endpoint.deleted";
    EndpointRotated = "endpoint.rotated";
    RequestReplayed = "request.replayed";
    ScenarioChanged = "scenario.changed";
    ScenarioDeleted = "scenario.deleted";
    KeyCreated = "api_key.created";
    KeyDeleted = "api_key.deleted";
    AlertAcknowledged = "alert.acknowledged";
    AlertClosed = "alert.closed";
    AlertCalledAgain = "alert.called_again";
    PbxCreated = "pbx.created";
    PbxDrained = "pbx.drained";
    PbxResumed = "pbx.resumed";
    PbxRevoked = "pbx.revoked";
    EnrolmentTokenMade = "pbx.enrolment_token_made";
    TrunkRested = "trunk.rested";
    NumberForbidden = "do_not_call.added";
    NumberAllowed = "do_not_call.removed";
    LetterRetried = "letter.retried";
    SuppressionRemoved = "suppression.removed";
    OperatorMade = "operator.made";
    OperatorRemoved = "operator.removed";
    IncidentOpened = "incident.opened";
    IncidentChanged = "incident.changed";
    IncidentTold = "incident.told";
    IncidentDeleted = "incident.deleted";
}

impl FromStr for Deed {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|deed| deed.as_str() == text).ok_or(())
    }
}

impl ToValue for Deed {
    fn to_value(&self) -> Column {
        self.as_str().to_value()
    }
}

/// A row to be written.
pub struct Entry<'a> {
    /// Who, from where.
    pub actor: Actor,
    /// In which organization; `None` for what belongs to a person alone.
    pub org: Option<OrgId>,
    /// Whom it concerns, for the log that a person sees of their own account.
    pub account: Option<AccountId>,
    /// What.
    pub deed: Deed,
    /// Id of what it was done to.
    pub subject: &'a dyn fmt::Display,
    /// What of it was different before.
    pub before: Option<Value>,
    /// What of it is different now.
    pub after: Option<Value>,
}

/// Writes a row of what a change has made different of these values, which are objects of the same keys; nothing where
/// it has made nothing different.
///
/// # Errors
/// [`StoreError`]
pub fn record_change(
    tx: &mut Tx<'_>,
    entry: Entry<'_>,
    before: Value,
    after: Value,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some((before, after)) = difference(before, after) else { return Ok(()) };
    record(tx, &Entry { before: Some(before), after: Some(after), ..entry }, now)
}

/// What differs of two values, of objects the keys that do.
fn difference(before: Value, after: Value) -> Option<(Value, Value)> {
    match (before, after) {
        (before, after) if before == after => None,
        (Value::Object(mut before), Value::Object(after)) => {
            let (mut was, mut is) = (Map::new(), Map::new());
            for (key, after) in after {
                let before = before.remove(&key).unwrap_or_default();
                if let Some((before, after)) = difference(before, after) {
                    was.insert(key.clone(), before);
                    is.insert(key, after);
                }
            }
            Some((Value::Object(was), Value::Object(is)))
        }
        different => Some(different),
    }
}

/// The least id of what was done at this moment, or with `rest` another one: ids are in the order of time, to the
/// microsecond.
fn id_of(at: Timestamp, rest: u64) -> Uuid {
    let micros = u64::try_from(at.as_micros()).unwrap_or(0);
    let [.., high, low] = (micros % 1000).to_be_bytes();
    let [a, b, c, d, e, f, g, h] = rest.to_be_bytes();
    Builder::from_unix_timestamp_millis(micros / 1000, &[high, low, a, b, c, d, e, f, g, h]).into_uuid()
}

/// Writes a row.
///
/// # Errors
/// [`StoreError`]
pub fn record(tx: &mut Tx<'_>, entry: &Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
    let (kind, actor) = match entry.actor.who {
        Who::Account(id) => ("account", id.to_string()),
        Who::ApiKey(id) => ("api_key", id.to_string()),
        Who::Operator(id) => ("operator", id.to_string()),
        Who::Nobody => ("nobody", String::new()),
    };
    let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
    tx.execute(
        "INSERT INTO audit_log (id, org_id, account_id, actor_kind, actor, action, subject, remote, before, after,
                                created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            &id_of(now, rand::random()).to_string(),
            &entry.org,
            &entry.account,
            &kind,
            &actor,
            &entry.deed,
            &entry.subject.to_string(),
            &entry.actor.remote.to_string(),
            &text(&entry.before),
            &text(&entry.after),
            &now,
        ],
    )?;
    Ok(())
}

/// Whose log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// What was done in an organization.
    Of(OrgId),
    /// What was done to somebody's own account.
    Own(AccountId),
    /// Everything, for operators.
    All,
}

/// Which rows.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Whose log.
    pub log: Log,
    /// Only what this person or key did.
    pub actor: Option<Uuid>,
    /// Only this.
    pub deed: Option<Deed>,
    /// Only what was done to this.
    pub subject: Option<String>,
    /// Only what was done at this time or later.
    pub since: Option<Timestamp>,
    /// Only what was done before.
    pub until: Option<Timestamp>,
    /// Only rows older than this one.
    pub before: Option<Uuid>,
    /// At most so many.
    pub limit: u16,
}

/// A row that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deeds {
    /// Its id.
    pub id: String,
    /// `account`, `api_key`, `operator` or `nobody`.
    pub actor_kind: String,
    /// Id of the person or key; empty for nobody.
    pub actor: String,
    /// Address of the person or name of the key, where it is known.
    pub actor_name: Option<String>,
    /// What.
    pub deed: String,
    /// To what.
    pub subject: String,
    /// From which address.
    pub remote: String,
    /// JSON.
    pub before: Option<String>,
    /// JSON.
    pub after: Option<String>,
    /// When.
    pub at: Timestamp,
}

macro_rules! rows {
    ($which:literal) => {
        concat!(
            "SELECT audit_log.id, actor_kind, actor, COALESCE(accounts.email, api_keys.name), action, subject, remote, before,
                    after, audit_log.created_at
             FROM audit_log LEFT JOIN accounts ON accounts.id = audit_log.actor
                            LEFT JOIN api_keys ON api_keys.id = audit_log.actor
             WHERE ",
            $which,
            " AND audit_log.id < $2 AND audit_log.id >= $3 AND (actor = $4 OR $4 IS NULL)
              AND (subject = $5 OR $5 IS NULL) AND (action = $6 OR $6 IS NULL)
             ORDER BY audit_log.id DESC LIMIT $7"
        )
    };
}

// Of the filters the narrowest is looked up, so that no page reads through years.
const OF_ORG: &str = rows!("audit_log.org_id = $1");
const OF_ORG_BY_SUBJECT: &str = rows!("audit_log.org_id = $1 AND subject = $5");
const OF_ORG_BY_ACTOR: &str = rows!("audit_log.org_id = $1 AND actor = $4");
const OF_ORG_BY_ACTION: &str = rows!("audit_log.org_id = $1 AND action = $6");
const OF_ACCOUNT: &str = rows!("audit_log.account_id = $1");
const ALL: &str = rows!("$1 = ''");

/// A page of rows, newest first, and the id to go on before.
///
/// # Errors
/// [`StoreError`]
pub fn page(tx: &mut Tx<'_>, filter: &Filter) -> Result<(Vec<Deeds>, Option<String>), StoreError> {
    let Filter { log, actor, deed, subject, since, until, before, limit } = filter;
    let (sql, whose) = match log {
        Log::Of(org) if subject.is_some() => (OF_ORG_BY_SUBJECT, org.to_string()),
        Log::Of(org) if actor.is_some() => (OF_ORG_BY_ACTOR, org.to_string()),
        Log::Of(org) if deed.is_some() => (OF_ORG_BY_ACTION, org.to_string()),
        Log::Of(org) => (OF_ORG, org.to_string()),
        Log::Own(account) => (OF_ACCOUNT, account.to_string()),
        Log::All => (ALL, String::new()),
    };
    let until = until.map_or(Uuid::max(), |until| id_of(until, 0));
    let until = before.map_or(until, |before| before.min(until)).to_string();
    let since = since.map_or(Uuid::nil(), |since| id_of(since, 0)).to_string();
    let actor = actor.map(|actor| actor.to_string());
    let one_more = limit + 1;
    let params: [&dyn ToValue; 7] = [&whose, &until, &since, &actor, subject, deed, &one_more];
    tx.page(sql, &params, *limit, |row| row.get(0), read)
}

const OF_NOBODYS: &str = "SELECT COUNT(*) FROM audit_log WHERE org_id IS NULL AND action = $1 AND id >= $2";

/// How often this was done since then, of what belongs to no organization.
///
/// # Errors
/// [`StoreError`]
pub fn count_of_nobodys(tx: &mut Tx<'_>, deed: Deed, since: Timestamp) -> Result<u32, StoreError> {
    let counted = tx.row(OF_NOBODYS, &[&deed, &id_of(since, 0).to_string()], |row| row.get(0))?;
    Ok(counted.unwrap_or(0))
}

fn read(row: &Row) -> Result<Deeds, StoreError> {
    Ok(Deeds {
        id: row.get(0)?,
        actor_kind: row.get(1)?,
        actor: row.get(2)?,
        actor_name: row.get(3)?,
        deed: row.get(4)?,
        subject: row.get(5)?,
        remote: row.get(6)?,
        before: row.get(7)?,
        after: row.get(8)?,
        at: row.get(9)?,
    })
}

#[cfg(test)]
mod tests;
