//! Keys as stories.

use super::*;
use crate::store::testing::{self, TestStore};

async fn store_with_acme() -> TestStore {
    let store = testing::store().await;
    let acme = store.write(|tx| orgs::apply_org(tx, "acme", "Acme", "UTC", Timestamp::now()));
    acme.await.unwrap();
    store
}

async fn column(store: &Store, sql: &'static str) -> Vec<String> {
    store.read(move |tx| tx.rows(sql, &[], |row| row.get(0))).await.unwrap()
}

#[tokio::test]
async fn a_key_opens_its_organization_and_is_stored_as_a_hash_alone() {
    let store = store_with_acme().await;
    let text = create(&store, "acme", " night watch ", &[Scope::Read]).await.unwrap();
    assert!(text.starts_with("cpk_") && text.len() == 47, "{} characters", text.len());
    let key = authenticate(&store, &text).await.unwrap().expect("the key is known");
    assert_eq!(key.scopes, [Scope::Read]);
    assert_eq!(column(&store, "SELECT key_hash FROM api_keys").await, [hash_of(&text)]);
    assert_eq!(column(&store, "SELECT name FROM api_keys").await, ["night watch"]);
    assert!(!format!("{key:?}").contains(&text[4..]));
}

#[tokio::test]
async fn another_text_opens_nothing() {
    let store = store_with_acme().await;
    let text = create(&store, "acme", "x", &[Scope::Read]).await.unwrap();
    let shorter = &text[..text.len() - 1];
    let hash = hash_of(&text);
    let prefixed = format!("cpk_{hash}");
    for bearer in ["", "cpk_", shorter, &text[4..], &hash, &prefixed, "cpk_\0' OR 1=1"] {
        assert_eq!(authenticate(&store, bearer).await.unwrap(), None, "{bearer:?}");
    }
}

#[tokio::test]
async fn a_key_needs_an_organization_and_a_name() {
    let store = store_with_acme().await;
    let error = create(&store, "nobody", "x", &[Scope::Read]).await.unwrap_err();
    assert!(error.to_string().contains("\"nobody\": add it to the apply file"), "{error}");
    for name in ["", " ", "a\nb", &"x".repeat(101)] {
        let error = create(&store, "acme", name, &[Scope::Read]).await.unwrap_err();
        assert!(matches!(error, KeyError::BadName(_)), "{name:?}: {error}");
    }
}

#[tokio::test]
async fn use_is_noted_once_a_minute() {
    let store = store_with_acme().await;
    let text = create(&store, "acme", "x", &[]).await.unwrap();
    let id = authenticate(&store, &text).await.unwrap().unwrap().id;
    // Far enough ahead that the note which `authenticate` makes on the side changes nothing.
    let first = Timestamp::now() + USE_NOTED_EVERY;
    for (now, noted) in [
        (first, first),
        (first + Duration::from_secs(59), first),
        (first + Duration::from_secs(60), first + Duration::from_secs(60)),
    ] {
        note_use(&store, id, now).await.unwrap();
        let found = store.read(|tx| tx.row("SELECT last_used_at FROM api_keys", &[], |row| row.get(0)));
        assert_eq!(found.await.unwrap(), Some(noted));
    }
}

#[test]
fn the_use_of_a_key_is_noted_by_one_of_many_at_a_time() {
    let [one, other] = [ApiKeyId::new(Uuid::now_v7()), ApiKeyId::new(Uuid::now_v7())];
    let noting = Noting::of(one);
    assert!(noting.is_some() && Noting::of(one).is_none() && Noting::of(other).is_some());
    drop(noting);
    assert!(Noting::of(one).is_some());
}

#[test]
fn a_scope_is_read_by_its_name() {
    assert_eq!("read".parse(), Ok(Scope::Read));
    assert_eq!(Scope::Read.to_string(), "read");
    let error = "write".parse::<Scope>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "no scope is called \"write\"; there are: read, alerts:write, projects:write"
    );
}
