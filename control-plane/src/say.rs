//! The only place that writes to standard output and standard error; everything else logs.

use serde::Serialize;
use std::io::{self, Write};

/// A line for whoever ran the command. A reader that has gone away ends the process: nobody is left
/// to tell.
pub fn say(line: impl std::fmt::Display) {
    text(&format!("{line}\n"));
}

/// A text as it is.
pub fn text(text: &str) {
    let mut out = io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

/// A document for a program.
pub fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => say(text),
        Err(error) => complain(error),
    }
}

/// A document on one line.
pub fn json_line(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => say(text),
        Err(error) => complain(error),
    }
}

/// Why the command failed.
pub fn complain(line: impl std::fmt::Display) {
    // There is nowhere left to say that this failed.
    let _ = writeln!(io::stderr().lock(), "control-plane: {line}");
}
