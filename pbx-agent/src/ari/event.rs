//! The few events of ARI that an attempt is made of; all others are ignored.
//!
//! Shapes as Asterisk 22 sends them, see `rest-api/api-docs/events.json` in its source.

use serde::Deserialize;

/// An event about one of our channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The channel: for our own ones, the attempt id.
    pub channel: String,
    /// What happened.
    pub kind: EventKind,
}

/// What happened to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The carrier says that it rings.
    Ringing,
    /// Picked up.
    Up,
    /// It can be played to.
    StasisStart,
    /// A key was released.
    Key(char),
    /// A playback ended.
    PlaybackFinished {
        /// Its id.
        playback: String,
        /// Whether it could be played.
        ok: bool,
    },
    /// It is gone.
    Destroyed {
        /// Q.850 cause.
        cause: Option<u16>,
        /// SIP status; absent or 0 where the end did not come from the carrier.
        tech_cause: Option<u16>,
    },
}

/// What a message of the stream was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Event(Event),
    /// Our own question came back: the application is alive.
    Echo(String),
    /// Another program registered the same application.
    Replaced,
    /// Nothing we need.
    Other,
}

/// Name of the user event that tests whether the application is alive.
pub(super) const ECHO: &str = "callping-echo-";
/// What the stream is limited to, `eventFilter` of the application.
pub(super) const WANTED: [&str; 8] = [
    "Dial",
    "ChannelStateChange",
    "StasisStart",
    "ChannelDtmfReceived",
    "PlaybackFinished",
    "ChannelDestroyed",
    "ChannelUserevent",
    "ApplicationReplaced",
];

#[derive(Deserialize)]
struct Raw {
    r#type: String,
    channel: Option<RawChannel>,
    peer: Option<RawChannel>,
    dialstatus: Option<String>,
    digit: Option<String>,
    playback: Option<RawPlayback>,
    cause: Option<i64>,
    tech_cause: Option<i64>,
    eventname: Option<String>,
}

#[derive(Deserialize)]
struct RawChannel {
    id: String,
    state: Option<String>,
}

#[derive(Deserialize)]
struct RawPlayback {
    id: String,
    state: String,
    target_uri: String,
}

/// Reads one message of the stream.
pub(super) fn read(text: &str) -> Result<Message, serde_json::Error> {
    let raw: Raw = serde_json::from_str(text)?;
    if raw.r#type == "ApplicationReplaced" {
        return Ok(Message::Replaced);
    }
    if raw.r#type == "ChannelUserevent" {
        let echo = raw.eventname.filter(|name| name.starts_with(ECHO));
        return Ok(echo.map_or(Message::Other, Message::Echo));
    }
    Ok(channel_event(raw).map_or(Message::Other, Message::Event))
}

fn channel_event(raw: Raw) -> Option<Event> {
    if raw.r#type == "PlaybackFinished" {
        let playback = raw.playback?;
        return Some(Event {
            channel: playback.target_uri.strip_prefix("channel:")?.to_owned(),
            kind: EventKind::PlaybackFinished { ok: playback.state == "done", playback: playback.id },
        });
    }
    let channel = raw.channel.or(raw.peer)?;
    let kind = match raw.r#type.as_str() {
        "Dial" => dialled(&raw.dialstatus?)?,
        "ChannelStateChange" => match channel.state?.as_str() {
            "Ringing" => EventKind::Ringing,
            "Up" => EventKind::Up,
            _ => return None,
        },
        "StasisStart" => EventKind::StasisStart,
        "ChannelDtmfReceived" => EventKind::Key(raw.digit?.chars().next()?),
        "ChannelDestroyed" => {
            EventKind::Destroyed { cause: small(raw.cause), tech_cause: small(raw.tech_cause) }
        }
        _ => return None,
    };
    Some(Event { channel: channel.id, kind })
}

fn dialled(status: &str) -> Option<EventKind> {
    match status {
        "RINGING" => Some(EventKind::Ringing),
        "ANSWER" => Some(EventKind::Up),
        _ => None,
    }
}

fn small(number: Option<i64>) -> Option<u16> {
    number.and_then(|number| u16::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(text: &str) -> Event {
        let message = read(text).unwrap();
        let Message::Event(event) = message else { panic!("{message:?}") };
        event
    }

    #[test]
    fn events_are_read_as_asterisk_22_sends_them() {
        let dial = r#"{"type":"Dial","peer":{"id":"a","state":"Down"},"dialstatus":"RINGING","dialstring":"x","forward":""}"#;
        assert_eq!(event(dial), Event { channel: "a".into(), kind: EventKind::Ringing });
        let up = r#"{"type":"ChannelStateChange","channel":{"id":"a","state":"Up"}}"#;
        assert_eq!(event(up).kind, EventKind::Up);
        let key = r#"{"type":"ChannelDtmfReceived","digit":"1","duration_ms":100,"channel":{"id":"a"}}"#;
        assert_eq!(event(key).kind, EventKind::Key('1'));
        let failed = r#"{"type":"PlaybackFinished","playback":{"id":"p","media_uri":"sound:x","target_uri":"channel:a","language":"en","state":"failed"}}"#;
        assert_eq!(
            event(failed),
            Event {
                channel: "a".into(),
                kind: EventKind::PlaybackFinished { playback: "p".into(), ok: false }
            }
        );
        let gone =
            r#"{"type":"ChannelDestroyed","cause":34,"cause_txt":"x","tech_cause":503,"channel":{"id":"a"}}"#;
        assert_eq!(event(gone).kind, EventKind::Destroyed { cause: Some(34), tech_cause: Some(503) });
    }

    #[test]
    fn what_is_not_needed_is_not_an_error() {
        for text in [
            r#"{"type":"ChannelVarset","variable":"x"}"#,
            r#"{"type":"Dial","peer":{"id":"a"},"dialstatus":""}"#,
            r#"{"type":"SomethingOfTheFuture","channel":{"id":"a"}}"#,
        ] {
            assert_eq!(read(text).unwrap(), Message::Other, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
            let _ = read(&text);
        }
    }
}
