//! Who somebody is, as several answers tell it.

use crate::{
    accounts::{
        account::{self, Account},
        members::Role,
        orgs::{self, Membership, Named},
        second_factor, sessions,
        token::Audience,
    },
    mail::Language,
    store::{StoreError, Tx},
    web::problem::{Kind, Problem},
};
use serde::Serialize;
use shared::ids::{AccountId, SessionId};
use utoipa::ToSchema;

/// A session, and who is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionDocument {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: SessionId,
    /// Whose surface it is on.
    #[schema(value_type = Audience)]
    audience: &'static str,
    /// Goes along with whatever changes something, in the header `X-CSRF-Token`.
    csrf_token: String,
    /// When it ends if nobody refreshes it, RFC 3339, UTC.
    #[schema(format = "date-time")]
    expires_at: String,
    /// Until when a proof of who somebody is counts, RFC 3339, UTC.
    #[schema(format = "date-time")]
    proved_until: String,
    account: AccountDocument,
    /// The organizations that the person belongs to.
    organizations: Vec<MembershipDocument>,
}

/// An account, as its owner sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct AccountDocument {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: AccountId,
    /// Its address.
    email: String,
    /// What the person wants to be called; may be empty.
    display_name: String,
    /// The language of letters and calls.
    #[schema(value_type = Language)]
    language: &'static str,
    /// Whether a second factor is asked for.
    second_factor: bool,
    /// Whether the person runs the installation.
    operator: bool,
    /// When it was made, RFC 3339, UTC.
    #[schema(format = "date-time")]
    created_at: String,
}

/// An organization that somebody belongs to.
#[derive(Serialize, ToSchema)]
pub(super) struct MembershipDocument {
    /// Its id.
    #[schema(format = "uuid")]
    pub(super) id: String,
    /// Its short name, unique among all.
    pub(super) slug: String,
    /// Its name.
    pub(super) name: String,
    /// IANA name of its time zone.
    pub(super) timezone: String,
    /// What the person is there.
    #[schema(value_type = Role)]
    pub(super) role: &'static str,
    /// When it was made, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub(super) created_at: String,
}

impl From<Membership> for MembershipDocument {
    fn from(Membership { org, role }: Membership) -> Self {
        Self {
            id: org.id.to_string(),
            slug: org.slug,
            name: org.name,
            timezone: org.timezone,
            role: role.as_str(),
            created_at: org.created_at.to_string(),
        }
    }
}

impl AccountDocument {
    pub(super) fn read(tx: &mut Tx<'_>, account: Account) -> Result<Self, StoreError> {
        Ok(Self {
            id: account.id,
            second_factor: second_factor::is_on(tx, account.id)?,
            operator: account::is_operator(tx, account.id)?,
            email: account.email.as_str().to_owned(),
            display_name: account.display_name,
            language: account.language.as_str(),
            created_at: account.created_at.to_string(),
        })
    }
}

impl SessionDocument {
    pub(super) fn read(tx: &mut Tx<'_>, id: SessionId, account: AccountId) -> Result<Self, Problem> {
        let gone = || Problem::new(Kind::NotSignedIn, "this session is over: sign in");
        let state = sessions::state(tx, id)?.ok_or_else(gone)?;
        let account = account::by_id(tx, account)?.ok_or_else(gone)?;
        let organizations = orgs::of_account(tx, account.id, &Named::Only)?;
        Ok(Self {
            id,
            audience: state.audience.as_str(),
            csrf_token: state.csrf_token,
            expires_at: state.expires_at.to_string(),
            proved_until: (state.proved_at + sessions::PROOF_LASTS).to_string(),
            account: AccountDocument::read(tx, account)?,
            organizations: organizations.into_iter().map(MembershipDocument::from).collect(),
        })
    }
}
