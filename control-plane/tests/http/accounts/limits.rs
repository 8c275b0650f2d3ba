//! Every limit, gone over.

use super::{Browser, PASSWORD, have_account, owner_of, somebody, sql, templates};
use crate::plane::{Answer, Plane, answer};
use control_plane::{
    accounts::{
        keys::{self, Scope},
        tries,
    },
    intake::Rate,
    serve::Server,
    store::StoreError,
    web::Limits,
};
use serde_json::{Value, json};
use shared::time::Timestamp;
use std::time::Duration;

const ANN: &str = "ann@example.com";

/// Asks `most` times, none of which is refused for being one too many; the next one is.
async fn goes_over(most: u32, ask: impl AsyncFn(u32) -> Answer) {
    for number in 0..most {
        let answer = ask(number).await;
        assert_ne!(answer.status, 429, "number {number}: {}", answer.body);
    }
    let over = ask(most).await;
    over.is_problem(429, "too_many_tries");
    let wait: u32 = over.header("retry-after").parse().unwrap();
    assert!(wait > 0);
}

fn credentials(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

#[tokio::test]
async fn wrong_passwords_lock_one_account_for_one_address_and_its_owner_hears_of_it() {
    let plane = Plane::empty().await;
    have_account(&plane, ANN).await;
    have_account(&plane, "bob@example.com").await;
    let stranger = Browser::new(&plane);
    let guess = async |_| stranger.post("/api/v1/session", credentials(ANN, "not this one")).await;
    goes_over(tries::WRONG_PASSWORDS.most, guess).await;
    assert_eq!(templates(&plane, ANN).await, ["many_failures"]);
    // The right one is not looked at any more, and nobody else is kept out.
    stranger.post("/api/v1/session", credentials(ANN, PASSWORD)).await.is_problem(429, "too_many_tries");
    let bob = stranger.post("/api/v1/session", credentials("bob@example.com", PASSWORD)).await;
    assert_eq!(bob.status, 201);
    // An account that does not exist locks just so.
    let guess = async |_| stranger.post("/api/v1/session", credentials("eve@example.com", "no")).await;
    goes_over(tries::WRONG_PASSWORDS.most, guess).await;
}

#[tokio::test]
async fn a_restart_forgives_nobody_and_time_does() {
    let plane = Plane::empty().await;
    have_account(&plane, ANN).await;
    let stranger = Browser::new(&plane);
    for _ in 0..tries::WRONG_PASSWORDS.most {
        stranger.post("/api/v1/session", credentials(ANN, "not this one")).await;
    }
    let settings = plane.settings.clone();
    let dir = plane.end_and_keep().await;
    let server = Server::start(&settings, Limits::default()).await.unwrap();
    let again = Plane::over(server, settings, dir);
    let stranger = Browser::new(&again);
    stranger.post("/api/v1/session", credentials(ANN, PASSWORD)).await.is_problem(429, "too_many_tries");
    sql(&again, "UPDATE tries SET window_start = window_start - 15 * 60000000").await;
    assert_eq!(stranger.post("/api/v1/session", credentials(ANN, PASSWORD)).await.status, 201);
}

#[tokio::test]
async fn the_right_password_forgives_the_wrong_ones_from_here() {
    let plane = Plane::empty().await;
    have_account(&plane, ANN).await;
    let stranger = Browser::new(&plane);
    for _ in 0..2 {
        for _ in 0..tries::WRONG_PASSWORDS.most - 1 {
            let wrong = stranger.post("/api/v1/session", credentials(ANN, "not this one")).await;
            wrong.is_problem(401, "wrong_credentials");
        }
        assert_eq!(stranger.post("/api/v1/session", credentials(ANN, PASSWORD)).await.status, 201);
    }
}

/// All that is counted by the address of the network is filled up, as thousands of requests would.
pub(super) async fn fill(plane: &Plane, limit: tries::Limit, whose: &str) {
    let whose = whose.to_owned();
    let filled: Result<(), StoreError> = plane
        .store()
        .await
        .write(move |tx| {
            for _ in 0..limit.most {
                tries::count(tx, limit, &whose, Timestamp::now())?.unwrap();
            }
            Ok(())
        })
        .await;
    filled.unwrap();
}

#[tokio::test]
async fn one_address_signs_in_signs_up_refreshes_and_follows_links_so_often_and_no_more() {
    let plane = Plane::empty().await;
    let mut ann = somebody(&plane, ANN).await;
    let here = "127.0.0.1";
    let token = json!({"token": "x"});
    let opens = json!({"token": "x", "password": PASSWORD});
    for (limit, path, body) in [
        (tries::SIGN_INS, "/api/v1/session", credentials(ANN, PASSWORD)),
        (tries::SIGN_UPS, "/api/v1/accounts", credentials("new@example.com", PASSWORD)),
        (tries::SIGN_UPS, "/api/v1/password-resets", json!({"email": ANN})),
        (tries::REFRESHES_FROM, "/api/v1/session/refresh", json!({})),
        (tries::LINKS, "/api/v1/accounts/verify", opens.clone()),
        (tries::LINKS, "/api/v1/password-resets/complete", opens),
        (tries::LINKS, "/api/v1/account/email/confirm", token.clone()),
        (tries::LINKS, "/api/v1/invites/preview", token.clone()),
        (tries::LINKS, "/api/v1/invites/accept", token),
    ] {
        sql(&plane, "DELETE FROM tries").await;
        let before = ann.post(path, body.clone()).await;
        assert_ne!(before.status, 429, "{path}: {}", before.body);
        ann.keep(&before);
        sql(&plane, "DELETE FROM tries").await;
        fill(&plane, limit, here).await;
        ann.post(path, body).await.is_problem(429, "too_many_tries");
    }
}

#[tokio::test]
async fn one_account_is_guessed_at_from_anywhere_so_often_and_no_more() {
    let plane = Plane::empty().await;
    have_account(&plane, ANN).await;
    fill(&plane, tries::WRONG_PASSWORDS_FROM_ANYWHERE, ANN).await;
    let stranger = Browser::new(&plane);
    stranger.post("/api/v1/session", credentials(ANN, PASSWORD)).await.is_problem(429, "too_many_tries");
}

#[tokio::test]
async fn what_strangers_guess_keeps_the_owner_out_neither_signed_in_nor_where_they_have_been() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    fill(&plane, tries::WRONG_PASSWORDS_FROM_ANYWHERE, ANN).await;
    let prove = async |password| ann.post("/api/v1/session/proof", json!({ "password": password })).await;
    let here = Browser::new(&plane);
    let enter = async |password| here.post("/api/v1/session", credentials(ANN, password)).await;
    assert_eq!((prove(PASSWORD).await.status, enter(PASSWORD).await.status), (200, 201));
    // Whoever guesses there guesses no more often than anywhere.
    for _ in 0..tries::WRONG_PASSWORDS.most / 2 {
        prove("not this one").await.is_problem(422, "wrong_credentials");
        enter("not this one").await.is_problem(401, "wrong_credentials");
    }
    prove(PASSWORD).await.is_problem(429, "too_many_tries");
    enter(PASSWORD).await.is_problem(429, "too_many_tries");
    sql(&plane, "DELETE FROM tries WHERE what = 'wrong passwords'").await;
    sql(&plane, "UPDATE origins SET network = '192.0.2.1'").await;
    enter(PASSWORD).await.is_problem(429, "too_many_tries");
    assert_eq!(prove(PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_right_password_that_others_have_overtaken_opens_nothing() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    // Takes seconds to compare.
    let slow = async || {
        let slowed: Result<usize, StoreError> = plane
            .store()
            .await
            .write(|tx| tx.execute("UPDATE accounts SET password = $1", &[&SLOW_HASH]))
            .await;
        slowed.unwrap();
        sql(&plane, "DELETE FROM tries").await;
    };
    let others = async |counted: &'static str| {
        let store = plane.store().await;
        let is_counted = move |tx: &mut control_plane::store::Tx<'_>| {
            tx.row("SELECT 1 FROM tries WHERE what = $1", &[&counted], |_| Ok(()))
        };
        while store.read(is_counted).await.unwrap_or_else(|error: StoreError| panic!("{error}")).is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // It has looked whether it may, and is being compared.
        tokio::time::sleep(Duration::from_millis(200)).await;
        fill(&plane, tries::WRONG_PASSWORDS, &format!("{ANN} 127.0.0.1")).await;
    };
    slow().await;
    let body = json!({"password": PASSWORD});
    let (proved, ()) = tokio::join!(ann.post("/api/v1/session/proof", body), others(tries::PASSWORDS.what));
    proved.is_problem(429, "too_many_tries");
    slow().await;
    let stranger = Browser::new(&plane);
    let body = credentials(ANN, PASSWORD);
    let (opened, ()) = tokio::join!(stranger.post("/api/v1/session", body), others(tries::SIGN_INS.what));
    opened.is_problem(429, "too_many_tries");
}

/// [`PASSWORD`] with ten million rounds and a salt of zeros, as Python's `hashlib.pbkdf2_hmac` gives it.
const SLOW_HASH: &str =
    "$pbkdf2-sha256$i=10000000,l=32$AAAAAAAAAAAAAAAAAAAAAA$fpPTSrp21XoeUX0JwME3hSi+WpgFpwxpRtuEQySZrRY";

#[tokio::test]
async fn one_account_has_so_many_passwords_hashed_and_no_more() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let bob = somebody(&plane, "bob@example.com").await;
    let id = ann.get("/api/v1/account").await.body["id"].as_str().unwrap().to_owned();
    let prove =
        async |who: &Browser<'_>| who.post("/api/v1/session/proof", json!({"password": PASSWORD})).await;
    assert_eq!(prove(&ann).await.status, 200);
    sql(&plane, "DELETE FROM tries").await;
    fill(&plane, tries::PASSWORDS, &id).await;
    prove(&ann).await.is_problem(429, "too_many_tries");
    let change = json!({"password": "seven lamps above a frozen pond"});
    ann.ask("PUT", "/api/v1/account/password", change).await.is_problem(429, "too_many_tries");
    assert_eq!(prove(&bob).await.status, 200);
}

#[tokio::test]
async fn a_weak_password_is_judged_for_nobody_who_has_tried_too_often() {
    let plane = Plane::empty().await;
    let stranger = Browser::new(&plane);
    let body = credentials("new@example.com", "password1234");
    stranger.post("/api/v1/accounts", body.clone()).await.is_problem(422, "weak_password");
    sql(&plane, "DELETE FROM tries").await;
    fill(&plane, tries::SIGN_UPS, "127.0.0.1").await;
    stranger.post("/api/v1/accounts", body).await.is_problem(429, "too_many_tries");
}

#[tokio::test]
async fn one_mailbox_gets_so_many_letters_that_it_did_not_ask_for_and_no_more() {
    let plane = Plane::empty().await;
    have_account(&plane, ANN).await;
    let stranger = Browser::new(&plane);
    let sign_up = async |_| stranger.post("/api/v1/accounts", credentials(ANN, PASSWORD)).await;
    goes_over(tries::UNASKED_MAILS_FROM.most, sign_up).await;
    // From wherever they are asked for.
    sql(&plane, "DELETE FROM tries").await;
    fill(&plane, tries::UNASKED_MAILS, ANN).await;
    sign_up(0).await.is_problem(429, "too_many_tries");
    // Who has forgotten their password gets a letter all the same, and so many of those.
    let reset = async |_| stranger.post("/api/v1/password-resets", json!({"email": ANN})).await;
    goes_over(tries::RESET_MAILS.most, reset).await;
    let letters = templates(&plane, ANN).await;
    let of = |name| u32::try_from(letters.iter().filter(|letter| *letter == name).count()).unwrap();
    assert_eq!(of("already_here"), tries::UNASKED_MAILS_FROM.most);
    assert_eq!(of("reset_password"), tries::RESET_MAILS.most);
}

#[tokio::test]
async fn one_session_is_refreshed_so_often_and_no_more() {
    let plane = Plane::empty().await;
    let mut ann = somebody(&plane, ANN).await;
    for _ in 0..tries::REFRESHES.most {
        assert_eq!(ann.visit("POST", "/api/v1/session/refresh", json!({})).await.status, 201);
    }
    ann.post("/api/v1/session/refresh", json!({})).await.is_problem(429, "too_many_tries");
    // The token is not spent by it.
    sql(&plane, "DELETE FROM tries").await;
    assert_eq!(ann.visit("POST", "/api/v1/session/refresh", json!({})).await.status, 201);
}

#[tokio::test]
async fn one_account_changes_its_address_so_often_and_no_more() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let ask = async |number| {
        ann.post("/api/v1/account/email", json!({"email": format!("ann{number}@example.org")})).await
    };
    goes_over(tries::ADDRESS_CHANGES.most, ask).await;
}

#[tokio::test]
async fn one_organization_invites_so_many_and_no_more() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let org = ann.get("/api/v1/organization").await.body["id"].as_str().unwrap().to_owned();
    let invite = json!({"email": "bob@example.com", "role": "member"});
    let made = ann.post("/api/v1/invites", invite).await;
    assert_eq!(made.status, 201);
    sql(&plane, "DELETE FROM tries").await;
    fill(&plane, tries::INVITES, &org).await;
    let another = json!({"email": "eve@example.com", "role": "member"});
    ann.post("/api/v1/invites", another).await.is_problem(429, "too_many_tries");
    let resend = format!("/api/v1/invites/{}/resend", made.body["id"].as_str().unwrap());
    ann.post(&resend, json!({})).await.is_problem(429, "too_many_tries");
}

#[tokio::test]
async fn one_account_and_one_address_invite_so_many_and_no_more_whatever_organizations_they_make() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let id = ann.get("/api/v1/account").await.body["id"].as_str().unwrap().to_owned();
    let invite = async |key: &str, email: &str| {
        let body = json!({"email": email, "role": "member"});
        ann.ask_with("POST", "/api/v1/invites?org=acme", body, &[("idempotency-key", key)]).await
    };
    let made = invite("k1", "bob@example.com").await;
    assert_eq!(made.status, 201, "{}", made.body);
    let another = json!({"name": "Another", "slug": "another"});
    assert_eq!(ann.post("/api/v1/organizations", another).await.status, 201);
    let resend = format!("/api/v1/invites/{}/resend?org=acme", made.body["id"].as_str().unwrap());
    let other = json!({"email": "eve@example.com", "role": "member"});
    for (limit, whose) in [(tries::INVITES_BY, id.as_str()), (tries::INVITES_FROM, "127.0.0.1")] {
        sql(&plane, "DELETE FROM tries").await;
        fill(&plane, limit, whose).await;
        ann.post("/api/v1/invites?org=another", other.clone()).await.is_problem(429, "too_many_tries");
        ann.post(&resend, json!({})).await.is_problem(429, "too_many_tries");
        // What was made already is told, and not counted.
        let again = invite("k1", "bob@example.com").await;
        assert_eq!((again.status, &again.body["id"]), (201, &made.body["id"]), "{}", again.body);
    }
    sql(&plane, "DELETE FROM tries").await;
    invite("k1", "bob@example.com").await;
    let counted: Result<Option<i64>, StoreError> =
        plane.store().await.read(|tx| tx.row("SELECT COUNT(*) FROM tries", &[], |row| row.get(0))).await;
    assert_eq!(counted.unwrap(), Some(0));
    // Whoever is invited already has no letter, and nothing is counted for it.
    invite("k2", "bob@example.com").await.is_problem(409, "already_invited");
    let counted: Result<Option<i64>, StoreError> =
        plane.store().await.read(|tx| tx.row("SELECT COUNT(*) FROM tries", &[], |row| row.get(0))).await;
    assert_eq!(counted.unwrap(), Some(0));
}

#[tokio::test]
async fn one_account_makes_so_many_organizations_in_a_day_and_no_more() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let ask = async |_| {
        let made = ann.post("/api/v1/organizations", json!({"name": "Acme"})).await;
        if let Some(slug) = made.body["slug"].as_str() {
            // There are never many at once.
            let gone = ann.ask("DELETE", &format!("/api/v1/organization?org={slug}"), json!({})).await;
            assert_eq!(gone.status, 204, "{}", gone.body);
        }
        made
    };
    goes_over(tries::ORGANIZATIONS.most, ask).await;
}

/// Changes something `burst` times, and is told to wait the next time.
async fn changes_too_fast(burst: u32, ask: impl AsyncFn() -> Answer) {
    for number in 0..burst {
        let answer = ask().await;
        assert_ne!(answer.status, 429, "number {number}: {}", answer.body);
    }
    let over = ask().await;
    over.is_problem(429, "too_many_requests");
    assert_eq!(over.header("retry-after"), "1");
}

#[tokio::test]
async fn one_person_and_one_key_change_things_so_fast_and_no_faster() {
    let writes = Rate { burst: 20, per_second: 1 };
    let plane = Plane::with(Limits { writes, ..Limits::default() }, |_| {}).await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let bob = somebody(&plane, "bob@example.com").await;
    let rename =
        async |who: &Browser<'_>| who.ask("PATCH", "/api/v1/account", json!({"display_name": "A"})).await;
    changes_too_fast(writes.burst, async || rename(&bob).await).await;
    // Looking is free, and nobody else is concerned.
    assert_eq!(bob.get("/api/v1/account").await.status, 200);
    assert_eq!(rename(&ann).await.status, 200);
    let key = keys::create(&plane.store().await, "acme", "test", &[Scope::AlertsWrite]).await.unwrap();
    let close = "/api/v1/alerts/0198c0de-0000-7000-8000-000000000000/close";
    let by_key = async || answer(plane.request("POST", close).bearer_auth(key.as_str())).await;
    changes_too_fast(writes.burst, by_key).await;
    assert_eq!(ann.ask("PATCH", "/api/v1/organization", json!({"name": "Acme"})).await.status, 200);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(rename(&bob).await.status, 200);
}

#[tokio::test]
async fn one_organization_changes_things_so_fast_and_no_faster() {
    let writes_of_org = Rate { burst: 20, per_second: 1 };
    let plane = Plane::with(Limits { writes_of_org, ..Limits::default() }, |_| {}).await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let bob = owner_of(&plane, "bob@example.com", "other").await;
    let key = keys::create(&plane.store().await, "acme", "test", &[Scope::AlertsWrite]).await.unwrap();
    let close = "/api/v1/alerts/0198c0de-0000-7000-8000-000000000000/close";
    changes_too_fast(writes_of_org.burst, async || {
        answer(plane.request("POST", close).bearer_auth(key.as_str())).await
    })
    .await;
    let rename =
        async |who: &Browser<'_>| who.ask("PATCH", "/api/v1/organization", json!({"name": "A"})).await;
    // Its people wait with its keys, for what is the organization's.
    rename(&ann).await.is_problem(429, "too_many_requests");
    assert_eq!(ann.ask("PATCH", "/api/v1/account", json!({"display_name": "A"})).await.status, 200);
    assert_eq!(rename(&bob).await.status, 200);
}
