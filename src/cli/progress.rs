//! Progress on standard error, only where it is a terminal.

use crate::spectrum::Event;
use hesse_core::eigen::SolverEvent;
use hesse_core::estimate::EstimateEvent;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// One line that changes. Hidden by indicatif itself where standard error is no terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    phase: Phase,
    label: String,
}

#[derive(PartialEq, Eq)]
enum Phase {
    None,
    Samples,
    SelfTest,
    Part(&'static str),
    Solver,
    Estimate(&'static str),
    Points,
}

impl Progress {
    /// A line that shows nothing yet.
    pub fn new() -> Self {
        Progress { bar: ProgressBar::new_spinner(), phase: Phase::None, label: String::new() }
    }

    /// Puts a text in front of what follows.
    pub fn label(&mut self, label: String) {
        self.label = label;
    }

    /// Shows what a measurement does.
    pub fn show(&mut self, event: Event) {
        match event {
            Event::Samples { done, total } => {
                self.counted(Phase::Samples, "loss and gradient", "samples", total);
                self.bar.set_position(done as u64);
            }
            Event::Inputs { done, total, products } => {
                self.counted(Phase::Samples, "input Hessians", "samples", total);
                if products > 0 {
                    self.say(&format!("input Hessians, product {products}"));
                }
                self.bar.set_position(done as u64);
            }
            Event::SelfTest => self.spinning(Phase::SelfTest, "self-test"),
            Event::Part { what, done, total } => {
                self.counted(Phase::Part(what), what, what, total);
                self.bar.set_position(done as u64);
            }
            Event::Gradient { done, total } => self.say(&format!("self-test, gradient {done} of {total}")),
            Event::Solver(SolverEvent::Step { products }) => {
                self.spinning(Phase::Solver, "eigenvalues");
                self.bar.set_prefix(format!("product {products}"));
            }
            Event::Solver(SolverEvent::Restart { products, converged, worst_residual }) => {
                self.spinning(Phase::Solver, "eigenvalues");
                self.bar.set_prefix(format!("product {products}"));
                self.bar
                    .set_message(format!("eigenvalues, {converged} converged, worst residual {worst_residual:.1e}"));
            }
            Event::Estimate { what, event } => self.estimate(what, event),
            _ => {}
        }
    }

    fn estimate(&mut self, what: &'static str, event: EstimateEvent) {
        let (done, most, message) = match event {
            EstimateEvent::Products { done, most } => (done, most, None),
            EstimateEvent::Estimate { done, most, relative_error } => {
                (done, most, Some(format!("{what}, ± {:.2} %", 100.0 * relative_error)))
            }
            _ => return,
        };
        let unit = if what == "data sampling" { "groups" } else { "products at most" };
        self.counted(Phase::Estimate(what), what, unit, most);
        self.bar.set_position(done as u64);
        if let Some(message) = message {
            self.say(&message);
        }
    }

    /// Shows what an attack does, and on how many samples all attacks are done.
    pub fn attack(&mut self, what: &str, done: usize, total: usize) {
        self.counted(Phase::Samples, what, "samples", total);
        self.say(what);
        self.bar.set_position(done as u64);
    }

    /// Shows which round of a timing runs.
    pub fn rounds(&mut self, what: &str, done: usize, total: usize) {
        self.counted(Phase::Samples, what, "rounds", total);
        self.say(what);
        self.bar.set_position(done as u64);
    }

    /// Shows how much of a landscape is measured.
    pub fn points(&mut self, done: usize, total: usize) {
        self.counted(Phase::Points, "landscape", "points", total);
        self.bar.set_position(done as u64);
    }

    /// Takes the line away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn say(&self, message: &str) {
        self.bar.set_message(format!("{}{message}", self.label));
    }

    fn counted(&mut self, phase: Phase, message: &str, unit: &str, total: usize) {
        if self.phase != phase {
            self.phase = phase;
            let template = format!("{{msg}}  {{wide_bar}} {{pos}}/{{len}} {unit}, {{eta}} left");
            self.bar.set_style(style(&template));
            self.say(message);
        }
        self.bar.set_length(total as u64);
    }

    fn spinning(&mut self, phase: Phase, message: &str) {
        if self.phase != phase {
            self.phase = phase;
            self.bar.set_style(style("{spinner} {msg}  {prefix}  {elapsed}"));
            self.bar.set_prefix("");
            self.say(message);
            self.bar.enable_steady_tick(Duration::from_millis(120));
        }
    }
}

/// A template; indicatif's own where it is wrong, because progress must not end a run.
pub(super) fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
