//! The threat model names the tests that show it; a name without its test is an empty promise.

use anyhow::{Context, Result, ensure};
use std::{fs, path::Path};

#[test]
fn every_threat_in_the_security_page_names_tests_that_exist() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace")?;
    let page = fs::read_to_string(root.join("SECURITY.md"))?;
    let mut sources = String::new();
    for folder in ["shared", "control-plane", "pbx-agent", "lab"] {
        for part in ["src", "tests"].map(|part| root.join(folder).join(part)) {
            if part.is_dir() {
                read(&part, &mut sources)?;
            }
        }
    }
    let mut named = 0;
    let mut shown = false;
    for line in page.lines() {
        let Some(row) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            shown = false;
            continue;
        };
        let last = row.rsplit('|').next().unwrap_or_default().trim();
        if last == "shown by" {
            shown = true;
        } else if shown && !last.starts_with('-') {
            let tests: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
            ensure!(!tests.is_empty(), "no test shows this: {line}");
            for test in tests {
                ensure!(sources.contains(&format!("fn {test}(")), "there is no test {test}");
                named += 1;
            }
        }
    }
    ensure!(named > 20, "only {named} tests were found in the tables; did their heading change?");
    Ok(())
}

fn read(folder: &Path, sources: &mut String) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(&path)?);
        }
    }
    Ok(())
}
