//! Entries of systemd's journal, in its native protocol: every field of a log line is one of the
//! journal's, and the message says all of them too, as a line would, so that `journalctl` alone tells a
//! person why.

use std::{
    fmt::{self, Write as _},
    io::{self, Write as _},
    os::unix::net::UnixDatagram,
    path::PathBuf,
};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

/// Our fields begin so: `CALLPING_PBX`.
const PREFIX: &str = "CALLPING_";
/// Longest value, bytes; an entry has to fit into one datagram.
const LONGEST: usize = 8 * 1024;

/// Writes to it.
pub(super) struct Journal {
    socket: UnixDatagram,
    path: PathBuf,
    program: String,
}

impl Journal {
    /// The one that listens there.
    pub(super) fn at(path: PathBuf, program: &str) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        // It throws an empty entry away; nobody there is an error.
        socket.send_to(&[], &path)?;
        Ok(Self { socket, path, program: program.to_owned() })
    }
}

/// Names and values, in order.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, format!("{value:?}"));
    }
}

impl Fields {
    fn take(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            name => self.others.push((name, value)),
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Journal {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.others.extend(outer.others.iter().cloned());
            }
        }
        let metadata = event.metadata();
        let line = line(&fields);
        let mut entry = Vec::new();
        put(&mut entry, "MESSAGE", &line);
        put(&mut entry, "PRIORITY", priority(metadata.level()));
        put(&mut entry, "SYSLOG_IDENTIFIER", &self.program);
        put(&mut entry, &format!("{PREFIX}TARGET"), metadata.target());
        for (name, value) in &fields.others {
            put(&mut entry, &format!("{PREFIX}{}", key(name)), value);
        }
        if self.socket.send_to(&entry, &self.path).is_err() {
            // Standard error leads to the journal too; where that fails there is nobody left to tell.
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
    }
}

/// As it is read.
fn line(fields: &Fields) -> String {
    let mut line = fields.message.clone();
    for (name, value) in &fields.others {
        // Writing to a string cannot fail.
        let _ = write!(line, "{}{name}={value}", if line.is_empty() { "" } else { " " });
    }
    line
}

const fn priority(level: &Level) -> &'static str {
    match *level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        Level::DEBUG | Level::TRACE => "7",
    }
}

/// The journal's names are capitals, digits and underscores.
fn key(name: &str) -> String {
    let fit = |character: char| {
        if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' }
    };
    name.chars().map(fit).take(48).collect()
}

/// A value with a line break in it goes by its length: it must not begin a field of its own.
fn put(entry: &mut Vec<u8>, name: &str, value: &str) {
    let mut end = value.len().min(LONGEST);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    let value = &value[..end];
    entry.extend(name.bytes());
    if value.contains('\n') {
        entry.push(b'\n');
        entry.extend((value.len() as u64).to_le_bytes());
    } else {
        entry.push(b'=');
    }
    entry.extend(value.bytes());
    entry.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tracing_subscriber::layer::SubscriberExt;

    /// What the journal is told of what happens.
    fn told(happens: impl FnOnce()) -> Vec<u8> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("socket");
        let listens = UnixDatagram::bind(&path).expect("a socket");
        listens.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
        let journal = Journal::at(path, "pbx-agent").expect("somebody listens");
        tracing::subscriber::with_default(tracing_subscriber::registry().with(journal), happens);
        let mut entry = vec![0; 64 * 1024];
        assert_eq!(listens.recv(&mut entry).expect("the first, empty one"), 0);
        let length = listens.recv(&mut entry).expect("an entry");
        entry.truncate(length);
        entry
    }

    #[test]
    fn an_entry_has_its_priority_and_every_field_and_reads_like_a_line() {
        let entry = told(|| {
            let span = tracing::info_span!("agent", pbx = tracing::field::Empty);
            span.record("pbx", "pbx-1");
            let _entered = span.entered();
            tracing::warn!(error = %"no such host", pause_ms = 250, "no link to the control plane");
        });
        let entry = String::from_utf8(entry).expect("text");
        assert_eq!(
            entry.lines().filter(|line| !line.starts_with("CALLPING_TARGET=")).collect::<Vec<_>>(),
            [
                "MESSAGE=no link to the control plane error=no such host pause_ms=250 pbx=pbx-1",
                "PRIORITY=4",
                "SYSLOG_IDENTIFIER=pbx-agent",
                "CALLPING_ERROR=no such host",
                "CALLPING_PAUSE_MS=250",
                "CALLPING_PBX=pbx-1",
            ]
        );
    }

    #[test]
    fn what_somebody_else_said_cannot_begin_a_field() {
        let entry = told(|| tracing::info!(reason = "bad\nPRIORITY=0", "closed"));
        let value = "bad\nPRIORITY=0";
        let field =
            [b"CALLPING_REASON\n".as_slice(), &14_u64.to_le_bytes(), value.as_bytes(), b"\n"].concat();
        assert_eq!(value.len(), 14);
        assert!(entry.windows(field.len()).any(|part| part == field));
    }

    #[test]
    fn a_value_without_end_is_cut() {
        let entry = told(|| tracing::info!(body = "ä".repeat(100_000), "long"));
        assert!(entry.len() < 3 * LONGEST);
    }
}
