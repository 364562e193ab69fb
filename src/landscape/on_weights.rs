//! The loss as a function of the weights.
//!
//! Weights are moved on the device: a copy of the centre plus multiples of the directions, made anew for every point, so
//! that nothing drifts and the session's own weights are never touched. The samples are uploaded once, and again in smaller
//! batches where the device runs out of memory.

use super::surface::{Height, Surface};
use super::{LandscapeError, direction::Direction};
use crate::problem::Session;
use hesse_core::backend::Executable;
use hesse_core::operator::{DeviceBatch, OperatorError, batches, count_correct, halving};
use hesse_core::vectors::{Block, VectorSpace};
use std::collections::HashMap;

/// Values that move: the space, the directions as columns, and the moved copy.
struct Moving {
    space: Box<dyn VectorSpace>,
    directions: Block,
    moved: Block,
}

impl Moving {
    fn new(session: &Session, length: usize, columns: &[&[f64]]) -> Result<Self, LandscapeError> {
        let space = session.backend().space(length, session.backend().info().precision);
        let mut directions = space.zeros(columns.len())?;
        for (i, column) in columns.iter().enumerate() {
            space.write(&mut directions, i, column)?;
        }
        let moved = space.zeros(1)?;
        Ok(Moving { space, directions, moved })
    }

    fn to(&mut self, centre: &Block, steps: &[f64]) -> Result<(), LandscapeError> {
        self.space.copy(centre.all(), self.moved.all_mut())?;
        let factors = steps.get(..self.directions.columns()).unwrap_or(steps);
        self.space.combine(self.moved.all_mut(), 1.0, self.directions.all(), factors)?;
        Ok(())
    }
}

/// The samples on the device, and the loss compiled for their batches.
#[derive(Default)]
struct Loaded {
    batches: Vec<(usize, DeviceBatch)>,
    programs: HashMap<usize, Box<dyn Executable>>,
}

impl Loaded {
    fn new(session: &Session, batch: usize) -> Result<Self, OperatorError> {
        let program = session.problem().loss()?;
        let mut loaded = Loaded::default();
        for range in batches(session.source().len(), batch) {
            let size = range.len();
            loaded.batches.push((size, DeviceBatch::load(session.backend(), session.source(), range)?));
            if let std::collections::hash_map::Entry::Vacant(place) = loaded.programs.entry(size) {
                place.insert(session.backend().compile(&program, size)?);
            }
        }
        Ok(loaded)
    }
}

/// The failure that a smaller batch may mend.
fn cause(error: &LandscapeError) -> Option<&OperatorError> {
    match error {
        LandscapeError::Operator(cause) => Some(cause),
        _ => None,
    }
}

/// The surface.
pub(super) struct OnWeights<'a> {
    session: &'a Session,
    parameters: Moving,
    buffers: Option<Moving>,
    /// Samples at once.
    batch: usize,
    loaded: Loaded,
    stop: &'a (dyn Fn() -> bool + Send + Sync),
}

impl<'a> OnWeights<'a> {
    /// Uploads directions and samples, and compiles the loss.
    pub fn new(
        session: &'a Session,
        directions: &[Direction],
        stop: &'a (dyn Fn() -> bool + Send + Sync),
    ) -> Result<Self, LandscapeError> {
        let columns: Vec<&[f64]> = directions.iter().map(|d| d.parameters.as_slice()).collect();
        let length = columns.first().map_or(0, |c| c.len());
        let parameters = Moving::new(session, length, &columns)?;
        let buffers = match (&session.weights().buffers, directions.iter().any(|d| !d.buffers.is_empty())) {
            (Some(buffers), true) => {
                let columns: Vec<&[f64]> = directions.iter().map(|d| d.buffers.as_slice()).collect();
                Some(Moving::new(session, buffers.rows(), &columns)?)
            }
            _ => None,
        };
        let mut batch = session.spec().batch.clamp(1, session.source().len().max(1));
        let coupled = session.problem().couples_samples();
        let loaded = halving(&mut batch, coupled, |e: &OperatorError| Some(e), |batch| Loaded::new(session, batch))?;
        Ok(OnWeights { session, parameters, buffers, batch, loaded, stop })
    }

    /// The height of a point, with fewer samples at once where memory is short.
    fn height(&mut self, steps: [f64; 2]) -> Result<Height, LandscapeError> {
        let (mut batch, coupled) = (self.batch, self.session.problem().couples_samples());
        halving(&mut batch, coupled, cause, |at_once| {
            if at_once != self.batch {
                // What is loaded takes memory itself, so it goes first.
                self.loaded = Loaded::default();
                self.loaded = Loaded::new(self.session, at_once)?;
                self.batch = at_once;
            }
            self.pass(steps)
        })
    }

    fn pass(&mut self, steps: [f64; 2]) -> Result<Height, LandscapeError> {
        let weights = self.session.weights();
        self.parameters.to(&weights.parameters, &steps)?;
        if let (Some(moving), Some(centre)) = (&mut self.buffers, &weights.buffers) {
            moving.to(centre, &steps)?;
        }
        let buffers = self.buffers.as_ref().map(|m| &m.moved).or(weights.buffers.as_ref());
        let (mut loss, mut weight, mut correct) = (0.0, 0.0, 0);
        let Loaded { batches, programs } = &mut self.loaded;
        for (size, batch) in batches.iter() {
            if (self.stop)() {
                return Err(OperatorError::Interrupted.into());
            }
            let Some(program) = programs.get_mut(size) else { continue };
            let feed = batch.feed(self.parameters.moved.all(), buffers.map(Block::all));
            let outcome = program.run(&feed, None, None)?;
            loss += outcome.loss;
            weight += outcome.weight;
            correct += count_correct(&outcome, &batch.host_labels);
        }
        if weight.is_nan() || weight <= 0.0 {
            return Err(OperatorError::NoWeight(weight).into());
        }
        Ok(Height { loss: loss / weight, correct })
    }
}

impl Surface for OnWeights<'_> {
    fn group(&self) -> usize {
        1
    }

    fn heights(&mut self, steps: &[[f64; 2]]) -> Result<Vec<Height>, LandscapeError> {
        steps.iter().map(|s| self.height(*s)).collect()
    }
}
