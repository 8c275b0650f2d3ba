//! Documents for `control-plane apply`, in the contract's format.

use std::fmt::Write;
use uuid::Uuid;

/// A project whose endpoint rings one phone.
#[derive(Clone, Debug)]
pub struct Project {
    /// Slug, also the local part of the member's address.
    pub slug: String,
    /// The member's phone, E.164.
    pub phone: String,
    /// The endpoint's id.
    pub endpoint: Uuid,
}

impl Project {
    /// With a fresh endpoint.
    pub fn new(slug: &str, phone: &str) -> Self {
        Self { slug: slug.to_owned(), phone: phone.to_owned(), endpoint: Uuid::new_v4() }
    }
}

/// When a call that was not acknowledged is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Further tries to the same phone.
    pub redials: u32,
    /// Between them, seconds.
    pub redial_pause_seconds: u32,
    /// How long it rings, seconds.
    pub ring_seconds: u32,
}

/// One organization with its projects. No cooldown, so that the next webhook rings at once.
pub fn organization(slug: &str, projects: &[Project], patience: Patience) -> String {
    let Patience { redials, redial_pause_seconds, ring_seconds } = patience;
    let mut out = format!("[[org]]\nslug = \"{slug}\"\nname = \"{slug}\"\ntimezone = \"Europe/Kyiv\"\n");
    for Project { slug, phone, .. } in projects {
        let _ = write!(
            out,
            "\n  [[org.member]]\n  email = \"{slug}@example.com\"\n  role = \"owner\"\n  phones = [\"{phone}\"]\n"
        );
    }
    for Project { slug, endpoint, .. } in projects {
        let _ = write!(
            out,
            "\n  [[org.project]]\n  slug = \"{slug}\"\n  primary = \"{slug}@example.com\"\n\
             \n    [org.project.policy]\n    ring_seconds = {ring_seconds}\n    redials = {redials}\n    \
             redial_pause_seconds = {redial_pause_seconds}\n    cooldown_seconds = 0\n\
             \n    [[org.project.endpoint]]\n    id = \"{endpoint}\"\n    scenario = \"default\"\n\
             \n    [[org.project.scenario]]\n    name = \"default\"\n\
             \n      [[org.project.scenario.rule]]\n      \
             when = [{{ field = \"severity\", op = \"in\", value = [\"critical\", \"major\"] }}]\n      \
             action = {{ do = \"call_primary\" }}\n"
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_the_contracts_shape() {
        let patience = Patience { redials: 0, redial_pause_seconds: 1, ring_seconds: 20 };
        let projects = [Project::new("one", "+380501234567"), Project::new("two", "+380501234568")];
        let document: toml::Table = organization("demo", &projects, patience).parse().unwrap();
        let org = &document["org"][0];
        assert_eq!(org["member"][1]["phones"][0].as_str(), Some("+380501234568"));
        assert_eq!(org["project"][1]["policy"]["cooldown_seconds"].as_integer(), Some(0));
        let endpoint = org["project"][0]["endpoint"][0]["id"].as_str().unwrap();
        assert_eq!(endpoint, projects[0].endpoint.to_string());
        let action = &org["project"][0]["scenario"][0]["rule"][0]["action"];
        assert_eq!(action["do"].as_str(), Some("call_primary"));
    }
}
