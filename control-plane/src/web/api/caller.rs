//! Who asks, and whether they may.

use crate::{
    accounts::{
        audit::Who,
        keys::{self, Scope},
        members::{self, Role},
        orgs::{self, Named},
        permissions::Act,
        sessions::{self, Session},
        token::Audience,
    },
    secret,
    store::{StoreError, Tx},
    web::{
        App,
        problem::{Kind, Problem},
    },
};
use hyper::{
    HeaderMap,
    header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, ORIGIN, WWW_AUTHENTICATE},
};
use shared::{
    ids::{AccountId, OrgId, SessionId},
    time::Timestamp,
};
use url::{Position, Url};

use super::cookies;

/// Carries the session's CSRF token with whatever changes something.
pub(super) const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What of a request says who asks.
#[derive(Clone, Copy)]
pub(super) struct Credentials<'a> {
    pub(super) headers: &'a HeaderMap,
    /// The organization that the request names.
    pub(super) org: Option<&'a str>,
    /// Whether something is to be changed.
    pub(super) changes: bool,
    /// Whether it takes a fresh proof of who somebody is.
    pub(super) proof: bool,
    /// Whether the refresh token is enough.
    pub(super) or_refresh: bool,
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) session: Session,
    pub(super) who: Who,
}

impl Person {
    pub(super) fn account(&self) -> AccountId {
        self.session.account_id
    }

    /// Asks again, in the transaction of the deed, whether this session is not over: meanwhile it may have been ended, or
    /// the account closed. Of two that change one password, the second was ended by the first.
    pub(super) fn still_open(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), Problem> {
        let audience = match self.who {
            Who::Operator(_) => Audience::Admin,
            Who::Account(_) | Who::ApiKey(_) | Who::Nobody => Audience::Portal,
        };
        match sessions::find(tx, self.session.id, audience, now)? {
            Some(_) => Ok(()),
            None => Err(Problem::new(Kind::NotSignedIn, "this session was ended a moment ago: sign in")),
        }
    }
}

/// Somebody in an organization, or a key of it.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) org: OrgId,
    pub(super) who: Who,
    act: Act,
    /// Of a person.
    session: Option<SessionId>,
}

impl Member {
    /// Asks again, in the transaction of the deed, whether they may: meanwhile somebody may have removed them, or the key.
    /// What the person is by now; a key is nothing.
    pub(super) fn still_may(&self, tx: &mut Tx<'_>) -> Result<Option<Role>, Problem> {
        let (may, role) = match self.who {
            Who::Account(id) | Who::Operator(id) => {
                let role = members::member(tx, self.org, id)?.map(|member| member.role);
                (role.is_some_and(|role| role.may(self.act)), role)
            }
            Who::ApiKey(id) => (keys::is_good(tx, id, Timestamp::now())?, None),
            Who::Nobody => (false, None),
        };
        if may { Ok(role) } else { Err(super::call::missing(Kind::NotPermitted)) }
    }

    /// The same of somebody who asks for long: whether the session, too, is not over.
    pub(super) fn still_looks(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), Problem> {
        if let Some(session) = self.session
            && sessions::find(tx, session, Audience::Portal, now)?.is_none()
        {
            return Err(Problem::new(Kind::NotSignedIn, "this session is over: sign in"));
        }
        self.still_may(tx).map(drop)
    }

    /// The person; a key is none.
    pub(super) fn account(&self) -> Option<AccountId> {
        match self.who {
            Who::Account(id) | Who::Operator(id) => Some(id),
            Who::ApiKey(_) | Who::Nobody => None,
        }
    }
}

/// Whether a browser says that another site sends this. Asked of whatever changes something, signed in or not.
pub(super) fn is_ours(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
    let other_site = site.is_some_and(|site| site != b"same-origin" && site != b"none");
    let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
    let other_origin = origin.is_some_and(|origin| {
        let ours = app.public_url.origin().ascii_serialization();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let theirs = Url::parse(origin).ok();
        let theirs = theirs.as_ref().map(|url| &url[Position::BeforeHost..Position::AfterPort]);
        ours != origin && (host.is_none() || theirs != host)
    });
    if other_site || other_origin {
        let detail =
            "the browser says that another site sends this request (headers Origin and Sec-Fetch-Site)";
        return Err(Problem::new(Kind::WrongOrigin, detail));
    }
    Ok(())
}

/// The person behind a session's cookie.
pub(super) async fn person(
    app: &App,
    credentials: Credentials<'_>,
    audience: Audience,
) -> Result<Person, Problem> {
    let session = match by_refresh_token(app, credentials, audience).await? {
        Some(session) => session,
        None => signed_in(app, credentials, audience, |_, _| Ok(())).await?.0,
    };
    let account = session.account_id;
    let who = match audience {
        Audience::Portal => Who::Account(account),
        Audience::Admin => Who::Operator(account),
    };
    Ok(Person { session, who })
}

/// The session behind a refresh token, where that is enough and the token that goes along with every request has expired.
/// Without that nobody knows the CSRF token any more; no other site can send the cookie (`SameSite=Strict`), and one that
/// tries all the same is turned away.
async fn by_refresh_token(
    app: &App,
    Credentials { headers, or_refresh, .. }: Credentials<'_>,
    audience: Audience,
) -> Result<Option<Session>, Problem> {
    let now = Timestamp::now();
    let is_good = |token| app.session_keys.current().verify(token, audience, now).is_some();
    let token = cookies::refresh_token(headers, audience).map(str::to_owned);
    let Some(token) = token.filter(|_| or_refresh && !cookies::token(headers, audience).is_some_and(is_good))
    else {
        return Ok(None);
    };
    is_ours(app, headers)?;
    Ok(app.store.read(move |tx| sessions::of_refresh_token(tx, &token, audience, now)).await?)
}

/// Somebody who may do this in the organization that the request names; or a key of it, where a key may.
pub(super) async fn member(
    app: &App,
    credentials: Credentials<'_>,
    act: Act,
    scope: Option<Scope>,
) -> Result<Member, Problem> {
    let named = credentials.org.map_or(Named::Only, |name| Named::As(name.to_owned()));
    if credentials.headers.contains_key(AUTHORIZATION) {
        let (org, who) = by_key(app, credentials.headers, scope, named).await?;
        return Ok(Member { org, who, act, session: None });
    }
    if cookies::token(credentials.headers, Audience::Portal).is_none() {
        let detail =
            "sign in, or send an API key as `Authorization: Bearer KEY`; `control-plane api-key` makes one";
        return Err(unauthorized(Kind::NoApiKey, detail, "Bearer realm=\"callping\""));
    }
    let look =
        move |tx: &mut Tx<'_>, account| orgs::of_account(tx, account, &named).map(|found| (found, named));
    let (session, (mut found, named)) = signed_in(app, credentials, Audience::Portal, look).await?;
    let membership = match (found.pop(), found.is_empty(), &named) {
        (Some(membership), true, _) => membership,
        (Some(_), false, _) => {
            let detail = "you belong to several organizations: name one with ?org=SLUG";
            return Err(Problem::new(Kind::OrganizationNeeded, detail));
        }
        (None, _, Named::Only) => {
            let detail = "you belong to no organization yet: make one with POST /api/v1/organizations";
            return Err(Problem::new(Kind::UnknownOrganization, detail));
        }
        (None, _, Named::As(_)) => return Err(super::call::missing(Kind::UnknownOrganization)),
    };
    if !membership.role.may(act) {
        let detail = format!("as {} you may not {}", membership.role.as_str(), act.as_str());
        return Err(Problem::new(Kind::NotPermitted, detail));
    }
    let who = Who::Account(session.account_id);
    Ok(Member { org: membership.org.id, who, act, session: Some(session.id) })
}

/// The session behind the cookie, and what else was looked up with it: one read for both.
async fn signed_in<T: Send + 'static>(
    app: &App,
    credentials: Credentials<'_>,
    audience: Audience,
    look: impl FnOnce(&mut Tx<'_>, AccountId) -> Result<T, StoreError> + Send + 'static,
) -> Result<(Session, T), Problem> {
    let Credentials { headers, changes, proof, .. } = credentials;
    let now = Timestamp::now();
    let token = cookies::token(headers, audience);
    let claims = token.and_then(|token| app.session_keys.current().verify(token, audience, now));
    let Some(claims) = claims else {
        let detail = "sign in; or, where the token of a session has just expired, refresh it";
        return Err(Problem::new(Kind::NotSignedIn, detail));
    };
    let found = app.store.read(move |tx| {
        let session = sessions::find(tx, claims.sid, audience, now)?.filter(|it| it.account_id == claims.sub);
        let Some(session) = session else { return Ok(None) };
        let looked = look(tx, session.account_id)?;
        Ok::<_, StoreError>(Some((session, looked)))
    });
    let Some((session, looked)) = found.await? else {
        return Err(Problem::new(Kind::NotSignedIn, "this session is over: sign in"));
    };
    if changes {
        is_ours(app, headers)?;
        let given = headers.get(CSRF).map_or(&b""[..], HeaderValue::as_bytes);
        if !secret::same(&session.csrf_token, &String::from_utf8_lossy(given)) {
            let detail =
                "send the session's csrf_token in the header X-CSRF-Token; GET /api/v1/session tells it";
            return Err(Problem::new(Kind::WrongCsrfToken, detail));
        }
    }
    if proof && !session.is_proved(now) {
        let detail = "prove who you are with POST /api/v1/session/proof, and ask again within five minutes";
        return Err(Problem::new(Kind::ProofNeeded, detail));
    }
    Ok((session, looked))
}

async fn by_key(
    app: &App,
    headers: &HeaderMap,
    scope: Option<Scope>,
    named: Named,
) -> Result<(OrgId, Who), Problem> {
    let Some(bearer) = bearer(headers) else {
        let detail = "send an API key as `Authorization: Bearer KEY`; `control-plane api-key` makes one";
        return Err(unauthorized(Kind::NoApiKey, detail, "Bearer realm=\"callping\""));
    };
    let Some(key) = keys::authenticate(&app.store, bearer).await? else {
        let challenge = "Bearer realm=\"callping\", error=\"invalid_token\"";
        return Err(unauthorized(Kind::WrongApiKey, "this API key is not known, or has expired", challenge));
    };
    if scope.is_none_or(|scope| !key.scopes.contains(&scope)) {
        let challenge = HeaderValue::from_static("Bearer realm=\"callping\", error=\"insufficient_scope\"");
        let detail = match scope {
            Some(scope) => format!("this API key may not do that; make one with the scope {scope}"),
            None => "no API key may do that: sign in".to_owned(),
        };
        return Err(Problem::new(Kind::ScopeMissing, detail).with(WWW_AUTHENTICATE, challenge));
    }
    if let Named::As(name) = named {
        let org = key.org_id;
        let is_its = app.store.read(move |tx| orgs::by_id(tx, org)).await?;
        if !is_its.is_some_and(|org| org.slug == name || org.id.to_string() == name) {
            let detail = "this API key opens another organization; leave `org` out";
            return Err(Problem::new(Kind::UnknownOrganization, detail));
        }
    }
    Ok((key.org_id, Who::ApiKey(key.id)))
}

fn unauthorized(code: Kind, detail: &str, challenge: &'static str) -> Problem {
    Problem::new(code, detail).with(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_found_however_its_scheme_is_written() {
        let of = |value| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]);
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(of("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(of("bearer  abc").as_deref(), Some("abc"));
        for wrong in ["Basic abc", "Bearer", "Bearer ", "abc", ""] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
