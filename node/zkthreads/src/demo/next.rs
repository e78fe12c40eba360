//! What to try after the demo: commands that work as they are written.

use anyhow::{Context, Result};
use zkthreads_genesis::accounts::derive;

use super::host::SEED;
use super::screen::Screen;

/// Tells it.
pub(crate) fn tell(screen: &Screen) -> Result<()> {
    let program = quoted(&std::env::current_exe()?.to_string_lossy());
    let submitter = *derive(SEED, 1)?.first().context("a devnet without accounts")?;
    screen.section("What to try next");
    screen.say("  A chain of your own with funded accounts, at http://127.0.0.1:5050:");
    screen.verbatim(format_args!("    {program} devnet --seed {SEED}"));
    screen.say("  A thread beside it, at http://127.0.0.1:5051, from another terminal:");
    screen.verbatim(format_args!("    (umask 077; echo {:#x} > submitter.key)", submitter.private_key));
    screen.verbatim(format_args!("    {program} thread --contracts any \\"));
    screen.verbatim("      --submitter-key-file submitter.key --submitter \\");
    screen.verbatim(format_args!("      {:#x}", submitter.address.0.key()));
    screen.say("  What it does, in a browser: http://127.0.0.1:5051/threads");
    screen.say("  To read:");
    screen.verbatim("    docs/run-a-thread.md   how to use that thread");
    screen.verbatim("    docs/devnet.md         what the chain can do");
    screen.verbatim("    docs/demo.md           what this demo did");
    Ok(())
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/._-".contains(character);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_it_for_one_word() {
        assert_eq!(quoted("/usr/bin/zkthreads"), "/usr/bin/zkthreads");
        assert_eq!(quoted("/home/my name/it's"), r"'/home/my name/it'\''s'");
    }
}
