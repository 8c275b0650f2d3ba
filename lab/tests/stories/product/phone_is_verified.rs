//! A phone is verified: the code is heard on a real call, and typed into the portal.

use super::{ONCE, Stage};
use crate::scene::secs;
use anyhow::{Context, Result, ensure};
use control_plane::store::{Database, Store};
use lab::{ear::Ear, product::Person};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    fs,
    time::{Duration, Instant},
};

/// The phone that is to be verified.
const NEW_PHONE: &str = "+380631234567";
const PASSWORD: &str = "violet tractor hums quietly";

/// Somebody who is about to verify another phone.
struct Owner {
    person: Person,
    phone: String,
}

impl Owner {
    async fn of(stage: &Stage) -> Result<Self> {
        let control_plane = stage.installation.control_plane();
        let email = format!("{}@example.com", stage.project.slug);
        control_plane.set_operator(&email, PASSWORD).await?;
        let person = Person::sign_in(control_plane, &email, PASSWORD).await?;
        let phone = person.gets(Method::POST, "account/phones", &json!({"number": NEW_PHONE})).await?;
        ensure!(phone["verified"] == false, "{phone}");
        let phone = phone["id"].as_str().context("a phone")?.to_owned();
        Ok(Self { person, phone })
    }

    /// Asks for a code; the path at which its call is followed.
    async fn asks(&self) -> Result<String> {
        let path = format!("account/phones/{}/verification", self.phone);
        let asked = self.person.gets(Method::POST, &path, &Value::Null).await?;
        Ok(format!("account/verifications/{}", asked["id"].as_str().context("a verification")?))
    }

    async fn types(&self, code: &str) -> Result<(u16, Value)> {
        let path = format!("account/phones/{}/verification/code", self.phone);
        self.person.ask(Method::POST, &path, &json!({"code": code})).await
    }

    async fn sees(&self, verification: &str, awaited: &str) -> Result<()> {
        let begun = Instant::now();
        loop {
            let standing = self.person.gets(Method::GET, verification, &Value::Null).await?;
            if standing["state"] == awaited {
                return Ok(());
            }
            ensure!(begun.elapsed() < secs(60), "{standing} and not {awaited}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// How many codes stand in the database as they are spoken.
async fn plain_codes(stage: &Stage) -> Result<i64> {
    let store = Store::open(&Database::Sqlite(stage.installation.control_plane().database())).await?;
    let sql = "SELECT COUNT(*) FROM verifications WHERE code IS NOT NULL";
    Ok(store.read(|tx| tx.row(sql, &[], |row| row.get(0))).await?.unwrap_or_default())
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
    let _ = stage.carrier().when_called(NEW_PHONE).answer();
    let owner = Owner::of(&stage).await?;
    let mut ear = Ear::at(stage.lab.pbx(0)).await?;
    let verification = owner.asks().await?;
    let call = stage.carrier().expect_call(NEW_PHONE).within(secs(60)).await?;
    let code = heard(&mut ear, 6).await?;
    assert_eq!(heard(&mut ear, 6).await?, code, "it is said again");
    call.expect_voice(100, secs(60)).await?;
    call.press('1').await?;
    call.hang_up().await?;
    owner.sees(&verification, "spoken").await?;
    assert_eq!(plain_codes(&stage).await?, 0);
    let other = if code.starts_with('0') { '1' } else { '0' };
    let (status, wrong) = owner.types(&format!("{other}{}", &code[1..])).await?;
    ensure!(status == 422 && wrong["detail"].as_str().is_some_and(|it| it.contains("4 tries")), "{wrong}");
    let (status, verified) = owner.types(&format!("{} {}", &code[..3], &code[3..])).await?;
    assert_eq!((status, &verified["verified"]), (200, &json!(true)), "{verified}");
    assert_eq!(owner.types(&code).await?.0, 409, "a code is good once");
    is_written_nowhere(&stage, &code)?;
    let calls = stage.installation.control_plane().get("/api/v1/calls", stage.installation.api_key()).await?;
    assert_eq!(calls["items"].as_array().map(Vec::len), Some(0), "no tenant sees it: {calls:#}");
    assert_eq!(stage.carrier().calls().len(), 1, "{}", stage.carrier().story());
    stage.end().await
}

#[tokio::test]
async fn an_agent_killed_in_the_middle_of_a_code_hangs_up_and_another_call_says_it() -> Result<()> {
    let mut stage = Stage::with(1, &["a"], ONCE, &["+380"]).await?;
    let _ = stage.carrier().when_called(NEW_PHONE).answer();
    let owner = Owner::of(&stage).await?;
    let mut ear = Ear::at(stage.lab.pbx(0)).await?;
    let verification = owner.asks().await?;
    let first = stage.carrier().expect_call(NEW_PHONE).within(secs(60)).await?;
    let begun = heard(&mut ear, 3).await?;
    stage.installation.agents_mut()[0].kill();
    stage.installation.agents_mut()[0].restart()?;
    first.expect_hung_up(secs(60)).await?;
    let second = stage.carrier().expect_call(NEW_PHONE).within(secs(90)).await?;
    let code = heard(&mut ear, 6).await?;
    assert!(code.starts_with(&begun), "{code} and {begun}");
    // Said again, so its last digit was heard to its end.
    assert_eq!(heard(&mut ear, 6).await?, code);
    second.hang_up().await?;
    owner.sees(&verification, "spoken").await?;
    is_written_nowhere(&stage, &code)?;
    assert_eq!(owner.types(&code).await?.0, 200);
    assert_eq!(plain_codes(&stage).await?, 0);
    stage.end().await
}
