//! The outbox as stories: nothing is lost, nothing is sent twice without need, no secret stays.

use super::*;
use crate::{
    mail::{Cause, Language, Letter, Queued, Template, figures, queue},
    store::{Store, testing},
};

const SECRET: &str = "s3cret";

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(0) + Duration::from_secs(seconds)
}

fn letter(key: &str, to: &str) -> Letter {
    Letter {
        to: to.parse().unwrap(),
        language: Language::English,
        template: Template::VerifyAddress {
            link: format!("https://alerts.example.com/verify?token={SECRET}").parse().unwrap(),
            valid_for: Duration::from_secs(3600),
        },
        key: key.into(),
    }
}

/// Runs a story in one transaction, and then counts.
async fn told(story: impl FnOnce(&mut Tx<'_>) + Send + 'static) -> [u64; 6] {
    let store = testing::store().await;
    let unit = move |tx: &mut Tx<'_>| {
        story(tx);
        Ok::<_, StoreError>(())
    };
    store.write(unit).await.unwrap();
    counted(&store).await
}

/// Waiting, sent, failed, suppressed, bounced, complained.
async fn counted(store: &Store) -> [u64; 6] {
    let figures = figures(store).await.unwrap();
    let rows = store.read(|tx| {
        tx.rows("SELECT state, COUNT(*) FROM mail_outbox GROUP BY state", &[], |row| {
            Ok((row.get::<State>(0)?, row.get::<i64>(1)?))
        })
    });
    for (state, count) in rows.await.unwrap() {
        assert!(figures.letters.contains(&(state, u64::try_from(count).unwrap())), "{figures:?}");
    }
    figures.letters.map(|(_, count)| count)
}

fn queued(tx: &mut Tx<'_>, key: &str) -> LetterId {
    match queue(tx, &letter(key, "oncall@example.com"), at(0)).unwrap() {
        Queued::Waiting(id) => id,
        other @ (Queued::Suppressed(_) | Queued::Before(_)) => panic!("{other:?}"),
    }
}

/// Ids of what is claimed at a moment.
fn claimed(tx: &mut Tx<'_>, seconds: u64) -> Vec<LetterId> {
    claim(tx, at(seconds), 10).unwrap().into_iter().map(|letter| letter.id).collect()
}

/// State, both bodies and the reason of a letter.
fn row(tx: &mut Tx<'_>, id: LetterId) -> (State, String, Option<String>) {
    let sql = "SELECT state, body_text || body_html, reason FROM mail_outbox WHERE id = $1";
    tx.row(sql, &[&id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap().unwrap()
}

fn sent(provider_id: &str) -> Next {
    Next::Sent { provider_id: Some(provider_id.into()) }
}

#[tokio::test]
async fn a_letter_that_is_queued_twice_is_one_letter() {
    let counts = told(|tx| {
        let id = queued(tx, "verify/1");
        let again =
            Letter { template: Template::AccountClosed { at: at(0) }, ..letter("verify/1", "b@example.com") };
        assert_eq!(queue(tx, &again, at(5)).unwrap(), Queued::Before(id));
        assert_eq!(claimed(tx, 5), [id]);
        settle(tx, id, &sent("x"), at(6)).unwrap();
        assert_eq!(queue(tx, &again, at(7)).unwrap(), Queued::Before(id), "not even when it was sent");
    });
    assert_eq!(counts.await, [0, 1, 0, 0, 0, 0]);
}

#[tokio::test]
async fn what_is_rolled_back_is_no_letter() {
    let store = testing::store().await;
    let unit = |tx: &mut Tx<'_>| {
        queued(tx, "verify/1");
        Err::<(), _>(StoreError::Overloaded)
    };
    store.write(unit).await.unwrap_err();
    assert_eq!(counted(&store).await, [0; 6]);
}

#[tokio::test]
async fn a_letter_keeps_its_secret_until_it_is_over_and_no_longer() {
    let counts = told(|tx| {
        let (one, two, three) = (queued(tx, "1"), queued(tx, "2"), queued(tx, "3"));
        assert_eq!(claimed(tx, 0).len(), 3);
        settle(tx, one, &sent("x"), at(1)).unwrap();
        settle(tx, two, &Next::Failed { reason: "550 no".into() }, at(1)).unwrap();
        settle(tx, three, &Next::Again { at: at(9), reason: "451 later".into() }, at(1)).unwrap();
        assert_eq!(row(tx, one), (State::Sent, String::new(), None));
        // An operator may have it tried once more, for a day.
        let (state, bodies, reason) = row(tx, two);
        assert!(state == State::Failed && bodies.matches(SECRET).count() >= 3, "{bodies}");
        assert_eq!(reason.as_deref(), Some("550 no"));
        let (state, bodies, reason) = row(tx, three);
        assert!(state == State::Waiting && bodies.matches(SECRET).count() >= 3, "{bodies}");
        assert_eq!(reason.as_deref(), Some("451 later"));
        assert_eq!(next_due(tx).unwrap(), Some(at(9)));
        let again = claim(tx, at(9), 10).unwrap();
        assert_eq!((again[0].id, again[0].tried), (three, Tried { attempts: 2, first_at: at(0) }));
        claimed(tx, KEPT_FAILED.as_secs());
        assert!(row(tx, two).1.contains(SECRET));
        claimed(tx, KEPT_FAILED.as_secs() + 1);
        assert_eq!(row(tx, two), (State::Failed, String::new(), Some("550 no".into())));
    });
    assert_eq!(counts.await, [1, 1, 1, 0, 0, 0]);
}

#[tokio::test]
async fn a_few_are_claimed_at_a_time_and_nobody_claims_them_again_until_the_claim_is_over() {
    told(|tx| {
        let ids: Vec<_> = (0..5).map(|number| queued(tx, &number.to_string())).collect();
        let first: Vec<_> = claim(tx, at(0), 4).unwrap().iter().map(|letter| letter.id).collect();
        assert_eq!(first, ids[..4], "the oldest first");
        assert_eq!(claimed(tx, 0), ids[4..]);
        assert!(claimed(tx, CLAIM.as_secs() - 1).is_empty());
        assert_eq!(claimed(tx, CLAIM.as_secs()).len(), 5);
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_sender_held_is_free_at_once_and_counts_as_tried() {
    told(|tx| {
        let (one, two) = (queued(tx, "1"), queued(tx, "2"));
        assert_eq!(claim(tx, at(0), 1).unwrap()[0].id, one);
        assert_eq!(release(tx, at(3)).unwrap(), 1, "the other was in nobody's hands");
        let again = claim(tx, at(3), 10).unwrap();
        assert_eq!(
            again.iter().map(|letter| (letter.id, letter.tried.attempts)).collect::<Vec<_>>(),
            [(two, 1), (one, 2)]
        );
    })
    .await;
}

#[tokio::test]
async fn a_suppressed_address_gets_nothing_and_a_row_says_so() {
    let counts = told(|tx| {
        let address: Email = "oncall@example.com".parse().unwrap();
        let before = queued(tx, "1");
        assert!(suppressions::add_within(tx, &address, Cause::Complaint, at(1)).unwrap());
        assert!(!suppressions::add_within(tx, &address, Cause::Bounce, at(2)).unwrap());
        let Queued::Suppressed(after) = queue(tx, &letter("2", address.as_str()), at(3)).unwrap() else {
            panic!("it is queued");
        };
        assert!(matches!(queue(tx, &letter("3", "other@example.com"), at(3)).unwrap(), Queued::Waiting(_)));
        assert_eq!(claimed(tx, 3).len(), 1, "what waited before is held back too");
        for id in [before, after] {
            assert_eq!(row(tx, id), (State::Suppressed, String::new(), None));
        }
    });
    assert_eq!(counts.await, [1, 0, 0, 2, 0, 0]);
}

#[tokio::test]
async fn a_damaged_letter_is_given_up_and_keeps_no_other() {
    let counts = told(|tx| {
        let (damaged, whole) = (queued(tx, "1"), queued(tx, "2"));
        tx.execute("UPDATE mail_outbox SET recipient = 'nobody' WHERE id = $1", &[&damaged]).unwrap();
        assert_eq!(claimed(tx, 0), [whole]);
        assert_eq!(row(tx, damaged).0, State::Failed);
    });
    assert_eq!(counts.await, [1, 0, 1, 0, 0, 0]);
}

#[tokio::test]
async fn what_comes_back_is_counted_where_it_ends_and_stays_there() {
    let counts = told(|tx| {
        let (one, early, never) = (queued(tx, "1"), queued(tx, "2"), queued(tx, "3"));
        assert_eq!(claimed(tx, 0).len(), 3);
        settle(tx, one, &sent("x"), at(1)).unwrap();
        settle(tx, never, &Next::Failed { reason: "550 no".into() }, at(1)).unwrap();
        assert_eq!(by_provider_id(tx, "x").unwrap(), Some(one));
        assert!(mark(tx, one, State::Bounced, "no such user", at(2)).unwrap());
        assert!(!mark(tx, one, State::Bounced, "no such user", at(3)).unwrap());
        assert!(mark(tx, one, State::Complained, "spam", at(4)).unwrap());
        assert!(!mark(tx, never, State::Bounced, "no such user", at(4)).unwrap());
        // The event may be faster than our own note that it was sent.
        assert!(mark(tx, early, State::Bounced, "no such user", at(2)).unwrap());
        settle(tx, early, &sent("y"), at(3)).unwrap();
        assert_eq!(row(tx, early), (State::Bounced, String::new(), Some("no such user".into())));
    });
    assert_eq!(counts.await, [0, 0, 1, 0, 1, 1]);
}

#[tokio::test]
async fn the_figures_read_what_waits_and_no_history() {
    let store = testing::store().await;
    let plans = store.read(|tx| {
        tx.rows(
            "EXPLAIN QUERY PLAN SELECT COUNT(*), MIN(queued_at) FROM mail_outbox WHERE due_at IS NOT NULL",
            &[],
            |row| row.get::<String>(3),
        )
    });
    let plan = plans.await.unwrap().join("; ");
    assert!(plan.contains("USING COVERING INDEX mail_outbox_due"), "{plan}");
    let unit = |tx: &mut Tx<'_>| {
        queued(tx, "1");
        queue(tx, &letter("2", "b@example.com"), at(60))
    };
    store.write(unit).await.unwrap();
    assert_eq!(figures(&store).await.unwrap().oldest_waiting, Some(at(0)));
}

#[tokio::test]
async fn a_letter_that_is_over_is_forgotten_after_ninety_days_and_one_that_waits_never() {
    let store = testing::store().await;
    let unit = |tx: &mut Tx<'_>| {
        for key in ["old", "waits"] {
            queued(tx, key);
        }
        let old = claimed(tx, 0)[0];
        settle(tx, old, &sent("x"), at(0))?;
        let day = 24 * 3600;
        let end_another = |tx: &mut Tx<'_>, key: &str, seconds| {
            let id = queued(tx, key);
            settle(tx, id, &Next::Failed { reason: "550 no".into() }, at(seconds))
        };
        end_another(tx, "young", 90 * day - 1)?;
        assert_eq!(recipient(tx, old)?.as_deref(), Some("oncall@example.com"));
        end_another(tx, "younger", 90 * day)?;
        assert_eq!(recipient(tx, old)?, None);
        tx.rows("SELECT letter_key FROM mail_outbox ORDER BY letter_key", &[], |row| row.get::<String>(0))
    };
    assert_eq!(store.write(unit).await.unwrap(), ["waits", "young", "younger"]);
    let figures = figures(&store).await.unwrap();
    assert!(figures.letters.contains(&(State::Sent, 1)), "totals go on counting: {figures:?}");
}
