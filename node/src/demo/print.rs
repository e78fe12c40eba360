//! The demo's lines on the terminal.

use std::fmt::Display;

use crate::terminal::Paint;

pub(crate) fn section(title: &str) {
    println!("\n{}", title.cyan());
}

/// A labelled line.
pub(crate) fn line(label: &str, text: impl Display) {
    println!("  {label:<20} {text}");
}
