//! People as they meet the API: they sign up, sign in, invite each other, and are turned away.

pub(crate) mod browser;
mod documents;
mod limits;
mod organizations;
mod projects;
mod second_factor;
mod sessions;
mod sign_in;
mod sign_up;
mod tokens;
mod verification;

pub(crate) use browser::Browser;
pub(crate) use second_factor::operator;

use crate::plane::Plane;
use control_plane::{
    accounts::{
        account,
        password::{Hasher, Password},
        people,
    },
    store::StoreError,
};
use serde_json::json;
use shared::time::Timestamp;
use tokio::sync::OnceCell;

/// Good enough for anybody.
pub(crate) const PASSWORD: &str = "violet tractor hums quietly";

/// The letters to an address, the oldest first: template, and what the text says.
pub(crate) async fn letters(plane: &Plane, to: &str) -> Vec<(String, String)> {
    let (to, store) = (to.to_owned(), plane.store().await);
    let read = store.read(move |tx| {
        tx.rows(
            "SELECT template, body_text FROM mail_outbox WHERE recipient = $1 ORDER BY id",
            &[&to],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    });
    let read: Result<_, StoreError> = read.await;
    read.unwrap()
}

/// Names of the letters to an address.
async fn templates(plane: &Plane, to: &str) -> Vec<String> {
    letters(plane, to).await.into_iter().map(|(template, _)| template).collect()
}

/// The token of the link in the newest letter of this kind.
async fn link(plane: &Plane, to: &str, template: &str) -> String {
    let (_, text) = letters(plane, to).await.into_iter().rfind(|(name, _)| name == template).expect(template);
    let (_, after) = text.split_once('#').expect("a link with a token");
    after.split_whitespace().next().unwrap().to_owned()
}

/// Somebody with an account, signed in.
pub(crate) async fn somebody<'p>(plane: &'p Plane, email: &str) -> Browser<'p> {
    have_account(plane, email).await;
    let mut browser = Browser::new(plane);
    browser.sign_in(email, PASSWORD).await;
    browser
}

/// Somebody with an account, without the way through the mail.
pub(crate) async fn have_account(plane: &Plane, email: &str) {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let hash = HASH
        .get_or_init(|| async { Hasher::default().hash(Password::given(PASSWORD).unwrap()).await.unwrap() })
        .await;
    let (email, hash) = (email.parse().unwrap(), hash.clone());
    let store = plane.store().await;
    let made = store.write(move |tx| {
        let id = people::apply_account(tx, &email, Timestamp::now())?;
        account::reset_password(tx, id, &hash, Timestamp::now())
    });
    let made: Result<(), StoreError> = made.await;
    made.unwrap();
}

/// The owner of a new organization.
pub(crate) async fn owner_of<'p>(plane: &'p Plane, email: &str, slug: &str) -> Browser<'p> {
    let browser = somebody(plane, email).await;
    let made = browser.post("/api/v1/organizations", json!({"name": slug, "slug": slug})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    browser
}

/// Runs a statement on the database: what only time or an accident would do.
pub(crate) async fn sql(plane: &Plane, statement: &'static str) {
    let done: Result<usize, StoreError> =
        plane.store().await.write(move |tx| tx.execute(statement, &[])).await;
    done.unwrap();
}
