//! Letters from a real control plane to a real mail server.

use crate::scene::secs;
use anyhow::{Context, Result, bail, ensure};
use control_plane::{
    mail::{self, Language, Letter, Template},
    store::{Database, Store, StoreError},
};
use lab::{
    authority::Authority,
    dirs::RunDir,
    ports::Ports,
    postoffice::{PASSWORD, PostOffice, Tls, USER},
    product::{ControlPlane, Settings},
};
use serde_json::Value;
use shared::time::Timestamp;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

const LINK: &str = "https://alerts.example.com/verify?token=s3cret";

/// A mail server, and what a control plane needs that sends over it. Letters are queued before it starts.
struct Street {
    tls: Tls,
    office: PostOffice,
    authority: Authority,
    store: Store,
    ports: Ports,
    dir: RunDir,
}

/// State, bodies, reason and attempts of a letter.
type Row = (String, String, Option<String>, u32);

impl Street {
    async fn with_letters_to(recipients: &[&'static str]) -> Result<Self> {
        Self::over(Tls::Starttls, recipients).await
    }

    async fn over(tls: Tls, recipients: &[&'static str]) -> Result<Self> {
        let (dir, ports) = (RunDir::create()?, Ports::default());
        let authority = Authority::make(&dir.path().join("authority")).await?;
        let office = PostOffice::start(&dir.path().join("postoffice"), ports.one()?, &authority, tls).await?;
        let data = dir.path().join("control-plane/data");
        fs::create_dir_all(&data)?;
        let store = Store::open(&Database::Sqlite(data.join("control-plane.db"))).await?;
        for recipient in recipients {
            let letter = Letter {
                to: format!("{recipient}@example.com").parse()?,
                language: Language::English,
                template: Template::VerifyAddress { link: LINK.parse()?, valid_for: secs(3600) },
                key: format!("verify/{recipient}"),
            };
            store.write(move |tx| mail::queue(tx, &letter, Timestamp::now())).await?;
        }
        Ok(Self { tls, office, authority, store, ports, dir })
    }

    /// Starts the control plane with this password, which trusts the mail server or not.
    async fn plane(&self, password: &str, trusts: bool) -> Result<ControlPlane> {
        let file = self.dir.path().join("mail.password");
        fs::write(&file, format!("{password}\n"))?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
        let settings = Settings {
            file: Some(format!(
                "mail = \"{}://{}@localhost:{}\"\nmail_from = \"CallPing <alerts@example.com>\"\n\
                 mail_password_file = {:?}\n",
                if self.tls == Tls::Implicit { "smtps" } else { "smtp" },
                USER.replace('@', "%40"),
                self.office.port(),
                file.to_str().context("a path")?,
            )),
            trusts: trusts.then(|| self.authority.ca_file()),
            ..Settings::default()
        };
        ControlPlane::configured(self.dir.path(), self.ports.one()?, settings).await
    }

    async fn row(&self, recipient: &str) -> Result<Row> {
        let key = format!("verify/{recipient}");
        let read = self.store.read(move |tx| {
            let sql = "SELECT state, body_text || body_html, reason, attempts FROM mail_outbox WHERE letter_key = $1";
            tx.row(sql, &[&key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        });
        let row: Result<_, StoreError> = read.await;
        row?.context("a letter")
    }

    /// The row, once this holds of it.
    async fn once(&self, recipient: &str, holds: impl Fn(&Row) -> bool) -> Result<Row> {
        let begun = Instant::now();
        loop {
            let row = self.row(recipient).await?;
            if holds(&row) {
                return Ok(row);
            }
            if begun.elapsed() > secs(30) {
                bail!("{row:?}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn is_sent(&self, recipient: &str) -> Result<Row> {
        self.once(recipient, |(state, ..)| state == "sent").await
    }

    /// Every letter that the mail server took for this recipient.
    fn taken(&self, recipient: &str) -> Result<Vec<Value>> {
        let mut taken = self.office.taken()?;
        taken.retain(|letter| letter["recipients"][0] == format!("{recipient}@example.com"));
        Ok(taken)
    }
}

/// No whole address and no link, whatever happened.
fn is_discreet(plane: &ControlPlane, recipients: &[&str]) -> Result<()> {
    let said = fs::read_to_string(plane.log())?;
    for secret in
        recipients.iter().map(|name| format!("{name}@example.com")).chain(["s3cret".into(), PASSWORD.into()])
    {
        ensure!(!said.contains(&secret), "{secret} is in\n{said}");
    }
    Ok(())
}

#[tokio::test]
async fn a_letter_arrives_over_starttls_as_it_was_written() -> Result<()> {
    let street = Street::with_letters_to(&["ann"]).await?;
    let mut plane = street.plane(PASSWORD, true).await?;
    let (_, bodies, reason, attempts) = street.is_sent("ann").await?;
    assert_eq!((bodies.as_str(), reason, attempts), ("", None, 1));
    let taken = street.taken("ann")?;
    assert_eq!(taken.len(), 1);
    let letter = &taken[0];
    assert_eq!((&letter["encrypted"], &letter["user"]), (&true.into(), &USER.into()));
    assert_eq!(letter["sender"], "alerts@example.com");
    for (name, value) in [
        ("from", "CallPing <alerts@example.com>"),
        ("to", "ann@example.com"),
        ("subject", "Confirm your e-mail address"),
        ("auto-submitted", "auto-generated"),
    ] {
        assert_eq!(letter["headers"][name], value, "{letter:#}");
    }
    for form in ["text", "html"] {
        ensure!(letter[form].as_str().is_some_and(|said| said.contains(LINK)), "{letter:#}");
    }
    is_discreet(&plane, &["ann"])?;
    plane.stop().await
}

#[tokio::test]
async fn a_letter_arrives_over_tls_from_the_first_byte_or_not_at_all() -> Result<()> {
    let street = Street::over(Tls::Implicit, &["ann"]).await?;
    let mut distrustful = street.plane(PASSWORD, false).await?;
    let (state, ..) = street.once("ann", |(_, _, reason, _)| reason.is_some()).await?;
    assert_eq!(state, "waiting");
    distrustful.stop().await?;
    let mut plane = street.plane(PASSWORD, true).await?;
    street.is_sent("ann").await?;
    let taken = street.taken("ann")?;
    assert_eq!(taken.len(), 1);
    assert_eq!((&taken[0]["encrypted"], &taken[0]["user"]), (&true.into(), &USER.into()));
    is_discreet(&plane, &["ann"])?;
    plane.stop().await
}

#[tokio::test]
async fn a_letter_that_is_put_off_comes_again_and_one_that_is_refused_does_not() -> Result<()> {
    let street = Street::with_letters_to(&["defer-once", "refuse", "ann"]).await?;
    let mut plane = street.plane(PASSWORD, true).await?;
    let (_, bodies, _, attempts) = street.is_sent("defer-once").await?;
    assert_eq!((bodies.as_str(), attempts), ("", 2));
    let (_, bodies, reason, attempts) = street.once("refuse", |(state, ..)| state == "failed").await?;
    ensure!(!bodies.is_empty() && attempts == 1, "an operator may have it tried again: {attempts}");
    ensure!(
        reason.as_ref().is_some_and(|said| said.contains("550") && said.contains("no such user")),
        "{reason:?}"
    );
    assert_eq!(street.is_sent("ann").await?.3, 1, "nobody waits for the others");
    assert_eq!((street.taken("defer-once")?.len(), street.taken("refuse")?.len()), (1, 0));
    is_discreet(&plane, &["defer-once", "refuse", "ann"])?;
    plane.stop().await
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_repeats_the_letter_under_its_message_id() -> Result<()> {
    let street = Street::with_letters_to(&["cut-once"]).await?;
    let mut plane = street.plane(PASSWORD, true).await?;
    assert_eq!(street.is_sent("cut-once").await?.3, 2);
    is_the_same_twice(&street.taken("cut-once")?)?;
    plane.stop().await
}

#[tokio::test]
async fn a_control_plane_killed_before_it_learnt_that_a_letter_was_taken_repeats_it() -> Result<()> {
    let street = Street::with_letters_to(&["hold-once"]).await?;
    let mut plane = street.plane(PASSWORD, true).await?;
    let begun = Instant::now();
    while street.taken("hold-once")?.is_empty() {
        ensure!(begun.elapsed() < secs(30), "{}", plane.log_tail());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    plane.kill();
    assert_eq!(street.row("hold-once").await?.0, "waiting");
    plane.restart().await?;
    assert_eq!(street.is_sent("hold-once").await?.3, 2);
    is_the_same_twice(&street.taken("hold-once")?)?;
    let said = fs::read_to_string(plane.log())?;
    ensure!(said.contains("may arrive twice"), "{said}");
    plane.stop().await
}

#[tokio::test]
async fn a_server_that_hangs_keeps_neither_another_letter_nor_the_end_of_the_control_plane() -> Result<()> {
    let street = Street::with_letters_to(&["hold-once", "ann"]).await?;
    let mut plane = street.plane(PASSWORD, true).await?;
    street.is_sent("ann").await?;
    let begun = Instant::now();
    while street.taken("hold-once")?.is_empty() {
        ensure!(begun.elapsed() < secs(30), "{}", plane.log_tail());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    plane.stop().await?;
    assert_eq!(street.row("hold-once").await?.0, "waiting");
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_or_a_server_that_is_not_trusted_loses_no_letter() -> Result<()> {
    let street = Street::with_letters_to(&["ann"]).await?;
    for (password, trusts, told) in [("wrong", true, "535"), (PASSWORD, false, "certificate")] {
        let before = street.row("ann").await?.3;
        let mut plane = street.plane(password, trusts).await?;
        let (state, bodies, reason, _) =
            street.once("ann", |(_, _, reason, attempts)| *attempts > before && reason.is_some()).await?;
        ensure!(state == "waiting" && bodies.contains("s3cret"), "{state}");
        let begun = Instant::now();
        let mut reason = reason.unwrap_or_default();
        while !reason.contains(told) {
            ensure!(begun.elapsed() < secs(30), "{reason}");
            tokio::time::sleep(Duration::from_millis(20)).await;
            reason = street.row("ann").await?.2.unwrap_or_default();
        }
        is_discreet(&plane, &["ann"])?;
        plane.stop().await?;
    }
    ensure!(street.office.taken()?.is_empty(), "nothing was said to a server that is not trusted");
    Ok(())
}

fn is_the_same_twice(taken: &[Value]) -> Result<()> {
    ensure!(taken.len() == 2, "{taken:#?}");
    ensure!(taken[0]["headers"]["message-id"].is_string() && taken[0] == taken[1], "{taken:#?}");
    Ok(())
}
