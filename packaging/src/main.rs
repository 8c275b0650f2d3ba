//! Writes what a package holds beside its program: manual pages, completions for shells, the changelog
//! as Debian wants it. All of it follows from the programs' own command lines.

use anyhow::{Context, Result};
use clap::{Command, CommandFactory, Parser};
use clap_complete::{Shell, generate_to};
use flate2::{Compression, write::GzEncoder};
use jiff::{Timestamp, fmt::rfc2822, tz::TimeZone};
use std::{fs, io::Write, path::Path};

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

fn document(program: Command, dir: &Path, date: Timestamp) -> Result<()> {
    let name = program.get_name().to_owned();
    // A page of a command that is no more must not stay behind.
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    let pages = dir.join("man");
    fs::create_dir_all(&pages)?;
    for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
        generate_to(shell, &mut program.clone(), &name, dir)?;
    }
    // Pages about `help` would tell nothing that the others do not.
    clap_mangen::generate_to(program.disable_help_subcommand(true), &pages)?;
    for page in fs::read_dir(&pages)? {
        let page = page?.path();
        pack(&page.with_extension("1.gz"), &fs::read(&page)?)?;
        fs::remove_file(page)?;
    }
    pack(&dir.join("changelog.Debian.gz"), changelog(&name, date)?.as_bytes())
}

/// As Debian wants it: as small as can be, and without a date of its own.
fn pack(file: &Path, content: &[u8]) -> Result<()> {
    let mut packed = GzEncoder::new(fs::File::create(file)?, Compression::best());
    packed.write_all(content)?;
    packed.finish()?;
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
    use flate2::read::GzDecoder;
    use std::io::Read;

    #[test]
    fn each_command_of_each_program_has_its_page() {
        let dir = tempfile::tempdir().expect("a directory");
        let agent = pbx_agent::cli::Arguments::command();
        document(agent.clone(), dir.path(), Timestamp::UNIX_EPOCH).expect("documents");
        for command in agent.get_subcommands() {
            let page = dir.path().join(format!("man/pbx-agent-{}.1.gz", command.get_name()));
            assert!(page.exists(), "{}", page.display());
        }
        for file in
            ["man/pbx-agent.1.gz", "pbx-agent.bash", "pbx-agent.fish", "_pbx-agent", "changelog.Debian.gz"]
        {
            assert!(dir.path().join(file).exists(), "{file}");
        }
        let packed = fs::File::open(dir.path().join("man/pbx-agent-drain.1.gz")).expect("a page");
        let mut page = String::new();
        GzDecoder::new(packed).read_to_string(&mut page).expect("text");
        assert!(page.contains("under way") && page.contains("wait"), "{page}");
        assert!(!dir.path().join("man/pbx-agent-help.1.gz").exists());
    }
}
