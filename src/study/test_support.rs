//! What the tests of all studies share: running one for a while, counting its work, and going on until it is done.

use super::{Event, StudyError, Watch};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// What happened in a call: steps of training, products of solvers, samples attacked or evaluated.
#[derive(Debug, Default, PartialEq, Clone, Copy)]
pub(super) struct Work {
    pub steps: usize,
    pub products: usize,
    pub samples: usize,
}

/// Runs a study until `most` events have happened.
pub(super) fn run_for<T>(
    most: usize,
    study: impl FnOnce(&mut Watch<'_>) -> Result<T, StudyError>,
) -> (Result<T, StudyError>, Work) {
    let (mut work, events) = (Work::default(), AtomicUsize::new(0));
    let mut observe = |event: Event<'_>| {
        events.fetch_add(1, Ordering::Relaxed);
        match event {
            Event::Train(crate::train::Event::Step { .. }) => work.steps += 1,
            Event::Curvature {
                event: crate::spectrum::Event::Solver(_) | crate::spectrum::Event::Inputs { .. },
                ..
            } => {
                work.products += 1;
            }
            Event::Samples { .. } => work.samples += 1,
            _ => {}
        }
    };
    let result = study(&mut Watch {
        observe: &mut observe,
        stop: &|| events.load(Ordering::Relaxed) >= most,
        since: Instant::now(),
    });
    (result, work)
}

/// Runs a study again and again, each time for as many events as `most` says, until it is done; and how often it was
/// interrupted. An error that is no interruption fails the test.
pub(super) fn until_done<T>(
    mut most: impl FnMut() -> usize,
    mut study: impl FnMut(&mut Watch<'_>) -> Result<T, StudyError>,
) -> (T, usize) {
    for interruptions in 0..400 {
        match run_for(most(), &mut study).0 {
            Ok(report) => return (report, interruptions),
            Err(StudyError::Interrupted { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("no progress");
}

/// JSON without what the clock and the place say: times, rates of work, and the command line.
pub(super) fn timeless(mut value: serde_json::Value) -> serde_json::Value {
    match &mut value {
        serde_json::Value::Object(fields) => {
            fields.retain(|name, _| {
                !["seconds", "train_seconds", "samples_per_second", "command"].contains(&name.as_str())
            });
            fields.values_mut().for_each(|v| *v = timeless(v.take()));
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(|v| *v = timeless(v.take())),
        _ => {}
    }
    value
}
