//! The demo's lines on the terminal.

use starknet_rust::core::types::{ExecutionResult, TransactionReceipt, TransactionReceiptWithBlockInfo};

use crate::terminal::{Paint, short, tokens};

use super::users::{Payment, User};

pub(crate) fn section(title: &str) {
    println!("\n{}", title.cyan());
}

/// A labelled line.
pub(crate) fn line(label: &str, text: impl std::fmt::Display) {
    println!("  {label:<11} {text}");
}

/// Everyone's balance, with the change since `before`.
pub(crate) fn balances(users: &[User], balances: &[u128], before: Option<&[u128]>) {
    for (index, (user, balance)) in users.iter().zip(balances).enumerate() {
        let address = short(user.account.address.0.key());
        let change = match before.and_then(|before| before.get(index)) {
            Some(before) if balance >= before => {
                format!("  +{}", tokens(balance - before, 4)).green().to_string()
            }
            Some(before) => format!("  -{}", tokens(before - balance, 4)).red().to_string(),
            None => String::new(),
        };
        let balance = format!("{:>13} STRK{change}", tokens(*balance, 4));
        line(user.name, format_args!("{} {balance}", address.dim()));
    }
}

pub(crate) fn payments(users: &[User], payments: &[Payment]) {
    let name = |index: usize| users.get(index).map_or("?", |user| user.name);
    for payment in payments {
        let (from, to) = (name(payment.from), name(payment.to));
        line("INVOKE v3", format_args!("{from:<5} pays {to:<5} {:>3} STRK", payment.strk));
    }
}

pub(crate) fn receipt(receipt: &TransactionReceiptWithBlockInfo) {
    let body = &receipt.receipt;
    line("thread tx", format_args!("{:#x}", body.transaction_hash()));
    match body.execution_result() {
        ExecutionResult::Succeeded => line("status", "SUCCEEDED".green()),
        ExecutionResult::Reverted { reason } => {
            line("status", "REVERTED".red());
            for (index, part) in reason.split("; ").enumerate() {
                line(if index == 0 { "reason" } else { "" }, part);
            }
        }
    }
    if let TransactionReceipt::Invoke(invoke) = body {
        let fee = invoke.actual_fee.amount.to_string().parse().unwrap_or(u128::MAX);
        line("fee", format_args!("{} STRK, paid by the operator", tokens(fee, 6)));
    }
    line("events", body.events().len());
    line("block", receipt.block.block_number());
}
