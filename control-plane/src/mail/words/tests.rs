//! What people read, and what nobody can make it say.

use super::*;
use crate::{accounts::members::Role, mail::SecondFactorChange};
use proptest::prelude::*;
use shared::time::Timestamp;
use std::{collections::BTreeSet, net::IpAddr, time::Duration};

const LINK: &str = "https://alerts.example.com/verify?token=s3cret&next=%22%3E%3Cb%3E";

fn link() -> Url {
    LINK.parse().unwrap()
}

fn at() -> Timestamp {
    Timestamp::from_micros(1_795_510_800_000_000)
}

fn ip() -> IpAddr {
    "2001:db8::7".parse().unwrap()
}

/// Every letter, with these words wherever somebody else's words go in.
fn every(words: &str) -> Vec<Template> {
    let valid_for = Duration::from_secs(24 * 3600);
    let mut all = vec![
        Template::VerifyAddress { link: link(), valid_for },
        Template::AlreadyHere { link: link() },
        Template::ResetPassword { link: link(), valid_for },
        Template::ConfirmNewAddress { link: link(), valid_for },
        Template::AddressChanges { new_address: "new@example.com".parse().unwrap() },
        Template::AddressChanged { new_address: "new@example.com".parse().unwrap() },
        Template::NewSignIn { at: at(), ip: ip(), user_agent: words.into() },
        Template::ManyFailures { failures: 20, at: at(), ip: ip() },
        Template::PasswordChanged { at: at(), ip: ip() },
        Template::AccountClosed { at: at() },
    ];
    all.extend(Role::ALL.map(|role| Template::Invitation {
        organization: words.into(),
        inviter: words.into(),
        role,
        link: link(),
        valid_for,
    }));
    let changes =
        [SecondFactorChange::TurnedOn, SecondFactorChange::TurnedOff, SecondFactorChange::NewRecoveryCodes];
    all.extend(changes.map(|change| Template::SecondFactorChanged { change, at: at(), ip: ip() }));
    all
}

#[test]
fn every_letter_has_a_name_that_is_listed() {
    let named: BTreeSet<&str> = every("x").iter().map(Template::name).collect();
    assert_eq!(named, BTreeSet::from(Template::NAMES));
}

#[test]
fn an_invitation_says_who_where_and_as_what_in_both_forms() {
    let invitation = Template::Invitation {
        organization: "Acme & Søns".into(),
        inviter: "ann@example.com".into(),
        role: Role::Admin,
        link: link(),
        valid_for: Duration::from_secs(7 * 24 * 3600),
    };
    let Rendered { subject, text, html } = render(&invitation, Language::English);
    assert_eq!(subject, "Invitation to Acme & Søns");
    let expected = format!(
        "ann@example.com invites you to join Acme & Søns on CallPing as an administrator.\n\n\
         CallPing rings your phone when a machine says that something is wrong.\n\n\
         Accept the invitation:\n{LINK}\n\n\
         The link is good for 7 days and works once.\n\n\
         -- \nIf you do not know who this is, ignore this letter.\n"
    );
    assert_eq!(text, expected);
    for part in [
        "<html lang=\"en\">",
        "<title>Invitation to Acme &amp; Søns</title>",
        "<p>ann@example.com invites you to join Acme &amp; Søns on CallPing as an administrator.</p>",
        "<a href=\"https://alerts.example.com/verify?token=s3cret&amp;next=%22%3E%3Cb%3E\"",
        "<p>The link is good for 7 days and works once.</p>",
    ] {
        assert!(html.contains(part), "{part:?} is not in\n{html}");
    }
}

#[test]
fn a_sign_in_is_told_with_time_place_and_browser() {
    let letter = Template::NewSignIn { at: at(), ip: ip(), user_agent: "Firefox/140".into() };
    let Rendered { text, html, .. } = render(&letter, Language::English);
    assert!(
        text.contains("When: 24 November 2026, 09:00 UTC\nFrom: 2001:db8::7\nBrowser: Firefox/140\n"),
        "{text}"
    );
    assert!(html.contains("From: 2001:db8::7<br>\nBrowser: Firefox/140</p>"), "{html}");
}

#[test]
fn how_long_a_link_is_good_is_said_in_words() {
    for (seconds, words) in [
        (0, "1 minute "),
        (1800, "30 minutes "),
        (3600, "60 minutes "),
        (24 * 3600, "24 hours "),
        (7 * 24 * 3600, "7 days "),
    ] {
        let letter = Template::ResetPassword { link: link(), valid_for: Duration::from_secs(seconds) };
        let text = render(&letter, Language::English).text;
        assert!(text.contains(&format!("is good for {words}")), "{text}");
    }
}

#[test]
fn ukrainian_counts_as_ukrainians_do() {
    for (seconds, words) in [
        (60, "1 хвилину "),
        (120, "2 хвилини "),
        (300, "5 хвилин "),
        (11 * 60, "11 хвилин "),
        (21 * 60, "21 хвилину "),
        (24 * 3600, "24 години "),
        (7 * 24 * 3600, "7 днів "),
    ] {
        let letter = Template::ResetPassword { link: link(), valid_for: Duration::from_secs(seconds) };
        let Rendered { text, html, .. } = render(&letter, Language::Ukrainian);
        assert!(text.contains(&format!("Посилання чинне {words}")), "{text}");
        assert!(html.contains("<html lang=\"uk\">"), "{html}");
    }
}

#[test]
fn every_letter_has_a_name_a_subject_and_both_forms_and_its_debug_output_no_secret() {
    let mut names = std::collections::BTreeSet::new();
    for template in every("Acme") {
        names.insert(template.name());
        for language in Language::ALL {
            let Rendered { subject, text, html } = render(&template, language);
            assert!(!subject.is_empty() && !text.is_empty() && html.ends_with("</html>\n"), "{template:?}");
            assert_eq!(text.contains(LINK), html.contains("token=s3cret"), "{template:?}");
        }
        assert!(!format!("{template:?}").contains("s3cret"));
    }
    assert_eq!(names.len(), 12);
}

#[test]
fn a_name_is_markup_nowhere_and_begins_no_line_of_its_own() {
    let evil = "</p><script>alert(1)</script>\r\nBcc: all@example.com\n\"'&\u{202e}txt";
    for (template, language) in every(evil).iter().flat_map(|it| Language::ALL.map(|language| (it, language)))
    {
        let Rendered { subject, text, html } = render(template, language);
        assert!(!html.contains("<script") && !html.contains("\u{202e}"), "{html}");
        for part in [&subject, &text, &html] {
            assert!(!part.lines().any(|line| line.starts_with("Bcc")), "{part}");
        }
        assert!(!subject.contains(char::is_control), "{subject:?}");
    }
}

#[test]
fn a_name_without_end_does_not_fill_a_letter() {
    for template in every(&"ü ".repeat(100_000)) {
        let Rendered { subject, text, html } = render(&template, Language::English);
        assert!(subject.chars().count() <= LONGEST_SUBJECT + 1, "{subject}");
        assert!(text.len() < 10_000 && html.len() < 10_000);
    }
}

proptest! {
    #[test]
    fn whatever_a_name_holds_the_letter_has_its_form(words in any::<String>()) {
        let plain = every("Acme");
        for (template, plain) in every(&words).iter().zip(&plain) {
            let (rendered, plain) = (render(template, Language::English), render(plain, Language::English));
            prop_assert!(!rendered.subject.contains(char::is_control));
            // As many tags and lines as with a name that does no harm.
            let tags = |html: &str| (html.matches('<').count(), html.matches('>').count(), html.matches('"').count());
            prop_assert_eq!(tags(&rendered.html), tags(&plain.html));
            prop_assert_eq!(rendered.text.lines().count(), plain.text.lines().count());
        }
    }
}
