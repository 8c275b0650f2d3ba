//! The English catalogue.

use super::Words;
use crate::{
    accounts::members::Role,
    mail::template::{SecondFactorChange, Template},
};
use shared::time::Timestamp;
use std::{net::IpAddr, time::Duration};
use url::Url;

const NOT_ASKED_FOR: &str =
    "If you did not ask for this, ignore this letter: without the link nothing happens.";
const NOT_YOU: &str =
    "If it was not you, set a new password at once, and look at who is signed in to your account.";

pub(super) fn words(template: &Template) -> Words {
    match template {
        Template::VerifyAddress { link, valid_for } => Words::about("Confirm your e-mail address")
            .paragraph("Welcome to CallPing. Please confirm that this e-mail address is yours.")
            .link("Confirm the address", link)
            .paragraph(good_for(*valid_for))
            .ending(NOT_ASKED_FOR),
        Template::AlreadyHere { link } => Words::about("You have an account already")
            .paragraph("Somebody, probably you, wanted to sign up to CallPing with this address. It has an account.")
            .link("Sign in", link)
            .ending("If you forgot the password, ask for a new one on that page. If it was not you, there is nothing to do."),
        Template::ResetPassword { link, valid_for } => Words::about("Set a new password")
            .paragraph("Somebody, probably you, asked for a new password for your CallPing account.")
            .link("Set a new password", link)
            .paragraph(good_for(*valid_for))
            .ending(NOT_ASKED_FOR),
        Template::ConfirmNewAddress { link, valid_for } => Words::about("Confirm your new e-mail address")
            .paragraph("This is to become the e-mail address of a CallPing account. Please confirm that it is yours.")
            .link("Confirm the new address", link)
            .paragraph(good_for(*valid_for))
            .ending(NOT_ASKED_FOR),
        Template::AddressChanges { new_address } => Words::about("Your e-mail address is about to change")
            .paragraph(format!("Your CallPing account is to get another e-mail address: {new_address}."))
            .paragraph("It changes once the new address is confirmed. Until then this one stays.")
            .ending(NOT_YOU),
        Template::AddressChanged { new_address } => Words::about("Your e-mail address was changed")
            .paragraph(format!("Your CallPing account has another e-mail address now: {new_address}."))
            .paragraph("Letters about it do not come here any more.")
            .ending("If it was not you, tell the operator of this installation at once."),
        Template::Invitation { organization, inviter, role, link, valid_for } => {
            invitation(organization, inviter, *role, link, *valid_for)
        }
        Template::NewSignIn { at, ip, user_agent } => Words::about("New sign-in to your account")
            .paragraph("Somebody signed in to your CallPing account from a place or a browser that is new.")
            .facts([("When", moment(*at)), ("From", ip.to_string()), ("Browser", user_agent.clone())])
            .paragraph("If it was you, there is nothing to do.")
            .ending(NOT_YOU),
        Template::ManyFailures { failures, at, ip } => Words::about("Many failed sign-ins to your account")
            .paragraph(format!("{failures} times in a row a sign-in to your CallPing account failed."))
            .facts([("Last", moment(*at)), ("From", ip.to_string())])
            .paragraph("Nobody got in by this. Use a password that you use nowhere else, and a second factor.")
            .ending("If it was you, wait a little and try again, or set a new password."),
        Template::PasswordChanged { at, ip } => Words::about("Your password was changed")
            .paragraph("The password of your CallPing account was changed.")
            .facts(done(*at, *ip))
            .ending(NOT_YOU),
        Template::SecondFactorChanged { change, at, ip } => {
            let (subject, said) = second_factor(*change);
            Words::about(subject).paragraph(said).facts(done(*at, *ip)).ending(NOT_YOU)
        }
        Template::AccountClosed { at } => Words::about("Your account was closed")
            .paragraph("Your CallPing account was closed. You will not be called any more.")
            .facts([("When", moment(*at))])
            .ending("This is the last letter about it. If you did not close it, ask the owner of your organization."),
    }
}

fn invitation(organization: &str, inviter: &str, role: Role, link: &Url, valid_for: Duration) -> Words {
    let role = match role {
        Role::Owner => "an owner",
        Role::Admin => "an administrator",
        Role::Member => "a member",
        Role::Viewer => "a viewer",
    };
    Words::about(format!("Invitation to {organization}"))
        .paragraph(format!("{inviter} invites you to join {organization} on CallPing as {role}."))
        .paragraph("CallPing rings your phone when a machine says that something is wrong.")
        .link("Accept the invitation", link)
        .paragraph(good_for(valid_for))
        .ending("If you do not know who this is, ignore this letter.")
}

const fn second_factor(change: SecondFactorChange) -> (&'static str, &'static str) {
    match change {
        SecondFactorChange::TurnedOn => {
            ("Your second factor was turned on", "Your CallPing account now asks for a second factor.")
        }
        SecondFactorChange::TurnedOff => (
            "Your second factor was turned off",
            "Your CallPing account does not ask for a second factor any more.",
        ),
        SecondFactorChange::NewRecoveryCodes => (
            "You have new recovery codes",
            "New recovery codes were made for your CallPing account. The old ones are void.",
        ),
    }
}

fn done(at: Timestamp, ip: IpAddr) -> [(&'static str, String); 2] {
    [("When", moment(at)), ("From", ip.to_string())]
}

fn good_for(time: Duration) -> String {
    let minutes = (time.as_secs() / 60).max(1);
    let (count, unit) = match minutes {
        2880.. => (minutes / 1440, "day"),
        120.. => (minutes / 60, "hour"),
        _ => (minutes, "minute"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("The link is good for {count} {unit}{plural} and works once.")
}

/// `24 November 2026, 09:00 UTC`
fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros())
        .map_or_else(|_| at.to_string(), |moment| moment.strftime("%-d %B %Y, %H:%M UTC").to_string())
}
