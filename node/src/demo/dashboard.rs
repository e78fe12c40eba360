//! The dashboard: bars on a terminal, a line every ten seconds elsewhere, and lines in between that stay.

use std::fmt::Display;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_lot::Mutex;

use super::rows::{Part, Row, View};

/// How often there is a line where there are no bars.
const LINE_INTERVAL: Duration = Duration::from_secs(10);
const WITH_BAR: &str = "  {prefix:<14} [{bar:26.cyan}] {wide_msg}";
const WITHOUT_BAR: &str = "  {prefix:<14} {wide_msg}";

/// Where the demo is shown.
pub(crate) enum Dashboard {
    /// A terminal.
    Bars(Bars),
    /// A file or a pipe: no control codes. When the last line was written.
    Lines(Mutex<Option<Instant>>),
}

/// Bars at the bottom of a terminal.
pub(crate) struct Bars {
    all: MultiProgress,
    rows: Mutex<Vec<ProgressBar>>,
}

impl Dashboard {
    /// For standard output, as it is.
    pub(crate) fn new() -> Self {
        if std::io::stdout().is_terminal() {
            let all = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
            Self::Bars(Bars { all, rows: Mutex::default() })
        } else {
            Self::Lines(Mutex::new(None))
        }
    }

    /// Shows how things are now.
    pub(crate) fn show(&self, view: &View<'_>) {
        match self {
            Self::Bars(bars) => bars.show(&view.rows()),
            Self::Lines(last) => {
                let mut last = last.lock();
                if last.is_none_or(|last| last.elapsed() >= LINE_INTERVAL) {
                    println!("  {}", view.line());
                    *last = Some(Instant::now());
                }
            }
        }
    }

    /// A line that stays.
    pub(crate) fn say(&self, line: impl Display) {
        match self {
            // A terminal that is gone is not told anything.
            Self::Bars(bars) => drop(bars.all.println(line.to_string())),
            Self::Lines(_) => println!("{line}"),
        }
    }

    /// Nothing changes any more; the bars disappear.
    pub(crate) fn close(&self) {
        if let Self::Bars(bars) = self {
            bars.rows.lock().clear();
            drop(bars.all.clear());
        }
    }
}

impl Bars {
    fn show(&self, rows: &[Row]) {
        let mut bars = self.rows.lock();
        while bars.len() > rows.len() {
            if let Some(bar) = bars.pop() {
                self.all.remove(&bar);
            }
        }
        while bars.len() < rows.len() {
            bars.push(self.all.add(ProgressBar::new(1)));
        }
        for (bar, row) in bars.iter().zip(rows) {
            let template = if row.part.is_some() { WITH_BAR } else { WITHOUT_BAR };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            let Part { done, of } = row.part.unwrap_or(Part { done: 0, of: 1 });
            bar.set_length(of.max(1));
            bar.set_position(done);
            bar.set_prefix(row.label.clone());
            bar.set_message(row.text.clone());
        }
    }
}
