//! The side of the child.

use crate::cli::ending::Ending;
use crate::cli::{interrupt, training};
use crate::report::{grouped, significant};
use crate::spectrum;
use crate::study::{Event, StudyError, Watch};
use crate::train;
use hesse_core::eigen::SolverEvent;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// The flag that a parent adds, before all others of its own.
pub(super) const PIECE: &str = "--piece";

/// How often what is being done is told.
const EVERY: Duration = Duration::from_millis(200);

/// The command line as the parent was given it.
pub(in crate::cli) fn of_the_parent(command: &[String]) -> &[String] {
    let own = command.iter().rposition(|word| word == PIECE).unwrap_or(command.len());
    command.get(..own).unwrap_or(command)
}

/// Does a piece for a parent.
pub(in crate::cli) fn serve(
    piece: impl FnOnce(&mut Watch<'_>) -> Result<(), StudyError>,
) -> Result<Ending, StudyError> {
    interrupt::listen_quietly();
    std::thread::spawn(|| {
        // Nothing comes; the end does, or an error that means as much.
        let _ = std::io::copy(&mut std::io::stdin().lock().by_ref(), &mut std::io::sink());
        interrupt::ask();
    });
    let mut told = Told { label: String::new(), last: None };
    let mut observe = |event: Event<'_>| told.tell(event);
    piece(&mut Watch { observe: &mut observe, stop: &interrupt::asked, since: Instant::now() })?;
    Ok(Ending::Done)
}

struct Told {
    label: String,
    last: Option<Instant>,
}

impl Told {
    fn tell(&mut self, event: Event<'_>) {
        match event {
            Event::Cell { name, number, of } => self.label = format!("[{number}/{of}] {name}: "),
            Event::Train(train::Event::Epoch(record)) => self.stays(&training::epoch_line(record)),
            Event::Train(train::Event::Resumed { epoch, step }) => self.stays(&training::resumed_line(epoch, step)),
            event => {
                if self.last.is_none_or(|last| last.elapsed() >= EVERY)
                    && let Some(text) = doing(event)
                {
                    self.last = Some(Instant::now());
                    // A parent that is gone closes standard input too.
                    let _ = writeln!(std::io::stdout(), "{}{text}", self.label);
                }
            }
        }
    }

    fn stays(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{}{text}", self.label);
    }
}

/// What is being done, in a few words; none where nothing has to be said.
fn doing(event: Event<'_>) -> Option<String> {
    Some(match event {
        Event::Train(train::Event::Step { epoch, epochs, loss, samples_per_second, .. }) => {
            let loss = significant(loss, 4);
            format!("epoch {epoch}/{epochs}, loss {loss}, {} samples/s", grouped(samples_per_second as usize))
        }
        Event::Train(train::Event::Tracking) => "measuring curvature while training".to_string(),
        Event::Curvature { of, event: spectrum::Event::Solver(SolverEvent::Step { products }) } => {
            format!("eigenvalues {of}, product {products}")
        }
        Event::Curvature { of, event: spectrum::Event::Inputs { done, total, .. } } => {
            format!("input Hessians {of}, {done}/{total}")
        }
        Event::Curvature { of, .. } => format!("curvature {of}"),
        Event::Samples { what, done, total } => format!("{what}, {done}/{total}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::of_the_parent;

    #[test]
    fn the_parents_command_line_is_what_stands_before_its_own_flags() {
        let words = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<_>>();
        let child = words("hesse study robust --out a --piece original --piece-threads 1");
        assert_eq!(of_the_parent(&child), words("hesse study robust --out a"));
        assert_eq!(of_the_parent(&words("hesse study robust")), words("hesse study robust"));
    }
}
