//! A phone is verified: the code is heard on a real call, and typed.
//!
//! The portal's part, asking and typing, is done on the running control plane's database, beside it.

use super::{ONCE, PHONE, Stage};
use crate::scene::secs;
use anyhow::{Context, Result, bail, ensure};
use control_plane::{
    dispatch::verification::{self, Checked, Standing, State},
    store::{Database, Store},
};
use lab::{ear::Ear, product::ControlPlane};
use shared::{
    ids::{AccountId, PhoneId, VerificationId},
    phone::E164,
    time::Timestamp,
};
use std::{
    fs,
    time::{Duration, Instant},
};

/// The person before the portal.
struct Person {
    store: Store,
    account: AccountId,
    phone: PhoneId,
}

impl Person {
    async fn before(control_plane: &ControlPlane) -> Result<Self> {
        let store = Store::open(&Database::Sqlite(control_plane.database())).await?;
        let sql = "SELECT account_id, id FROM phones";
        let found = store.read(|tx| tx.row(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))).await?;
        let (account, phone) = found.context("a phone")?;
        Ok(Self { store, account, phone })
    }

    /// Asks for a code. Another program's dispatcher is woken by a request that calls nobody.
    async fn asks(&self, stage: &Stage) -> Result<VerificationId> {
        let (account, phone, to) = (self.account, self.phone, PHONE.parse::<E164>()?);
        let asked = self
            .store
            .write(move |tx| verification::request(tx, account, phone, &to, "en", Timestamp::now()));
        let id = asked.await?;
        stage.webhook_saying(r#"{"status":"ok","message":"all is well"}"#).await?;
        Ok(id)
    }

    async fn types(&self, code: &str) -> Result<Checked> {
        let (account, phone, code) = (self.account, self.phone, code.to_owned());
        let checked =
            self.store.write(move |tx| verification::check(tx, account, phone, &code, Timestamp::now()));
        Ok(checked.await?)
    }

    async fn sees(&self, id: VerificationId, awaited: State) -> Result<()> {
        let (account, begun) = (self.account, Instant::now());
        loop {
            let standing = self.store.read(move |tx| verification::standing(tx, account, id)).await?;
            let Some(Standing { state, .. }) = standing else { bail!("there is no {id}") };
            if state == awaited {
                return Ok(());
            }
            ensure!(begun.elapsed() < secs(60), "{state:?} and not {awaited:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn plain_codes(&self) -> Result<i64> {
        let sql = "SELECT COUNT(*) FROM verifications WHERE code IS NOT NULL";
        Ok(self.store.read(|tx| tx.row(sql, &[], |row| row.get(0))).await?.unwrap_or_default())
    }
}

/// What is heard within a minute.
async fn heard(ear: &mut Ear, count: usize) -> Result<String> {
    tokio::time::timeout(secs(60), ear.hears(count)).await.context("silence")?
}

/// Nowhere on the host, nor in any log, does the code stand.
fn is_written_nowhere(stage: &Stage, code: &str) -> Result<()> {
    let mut files = vec![stage.installation.control_plane().log()];
    let pbx = stage.lab.pbx(0).dir();
    for dir in [pbx.join("agent"), pbx.join("log")] {
        for entry in fs::read_dir(&dir)? {
            files.push(entry?.path());
        }
    }
    for file in files.iter().filter(|file| file.is_file()) {
        ensure!(!stands_in(&fs::read(file)?, code), "{code} stands in {}", file.display());
    }
    Ok(())
}

/// Alone: six digits within a moment, an id or a number are there by chance.
fn stands_in(bytes: &[u8], code: &str) -> bool {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    bytes.windows(code.len()).enumerate().any(|(at, window)| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        window == code.as_bytes() && !is_digit(before) && !is_digit(bytes.get(at + code.len()))
    })
}

#[tokio::test]
async fn a_phone_is_verified_by_the_code_that_is_heard_on_it() -> Result<()> {
    let stage = Stage::simple().await?;
    let _ = stage.carrier().when_called(PHONE).answer();
    let person = Person::before(stage.installation.control_plane()).await?;
    let mut ear = Ear::at(stage.lab.pbx(0)).await?;
    let id = person.asks(&stage).await?;
    let call = stage.carrier().expect_call(PHONE).within(secs(60)).await?;
    let code = heard(&mut ear, 6).await?;
    assert_eq!(heard(&mut ear, 6).await?, code, "it is said again");
    call.expect_voice(100, secs(60)).await?;
    call.press('1').await?;
    call.hang_up().await?;
    person.sees(id, State::Spoken).await?;
    assert_eq!(person.plain_codes().await?, 0);
    let other = if code.starts_with('0') { '1' } else { '0' };
    assert_eq!(person.types(&format!("{other}{}", &code[1..])).await?, Checked::Wrong { left: 4 });
    assert_eq!(person.types(&format!("{} {}", &code[..3], &code[3..])).await?, Checked::Right);
    assert_eq!(person.types(&code).await?, Checked::NoCode);
    is_written_nowhere(&stage, &code)?;
    let calls = stage.installation.control_plane().get("/api/v1/calls", stage.installation.api_key()).await?;
    assert_eq!(calls["items"].as_array().map(Vec::len), Some(0), "no tenant sees it: {calls:#}");
    assert_eq!(stage.carrier().calls().len(), 1, "{}", stage.carrier().story());
    stage.end().await
}

#[tokio::test]
async fn an_agent_killed_in_the_middle_of_a_code_hangs_up_and_another_call_says_it() -> Result<()> {
    let mut stage = Stage::with(1, &["a"], ONCE, &["+380"]).await?;
    let _ = stage.carrier().when_called(PHONE).answer();
    let person = Person::before(stage.installation.control_plane()).await?;
    let mut ear = Ear::at(stage.lab.pbx(0)).await?;
    let id = person.asks(&stage).await?;
    let first = stage.carrier().expect_call(PHONE).within(secs(60)).await?;
    let begun = heard(&mut ear, 3).await?;
    stage.installation.agents_mut()[0].kill();
    stage.installation.agents_mut()[0].restart()?;
    first.expect_hung_up(secs(60)).await?;
    let second = stage.carrier().expect_call(PHONE).within(secs(90)).await?;
    let code = heard(&mut ear, 6).await?;
    assert!(code.starts_with(&begun), "{code} and {begun}");
    // Said again, so its last digit was heard to its end.
    assert_eq!(heard(&mut ear, 6).await?, code);
    second.hang_up().await?;
    person.sees(id, State::Spoken).await?;
    is_written_nowhere(&stage, &code)?;
    assert_eq!(person.types(&code).await?, Checked::Right);
    assert_eq!(person.plain_codes().await?, 0);
    stage.end().await
}
