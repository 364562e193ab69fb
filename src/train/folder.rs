//! The folder of a run: what is in it decides whether to begin, to continue, or to refuse.
//!
//! Nothing of another run is replaced without being told so. Half-written files have names of their own that nothing
//! here reads.

use super::checkpoint::{BEST, CURRENT, Checkpoint, Found, MODEL, PREVIOUS};
use super::identity::Identity;
use super::optimizer::Stepper;
use super::stopping::{Decision, decide};
use super::track;
use super::{TrainError, TrainSpec};
use hesse_core::graph::Graph;
use std::fs;
use std::io;
use std::path::Path;

/// The report.
pub(super) const REPORT: &str = "train.json";

/// Makes the folder where there is none, and finds the checkpoint to continue from. Also says what was amiss.
pub(super) fn open(
    spec: &TrainSpec,
    graph: &Graph,
    identity: &Identity,
) -> Result<(Option<Box<Checkpoint>>, Option<String>), TrainError> {
    let folder = spec.out.as_path();
    fs::create_dir_all(folder).map_err(failed("making the folder", folder))?;
    match find(spec, graph, identity) {
        Ok(found) => Ok(found),
        Err(TrainError::Io { operation, path, source }) => Err(TrainError::Io { operation, path, source }),
        Err(_) if spec.force => {
            clear(folder)?;
            Ok((None, None))
        }
        Err(error) => Err(error),
    }
}

fn find(
    spec: &TrainSpec,
    graph: &Graph,
    identity: &Identity,
) -> Result<(Option<Box<Checkpoint>>, Option<String>), TrainError> {
    let folder = spec.out.as_path();
    let occupied = |what: String| Err(TrainError::Occupied { folder: folder.to_owned(), what });
    let mut damaged = None;
    for name in [CURRENT, PREVIOUS] {
        let file = folder.join(name);
        if !file.exists() {
            continue;
        }
        match Checkpoint::read(&file, graph, identity, Stepper::state_names(&spec.options)) {
            Ok(Found::Another(difference)) => return occupied(format!("another run ({difference})")),
            Ok(Found::Same(checkpoint)) => {
                let progress = &checkpoint.progress;
                if let Decision::Past(epoch) = decide(&progress.records, &spec.options, progress.step > 0) {
                    let done = progress.records.len();
                    return occupied(format!(
                        "this run beyond the end asked for (epoch {epoch}; it is at epoch {done}{})",
                        if progress.step > 0 { " and some steps" } else { "" }
                    ));
                }
                let notice = damaged.map(|error: TrainError| format!("continued from the checkpoint before: {error}"));
                return Ok((Some(checkpoint), notice));
            }
            Err(error) => damaged = Some(damaged.unwrap_or(error)),
        }
    }
    match damaged {
        Some(error) => Err(error),
        None => match [REPORT, MODEL].into_iter().find(|name| folder.join(name).exists()) {
            Some(name) => occupied(format!("{name} without a checkpoint")),
            None => Ok((None, None)),
        },
    }
}

fn clear(folder: &Path) -> Result<(), TrainError> {
    for name in [REPORT, MODEL, BEST, CURRENT, PREVIOUS, track::CSV, track::JSON_LINES] {
        let file = folder.join(name);
        match fs::remove_file(&file) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(failed("removing", &file)(source)),
            _ => {}
        }
    }
    Ok(())
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> TrainError {
    let path = path.to_owned();
    move |source| TrainError::Io { operation, path: path.clone(), source }
}
