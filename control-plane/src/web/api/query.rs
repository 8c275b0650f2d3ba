//! Query parameters, read strictly: a misspelt filter must not look like an empty one.

use crate::web::problem::{Kind, Problem};
use std::str::FromStr;

const DEFAULT_LIMIT: u16 = 50;
const MOST: u16 = 200;

/// The parameters of a request, each known and given once.
#[derive(Debug)]
pub(in crate::web) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a raw query string; `known` are the parameters there are.
    pub(in crate::web) fn read(raw: &str, known: &[impl AsRef<str>]) -> Result<Self, Problem> {
        let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(raw)
            .map_err(|_| bad("the query string is not made of name=value pairs in UTF-8".to_owned()))?;
        for (place, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(bad(format!("no such parameter: {name:?}; known here: {known}")));
            }
            if pairs[..place].iter().any(|(earlier, _)| earlier == name) {
                return Err(bad(format!("the parameter {name} is given twice")));
            }
        }
        Ok(Self(pairs))
    }

    /// One parameter; `None` where it is not given. `what` it must be, for the error.
    pub(in crate::web) fn get<T: FromStr>(&self, name: &str, what: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| bad(format!("the parameter {name} is {what}")))
    }

    /// One parameter as it is written.
    pub(in crate::web) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, text)| text.as_str())
    }

    /// `after`: of which of these a page is what comes next.
    pub(super) fn after<K: FromStr>(&self) -> Result<Option<K>, Problem> {
        self.get("after", "`next` of the page before")
    }

    /// [`after`](Self::after), by the name that it had for alerts and calls before.
    pub(super) fn after_or_before<K: FromStr>(&self) -> Result<Option<K>, Problem> {
        match (self.after()?, self.get("before", "`next` of the page before")?) {
            (Some(_), Some(_)) => Err(bad("after and before are the same parameter: give one".to_owned())),
            (after, before) => Ok(after.or(before)),
        }
    }

    /// `limit`: how many items a page may hold.
    pub(super) fn limit(&self) -> Result<u16, Problem> {
        let limit = self.get("limit", "a number from 1 to 200")?.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MOST).contains(&limit) {
            return Err(bad(format!("the parameter limit is a number from 1 to {MOST}")));
        }
        Ok(limit)
    }
}

/// 400, saying which parameter is wrong.
pub(in crate::web) fn bad(detail: String) -> Problem {
    Problem::new(Kind::BadQuery, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 2] = ["limit", "before"];

    #[test]
    fn parameters_are_read_and_missing_ones_are_none() {
        let query = Query::read("limit=5", &KNOWN).unwrap();
        assert_eq!(query.get::<u16>("limit", "a number").unwrap(), Some(5));
        assert_eq!(query.get::<u16>("before", "a number").unwrap(), None);
    }

    #[test]
    fn what_is_misspelt_doubled_or_of_another_kind_is_an_error_that_says_so() {
        let complaint = |raw: &str| match Query::read(raw, &KNOWN) {
            Err(problem) => format!("{problem:?}"),
            Ok(query) => format!("{:?}", query.get::<u16>("limit", "a number").unwrap_err()),
        };
        assert!(complaint("limits=5").contains("known here: limit, before"));
        assert!(complaint("limit=1&limit=2").contains("twice"));
        assert!(complaint("limit=many").contains("limit is a number"));
        assert!(complaint("limit=-1").contains("limit is a number"));
        assert!(complaint("limit=%FF").contains("is"));
        let none: [&str; 0] = [];
        assert!(format!("{:?}", Query::read("ogr=acme", &none).unwrap_err()).contains("known here: none"));
    }
}
