//! An organization for tests: Acme, whose project "shop" has Ada as its primary.

use crate::store::{StoreError, Tx};
use shared::{
    ids::{AccountId, OrgId, ProjectId},
    time::Timestamp,
};
use uuid::Uuid;

pub(crate) const ORG: OrgId = OrgId::new(Uuid::from_u128(1));
pub(crate) const SHOP: ProjectId = ProjectId::new(Uuid::from_u128(2));
/// The primary, an owner with a phone.
pub(crate) const ADA: AccountId = AccountId::new(Uuid::from_u128(0xada));
/// A member with a phone.
pub(crate) const BOB: AccountId = AccountId::new(Uuid::from_u128(0xb0b));
/// A member who shares Ada's phone.
pub(crate) const CY: AccountId = AccountId::new(Uuid::from_u128(0xc1));
/// A member without a phone.
pub(crate) const DEE: AccountId = AccountId::new(Uuid::from_u128(0xdee));
/// A viewer with a phone.
pub(crate) const EVE: AccountId = AccountId::new(Uuid::from_u128(0xe4e));

pub(crate) const ADAS_PHONE: &str = "+380501234567";
pub(crate) const BOBS_PHONE: &str = "+447400123456";

pub(crate) fn acme(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let at = Timestamp::from_micros(0);
    tx.execute(
        "INSERT INTO orgs (id, slug, name, timezone, created_at) VALUES ($1, 'acme', 'Acme', 'Europe/Kyiv', $2)",
        &[&ORG, &at],
    )?;
    let people = [
        (ADA, "ada@example.com", "owner", Some(ADAS_PHONE)),
        (BOB, "bob@example.com", "member", Some(BOBS_PHONE)),
        (CY, "cy@example.com", "member", Some(ADAS_PHONE)),
        (DEE, "dee@example.com", "member", None),
        (EVE, "eve@example.com", "viewer", Some("+14155550100")),
    ];
    for (id, email, role, phone) in people {
        tx.execute("INSERT INTO accounts (id, email, created_at) VALUES ($1, $2, $3)", &[&id, &email, &at])?;
        tx.execute(
            "INSERT INTO memberships (org_id, account_id, role, created_at) VALUES ($1, $2, $3, $4)",
            &[&ORG, &id, &role, &at],
        )?;
        if let Some(phone) = phone {
            tx.execute(
                "INSERT INTO phones (id, account_id, e164, position, verified_at, enabled, created_at)
                 VALUES ($1, $2, $3, 0, $4, 1, $4)",
                &[&Uuid::now_v7().to_string(), &id, &phone, &at],
            )?;
        }
    }
    tx.execute(
        "INSERT INTO projects (id, org_id, slug, primary_account_id, policy, created_at)
         VALUES ($1, $2, 'shop', $3, '{}', $4)",
        &[&SHOP, &ORG, &ADA, &at],
    )?;
    Ok(())
}
