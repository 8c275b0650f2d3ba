//! What the lab says to the person at the terminal; the only place of the crate that prints.

use std::io::Write;

/// One line to the person at the terminal.
///
/// A closed terminal (`lab demo | head`) is no reason to fail: the line is then lost.
pub fn say(line: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", line.as_ref()).and_then(|()| out.flush());
}

/// One line about what is being prepared and why.
pub fn preparing(line: impl AsRef<str>) {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "lab: {}", line.as_ref());
}
