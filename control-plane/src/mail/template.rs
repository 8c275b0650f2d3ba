//! What letters there are, and what each has to know.

use crate::accounts::{email::Email, members::Role};
use shared::time::Timestamp;
use std::{fmt, net::IpAddr, time::Duration};
use url::Url;

/// A letter without its address. Names and user agents may hold anything: they are cleaned and escaped.
#[derive(Clone, PartialEq, Eq)]
pub enum Template {
    /// Asks whoever signed up to show that the address is theirs.
    VerifyAddress {
        /// Opens the page that confirms it; secret.
        link: Url,
        /// How long the link is good.
        valid_for: Duration,
    },
    /// Somebody signed up with the address of an account.
    AlreadyHere {
        /// The page where one signs in.
        link: Url,
    },
    /// Lets somebody choose a new password.
    ResetPassword {
        /// Opens the page where it is chosen; secret.
        link: Url,
        /// How long the link is good.
        valid_for: Duration,
    },
    /// To the new address of an account: asks to confirm it.
    ConfirmNewAddress {
        /// Opens the page that confirms it; secret.
        link: Url,
        /// How long the link is good.
        valid_for: Duration,
    },
    /// To the old address of an account: says that another one was asked for.
    AddressChanges {
        /// The new one.
        new_address: Email,
    },
    /// To the old address of an account: says that it has another one now.
    AddressChanged {
        /// The new one.
        new_address: Email,
    },
    /// Invites somebody into an organization.
    Invitation {
        /// Its name.
        organization: String,
        /// Who invites: a name or an address.
        inviter: String,
        /// As what.
        role: Role,
        /// Opens the page where the invitation is taken; secret.
        link: Url,
        /// How long the link is good.
        valid_for: Duration,
    },
    /// Somebody signed in from a place that is new.
    NewSignIn {
        /// When.
        at: Timestamp,
        /// From where.
        ip: IpAddr,
        /// What the browser says of itself.
        user_agent: String,
    },
    /// Somebody tried to sign in again and again.
    ManyFailures {
        /// How often.
        failures: u32,
        /// When, last.
        at: Timestamp,
        /// From where, last.
        ip: IpAddr,
    },
    /// The password is another one.
    PasswordChanged {
        /// When.
        at: Timestamp,
        /// From where.
        ip: IpAddr,
    },
    /// The second factor is another one.
    SecondFactorChanged {
        /// What was done.
        change: SecondFactorChange,
        /// When.
        at: Timestamp,
        /// From where.
        ip: IpAddr,
    },
    /// The account is gone.
    AccountClosed {
        /// When.
        at: Timestamp,
    },
}

/// What was done to a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecondFactorChange {
    /// There is one now.
    TurnedOn,
    /// There is none any more.
    TurnedOff,
    /// The recovery codes are new ones.
    NewRecoveryCodes,
}

impl Template {
    /// The names of all of them.
    pub const NAMES: [&'static str; 12] = [
        "verify_address",
        "already_here",
        "reset_password",
        "confirm_new_address",
        "address_changes",
        "address_changed",
        "invitation",
        "new_sign_in",
        "many_failures",
        "password_changed",
        "second_factor_changed",
        "account_closed",
    ];

    /// As the database writes it, for whoever looks: `verify_address`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::VerifyAddress { .. } => "verify_address",
            Self::AlreadyHere { .. } => "already_here",
            Self::ResetPassword { .. } => "reset_password",
            Self::ConfirmNewAddress { .. } => "confirm_new_address",
            Self::AddressChanges { .. } => "address_changes",
            Self::AddressChanged { .. } => "address_changed",
            Self::Invitation { .. } => "invitation",
            Self::NewSignIn { .. } => "new_sign_in",
            Self::ManyFailures { .. } => "many_failures",
            Self::PasswordChanged { .. } => "password_changed",
            Self::SecondFactorChanged { .. } => "second_factor_changed",
            Self::AccountClosed { .. } => "account_closed",
        }
    }
}

/// Debug output lands in logs, so it shows no link.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
