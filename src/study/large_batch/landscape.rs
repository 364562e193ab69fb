//! The loss along the dominant eigenvector of the training Hessian, and over the plane of the first two: the paper's
//! Figures 2 and 3.
//!
//! The eigenvectors are those of the cell's own spectrum, kept beside it; training and test loss are shown along the same
//! one. Rows of the plane are kept as they are found.
//!
//! Decided against [`crate::landscape`] here: it finds eigenvectors by itself, which would double the work of every cell,
//! and measures on one split.

use super::LargeBatchOptions;
use super::cell::Side;
use super::plan::CellSpec;
use crate::problem::Values;
use crate::study::evaluation::{evaluate_with, evaluator};
use crate::study::kept::kept;
use crate::study::{StudyError, Watch};
use crate::weights::{self, StateDict, TensorData};
use hesse_core::operator::Weights;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How far the line reaches to both sides; as in HAWQ's figures and PyHessian's tutorial.
const LINE: f64 = 0.5;
/// How far the plane reaches; as in HAWQ's figure.
const PLANE: f64 = 0.4;
const KEY: &str = "hesse.key";

/// One point of the line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossPoint {
    /// Steps of unit length along v₁.
    pub step: f64,
    /// Mean loss over the training samples.
    pub train: f64,
    /// Mean loss over the test samples.
    pub test: f64,
}

/// The training loss over a plane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plane {
    /// Steps along both directions, rising.
    pub steps: Vec<f64>,
    /// Mean loss, row by row: v₁ to the right, v₂ upwards.
    pub losses: Vec<f64>,
}

/// How many eigenvectors a cell keeps.
pub(super) fn directions(options: &LargeBatchOptions, cell: CellSpec) -> usize {
    match (cell.first, options.line_points, plane_points(options, cell)) {
        (false, ..) | (_, 0, 0) => 0,
        (_, _, 0) => 1,
        _ => 2.min(options.top.max(1)),
    }
}

/// Points of each side of a cell's plane: the smallest and the largest batch are shown side by side, and the others are not.
fn plane_points(options: &LargeBatchOptions, cell: CellSpec) -> usize {
    let ends = [options.batches.first(), options.batches.last()];
    if ends.contains(&Some(&cell.batch)) { options.plane_points } else { 0 }
}

/// Where they lie.
pub(super) fn file(options: &LargeBatchOptions, cell: CellSpec) -> PathBuf {
    cell.folder(options).join("eigenvectors.safetensors")
}

/// Keeps eigenvectors under a key. Their signs are arbitrary: the entry of the largest modulus is made positive.
pub(super) fn write(file: &Path, key: &str, vectors: Vec<Vec<f64>>) -> Result<(), StudyError> {
    let mut tensors = StateDict::new();
    for (i, mut vector) in vectors.into_iter().enumerate() {
        let largest = vector.iter().copied().fold(0.0, |most: f64, v| if v.abs() > most.abs() { v } else { most });
        if largest < 0.0 {
            vector.iter_mut().for_each(|v| *v = -*v);
        }
        let tensor = TensorData { shape: vec![vector.len()], values: weights::Values::F64(vector) };
        tensors.insert(name(i), tensor);
    }
    Ok(weights::write_safetensors(file, &tensors, &BTreeMap::from([(KEY.to_string(), key.to_string())]))?)
}

fn name(i: usize) -> String {
    format!("v{}", i + 1)
}

/// The eigenvectors kept under a key; none where they are damaged or of another key.
pub(super) fn read(file: &Path, key: &str, wanted: usize) -> Option<Vec<Vec<f64>>> {
    weights::read_metadata(file).ok()?.get(KEY).filter(|found| *found == key)?;
    let tensors = weights::read(file).ok()?;
    (0..wanted).map(|i| Some(tensors.get(&name(i))?.values.to_f64())).collect()
}

/// From −reach to reach.
fn steps(points: usize, reach: f64) -> Vec<f64> {
    let last = points.saturating_sub(1).max(1) as f64;
    (0..points).map(|i| reach * ((2.0 * i as f64 - last) / last)).collect()
}

/// Line and plane of a cell, or what an earlier call left; nothing where they were not asked for, or where there are no
/// eigenvectors to go along. `key` is that of the curvature whose eigenvectors they are.
pub(super) fn measure(
    train: &mut Side<'_>,
    test: &mut Side<'_>,
    key: &str,
    watch: &mut Watch<'_>,
) -> Result<(Vec<LossPoint>, Option<Plane>), StudyError> {
    let (options, cell) = (train.options, train.cell);
    let wanted = directions(options, cell);
    let Some(vectors) = (if wanted == 0 { None } else { read(&file(options, cell), key, wanted) }) else {
        return Ok((Vec::new(), None));
    };
    let along = steps(options.line_points, LINE);
    let line: Vec<[f64; 2]> = along.iter().map(|s| [*s, 0.0]).collect();
    let on_train = losses(train, &vectors, (key, "line"), &line, watch)?;
    let on_test = losses(test, &vectors, (key, "line"), &line, watch)?;
    let points = along.iter().zip(on_train.iter().zip(on_test));
    let line = points.map(|(step, (train, test))| LossPoint { step: *step, train: *train, test }).collect();
    let points = plane_points(options, cell);
    if points == 0 || vectors.len() < 2 {
        return Ok((line, None));
    }
    let steps = steps(points, PLANE);
    let mut plane = Vec::with_capacity(steps.len() * steps.len());
    for (i, second) in steps.iter().enumerate() {
        let row: Vec<[f64; 2]> = steps.iter().map(|first| [*first, *second]).collect();
        plane.extend(losses(train, &vectors, (key, &format!("plane-{i}")), &row, watch)?);
    }
    Ok((line, Some(Plane { steps, losses: plane })))
}

/// The loss on a split at each of some places, given in steps along the vectors.
fn losses(
    side: &mut Side<'_>,
    vectors: &[Vec<f64>],
    (curvature, what): (&str, &str),
    places: &[[f64; 2]],
    watch: &mut Watch<'_>,
) -> Result<Vec<f64>, StudyError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let key = side.key(&format!("{what} of {curvature} at {places:?}"));
    let weights = side.cell.folder(side.options).join("model.safetensors");
    let shown = format!("{} samples, {what}", side.split);
    kept(&side.file(what), &key, || {
        let session = side.session()?;
        let graph = session.graph();
        let centre = Values::read(graph, &weights)?;
        let mut evaluator = evaluator(session)?;
        let mut found = Vec::with_capacity(places.len());
        for place in places {
            let moved = moved(&centre.parameters, vectors, place);
            let weights = Weights::upload(session.backend(), graph, &moved, &centre.buffers)?;
            match evaluate_with(&mut evaluator, &weights, session.source(), &shown, watch)? {
                Some(answers) => found.push(answers.loss),
                None => return Err(side.interrupted("measuring the landscape at")),
            }
        }
        Ok(found)
    })
}

/// θ + Σ stepᵢ·vᵢ, parameter by parameter.
fn moved(centre: &[Vec<f64>], vectors: &[Vec<f64>], place: &[f64; 2]) -> Vec<Vec<f64>> {
    let mut start = 0;
    let step = |values: &Vec<f64>| {
        let mut moved = values.clone();
        for (vector, by) in vectors.iter().zip(place) {
            let part = vector.get(start..start + values.len()).unwrap_or_default();
            moved.iter_mut().zip(part).for_each(|(value, v)| *value += by * v);
        }
        start += values.len();
        moved
    };
    centre.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_reached_parameter_by_parameter() {
        let centre = [vec![1.0, 2.0], vec![3.0]];
        let vectors = [vec![1.0, 0.0, 0.5], vec![0.0, 1.0, 0.0]];
        assert_eq!(moved(&centre, &vectors, &[2.0, -1.0]), [vec![3.0, 1.0], vec![4.0]]);
    }

    #[test]
    fn eigenvectors_come_back_under_their_key_alone_with_their_largest_entry_positive() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("v.safetensors");
        write(&file, "a", vec![vec![0.1, -0.9], vec![0.5, 0.2]]).unwrap();
        assert_eq!(read(&file, "a", 2), Some(vec![vec![-0.1, 0.9], vec![0.5, 0.2]]));
        assert_eq!((read(&file, "b", 2), read(&file, "a", 3)), (None, None));
    }

    #[test]
    fn steps_are_symmetric_and_pass_through_zero() {
        assert_eq!(steps(5, 0.5), [-0.5, -0.25, 0.0, 0.25, 0.5]);
        assert!(steps(0, 0.5).is_empty());
    }
}
