//! What a story says, and what it is answered: a POST with JSON each.

use super::{Stage, past};
use crate::letters;
use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use warp::{Filter, Reply, http::StatusCode, reply::Response};

/// How long a phone rings where nothing is said.
const RING: Duration = Duration::from_secs(1);

#[derive(Debug, Deserialize)]
#[serde(tag = "cue", rename_all = "snake_case", deny_unknown_fields)]
enum Cue {
    /// What a phone does when it is called, from now on, or the next time only.
    Phone {
        number: String,
        does: Act,
        #[serde(default)]
        ring_ms: Option<u64>,
        #[serde(default)]
        once: bool,
    },
    /// How often a phone was called, and from where.
    Invites { number: String },
    /// How many codes were spoken so far.
    Codes,
    /// The code that is spoken after so many.
    Code { after: usize },
    /// How many letters went to an address so far.
    Letters { to: String },
    /// The letter that goes there after so many.
    Letter { to: String, after: usize },
    /// kill -9.
    AgentDies { name: String },
    /// It starts again, and could place a call.
    AgentComesBack { name: String },
    /// Somebody is an operator with this password.
    Operator { email: String, password: String },
    /// Organizations, as `control-plane apply` takes them.
    Apply { document: String },
    /// An endpoint has had so many alerts, one a minute, before today.
    Past { endpoint: String, alerts: u32 },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
enum Act {
    /// Answers, says nothing and stays.
    Answers,
    /// Answers and presses a key.
    Presses { key: char, after_ms: u64 },
    /// Rings until the caller gives up.
    RingsOut,
    /// 486.
    IsBusy,
}

pub(super) fn route(
    stage: &Arc<Stage>,
) -> impl Filter<Extract = (Response,), Error = warp::Rejection> + Clone + use<> {
    let stage = Arc::clone(stage);
    warp::post().and(warp::path::end()).and(warp::body::bytes()).then(move |body: bytes::Bytes| {
        let stage = Arc::clone(&stage);
        async move {
            let (status, answer) = match taken(&stage, &body).await {
                Ok(answer) => (StatusCode::OK, answer),
                Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, json!({"error": format!("{error:#}")})),
            };
            warp::reply::with_status(warp::reply::json(&answer), status).into_response()
        }
    })
}

async fn taken(stage: &Stage, body: &[u8]) -> Result<Value> {
    match serde_json::from_slice(body)? {
        Cue::Phone { number, does, ring_ms, once } => {
            let mut when = stage.lab.carrier().when_called(&number);
            if once {
                when = when.once();
            }
            let when = when.ringing(ring_ms.map_or(RING, Duration::from_millis));
            match does {
                Act::Answers => when.answer(),
                Act::Presses { key, after_ms } => {
                    when.answer().press_after(Duration::from_millis(after_ms), key)
                }
                Act::RingsOut => when.ring_out(),
                Act::IsBusy => when.busy(),
            };
            Ok(Value::Null)
        }
        Cue::Invites { number } => Ok(invites(stage, &number)),
        Cue::Codes => Ok(json!(stage.hearing.count())),
        Cue::Code { after } => Ok(json!(stage.hearing.code(after).await?)),
        Cue::Letters { to } => Ok(json!(letters::to(&stage.letters, &to)?.len())),
        Cue::Letter { to, after } => letters::next(&stage.letters, &to, after).await,
        Cue::AgentDies { name } => {
            stage.installation.lock().await.agent_mut(&name)?.kill();
            Ok(Value::Null)
        }
        Cue::AgentComesBack { name } => {
            stage.installation.lock().await.restart_agent(&name).await?;
            Ok(Value::Null)
        }
        Cue::Operator { email, password } => {
            stage.installation.lock().await.control_plane().set_operator(&email, &password).await?;
            Ok(Value::Null)
        }
        Cue::Apply { document } => stage.installation.lock().await.control_plane().apply(&document).await,
        Cue::Past { endpoint, alerts } => {
            ensure!(alerts > 0, "a past has alerts");
            past::write(stage.installation.lock().await.control_plane_mut(), endpoint, alerts).await?;
            Ok(Value::Null)
        }
    }
}

/// One PBX's name a call, in order.
fn invites(stage: &Stage, number: &str) -> Value {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let calls = stage.lab.carrier().calls();
    let from: Vec<&str> = calls
        .iter()
        .filter(|call| call.to == digits)
        .map(|call| {
            let pbx = stage.lab.pbxs().iter().find(|pbx| pbx.sip_port() == call.pbx.port());
            pbx.map_or("?", crate::PbxHost::name)
        })
        .collect();
    json!(from)
}
