//! A token, a key, and everything that can be wrong with either.

use super::*;
use crate::{
    fleet::{
        Fleet, apply_pbx,
        hub::Connection,
        link::Link,
        registry::{Standing, standing_of},
    },
    store::testing::{self, TestStore},
};
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};
use shared::ids::JournalId;
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;

struct Field {
    fleet: Fleet,
    store: TestStore,
    _data_dir: TempDir,
}

impl Field {
    /// A control plane that knows `pbx-1` and `pbx-2`.
    async fn new() -> Self {
        let store = testing::store().await;
        store
            .write::<_, StoreError>(|tx| Ok(apply_pbx(tx, "pbx-1", "eu")? && apply_pbx(tx, "pbx-2", "eu")?))
            .await
            .unwrap();
        let data_dir = tempfile::tempdir().unwrap();
        let fleet = Fleet::open(store.clone(), data_dir.path()).await.unwrap();
        Self { fleet, store, _data_dir: data_dir }
    }

    async fn token(&self, pbx: &str) -> String {
        enrol_token(&self.store, pbx).await.unwrap().to_string()
    }

    async fn enrol(&self, token: &str, pbx: &str, seed: u8) -> Result<EnrollResponse, EnrolError> {
        self.fleet.enrol(request(token, pbx, seed)).await
    }

    async fn run(&self, sql: &'static str) {
        self.store.write::<_, StoreError>(move |tx| tx.execute(sql, &[])).await.unwrap();
    }

    async fn is_key_of_pbx_1(&self, seed: u8) -> bool {
        let standing = self.store.read::<_, StoreError>(|tx| standing_of(tx, "pbx-1")).await.unwrap();
        matches!(standing, Standing::Key(_, key) if key == signing_key(seed).verifying_key())
    }
}

fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn request(token: &str, pbx: &str, seed: u8) -> EnrollRequest {
    let key = signing_key(seed);
    EnrollRequest {
        token: token.into(),
        pbx: pbx.into(),
        public_key: to_base64(key.verifying_key().as_bytes()),
        signature: to_base64(&key.sign(&enroll_bytes(token, pbx)).to_bytes()),
    }
}

#[tokio::test]
async fn a_token_enrols_one_host_once() {
    let field = Field::new().await;
    let token = field.token("pbx-1").await;
    let response = field.enrol(&token, "pbx-1", 1).await.unwrap();
    assert!(field.is_key_of_pbx_1(1).await);
    let order_key = field.fleet.keyring().public().keys[0];
    assert_eq!(response.order_keys, [to_base64(order_key.as_bytes())]);

    for seed in [1, 2] {
        let error = field.enrol(&token, "pbx-1", seed).await.unwrap_err();
        assert!(matches!(error, EnrolError::UsedToken), "{error}");
        assert!(error.to_string().contains("revoke"), "{error}");
    }
    assert!(field.is_key_of_pbx_1(1).await);
}

#[tokio::test]
async fn of_many_who_hold_the_same_token_one_is_enrolled() {
    let field = Field::new().await;
    let token = field.token("pbx-1").await;
    let mut waiting = tokio::task::JoinSet::new();
    for seed in 1..=8 {
        let (fleet, request) = (field.fleet.clone(), request(&token, "pbx-1", seed));
        waiting.spawn(async move { fleet.enrol(request).await.is_ok() });
    }
    let enrolled = waiting.join_all().await.into_iter().filter(|enrolled| *enrolled).count();
    assert_eq!(enrolled, 1);
}

#[tokio::test]
async fn a_token_is_good_for_an_hour() {
    let field = Field::new().await;
    let token = field.token("pbx-1").await;
    let left = field
        .store
        .read::<_, StoreError>(|tx| {
            tx.row("SELECT created_at, expires_at FROM enroll_tokens", &[], |row| {
                Ok(row.get::<Timestamp>(1)?.since(row.get(0)?))
            })
        })
        .await
        .unwrap();
    assert_eq!(left, Some(Duration::from_secs(3600)));
    field.run("UPDATE enroll_tokens SET expires_at = expires_at - 3600000000").await;
    let error = field.enrol(&token, "pbx-1", 1).await.unwrap_err();
    assert!(matches!(error, EnrolError::ExpiredToken), "{error}");
    assert!(error.to_string().contains("enroll-token"), "{error}");
    assert!(!field.is_key_of_pbx_1(1).await);
}

#[tokio::test]
async fn a_token_is_for_one_pbx_and_stays_good_for_it() {
    let field = Field::new().await;
    let token = field.token("pbx-1").await;
    for other in ["pbx-2", "pbx-9", ""] {
        let error = field.enrol(&token, other, 1).await.unwrap_err();
        assert!(matches!(error, EnrolError::WrongPbx), "{error}");
    }
    field.enrol(&token, "pbx-1", 1).await.unwrap();
}

#[tokio::test]
async fn an_invented_token_is_unknown() {
    let field = Field::new().await;
    let token = field.token("pbx-1").await;
    for invented in ["", "x", &token[1..], &hash_of(&token)] {
        let error = field.enrol(invented, "pbx-1", 1).await.unwrap_err();
        assert!(matches!(error, EnrolError::UnknownToken), "{error}");
    }
}

#[tokio::test]
async fn a_proof_that_does_not_verify_leaves_the_token_good() {
    let field = Field::new().await;
    let token = field.token("pbx-1").await;
    let spoil: [fn(&mut EnrollRequest); 6] = [
        |request| request.public_key = to_base64(signing_key(2).verifying_key().as_bytes()),
        |request| request.public_key = "not base64".into(),
        |request| request.public_key = to_base64(&[1; 31]),
        // A point of small order, with which one signature verifies many messages.
        |request| request.public_key = to_base64(&[0; 32]),
        |request| request.signature = to_base64(&[0; 64]),
        |request| request.signature.clear(),
    ];
    for spoil in spoil {
        let mut request = request(&token, "pbx-1", 1);
        spoil(&mut request);
        let error = field.fleet.enrol(request).await.unwrap_err();
        assert!(matches!(error, EnrolError::BadProof), "{error}");
    }
    field.enrol(&token, "pbx-1", 1).await.unwrap();
}

#[tokio::test]
async fn a_proof_made_for_another_token_or_name_does_not_verify() {
    let field = Field::new().await;
    let (token, other) = (field.token("pbx-1").await, field.token("pbx-2").await);
    let moved = EnrollRequest { token: token.clone(), ..request(&other, "pbx-1", 1) };
    assert!(matches!(field.fleet.enrol(moved).await, Err(EnrolError::BadProof)));
    let renamed = EnrollRequest { pbx: "pbx-1".into(), ..request(&token, "pbx-2", 1) };
    assert!(matches!(field.fleet.enrol(renamed).await, Err(EnrolError::BadProof)));
}

#[tokio::test]
async fn a_host_enrolled_anew_loses_its_older_connection_and_key() {
    let field = Field::new().await;
    let pbx = field.enrol(&field.token("pbx-1").await, "pbx-1", 1).await.unwrap().pbx_id;
    let (link, _queue) = Link::new(pbx, "pbx-1".into(), JournalId::new(Uuid::from_u128(1)));
    let connection = Connection {
        link: link.clone(),
        key: Default::default(),
        challenge: 1,
        version: "0.1.0".into(),
        since: Timestamp::now(),
    };
    field.fleet.0.hub.connected(connection);
    assert!(field.fleet.0.hub.link(pbx).is_some());

    let again = field.enrol(&field.token("pbx-1").await, "pbx-1", 2).await.unwrap();
    assert_eq!(again.pbx_id, pbx);
    assert!(link.closed().await.why.contains("enrolled anew"));
    assert!(field.fleet.0.hub.link(pbx).is_none());
    assert!(field.is_key_of_pbx_1(2).await);
}

#[tokio::test]
async fn the_same_host_may_enrol_again_with_the_key_it_has() {
    let field = Field::new().await;
    for _ in 0..2 {
        field.enrol(&field.token("pbx-1").await, "pbx-1", 1).await.unwrap();
        assert!(field.is_key_of_pbx_1(1).await);
    }
}

#[tokio::test]
async fn a_key_that_was_replaced_never_counts_again() {
    let field = Field::new().await;
    for seed in [1, 2] {
        field.enrol(&field.token("pbx-1").await, "pbx-1", seed).await.unwrap();
    }
    let error = field.enrol(&field.token("pbx-1").await, "pbx-1", 1).await.unwrap_err();
    assert!(matches!(error, EnrolError::RevokedKey), "{error}");
    assert!(field.is_key_of_pbx_1(2).await);
    field.run("UPDATE agent_keys SET revoked_at = enrolled_at WHERE revoked_at IS NULL").await;
    assert!(!field.is_key_of_pbx_1(1).await, "not even when the newer one is revoked");
}

#[tokio::test]
async fn a_revoked_key_stays_revoked_and_costs_no_token() {
    let field = Field::new().await;
    field.enrol(&field.token("pbx-1").await, "pbx-1", 1).await.unwrap();
    field.run("UPDATE agent_keys SET revoked_at = enrolled_at").await;
    let token = field.token("pbx-1").await;
    let error = field.enrol(&token, "pbx-1", 1).await.unwrap_err();
    assert!(matches!(error, EnrolError::RevokedKey), "{error}");
    assert!(!field.is_key_of_pbx_1(1).await);
    field.enrol(&token, "pbx-1", 2).await.unwrap();
    assert!(field.is_key_of_pbx_1(2).await);
}

#[tokio::test]
async fn the_database_holds_the_hash_and_not_the_token() {
    let field = Field::new().await;
    let token = field.token("pbx-1").await;
    let stored = field
        .store
        .read::<_, StoreError>(|tx| {
            tx.rows("SELECT token_hash FROM enroll_tokens", &[], |row| row.get::<String>(0))
        })
        .await
        .unwrap();
    assert_eq!(stored, [hex::encode(Sha256::digest(token.as_bytes()))]);
    assert_eq!(token.len(), 43, "32 random bytes");
}

#[tokio::test]
async fn a_token_for_a_pbx_that_nobody_applied_is_not_made() {
    let field = Field::new().await;
    let error = enrol_token(&field.store, "pbx-9").await.unwrap_err();
    assert!(error.to_string().contains("control-plane apply"), "{error}");
}
