//! The loss as a function of the weights.
//!
//! Weights are moved on the device: a copy of the centre plus multiples of the directions, made anew for every point, so
//! that nothing drifts and the session's own weights are never touched. The samples are uploaded once.

use super::surface::{Height, Surface};
use super::{LandscapeError, direction::Direction};
use crate::problem::Session;
use hesse_core::backend::Executable;
use hesse_core::operator::{DeviceBatch, OperatorError, batches, count_correct};
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

/// The surface.
pub(super) struct OnWeights<'a> {
    session: &'a Session,
    parameters: Moving,
    buffers: Option<Moving>,
    batches: Vec<(usize, DeviceBatch)>,
    programs: HashMap<usize, Box<dyn Executable>>,
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
        let program = session.problem().loss().map_err(OperatorError::from)?;
        let mut loaded = Vec::new();
        let mut programs = HashMap::new();
        for range in batches(session.source().len(), session.spec().batch) {
            let size = range.len();
            loaded.push((size, DeviceBatch::load(session.backend(), session.source(), range)?));
            if let std::collections::hash_map::Entry::Vacant(place) = programs.entry(size) {
                place.insert(session.backend().compile(&program, size)?);
            }
        }
        Ok(OnWeights { session, parameters, buffers, batches: loaded, programs, stop })
    }

    fn height(&mut self, steps: [f64; 2]) -> Result<Height, LandscapeError> {
        let weights = self.session.weights();
        self.parameters.to(&weights.parameters, &steps)?;
        if let (Some(moving), Some(centre)) = (&mut self.buffers, &weights.buffers) {
            moving.to(centre, &steps)?;
        }
        let buffers = self.buffers.as_ref().map(|m| &m.moved).or(weights.buffers.as_ref());
        let (mut loss, mut weight, mut correct) = (0.0, 0.0, 0);
        for (size, batch) in &self.batches {
            if (self.stop)() {
                return Err(OperatorError::Interrupted.into());
            }
            let Some(program) = self.programs.get_mut(size) else { continue };
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
