use super::*;
use crate::{
    accounts::people,
    store::testing::{TestStore, store},
};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000) + Duration::from_secs(seconds)
}

fn origin() -> Origin {
    Origin { remote: "192.0.2.1".into(), user_agent: "Firefox".into() }
}

async fn account(store: &TestStore) -> AccountId {
    let email = "ann@example.com".parse().unwrap();
    store.write(move |tx| people::apply_account(tx, &email, at(0))).await.unwrap()
}

async fn opened(store: &TestStore, account: AccountId, stays: bool) -> Opened {
    store.write(move |tx| open(tx, account, Audience::Portal, stays, &origin(), at(0))).await.unwrap()
}

async fn found(store: &TestStore, id: SessionId, now: Timestamp) -> bool {
    store.read(move |tx| find(tx, id, Audience::Portal, now)).await.unwrap().is_some()
}

async fn refreshed(store: &TestStore, token: &str, now: Timestamp) -> Refreshed {
    let token = token.to_owned();
    store.write(move |tx| refresh(tx, &token, Audience::Portal, &origin(), now)).await.unwrap()
}

#[tokio::test]
async fn a_session_lasts_a_day_and_a_week_for_who_stays() {
    let store = store().await;
    let ann = account(&store).await;
    for (stays, days) in [(false, 1), (true, 7)] {
        let session = opened(&store, ann, stays).await;
        assert!(found(&store, session.id, at(days * 86_400 - 1)).await);
        assert!(!found(&store, session.id, at(days * 86_400)).await);
    }
}

#[tokio::test]
async fn a_session_that_is_refreshed_goes_on_for_ninety_days_and_no_longer() {
    let store = store().await;
    let mut session = opened(&store, account(&store).await, true).await;
    for day in 1..=90 {
        let next = refreshed(&store, &session.refresh_token, at(day * 86_400 - 10)).await;
        let Refreshed::Anew(next) = next else { panic!("day {day}") };
        session = next;
    }
    assert_eq!(session.expires_at, at(90 * 86_400));
    assert!(matches!(refreshed(&store, &session.refresh_token, at(90 * 86_400)).await, Refreshed::Unknown));
}

#[tokio::test]
async fn a_refresh_token_that_is_shown_twice_ends_the_session_for_everybody() {
    let store = store().await;
    let first = opened(&store, account(&store).await, false).await;
    let Refreshed::Anew(second) = refreshed(&store, &first.refresh_token, at(60)).await else { panic!() };
    // Another window of the same browser, a moment later.
    assert!(matches!(refreshed(&store, &first.refresh_token, at(65)).await, Refreshed::Anew(_)));
    assert!(found(&store, first.id, at(66)).await);
    assert!(matches!(refreshed(&store, &first.refresh_token, at(120)).await, Refreshed::Reused(..)));
    assert!(!found(&store, first.id, at(121)).await);
    assert!(matches!(refreshed(&store, &second.refresh_token, at(122)).await, Refreshed::Unknown));
}

#[tokio::test]
async fn a_session_of_the_portal_is_none_of_the_admin_panel() {
    let store = store().await;
    let session = opened(&store, account(&store).await, false).await;
    let (id, token) = (session.id, session.refresh_token.to_string());
    let there = store.read(move |tx| find(tx, id, Audience::Admin, at(1))).await.unwrap();
    assert_eq!(there, None);
    let there = store.write(move |tx| refresh(tx, &token, Audience::Admin, &origin(), at(1))).await.unwrap();
    assert!(matches!(there, Refreshed::Unknown));
}

#[tokio::test]
async fn a_password_that_is_changed_ends_every_other_session() {
    let store = store().await;
    let ann = account(&store).await;
    let (here, there) = (opened(&store, ann, false).await.id, opened(&store, ann, true).await.id);
    let ended = store.write(move |tx| end_others(tx, ann, Some(here), End::PasswordChanged, at(5)));
    assert_eq!(ended.await.unwrap(), 1);
    assert!(found(&store, here, at(6)).await);
    assert!(!found(&store, there, at(6)).await);
    let (listed, _) = store.read(move |tx| page(tx, ann, None, 50, at(6))).await.unwrap();
    assert_eq!(listed.iter().map(|listed| listed.id).collect::<Vec<_>>(), [here]);
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let store = store().await;
    let session = opened(&store, account(&store).await, false).await;
    let (id, other) = (session.id, AccountId::new(Uuid::now_v7()));
    assert!(!store.write(move |tx| end(tx, other, id, End::Revoked, at(1))).await.unwrap());
    assert!(found(&store, id, at(2)).await);
}

#[tokio::test]
async fn a_proof_counts_for_five_minutes() {
    let store = store().await;
    let id = opened(&store, account(&store).await, false).await.id;
    let proved = async |now| {
        let session = store.read(move |tx| find(tx, id, Audience::Portal, now)).await.unwrap().unwrap();
        session.is_proved(now)
    };
    assert!(proved(at(299)).await);
    assert!(!proved(at(300)).await);
    store.write(move |tx| prove(tx, id, at(1000))).await.unwrap();
    assert!(proved(at(1001)).await);
}

#[tokio::test]
async fn a_proof_of_the_future_is_none() {
    let store = store().await;
    let id = opened(&store, account(&store).await, false).await.id;
    store.write(move |tx| prove(tx, id, at(1000))).await.unwrap();
    let session = store.read(move |tx| find(tx, id, Audience::Portal, at(500))).await.unwrap().unwrap();
    assert!(!session.is_proved(at(500)), "the clock was ahead when it was given");
    assert!(session.is_proved(at(1000)));
}

#[tokio::test]
async fn sessions_that_were_over_long_ago_are_forgotten_with_their_tokens_however_many() {
    let store = store().await;
    let ann = account(&store).await;
    let count = async |sql| store.read(move |tx| tx.row(sql, &[], |row| row.get::<i64>(0))).await.unwrap();
    for _ in 0..FORGOTTEN_AT_ONCE + 1 {
        let session = opened(&store, ann, false).await;
        refreshed(&store, &session.refresh_token, at(60)).await;
    }
    // The last of them was over within the time for which rows are kept.
    let ends = Timestamp::now() - KEPT + Duration::from_secs(60);
    let kept = opened(&store, ann, false).await.id;
    let prolong = "UPDATE sessions SET expires_at = $1 WHERE id = $2";
    store.write(move |tx| tx.execute(prolong, &[&ends, &kept])).await.unwrap();
    let stop = CancellationToken::new();
    let tidied = tokio::spawn(tidy((*store).clone(), stop.clone()));
    for _ in 0..500 {
        if count("SELECT COUNT(*) FROM sessions").await == Some(1) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(count("SELECT COUNT(*) FROM sessions").await, Some(1));
    assert_eq!(count("SELECT COUNT(*) FROM spent_refreshes").await, Some(0));
    stop.cancel();
    tidied.await.unwrap();
}
