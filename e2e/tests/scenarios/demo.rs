//! The demo, as somebody who pipes it into a file has it. It checks itself what it tells.

use std::process::Command;

use anyhow::Result;
use zkthreads_e2e::node::binary;

/// What must be in it, in this order.
const TOLD: [&str; 8] = [
    "A devnet, an order book, and a thread beside it",
    "20 users trade on the thread for 8 s",
    "Zoe offers",
    "Zoe's nonce",
    "Everything is settled",
    "light client",
    "What it came to",
    "L2 gas",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_proves_what_it_tells() -> Result<()> {
    let output = Command::new(binary()?).args(["demo", "--seconds", "8"]).env_remove("RUST_LOG").output()?;
    let (text, log) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    assert!(output.status.success(), "{}\n{text}\n{log}", output.status);
    let mut rest = text.as_str();
    for told in TOLD {
        let Some((_, after)) = rest.split_once(told) else { panic!("no {told:?} in {rest}") };
        rest = after;
    }
    assert!(!text.contains('\x1b'), "control codes in {text}");
    Ok(())
}
