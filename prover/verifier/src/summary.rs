//! A statement in a few lines, for people.

use std::fmt;

use zkthreads_protocol::Statement;

/// Prints what a statement says in short.
#[derive(Debug, Clone, Copy)]
pub struct StatementSummary<'a>(
    /// The statement.
    pub &'a Statement,
);

impl fmt::Display for StatementSummary<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let statement = self.0;
        let cells = || statement.contracts.iter().flat_map(|contract| &contract.storage);
        let base = &statement.base_block;
        writeln!(out, "chain id {}", short_string(&statement.chain_id.to_bytes_be()))?;
        writeln!(out, "base block {} at {}", base.number.0, base.timestamp.0)?;
        match statement.submitter.0.key() {
            submitter if *submitter == Default::default() => writeln!(out, "anyone may submit")?,
            submitter => writeln!(out, "submitter {submitter:#x}")?,
        }
        let changed = || statement.contracts.iter().filter(|contract| contract.changes_class());
        let deployed = changed().filter(|contract| contract.is_deployed()).count();
        writeln!(
            out,
            "inner transactions: {}, reverted: {}, classes: {}, events: {}, messages: {}",
            statement.inner_transactions.len(),
            statement.reverted_count(),
            statement.classes.len(),
            statement.event_count,
            statement.messages.len(),
        )?;
        write!(
            out,
            "contracts: {}, deployed: {deployed}, given another class: {}, storage cells read: {}, written: {}",
            statement.contracts.len(),
            changed().count().saturating_sub(deployed),
            cells().count(),
            cells().filter(|cell| cell.is_write()).count(),
        )
    }
}

/// The text of a short string, or its digits if it is none.
fn short_string(bytes: &[u8]) -> String {
    let text: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    match String::from_utf8(text) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => text,
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
