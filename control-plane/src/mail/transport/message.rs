//! A letter as a MIME message: the same bytes at each attempt.

use crate::mail::outbox::Claimed;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};
use std::time::SystemTime;

/// Nobody's holiday notice is to answer it (RFC 3834).
pub(super) const AUTOMATIC: (&str, &str) = ("Auto-Submitted", "auto-generated");

/// A sender whose name begins no header: control characters are left out of it.
pub(super) fn tamed(from: &Mailbox) -> Mailbox {
    let plain = |name: &String| name.chars().filter(|c| !c.is_control()).collect();
    Mailbox::new(from.name.as_ref().map(plain), from.email.clone())
}

/// The message, or what of the letter cannot be put into one.
pub(super) fn message(from: &Mailbox, letter: &Claimed) -> Result<Message, String> {
    let to: Address = letter.to.as_str().parse().map_err(|error| format!("the address: {error}"))?;
    let boundary = format!("letter-{}", letter.id);
    let parts = MultiPart::alternative()
        .boundary(boundary)
        .singlepart(SinglePart::plain(letter.text.clone()))
        .singlepart(SinglePart::html(letter.html.clone()));
    let (name, value) = AUTOMATIC;
    Message::builder()
        .from(from.clone())
        .to(to.into())
        .subject(letter.subject.clone())
        .date(moment(letter))
        .message_id(Some(format!("<{}@{}>", letter.id, from.email.domain())))
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()))
        .multipart(parts)
        .map_err(|error| error.to_string())
}

/// When it was queued, so that a repeat is the same message.
fn moment(letter: &Claimed) -> SystemTime {
    SystemTime::UNIX_EPOCH + letter.queued_at.since(shared::time::Timestamp::from_micros(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::decision::Tried;
    use shared::{ids::LetterId, time::Timestamp};
    use uuid::Uuid;

    fn letter(subject: &str) -> Claimed {
        let queued_at = Timestamp::from_micros(1_795_510_800_000_000);
        Claimed {
            id: LetterId::new(Uuid::from_u128(7)),
            to: "oncall@example.com".parse().unwrap(),
            template: "verify_address".into(),
            subject: subject.into(),
            text: "Grüße\n.\nhttps://alerts.example.com/verify?token=s3cret\n".into(),
            html: "<p>Grüße</p>".into(),
            queued_at,
            tried: Tried { attempts: 1, first_at: queued_at },
        }
    }

    fn formatted(name: &str, subject: &str) -> String {
        let from = tamed(&Mailbox::new(Some(name.into()), "alerts@example.com".parse().unwrap()));
        String::from_utf8(message(&from, &letter(subject)).unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_message_is_the_same_at_each_attempt() {
        let text = formatted("CallPing", "Confirm");
        assert_eq!(text, formatted("CallPing", "Confirm"));
        for part in [
            "From: CallPing <alerts@example.com>\r\n",
            "To: oncall@example.com\r\n",
            "Subject: Confirm\r\n",
            "Date: Tue, 24 Nov 2026 09:00:00 +0000\r\n",
            "Message-ID: <00000000-0000-0000-0000-000000000007@example.com>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: multipart/alternative;",
            "boundary=\"letter-00000000-0000-0000-0000-000000000007\"",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert!(text.is_ascii(), "{text}");
    }

    #[test]
    fn no_name_and_no_subject_begins_a_header() {
        for evil in [
            "a\r\nBcc: b@example.com",
            "a\nBcc: b@example.com",
            "a\rBcc: b@example.com",
            "a\0b",
            "ü\r\nBcc: x",
        ] {
            let text = formatted(evil, evil);
            let (head, _) = text.split_once("\r\n\r\n").unwrap();
            assert!(!head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{head}");
            assert!(!head.replace("\r\n", "").contains(['\r', '\n']), "{head:?}");
        }
    }
}
