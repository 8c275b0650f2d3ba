//! What docs/reverse-proxy.md tells an operator to write, so that the document is what is tested.

use anyhow::{Context, Result, ensure};

const TEXT: &str = include_str!("../../../../../docs/reverse-proxy.md");

/// The first block in this language below a heading.
pub fn block(heading: &str, language: &str) -> Result<&'static str> {
    let missing = || format!("docs/reverse-proxy.md has no {language} block below ## {heading}");
    let (_, below) = TEXT.split_once(&format!("\n## {heading}\n")).with_context(missing)?;
    let section = below.split("\n## ").next().unwrap_or_default();
    let (_, block) = section.split_once(&format!("```{language}\n")).with_context(missing)?;
    Ok(block.split_once("```").with_context(missing)?.0)
}

/// The block with ports and paths of ours; each one must stand in it exactly once.
pub fn moved(block: &str, changes: &[(&str, String)]) -> Result<String> {
    let mut text = block.to_owned();
    for (theirs, ours) in changes {
        let times = block.matches(theirs).count();
        ensure!(
            times == 1,
            "{theirs:?} stands {times} times in this block of docs/reverse-proxy.md:\n{block}"
        );
        text = text.replace(theirs, ours);
    }
    Ok(text)
}
