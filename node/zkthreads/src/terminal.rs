//! Writing for people: colours where there is a terminal, a progress bar for what takes long, readable amounts.

use std::fmt;
use std::io::IsTerminal;
use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rustix::termios::tcgetwinsize;

/// What `TERM` is where there is no more than a line printer.
const LINES_ONLY: &str = "dumb";
/// How a colour, or another style of text, begins and ends.
const STYLE: (char, char) = ('\x1b', 'm');

/// Colours on standard output: a terminal that can, and `NO_COLOR` is not set to anything.
static COLOURS: LazyLock<bool> = LazyLock::new(|| {
    shows_changes() && std::env::var_os("NO_COLOR").is_none_or(|no_color| no_color.is_empty())
});

/// Whether standard output is a terminal on which a line can change after it was written.
#[must_use]
pub fn shows_changes() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("TERM").is_some_and(|term| term != LINES_ONLY)
}

/// How many columns the terminal at standard output has, if it says so.
#[must_use]
pub fn columns() -> Option<usize> {
    let size = tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// The text in lines of `columns` at most, broken between words. All but the first begin with `indent` spaces. A word
/// that is longer than a line has one of its own.
#[must_use]
pub fn wrapped(text: &str, indent: usize, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let (mut used, mut has_words) = (0, false);
    for (index, word) in text.split(' ').enumerate() {
        let width = width(word);
        if has_words && used + 1 + width > columns {
            lines.push(line.trim_end().to_owned());
            line = format!("{:indent$}{word}", "");
            used = indent + width;
        } else {
            if index > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += width;
        }
        has_words |= width > 0;
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// The columns that a word takes: its characters without those of its style.
fn width(word: &str) -> usize {
    let mut is_style = false;
    let is_shown = |character: &char| {
        let was_style = is_style;
        is_style = if was_style { *character != STYLE.1 } else { *character == STYLE.0 };
        !was_style && !is_style
    };
    word.chars().filter(is_shown).count()
}

/// Text with an ANSI style around it, if standard output is a terminal.
pub struct Painted<T> {
    text: T,
    code: &'static str,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *COLOURS { write!(f, "\x1b[{}m{}\x1b[0m", self.code, self.text) } else { self.text.fmt(f) }
    }
}

/// Styles for anything that can be displayed.
pub trait Paint: fmt::Display + Sized {
    /// What went well.
    fn green(self) -> Painted<Self> {
        Painted { text: self, code: "32" }
    }
    /// What did not.
    fn red(self) -> Painted<Self> {
        Painted { text: self, code: "31" }
    }
    /// What stands out.
    fn bold(self) -> Painted<Self> {
        Painted { text: self, code: "1" }
    }
    /// What stands back.
    fn dim(self) -> Painted<Self> {
        Painted { text: self, code: "2" }
    }
    /// What heads a section.
    fn cyan(self) -> Painted<Self> {
        Painted { text: self, code: "1;36" }
    }
}

impl<T: fmt::Display> Paint for T {}

/// What is going on now: a bar on a terminal, a line per stage elsewhere.
pub struct ProgressLine {
    bar: Option<ProgressBar>,
}

impl ProgressLine {
    /// Of something in about `stages` stages. Written to standard error, which leaves standard output to results.
    #[must_use]
    pub fn new(stages: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(stages), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("  {spinner} [{bar:24}] {elapsed:>4} {msg}") {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar }
    }

    /// The next stage begins.
    pub fn stage(&self, stage: impl fmt::Display) {
        match &self.bar {
            Some(bar) => {
                if !bar.message().is_empty() {
                    bar.inc(1);
                }
                bar.set_message(stage.to_string());
            }
            None => eprintln!("  {stage} ..."),
        }
    }

    /// Nothing is going on any more; the bar disappears.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.finish();
    }
}

/// A number of bytes, for people.
#[must_use]
pub fn bytes(count: usize) -> String {
    match count {
        0..10_000 => format!("{count} bytes"),
        10_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{:.2} MB", count as f64 / 1e6),
    }
}

/// An integer with its thousands apart.
#[must_use]
pub fn grouped(number: impl fmt::Display) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// An amount of a token of 18 decimals, to `decimals` of them.
#[must_use]
pub fn tokens(amount: u128, decimals: usize) -> String {
    const UNIT: u128 = 1_000_000_000_000_000_000;
    let fraction = format!("{:018}", amount % UNIT);
    let whole = grouped(amount / UNIT);
    match fraction.get(..decimals.min(18)) {
        Some(fraction) if !fraction.is_empty() => format!("{whole}.{fraction}"),
        _ => whole,
    }
}

/// A felt's first and last digits.
#[must_use]
pub fn short(hex: impl fmt::LowerHex) -> String {
    let hex = format!("{hex:#066x}");
    match (hex.get(..8), hex.get(hex.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) => format!("{head}..{tail}"),
        _ => hex,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_not_broken() {
        assert_eq!(wrapped("", 2, 10), [""]);
        assert_eq!(wrapped("  label  one two three", 9, 16), ["  label  one two", "         three"]);
        assert_eq!(wrapped("one 0123456789 two", 1, 8), ["one", " 0123456789", " two"]);
        assert_eq!(wrapped("0123456789 two", 0, 8), ["0123456789", "two"]);
        // A style takes no columns.
        assert_eq!(wrapped("\x1b[1;32mone\x1b[0m two", 0, 7), ["\x1b[1;32mone\x1b[0m two"]);
    }

    #[test]
    fn amounts_are_readable() {
        assert_eq!(tokens(1_000_000_000_000_000_000_000, 2), "1,000.00");
        assert_eq!(tokens(1_500_000_000_000_000_000, 1), "1.5");
        assert_eq!(tokens(7, 18), "0.000000000000000007");
        assert_eq!(tokens(7, 0), "0");
        assert_eq!(grouped(123), "123");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(bytes(917_000), "917.0 kB");
        assert_eq!(short(0x1234_u64), "0x000000..1234");
    }
}
