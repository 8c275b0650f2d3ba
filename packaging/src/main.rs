//! Writes what a package holds beside its program: manual pages, completions for shells, the changelog
//! as Debian wants it. All of it follows from the programs' own command lines.

use anyhow::{Context, Result};
use clap::{Command, CommandFactory, Parser};
use clap_complete::{Shell, generate_to};
use jiff::{Timestamp, fmt::rfc2822, tz::TimeZone};
use std::{fs, path::Path};

/// Part of the version that counts builds of the package alone.
const REVISION: &str = "1";

/// Writes manual pages, completions and changelogs for the packages
#[derive(Parser)]
struct Arguments {
    /// Directory; below it one for each package is made
    dir: std::path::PathBuf,
    /// Seconds since 1970 of the last change, so that the same sources make the same package
    #[arg(long, env = "SOURCE_DATE_EPOCH")]
    date: i64,
}

fn main() -> Result<()> {
    let Arguments { dir, date } = Arguments::parse();
    let date = Timestamp::from_second(date).context("--date")?;
    for program in [pbx_agent::cli::Arguments::command(), control_plane::cli::Arguments::command()] {
        let dir = dir.join(program.get_name());
        document(program, &dir, date).with_context(|| dir.display().to_string())?;
    }
    Ok(())
}

fn document(mut program: Command, dir: &Path, date: Timestamp) -> Result<()> {
    let name = program.get_name().to_owned();
    // A page of a command that is no more must not stay behind.
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    let pages = dir.join("man");
    fs::create_dir_all(&pages)?;
    for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
        generate_to(shell, &mut program, &name, dir)?;
    }
    clap_mangen::generate_to(program, &pages)?;
    fs::write(dir.join("changelog"), changelog(&name, date)?)?;
    Ok(())
}

fn changelog(name: &str, date: Timestamp) -> Result<String> {
    let version = env!("CARGO_PKG_VERSION");
    let date = rfc2822::to_string(&date.to_zoned_datetime(TimeZone::UTC))?;
    Ok(format!(
        "{name} ({version}-{REVISION}) unstable; urgency=medium\n\n  * What is new is told in CHANGELOG.md of the \
         project.\n\n -- The CallPing authors <maintainers@callping.example>  {date}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_of_each_program_has_its_page() {
        let dir = tempfile::tempdir().expect("a directory");
        let agent = pbx_agent::cli::Arguments::command();
        document(agent.clone(), dir.path(), Timestamp::UNIX_EPOCH).expect("documents");
        for command in agent.get_subcommands() {
            let page = dir.path().join(format!("man/pbx-agent-{}.1", command.get_name()));
            assert!(page.exists(), "{}", page.display());
        }
        for file in ["man/pbx-agent.1", "pbx-agent.bash", "pbx-agent.fish", "_pbx-agent", "changelog"] {
            assert!(dir.path().join(file).exists(), "{file}");
        }
        let page = fs::read_to_string(dir.path().join("man/pbx-agent-drain.1")).expect("a page");
        assert!(page.contains("under way") && page.contains("wait"), "{page}");
    }
}
