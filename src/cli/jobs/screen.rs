//! What a person sees of several processes: how many pieces are done, and a line for each that is at work.

use crate::cli::progress::style;
use indicatif::{MultiProgress, ProgressBar};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Hidden by indicatif itself where standard error is no terminal; what stays is written in any case.
pub(super) struct Screen {
    all: MultiProgress,
    done: ProgressBar,
    lines: BTreeMap<usize, ProgressBar>,
}

impl Screen {
    /// A line for so many pieces.
    pub fn new(pieces: usize) -> Self {
        let all = MultiProgress::new();
        let done = all.add(ProgressBar::new(pieces as u64));
        done.set_style(style("{wide_bar} {pos}/{len} cells, {elapsed}"));
        done.enable_steady_tick(Duration::from_secs(1));
        Screen { all, done, lines: BTreeMap::new() }
    }

    /// A piece is begun.
    pub fn begin(&mut self, slot: usize, name: &str) {
        let line = self.all.insert_before(&self.done, ProgressBar::new_spinner());
        line.set_style(style("{spinner} {msg}"));
        line.set_message(name.to_string());
        line.enable_steady_tick(Duration::from_millis(120));
        self.lines.insert(slot, line);
    }

    /// What its process does.
    pub fn doing(&mut self, slot: usize, text: String) {
        if let Some(line) = self.lines.get(&slot) {
            line.set_message(text);
        }
    }

    /// A line that stays.
    pub fn stays(&mut self, text: &str) {
        if std::io::stderr().is_terminal() {
            let _ = self.all.println(text);
        } else {
            // A closed standard error must not end the run.
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// A process has ended, with its piece done or not.
    pub fn end(&mut self, slot: usize, done: bool) {
        if let Some(line) = self.lines.remove(&slot) {
            line.finish_and_clear();
        }
        if done {
            self.done.inc(1);
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.done.finish_and_clear();
    }
}
