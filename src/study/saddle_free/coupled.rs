//! The Hessian of a batch's summed loss with respect to all its pixels, batch norm using the batch's own statistics.
//!
//! In train mode every sample's loss depends on the whole batch, so there are no Hessians of single samples: one matrix
//! of order B·D takes their place. If the theorem held here its rank would be at most B (C − 1).

use super::options::SaddleFreeOptions;
use super::point::Point;
use super::separate::NOISE;
use crate::problem::Session;
use crate::spectrum::Event;
use crate::study::StudyError;
use hesse_core::SecondOrderBackend;
use hesse_core::attack::Norm;
use hesse_core::backend::{Executable, Feed, HostTensor, Saved};
use hesse_core::eigen::Control;
use hesse_core::graph::Mode;
use hesse_core::input_hessian::{Krylov, LanczosRequest, extremes};
use hesse_core::loss::Loss;
use hesse_core::operator::{OperatorError, Weights};
use hesse_core::program::{Problem, Wrt};
use hesse_core::vectors::{Block, Precision};

/// Compiled programs of one batch size.
struct Programs<'a> {
    backend: &'a dyn SecondOrderBackend,
    weights: &'a Weights,
    gradient: Box<dyn Executable>,
    primal: Box<dyn Executable>,
    tangent: Box<dyn Executable>,
    saved: Saved,
    /// B·D.
    dimension: usize,
}

/// A batch on the device.
struct Place {
    samples: hesse_core::backend::DeviceTensor,
    labels: hesse_core::backend::DeviceTensor,
}

impl<'a> Programs<'a> {
    fn new(session: &'a Session, batch: usize) -> Result<Self, StudyError> {
        let backend = session.backend();
        let graph = session.network().graph(Mode::Train)?;
        let problem = Problem::new(graph, &Loss::default()).map_err(OperatorError::from)?;
        let product = problem.hessian(&Wrt::Samples).map_err(OperatorError::from)?;
        let gradient = problem.gradient(&Wrt::Samples).map_err(OperatorError::from)?;
        let compile = |program| backend.compile(program, batch).map_err(OperatorError::from);
        let primal = compile(&product.primal)?;
        let saved = primal.new_saved().map_err(OperatorError::from)?;
        Ok(Programs {
            backend,
            weights: session.weights(),
            gradient: compile(&gradient)?,
            tangent: compile(&product.tangent)?,
            primal,
            saved,
            dimension: problem.dimension(&Wrt::Samples).at(batch),
        })
    }

    fn feed<'f>(weights: &'f Weights, place: &'f Place) -> Feed<'f> {
        Feed {
            parameters: Some(weights.parameters.all()),
            buffers: weights.buffers.as_ref().map(Block::all),
            samples: Some(&place.samples),
            labels: Some(&place.labels),
            ..Feed::default()
        }
    }

    /// Brings the kept part to a batch, and returns its place, its summed loss and its gradient.
    fn bring_to(&mut self, x: Vec<f64>, labels: Vec<u32>) -> Result<(Place, f64, Vec<f64>), OperatorError> {
        let place = Place {
            samples: self.backend.upload(&HostTensor::Real(x))?,
            labels: self.backend.upload(&HostTensor::Index(labels))?,
        };
        let feed = Self::feed(self.weights, &place);
        let space = self.backend.space(self.dimension, Precision::F64);
        let mut gradient = space.zeros(1)?;
        let loss = self.gradient.run(&feed, Some(gradient.all_mut()), None)?.loss;
        self.primal.run(&feed, None, Some(&mut self.saved))?;
        let gradient = space.read(&gradient, 0)?;
        Ok((place, loss, gradient))
    }

    fn multiply(&mut self, place: &Place, v: &[f64]) -> Result<Vec<f64>, OperatorError> {
        let space = self.backend.space(self.dimension, self.backend.info().precision);
        let mut x = space.zeros(1)?;
        space.write(&mut x, 0, v)?;
        let wide = self.backend.space(self.dimension, Precision::F64);
        let mut y = wide.zeros(1)?;
        let mut feed = Self::feed(self.weights, place);
        feed.direction = Some(x.all());
        feed.saved = Some(&self.saved);
        self.tangent.run(&feed, Some(y.all_mut()), None)?;
        Ok(wide.read(&y, 0)?)
    }
}

/// Points, and for each batch the share of H·v that leaves the sample on which v lies: zero without coupling.
pub(super) type Found = (Vec<Point>, Vec<f64>);

/// Checks the first batches of a session; none where it was stopped. A last batch that is not full is left out, because
/// its statistics would be of fewer samples.
pub(super) fn points(
    session: &Session,
    options: &SaddleFreeOptions,
    observe: &mut dyn FnMut(Event),
    stop: &dyn Fn() -> bool,
) -> Result<Option<Found>, StudyError> {
    let (data, first) = (session.dataset(), session.data_part().range[0]);
    let size = options.coupled_batch.min(data.len());
    let mut programs = Programs::new(session, size)?;
    let total = options.coupled_samples.min(data.len()) / size * size;
    let bound = size * data.classes.saturating_sub(1);
    let d = data.sample_len();
    let request = LanczosRequest {
        largest: 1,
        smallest: 1,
        tolerance: 1e-12,
        max_products: options.coupled_products,
        noise: NOISE,
        seed: options.seed,
    };
    let (mut points, mut coupling) = (Vec::new(), Vec::new());
    for start in (0..total).step_by(size) {
        let range = start..start + size;
        let x: Vec<f64> = range.clone().flat_map(|i| data.image(i)).map(|v| f64::from(*v) / 255.0).collect();
        let labels = data.labels.get(range.clone()).unwrap_or_default().to_vec();
        let (place, loss, gradient) = programs.bring_to(x, labels)?;
        let mut follow = |products: usize| {
            observe(Event::Inputs { done: start, total, products });
            if stop() { Control::Stop } else { Control::Continue }
        };
        let mut product = |_: &[usize], v: &[f64]| programs.multiply(&place, v);
        let found = extremes(&mut product, &[first + start], size * d, &request, &mut follow)?;
        let Some(spectrum) = found.as_deref().and_then(<[_]>::first) else { return Ok(None) };
        let mut chain = Krylov::new(&gradient, NOISE);
        while let Some(v) = chain.direction().filter(|_| chain.len() < bound.min(options.coupled_products)) {
            let row = programs.multiply(&place, v)?;
            chain.absorb(row);
            if follow(chain.len()) == Control::Stop {
                return Ok(None);
            }
        }
        let mut v = vec![0.0; size * d];
        v.iter_mut().take(d).zip(&gradient).for_each(|(v, g)| *v = *g);
        let moved = programs.multiply(&place, &v)?;
        coupling.push(Norm::L2.of(moved.get(d..).unwrap_or_default()) / Norm::L2.of(&moved));
        points.push(Point::new((first + start, loss, Norm::L2.of(&gradient)), spectrum, &chain, options));
    }
    Ok(Some((points, coupling)))
}
