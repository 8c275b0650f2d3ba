//! Who signs in at the demonstration: somebody whose phone rings, and an operator.

use crate::{
    letters,
    product::{ControlPlane, Person},
};
use anyhow::{Context, Result, ensure};
use control_plane::accounts::totp::Secret;
use reqwest::Method;
use serde_json::{Value, json};
use shared::time::Timestamp;
use std::path::Path;
use uuid::Uuid;

const OPERATOR: &str = "operator@example.com";

/// An account and its password.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) email: String,
    pub(super) password: String,
}

/// Gives the account of an `apply` file a password, as its person would: by the link of a letter.
pub(super) async fn with_a_password(control_plane: &ControlPlane, mail: &Path, email: &str) -> Result<Login> {
    let api = format!("{}/api/v1/password-resets", control_plane.url());
    let post = async |path: String, body: Value| {
        let answer =
            control_plane.http().post(&path).json(&body).send().await.with_context(|| path.clone())?;
        ensure!(answer.status().is_success(), "{path}: {}", answer.status());
        Ok(())
    };
    post(api.clone(), json!({"email": email})).await?;
    let letter = letters::next(mail, email, 0).await?;
    let token = letter["links"][0].as_str().and_then(|link| link.split_once('#')).context("a link")?.1;
    let password = Uuid::new_v4().to_string();
    post(format!("{api}/complete"), json!({"token": token, "password": password})).await?;
    Ok(Login { email: email.to_owned(), password })
}

/// Makes an operator with a second factor; its secret is the second value, in base32.
pub(super) async fn operator(control_plane: &ControlPlane) -> Result<(Login, String)> {
    let login = Login { email: OPERATOR.to_owned(), password: Uuid::new_v4().to_string() };
    control_plane.set_operator(&login.email, &login.password).await?;
    let person = Person::sign_in(control_plane, &login.email, &login.password).await?;
    let begun = person.gets(Method::POST, "account/second-factor", &json!({})).await?;
    let secret = begun["secret"].as_str().context("a secret")?.to_owned();
    let code = Secret::from_base32(&secret).context("base32")?.code(Timestamp::now());
    person.gets(Method::POST, "account/second-factor/confirm", &json!({"code": code})).await?;
    Ok((login, secret))
}
