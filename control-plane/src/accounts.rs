//! People, organizations, projects and keys.

pub mod account;
pub mod audit;
pub mod directory;
pub mod email;
pub mod invites;
pub mod keys;
pub mod links;
pub mod members;
pub mod orgs;
pub mod origins;
pub mod password;
pub mod people;
pub mod permissions;
pub mod phones;
pub mod projects;
pub mod repeats;
pub mod second_factor;
pub mod session_keys;
pub mod sessions;
pub mod token;
pub mod totp;
pub mod tries;

/// What bringing a row up to date came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// There was none.
    Created,
    /// It was different.
    Updated,
    /// It was as asked already.
    Unchanged,
}
