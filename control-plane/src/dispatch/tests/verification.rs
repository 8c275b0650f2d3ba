//! Phones that are verified by a call: the code's whole life, and what the call is to everything else.

mod codes;
mod gives_way;

use super::*;
use crate::dispatch::verification::{self, Checked, Standing, State, TOO_MANY_TRIES};
use shared::{
    ids::{PhoneId, VerificationId},
    order::Order,
    phone::E164,
};

const PHONE_ID: PhoneId = PhoneId::new(Uuid::from_u128(21));
const STRANGER: AccountId = AccountId::new(Uuid::from_u128(22));

impl Stage {
    /// With a person whose phone is not verified yet, and a stranger.
    async fn with_phone() -> Self {
        let stage = Self::set().await;
        stage
            .store
            .write(|tx| {
                tx.execute(
                    "INSERT INTO accounts (id, email, created_at) VALUES ($1, 'stranger@example.com', 0)",
                    &[&STRANGER],
                )?;
                tx.execute(
                    "INSERT INTO phones (id, account_id, e164, position, enabled, created_at)
                     VALUES ($1, $2, $3, 0, 1, 0)",
                    &[&PHONE_ID, &PERSON, &PHONE],
                )
            })
            .await
            .unwrap();
        stage
    }

    async fn asks(&self) -> VerificationId {
        self.asks_for(PHONE).await
    }

    async fn asks_for(&self, number: &str) -> VerificationId {
        let to: E164 = number.parse().unwrap();
        let request = move |tx: &mut Tx<'_>| {
            tx.execute("UPDATE phones SET e164 = $1 WHERE id = $2", &[&to.as_str(), &PHONE_ID])?;
            verification::request(tx, PERSON, PHONE_ID, &to, "uk", Timestamp::now())
        };
        let id = self.store.write(request).await.unwrap();
        self.nudge.nudge();
        id
    }

    async fn stands(&self, id: VerificationId) -> State {
        self.standing(PERSON, id).await.expect("it is there").state
    }

    async fn standing(&self, account: AccountId, id: VerificationId) -> Option<Standing> {
        self.store.read(move |tx| verification::standing(tx, account, id)).await.unwrap()
    }

    /// Until it stands like this.
    async fn comes_to(&self, id: VerificationId, state: State) {
        for _ in 0..500 {
            if self.stands(id).await == state {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?} instead of {state:?}", self.stands(id).await);
    }

    async fn types(&self, account: AccountId, code: &str, at: Timestamp) -> Checked {
        let code = code.to_owned();
        let check = move |tx: &mut Tx<'_>| verification::check(tx, account, PHONE_ID, &code, at);
        let checked = self.store.write(check).await.unwrap();
        self.nudge.nudge();
        checked
    }

    async fn types_now(&self, code: &str) -> Checked {
        self.types(PERSON, code, Timestamp::now()).await
    }

    /// Codes that the database holds as they are spoken.
    async fn plain_codes(&self) -> Vec<String> {
        let sql = "SELECT code FROM verifications WHERE code IS NOT NULL";
        self.store.read(|tx| tx.rows(sql, &[], |row| row.get(0))).await.unwrap()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        self.store.read(move |tx| tx.row(sql, &[], |row| row.get(0))).await.unwrap().unwrap()
    }

    /// Somebody picks up and hears the code, or a part of it.
    async fn hears(&self, host: &mut TestHost, order: &Order, spoken: bool) {
        for event in [AttemptEvent::Originated { ari_status: 200 }, AttemptEvent::Answered] {
            self.says(host, order.attempt_id, event).await;
        }
        let AttemptEvent::Ended(ending) = ended(AttemptStatus::Answered, None, Some(16)) else { panic!() };
        self.says(host, order.attempt_id, AttemptEvent::Ended(Ending { spoken, ..ending })).await;
    }

    /// No redial waits out its pause.
    async fn hurries(&self) {
        self.store
            .write(|tx| {
                let alert = tx.row("SELECT alert_id FROM calls", &[], |row| row.get(0))?;
                alert.map_or(Ok(()), |alert| queue::hurry(tx, alert, Timestamp::now()))
            })
            .await
            .unwrap();
        self.nudge.nudge();
    }
}

fn code_of(order: &Order) -> String {
    order.prompt.code.as_ref().expect("it speaks a code").as_str().to_owned()
}

/// Another code.
fn wrong(code: &str) -> String {
    let other = if code.starts_with('0') { '1' } else { '0' };
    format!("{other}{}", &code[1..])
}
