//! The fleet: PBXs, what operators decide about them, and how their agents are let in.

use super::deed;
use crate::{
    accounts::audit::{self, Deed, Entry},
    dispatch::trunk_figures,
    fleet::{self, FleetView, Pbx, session::AgentEvent},
    store::Tx,
    values,
    web::{
        Response,
        api::{
            call::{Call, done, missing, ok, with_status},
            caller::Person,
            fields::{self, bad_value},
        },
        problem::{Kind, Problem},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{ids::PbxId, time::Timestamp};
use std::time::Duration;
use utoipa::ToSchema;
use warp::http::StatusCode;

/// Longest rest of a trunk: a day.
const LONGEST_REST: u16 = 1440;

/// PBXs, their trunks and how they are
#[utoipa::path(
    get,
    path = "/api/admin/v1/fleet",
    tag = "admin",
    responses((status = 200, description = "Every PBX", body = FleetView))
)]
pub(in crate::web::api) async fn fleet(call: Call, _operator: Person) -> Result<Response, Problem> {
    let now = Timestamp::now();
    let counts = call.app.store.read(move |tx| trunk_figures::of_last_day(tx, now)).await?;
    let mut view = call.app.fleet.view().await?;
    view.add(&counts);
    ok(&view)
}

/// A new PBX.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct NewPbx {
    /// Unique: letters, digits, dashes, dots or underscores, at most 64. The `name` in its agent's configuration.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// Where it stands; may be empty.
    #[schema(max_length = 100)]
    region: String,
}

/// A PBX, as it was named.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct PbxDocument {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: PbxId,
    /// Its name.
    name: String,
    /// Where it stands; may be empty.
    region: String,
}

/// Name a PBX
///
/// Its agent enrols with a token.
#[utoipa::path(
    post,
    path = "/api/admin/v1/pbxs",
    tag = "admin",
    request_body = NewPbx,
    responses(
        (status = 201, description = "It may enrol", body = PbxDocument),
        (status = 409, description = "The name is taken"),
        (status = 422, description = "A value cannot be used")
    )
)]
pub(in crate::web::api) async fn create(call: Call, operator: Person) -> Result<Response, Problem> {
    let NewPbx { name, region } = call.body()?;
    let name = values::pbx_name(&name).map_err(|problem| bad_value("name", problem))?;
    let region = fields::name_or_none("region", &region)?;
    let (actor, now) = (call.actor(operator.who), Timestamp::now());
    let created = call.app.store.write(move |tx| {
        operator.still_open(tx, now)?;
        let id = fleet::create_pbx(tx, &name, &region, now)?.ok_or_else(|| missing(Kind::PbxExists))?;
        let after = Some(json!({"name": name, "region": region}));
        audit::record(tx, &Entry { after, ..deed(actor, Deed::PbxCreated, &id) }, now)?;
        Ok::<_, Problem>(PbxDocument { id, name, region })
    });
    with_status(StatusCode::CREATED, &created.await?)
}

/// Whether a PBX is to take calls.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct Drain {
    /// It takes no new calls; what is under way ends.
    drained: bool,
}

/// Let a PBX take no new calls, or take them again
///
/// Calls that are under way on it go on. It stays so until it is taken back, also over a restart.
#[utoipa::path(
    post,
    path = "/api/admin/v1/pbxs/{id}/drain",
    tag = "admin",
    request_body = Drain,
    responses(
        (status = 200, description = "It is so", body = Drain),
        (status = 404, description = "No such PBX")
    )
)]
pub(in crate::web::api) async fn drain(call: Call, operator: Person) -> Result<Response, Problem> {
    let id: PbxId = call.id("id", Kind::UnknownPbx)?;
    let Drain { drained } = call.body()?;
    let (actor, now) = (call.actor(operator.who), Timestamp::now());
    let decided = call.app.store.write(move |tx| {
        operator.still_open(tx, now)?;
        let pbx = found(tx, id)?;
        if fleet::drain(tx, id, drained, now)? {
            let deed = deed(actor, if drained { Deed::PbxDrained } else { Deed::PbxResumed }, &id);
            audit::record(tx, &Entry { after: Some(json!({"name": pbx.name})), ..deed }, now)?;
        }
        Ok::<_, Problem>(())
    });
    decided.await?;
    follow(&call, id).await?;
    ok(&Drain { drained })
}

/// For how long a trunk is to rest.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct Rest {
    /// Minutes from now; 0 ends its rest.
    #[schema(maximum = 1440)]
    minutes: u16,
}

/// How long a trunk rests.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct Rested {
    /// Until when, RFC 3339, UTC; null where it does not rest.
    #[schema(format = "date-time")]
    rested_until: Option<String>,
}

/// Let a trunk rest
///
/// Meanwhile it is used where nothing better may take the call.
#[utoipa::path(
    post,
    path = "/api/admin/v1/pbxs/{id}/trunks/{name}/rest",
    tag = "admin",
    request_body = Rest,
    responses(
        (status = 200, description = "It rests, or no longer", body = Rested),
        (status = 404, description = "No such PBX, or it has told of no such trunk"),
        (status = 422, description = "Longer than a day")
    )
)]
pub(in crate::web::api) async fn rest(call: Call, operator: Person) -> Result<Response, Problem> {
    let id: PbxId = call.id("id", Kind::UnknownPbx)?;
    let Rest { minutes } = call.body()?;
    if minutes > LONGEST_REST {
        return Err(bad_value("minutes", format_args!("is a number from 0 to {LONGEST_REST}")));
    }
    let trunk = call.param("name").to_owned();
    let is_known = call.app.fleet.has_trunk(id, &trunk);
    let (actor, now) = (call.actor(operator.who), Timestamp::now());
    let until = (minutes > 0).then(|| now + Duration::from_secs(u64::from(minutes) * 60));
    let decided = call.app.store.write(move |tx| {
        operator.still_open(tx, now)?;
        let pbx = found(tx, id)?;
        let before = fleet::rest(tx, id, &trunk, until, now)?;
        // A name that was mistyped must not look like a trunk that rests.
        if before.is_none() && !is_known {
            return Err(missing(Kind::UnknownTrunk));
        }
        let told = |until: Option<Timestamp>| {
            let until = until.map(|until| until.to_string());
            json!({"pbx": pbx.name, "trunk": trunk, "rested_until": until})
        };
        if before.is_some() || until.is_some() {
            let (before, after) = (Some(told(before)), Some(told(until)));
            audit::record(tx, &Entry { before, after, ..deed(actor, Deed::TrunkRested, &id) }, now)?;
        }
        Ok(())
    });
    decided.await?;
    follow(&call, id).await?;
    ok(&Rested { rested_until: until.map(|until| until.to_string()) })
}

/// Revoke the key of a PBX's agent
///
/// Its connection is closed within a second, and tokens that were made for it are void. To let the host back in: an
/// enrolment token, and `pbx-agent enroll --new-key`.
#[utoipa::path(
    post,
    path = "/api/admin/v1/pbxs/{id}/revoke",
    tag = "admin",
    responses(
        (status = 204, description = "It holds no key that counts"),
        (status = 404, description = "No such PBX")
    )
)]
pub(in crate::web::api) async fn revoke(call: Call, operator: Person) -> Result<Response, Problem> {
    let id: PbxId = call.id("id", Kind::UnknownPbx)?;
    let (actor, now) = (call.actor(operator.who), Timestamp::now());
    let revoked = call.app.store.write(move |tx| {
        operator.still_open(tx, now)?;
        let pbx = found(tx, id)?;
        let keys = fleet::revoke_within(tx, id, now)?;
        let after = Some(json!({"name": pbx.name, "keys": keys}));
        audit::record(tx, &Entry { after, ..deed(actor, Deed::PbxRevoked, &id) }, now)?;
        Ok::<_, Problem>(())
    });
    revoked.await?;
    done()
}

/// A token with which an agent enrols.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct EnrolmentToken {
    /// Good once; it is told once.
    token: String,
    /// Until when, RFC 3339, UTC.
    #[schema(format = "date-time")]
    expires_at: String,
}

/// Make a token with which a PBX's agent enrols
///
/// For `pbx-agent enroll`. Where an agent enrols that holds another key, the older one counts no more.
#[utoipa::path(
    post,
    path = "/api/admin/v1/pbxs/{id}/enrolment-token",
    tag = "admin",
    responses(
        (status = 201, description = "It is told once", body = EnrolmentToken),
        (status = 404, description = "No such PBX")
    )
)]
pub(in crate::web::api) async fn enrolment_token(call: Call, operator: Person) -> Result<Response, Problem> {
    let id: PbxId = call.id("id", Kind::UnknownPbx)?;
    let (actor, now) = (call.actor(operator.who), Timestamp::now());
    let made = call.app.store.write(move |tx| {
        operator.still_open(tx, now)?;
        let pbx = found(tx, id)?;
        let (token, expires_at) = fleet::make_token(tx, id, now)?;
        let after = Some(json!({"name": pbx.name}));
        audit::record(tx, &Entry { after, ..deed(actor, Deed::EnrolmentTokenMade, &id) }, now)?;
        Ok::<_, Problem>(EnrolmentToken { token: token.to_string(), expires_at: expires_at.to_string() })
    });
    with_status(StatusCode::CREATED, &made.await?)
}

fn found(tx: &mut Tx<'_>, id: PbxId) -> Result<Pbx, Problem> {
    fleet::pbx(tx, id)?.ok_or_else(|| missing(Kind::UnknownPbx))
}

/// What was decided holds at once, and whoever waits for a route looks again.
async fn follow(call: &Call, id: PbxId) -> Result<(), Problem> {
    call.app.fleet.follow_decisions().await?;
    // Where so much is heard that there is no room, whoever waits is woken anyhow.
    let _ = call.app.events.try_send(AgentEvent::Freed(id));
    Ok(())
}
