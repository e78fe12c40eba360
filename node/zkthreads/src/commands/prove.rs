//! `zkthreads prove`: from a file of signed transactions to a package.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};
use zkthreads_batcher::SubBlockBuilder;
use zkthreads_client::NodeClient;
use zkthreads_verifier::StatementSummary;

use crate::config::ProveArgs;
use crate::signed_transactions;
use crate::terminal::{Paint, bytes, grouped};
use crate::thread_progress::listener;

/// Executes the transactions over the node's latest block, proves the sub-block and writes its package.
///
/// # Errors
/// If nothing can be proven or the file cannot be written.
pub async fn run(arguments: ProveArgs) -> Result<()> {
    let path = arguments.transactions.display();
    let json = fs::read(&arguments.transactions).with_context(|| format!("cannot read {path}"))?;
    let transactions = signed_transactions::parse(&json).with_context(|| path.to_string())?;

    let node = NodeClient::new(&arguments.rpc)?;
    let builder =
        SubBlockBuilder::new(node, arguments.submitter.unwrap_or_default()).with_listener(listener());
    let started = Instant::now();
    let executed = builder.execute(transactions).await?;
    for left_out in &executed.left_out {
        println!("{} {:#x}: {}", "left out".red(), left_out.hash.0, left_out.reason);
    }
    let proved = builder.prove(executed).await?;
    let hashes = proved.package.transaction_hashes();
    for (hash, included) in hashes.zip(proved.package.inner_transactions()) {
        if let Some(reason) = &included.revert_reason {
            println!("{} {:#x}: {reason}", "reverted".red(), hash.0);
        }
    }

    let out = arguments.out.display();
    fs::write(&arguments.out, &proved.bytes).with_context(|| format!("cannot write {out}"))?;
    for segment in &proved.package.segments {
        println!("{}", StatementSummary(&segment.statement));
    }
    println!("{} Cairo steps, proven in {:.1} s", grouped(proved.steps), started.elapsed().as_secs_f64());
    println!("package {:#x}, {}, in {out}", proved.facts.package_digest.0, bytes(proved.bytes.len()));
    Ok(())
}
