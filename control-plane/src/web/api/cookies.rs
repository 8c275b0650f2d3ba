//! The two cookies of a session. Neither is seen by scripts or sent by another site, and neither leaves over plain HTTP.
//! `__Host-`: no other host, no other path can have set it, which takes the path `/` and no domain.

use crate::{
    accounts::{
        sessions::Opened,
        token::{self, Audience},
    },
    web::{App, Response, problem::Problem},
};
use hyper::{
    HeaderMap,
    header::{COOKIE, HeaderValue, SET_COOKIE},
};
use shared::time::Timestamp;
use zeroize::Zeroizing;

const RULES: &str = "Path=/; HttpOnly; Secure; SameSite=Strict";

/// Opens, for minutes.
const fn token_name(audience: Audience) -> &'static str {
    match audience {
        Audience::Portal => "__Host-cp_session",
        Audience::Admin => "__Host-cp_admin_session",
    }
}

/// Gets new ones, once.
const fn refresh_name(audience: Audience) -> &'static str {
    match audience {
        Audience::Portal => "__Host-cp_refresh",
        Audience::Admin => "__Host-cp_admin_refresh",
    }
}

/// The token that a request carries.
pub(super) fn token(headers: &HeaderMap, audience: Audience) -> Option<&str> {
    find(headers, token_name(audience))
}

/// The refresh token that a request carries.
pub(super) fn refresh_token(headers: &HeaderMap, audience: Audience) -> Option<&str> {
    find(headers, refresh_name(audience))
}

/// Of several cookies of one name the first; a browser has one.
fn find<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.split_once('='));
    cookies.find(|(given, _)| given.trim() == name).map(|(_, value)| value.trim())
}

/// Sets both. One that is to stay outlives the browser; any other ends with it.
pub(super) fn set(
    app: &App,
    mut response: Response,
    audience: Audience,
    opened: &Opened,
    now: Timestamp,
) -> Result<Response, Problem> {
    let signed = app.session_keys.current().sign(audience, opened.id, opened.account_id, now);
    let signed = signed.ok_or_else(|| {
        tracing::error!("there is no key to sign a session's token with");
        Problem::internal()
    })?;
    let stays = match opened.stays {
        true => format!("; Max-Age={}", opened.expires_at.since(now).as_secs()),
        false => String::new(),
    };
    let lasts = token::LIFETIME.as_secs();
    let cookies = [
        Zeroizing::new(format!("{}={}; Max-Age={lasts}; {RULES}", token_name(audience), *signed)),
        Zeroizing::new(format!("{}={}{stays}; {RULES}", refresh_name(audience), *opened.refresh_token)),
    ];
    for cookie in cookies {
        let mut value = HeaderValue::from_str(&cookie).map_err(|_| Problem::internal())?;
        value.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, value);
    }
    Ok(response)
}

/// Takes both away.
pub(super) fn clear(mut response: Response, audience: Audience) -> Response {
    let cookies =
        [token_name(audience), refresh_name(audience)].map(|name| format!("{name}=; Max-Age=0; {RULES}"));
    for value in cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers
            .append(COOKIE, HeaderValue::from_static("a=1; x__Host-cp_session=no; __Host-cp_session=yes; b"));
        headers.append(COOKIE, HeaderValue::from_static("__Host-cp_refresh=r=1"));
        assert_eq!(token(&headers, Audience::Portal), Some("yes"));
        assert_eq!(token(&headers, Audience::Admin), None);
        assert_eq!(refresh_token(&headers, Audience::Portal), Some("r=1"));
    }
}
