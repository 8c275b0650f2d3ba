//! `GET /api/v1/figures`: how calls ended over the last days.

use super::{
    alerts::project,
    call::{Call, missing, ok},
    caller::Member,
};
use crate::{
    accounts::orgs,
    dispatch::statistics::{self, Days, Figures},
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use shared::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

/// Of which days, and of what.
#[derive(IntoParams)]
#[expect(dead_code, reason = "describes what a query string may say")]
pub(super) struct FiguresFilter {
    /// How many days are looked back on; 7 where it is left out
    #[param(inline, value_type = DaysWord, required = false)]
    days: Option<Days>,
    /// Only those of this project: its slug or id
    #[param(value_type = String, required = false)]
    project: Option<String>,
}

/// How many days are looked back on.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes words that are read elsewhere")]
pub(super) enum DaysWord {
    /// A day, hour by hour.
    #[schema(rename = "1")]
    One,
    /// A week, day by day.
    #[schema(rename = "7")]
    Seven,
    /// A month.
    #[schema(rename = "30")]
    Thirty,
    /// A quarter.
    #[schema(rename = "90")]
    Ninety,
}

/// How calls ended over the last days
#[utoipa::path(
    get,
    path = "/api/v1/figures",
    tag = "calls",
    responses(
        (status = 200, description = "The figures", body = Figures),
        (status = 404, description = "No such project")
    )
)]
pub(super) async fn read(call: Call, member: Member) -> Result<Response, Problem> {
    let days = call.query.get::<Days>("days", "1, 7, 30 or 90")?.unwrap_or(Days::Seven);
    let (project, org) = (project(&call, &member).await?, member.org);
    let read = call.app.store.read(move |tx| {
        let found = orgs::by_id(tx, org)?.ok_or_else(|| missing(Kind::UnknownOrganization))?;
        Ok::<_, Problem>(statistics::figures(tx, org, project, days, &found.timezone, Timestamp::now())?)
    });
    ok(&read.await?)
}
