//! Where the demo is shown: lines that stay, and on a terminal, below them, rows that change.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::terminal::{Paint, columns, shows_changes, wrapped};

use super::rows::{Part, Row, View};

/// Longest silence where rows cannot change.
const SILENCE: Duration = Duration::from_secs(5);
/// How often a row that waits for something moves.
const TICK: Duration = Duration::from_millis(120);
/// Longest line that is written, on a terminal that has more columns or elsewhere.
const LINE: usize = 78;
/// Fewest columns of a terminal that has room for bars, and where lines go on if it has fewer.
const ROOM_FOR_BARS: usize = 64;
const NARROW_INDENT: usize = 4;
/// Columns of a label, and where the text behind it begins.
const LABEL: usize = 20;
const BEHIND_LABEL: usize = LABEL + 3;
const WITH_BAR: &str = "  {prefix:<13} [{bar:11}] {wide_msg}";
const WITHOUT_BAR: &str = "  {prefix:<13} {wide_msg}";
const WAITING: &str = "  {spinner} {wide_msg} {elapsed:>4}";

/// Where the demo is shown.
pub(crate) struct Screen {
    kind: Kind,
    /// Whether whoever read it has gone.
    is_unread: watch::Sender<bool>,
}

enum Kind {
    /// A terminal.
    Terminal(Terminal),
    /// A file, a pipe, or a terminal that can only write lines: no control codes.
    Lines {
        /// When the last one was written.
        last: Mutex<Instant>,
    },
}

struct Terminal {
    all: MultiProgress,
    rows: Mutex<Vec<ProgressBar>>,
}

/// Something that takes a while and is under way until this value is dropped.
pub(crate) struct Doing<'a> {
    screen: &'a Screen,
    what: String,
    row: Option<ProgressBar>,
}

impl Screen {
    /// For standard output, as it is.
    pub(crate) fn new() -> Self {
        let kind = if shows_changes() {
            let all = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
            Kind::Terminal(Terminal { all, rows: Mutex::default() })
        } else {
            Kind::Lines { last: Mutex::new(Instant::now()) }
        };
        Self { kind, is_unread: watch::Sender::new(false) }
    }

    /// A paragraph that stays.
    pub(crate) fn say(&self, text: impl Display) {
        self.write_wrapped(&text.to_string(), 2);
    }

    /// A labelled one.
    pub(crate) fn line(&self, label: &str, text: impl Display) {
        self.write_wrapped(&format!("  {label:<LABEL$} {text}"), BEHIND_LABEL);
    }

    /// One that tells what happened after some time.
    pub(crate) fn event(&self, after: Duration, text: impl Display) {
        self.write_wrapped(&format!("{:>5} s  {text}", after.as_secs()), 9);
    }

    /// The title of what comes next.
    pub(crate) fn section(&self, title: impl Display) {
        self.verbatim("");
        self.say(title.to_string().cyan());
    }

    /// A line that stays as it is, however long: to be copied.
    pub(crate) fn verbatim(&self, line: impl Display) {
        let written = match &self.kind {
            Kind::Terminal(terminal) => terminal.all.println(line.to_string()),
            Kind::Lines { last } => {
                *last.lock() = Instant::now();
                writeln!(io::stdout(), "{line}")
            }
        };
        if written.is_err() {
            self.is_unread.send_replace(true);
        }
    }

    /// Tells what begins now and takes a while.
    pub(crate) fn doing(&self, what: impl Display) -> Doing<'_> {
        let what = what.to_string();
        let row = match &self.kind {
            Kind::Terminal(terminal) => Some(terminal.wait(&what)),
            Kind::Lines { .. } => {
                self.say(format_args!("  {what} ..."));
                None
            }
        };
        Doing { screen: self, what, row }
    }

    /// Shows how things are now.
    pub(crate) fn show(&self, view: &View<'_>) {
        match &self.kind {
            Kind::Terminal(terminal) => terminal.show(&view.rows()),
            Kind::Lines { .. } if self.is_silent() => self.event(view.elapsed, view.line()),
            Kind::Lines { .. } => {}
        }
    }

    /// Nothing changes any more; the rows disappear.
    pub(crate) fn close(&self) {
        if let Kind::Terminal(terminal) = &self.kind {
            terminal.show(&[]);
        }
    }

    /// Waits until nobody reads any more.
    pub(crate) async fn unread(&self) {
        // The sender is there as long as this value.
        let _ = self.is_unread.subscribe().wait_for(|is_unread| *is_unread).await;
    }

    fn write_wrapped(&self, text: &str, indent: usize) {
        let room = match &self.kind {
            // The last column is left free: some terminals go on to the next line after it.
            Kind::Terminal(_) => columns().map_or(LINE, |columns| LINE.min(columns.saturating_sub(1))),
            Kind::Lines { .. } => LINE,
        };
        let indent = if room < ROOM_FOR_BARS { indent.min(NARROW_INDENT) } else { indent };
        for line in wrapped(text, indent, room) {
            self.verbatim(line);
        }
    }

    /// Whether it is time for a line that says how things are.
    fn is_silent(&self) -> bool {
        matches!(&self.kind, Kind::Lines { last } if last.lock().elapsed() >= SILENCE)
    }
}

impl Doing<'_> {
    /// How far it is.
    pub(crate) fn so_far(&self, so_far: impl Display) {
        match &self.row {
            Some(row) => row.set_message(format!("{}: {so_far}", self.what)),
            None if self.screen.is_silent() => {
                self.screen.say(format_args!("  {}: {so_far}", self.what));
            }
            None => {}
        }
    }
}

impl Drop for Doing<'_> {
    fn drop(&mut self) {
        if let Some(row) = &self.row {
            row.finish_and_clear();
        }
    }
}

impl Terminal {
    fn wait(&self, what: &str) -> ProgressBar {
        let row = self.all.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template(WAITING) {
            row.set_style(style);
        }
        row.set_message(what.to_owned());
        row.enable_steady_tick(TICK);
        row
    }

    fn show(&self, rows: &[Row]) {
        let has_room = columns().is_none_or(|columns| columns >= ROOM_FOR_BARS);
        let mut bars = self.rows.lock();
        while bars.len() > rows.len() {
            if let Some(bar) = bars.pop() {
                bar.finish_and_clear();
                self.all.remove(&bar);
            }
        }
        while bars.len() < rows.len() {
            bars.push(self.all.add(ProgressBar::new(1)));
        }
        for (bar, row) in bars.iter().zip(rows) {
            let template = if row.part.is_some() && has_room { WITH_BAR } else { WITHOUT_BAR };
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
