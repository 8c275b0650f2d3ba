//! Has the program built anew when its portal was: `make dashboard` writes it.

use std::{fs, io};

fn main() -> io::Result<()> {
    // One that was never built is an empty one: a path that does not exist would have everything built each time.
    fs::create_dir_all("dashboard/dist")?;
    println!("cargo::rerun-if-changed=dashboard/dist");
    Ok(())
}
