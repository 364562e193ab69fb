//! A network on a backend, seen from its inputs: the oracle that attacks ask.
//!
//! Gradients go through Jᵀ alone. The primal part of one program returns the logits, the host forms ∂loss/∂z in f64
//! from them ([`losses`]), and the tangent part pulls it back, scaled so that its largest entry is one. So one compiled
//! program serves every loss, and a softmax that saturates in f32 does not turn into a gradient of zero, behind which a
//! network would look robust. The loss's own gradient program was decided against for that reason; the cost is the
//! same, two forward passes.
//!
//! What does not depend on the direction is kept until the samples change: C rows of the Jacobian at one point cost C +
//! 1 passes, a Krylov method pays for its point once, and logits asked for after a gradient at the same samples are
//! free. Programs are compiled on first use, for at most nine batch sizes (the largest, in eighths); a chunk in between
//! is filled up with copies of its last sample, because attacks that drop finished samples would compile a program for
//! every number of them.

mod compiled;
mod kept;

pub use compiled::CompiledOracle;

use super::{AttackLoss, InputOracle, LossGradient, OracleError, losses};
use crate::backend::{Executable, Feed, HostTensor, SecondOrderBackend};
use crate::error::GraphError;
use crate::graph::{Dim, Graph, Kind};
use crate::loss::Loss;
use crate::operator::{OperatorError, Weights, notice};
use crate::program::{Problem, Product, Role, Wrt};
use kept::{Kept, Point};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is asked of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Question {
    /// Jᵀ u.
    PullBack,
    /// J v.
    PushForward,
    /// H v of the cross-entropy.
    CrossEntropyHessian,
    /// Σ u_k ∇²z_k v.
    OutputCurvature,
}

#[derive(Default)]
struct State {
    outputs: HashMap<usize, Box<dyn Executable>>,
    products: HashMap<(Question, usize), Kept>,
    habit: Habit,
    /// The most samples at once since the device ran out of memory.
    limit: Option<usize>,
}

/// Whether logits are being followed by Jᵀu at the same samples. An attack on a loss of its own asks in that order; where
/// one does, logits are computed by the primal part of the product, which then need not run again: a third of the
/// arithmetic. Two questions for logits in a row end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Habit {
    /// Nothing was asked, or logits twice in a row.
    #[default]
    None,
    /// Logits were asked for.
    Logits,
    /// Jᵀu followed logits.
    Product,
    /// The same, and logits were asked for since.
    ProductThenLogits,
}

impl Habit {
    fn on_logits(self) -> Habit {
        match self {
            Habit::Product => Habit::ProductThenLogits,
            _ => Habit::Logits,
        }
    }
    fn on_product(self) -> Habit {
        match self {
            Habit::None => Habit::None,
            _ => Habit::Product,
        }
    }
}

/// A network with fixed weights, in eval mode unless made by [`coupled`](NetworkOracle::coupled). Calls from several threads take turns.
pub struct NetworkOracle<'a> {
    backend: &'a dyn SecondOrderBackend,
    weights: &'a Weights,
    problem: Problem,
    shape: Vec<usize>,
    dimension: usize,
    classes: usize,
    batch: usize,
    /// Whether samples may see each other, through statistics of the batch.
    coupled: bool,
    state: Mutex<State>,
}

impl<'a> NetworkOracle<'a> {
    /// Takes a recorded network (without a loss) and its weights on the device; nothing is compiled yet. At most
    /// `batch` samples are computed at once.
    ///
    /// # Errors
    /// Where the graph is in train mode (its samples are coupled or its output is random), its samples are not real
    /// numbers, or its output is not `[B, C]` with C ≥ 2.
    pub fn new(
        backend: &'a dyn SecondOrderBackend,
        graph: Graph,
        weights: &'a Weights,
        batch: usize,
    ) -> Result<Self, OracleError> {
        if !graph.buffer_updates().is_empty() || !graph.dropout_sites().is_empty() {
            return Err(refuse("a network in eval mode", "train mode".into()));
        }
        Self::of(backend, graph, weights, batch, false)
    }

    /// The same for a network in train mode, whose batch norm uses the statistics of the samples that are asked about
    /// at once: a gradient is then that of the summed loss of all of them, and results depend on a sample's neighbours.
    /// Running statistics stay as they are. A program is compiled for every number of samples.
    ///
    /// # Errors
    /// As [`new`](Self::new), and where the network has dropout, whose masks would make its output random.
    pub fn coupled(
        backend: &'a dyn SecondOrderBackend,
        graph: Graph,
        weights: &'a Weights,
        batch: usize,
    ) -> Result<Self, OracleError> {
        if !graph.dropout_sites().is_empty() {
            return Err(refuse("a network without dropout", "dropout".into()));
        }
        Self::of(backend, graph, weights, batch, true)
    }

    fn of(
        backend: &'a dyn SecondOrderBackend,
        graph: Graph,
        weights: &'a Weights,
        batch: usize,
        coupled: bool,
    ) -> Result<Self, OracleError> {
        let output = graph.output().ok_or_else(|| refuse("a finished graph", "no output".into()))?;
        let classes = match graph.shape(output).dims() {
            [Dim::Batch(1), Dim::Fixed(c)] if *c >= 2 => *c,
            _ => return Err(refuse("an output of [B, classes], two or more", graph.shape(output).to_string())),
        };
        let input = graph.values().find(|v| {
            graph.node(*v).op == crate::graph::Op::Input(crate::graph::Source::Samples)
                && graph.node(*v).kind == Kind::Real
        });
        let input = input.ok_or_else(|| refuse("real samples", "none that the output depends on".into()))?;
        let shape: Vec<usize> = graph.shape(input).dims().iter().skip(1).map(|d| d.at(1)).collect();
        let dimension = shape.iter().product();
        let problem = Problem::new(graph, &Loss::default()).map_err(OperatorError::from)?;
        let state = Mutex::new(State::default());
        let batch = batch.max(1);
        Ok(NetworkOracle { backend, weights, problem, shape, dimension, classes, batch, coupled, state })
    }

    /// The most samples that are computed at once.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Whether the logits have no curvature wherever they have derivatives: the program for it has no output then.
    ///
    /// # Errors
    /// Never for a well-formed network.
    pub fn is_piecewise_linear(&self) -> Result<bool, OracleError> {
        let curvature = self.problem.output_curvature(1).map_err(OperatorError::from)?;
        Ok(!curvature.tangent.outputs.iter().any(|o| matches!(o.role, Role::Flat { .. })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves caches behind that are checked before they are used.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The batch size that a chunk of n samples is computed at, of `most`.
    fn compiled_size(&self, n: usize, most: usize) -> usize {
        if self.coupled {
            return n; // copies would take part in the statistics
        }
        let grain = most.div_ceil(8);
        n.div_ceil(grain).saturating_mul(grain).min(most)
    }

    fn count(&self, samples: &[f64]) -> Result<usize, OracleError> {
        let d = self.dimension.max(1);
        if samples.len().is_multiple_of(d) {
            return Ok(samples.len() / d);
        }
        let expected = samples.len().next_multiple_of(d);
        Err(OracleError::Size { what: "samples (a multiple of their size)", expected, found: samples.len() })
    }

    fn labelled(&self, samples: &[f64], labels: &[u32], loss: AttackLoss) -> Result<usize, OracleError> {
        let n = self.count(samples)?;
        OracleError::check_size("labels", n, labels.len())?;
        let cause = match labels.iter().find(|l| **l as usize >= self.classes) {
            Some(label) => format!("label {label}: expected a class below {}", self.classes),
            None if loss == AttackLoss::DifferenceOfLogitsRatio && self.classes < 3 => {
                format!("it needs at least 3 classes, found {}", self.classes)
            }
            None => return Ok(n),
        };
        Err(OracleError::Loss { loss, cause })
    }

    fn product(&self, question: Question, size: usize) -> Result<Product, GraphError> {
        match question {
            Question::PullBack => self.problem.pull_back(&Wrt::Samples),
            Question::PushForward => self.problem.push_forward(&Wrt::Samples),
            Question::CrossEntropyHessian => self.problem.hessian(&Wrt::Samples),
            Question::OutputCurvature => self.problem.output_curvature(size),
        }
    }

    /// Compiles a question for a batch size if that has not been done, and brings it to a point.
    fn at<'s>(
        &self,
        state: &'s mut State,
        question: Question,
        point: &Point<'_>,
    ) -> Result<&'s mut Kept, OperatorError> {
        use std::collections::hash_map::Entry;
        let kept = match state.products.entry((question, point.size)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                entry.insert(Kept::compile(self.backend, &self.product(question, point.size)?, point.size)?)
            }
        };
        kept.bring_to(self.backend, self.weights, point)?;
        Ok(kept)
    }

    /// The samples of a chunk, as they are computed.
    fn point<'p>(&self, samples: &'p [f64], labels: Option<&'p [u32]>, most: usize) -> Point<'p> {
        let n = samples.len() / self.dimension.max(1);
        Point { samples, labels, size: self.compiled_size(n, most), dimension: self.dimension }
    }

    /// Calls `f` for every chunk with its range of samples; again with half as many where the device runs out of memory, so
    /// `f` must leave nothing behind where it fails.
    fn chunks<'p>(
        &self,
        samples: &'p [f64],
        labels: Option<&'p [u32]>,
        mut f: impl FnMut(&mut State, Point<'p>, std::ops::Range<usize>) -> Result<(), OperatorError>,
    ) -> Result<(), OracleError> {
        let mut state = self.lock();
        let d = self.dimension;
        let (count, mut start) = (samples.len() / d.max(1), 0);
        while start < count {
            let most = state.limit.unwrap_or(self.batch);
            let range = start..count.min(start + most);
            let part = samples.get(range.start * d..range.end * d).unwrap_or_default();
            let point = self.point(part, labels.and_then(|l| l.get(range.clone())), most);
            let end = range.end;
            match f(&mut state, point, range) {
                Ok(()) => start = end,
                Err(error) if error.is_out_of_memory() && most > 1 && !self.coupled => {
                    let half = most.div_ceil(2);
                    notice(most, half, &error);
                    *state = State { habit: state.habit, limit: Some(half), ..State::default() };
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// How many entries of a cotangent, and of what is pulled back, share a scale: those of a sample, or all where one
    /// sample's cotangent moves another's gradient.
    fn scaled_together(&self, entries: usize, classes: usize, dimension: usize) -> (usize, usize) {
        let samples = if self.coupled { entries / classes.max(1) } else { 1 };
        (classes * samples.max(1), dimension * samples.max(1))
    }

    /// Jᵀ u of a chunk; u is scaled to a largest entry of one on the way, sample by sample.
    fn pull_back(
        &self,
        state: &mut State,
        point: &Point<'_>,
        cotangents: impl Fn(&[f64], &mut [f64]),
    ) -> Result<(Vec<f64>, Vec<f64>), OperatorError> {
        let kept = self.at(state, Question::PullBack, point)?;
        let logits = kept.output().to_vec();
        let mut u = vec![0.0; logits.len()];
        cotangents(&logits, &mut u);
        let (width, rows) = self.scaled_together(u.len(), self.classes, self.dimension);
        let scales = normalize(&mut u, width);
        let mut pulled = kept.apply(self.backend, self.weights, &u)?;
        rescale(&mut pulled, &scales, rows);
        Ok((logits, pulled))
    }
}

fn refuse(expected: &str, found: String) -> OracleError {
    OracleError::Operator(GraphError::mismatch("network to attack", expected, found).into())
}

/// Divides every row by its largest modulus and returns these; rows of zeros and rows with NaN are left as they are.
fn normalize(u: &mut [f64], width: usize) -> Vec<f64> {
    u.chunks_exact_mut(width)
        .map(|row| {
            let largest = super::Norm::Linf.of(row);
            if largest > 0.0 && largest.is_finite() {
                row.iter_mut().for_each(|v| *v /= largest);
                largest
            } else {
                1.0
            }
        })
        .collect()
}

fn rescale(values: &mut [f64], scales: &[f64], width: usize) {
    for (row, scale) in values.chunks_exact_mut(width.max(1)).zip(scales) {
        row.iter_mut().for_each(|v| *v *= scale);
    }
}

/// The rows of a chunk's range in a matrix with `width` columns.
fn rows<'m>(matrix: &'m [f64], range: &std::ops::Range<usize>, width: usize) -> &'m [f64] {
    matrix.get(range.start * width..range.end * width).unwrap_or_default()
}

/// A chunk's rows followed by copies of the last one, `size` rows in all.
fn padded(rows: &[f64], width: usize, size: usize) -> Vec<f64> {
    let mut all = rows.to_vec();
    let last = rows.len().saturating_sub(width);
    while all.len() < size * width && !rows.is_empty() {
        all.extend_from_slice(&rows[last..]);
    }
    all
}

impl InputOracle for NetworkOracle<'_> {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn logits(&self, samples: &[f64]) -> Result<Vec<f64>, OracleError> {
        use std::collections::hash_map::Entry;
        let n = self.count(samples)?;
        let mut all = Vec::with_capacity(n * self.classes);
        self.chunks(samples, None, |state, point, range| {
            // A gradient at these very samples has them already.
            let standing = state.products.get(&(Question::PullBack, point.size)).and_then(|k| k.output_at(&point));
            if let Some(output) = standing {
                all.extend_from_slice(rows(output, &(0..range.len()), self.classes));
                return Ok(());
            }
            state.habit = state.habit.on_logits();
            if state.habit == Habit::ProductThenLogits {
                let output = self.at(state, Question::PullBack, &point)?.output();
                all.extend_from_slice(rows(output, &(0..range.len()), self.classes));
                return Ok(());
            }
            let executable = match state.outputs.entry(point.size) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(self.backend.compile(&self.problem.output()?, point.size)?),
            };
            let tensor = self.backend.upload(&HostTensor::Real(point.padded_samples()))?;
            let feed = Feed {
                parameters: Some(self.weights.parameters.all()),
                buffers: self.weights.buffers.as_ref().map(crate::vectors::Block::all),
                samples: Some(&tensor),
                ..Feed::default()
            };
            let output = executable.run(&feed, None, None)?.output;
            all.extend_from_slice(rows(&output, &(0..range.len()), self.classes));
            Ok(())
        })?;
        OracleError::check_size("logits", n * self.classes, all.len())?;
        Ok(all)
    }

    fn loss_gradient(&self, samples: &[f64], labels: &[u32], loss: AttackLoss) -> Result<LossGradient, OracleError> {
        let n = self.labelled(samples, labels, loss)?;
        let mut found = LossGradient { losses: Vec::with_capacity(n), gradient: Vec::with_capacity(samples.len()) };
        let classes = self.classes;
        self.chunks(samples, None, |state, point, range| {
            let own = labels.get(range.clone()).unwrap_or_default();
            let (logits, gradient) = self.pull_back(state, &point, |logits, u| {
                let rows = u.chunks_exact_mut(classes).zip(logits.chunks_exact(classes));
                rows.zip(own).for_each(|((u, z), y)| losses::gradient(loss, z, *y, u));
            })?;
            found.losses.extend(logits.chunks_exact(classes).zip(own).map(|(z, y)| losses::value(loss, z, *y)));
            found.gradient.extend_from_slice(rows(&gradient, &(0..range.len()), self.dimension));
            Ok(())
        })?;
        Ok(found)
    }

    /// Exact for every loss: for the cross-entropy one program; for the others, whose second derivative by the logits
    /// is known on the host, Jᵀ(∂²loss/∂z²)J v + Σ_k (∂loss/∂z_k) ∇²z_k v. The margin is piecewise linear in z and has
    /// only the second term, which is zero on piecewise linear networks.
    fn hessian_product(
        &self,
        samples: &[f64],
        labels: &[u32],
        loss: AttackLoss,
        v: &[f64],
    ) -> Result<Vec<f64>, OracleError> {
        self.labelled(samples, labels, loss)?;
        OracleError::check_size("direction", samples.len(), v.len())?;
        let (d, classes) = (self.dimension, self.classes);
        let mut all = Vec::with_capacity(samples.len());
        self.chunks(samples, Some(labels), |state, point, range| {
            let n = range.len();
            let v = padded(rows(v, &range, d), d, point.size);
            if loss == AttackLoss::CrossEntropy {
                let kept = self.at(state, Question::CrossEntropyHessian, &point)?;
                all.extend_from_slice(rows(&kept.apply(self.backend, self.weights, &v)?, &(0..n), d));
                return Ok(());
            }
            let point = Point { labels: None, ..point };
            let own = labels.get(range.clone()).unwrap_or_default();
            let curved = self.at(state, Question::OutputCurvature, &point)?;
            let logits = curved.output().to_vec();
            let mut u = vec![0.0; logits.len()];
            let each = u.chunks_exact_mut(classes).zip(logits.chunks_exact(classes)).zip(own);
            each.for_each(|((u, z), y)| losses::gradient(loss, z, *y, u));
            let (width, rows_at_once) = self.scaled_together(u.len(), classes, d);
            let scales = normalize(&mut u, width);
            let mut product = curved.apply(self.backend, self.weights, &[v.as_slice(), &u].concat())?;
            rescale(&mut product, &scales, rows_at_once);
            if loss == AttackLoss::DifferenceOfLogitsRatio {
                let moved = self.at(state, Question::PushForward, &point)?.apply(self.backend, self.weights, &v)?;
                let (_, through) = self.pull_back(state, &point, |logits, u| {
                    let rows = u.chunks_exact_mut(classes).zip(logits.chunks_exact(classes));
                    let rows = rows.zip(moved.chunks_exact(classes)).zip(own);
                    rows.for_each(|(((u, z), w), y)| losses::curvature(loss, z, *y, w, u));
                })?;
                product.iter_mut().zip(&through).for_each(|(p, t)| *p += t);
            }
            all.extend_from_slice(rows(&product, &(0..n), d));
            Ok(())
        })?;
        Ok(all)
    }

    fn jacobian_product(&self, samples: &[f64], v: &[f64]) -> Result<Vec<f64>, OracleError> {
        let n = self.count(samples)?;
        OracleError::check_size("direction", samples.len(), v.len())?;
        let mut all = Vec::with_capacity(n * self.classes);
        self.chunks(samples, None, |state, point, range| {
            let v = padded(rows(v, &range, self.dimension), self.dimension, point.size);
            let kept = self.at(state, Question::PushForward, &point)?;
            let moved = kept.apply(self.backend, self.weights, &v)?;
            all.extend_from_slice(rows(&moved, &(0..range.len()), self.classes));
            Ok(())
        })?;
        Ok(all)
    }

    fn transposed_jacobian_product(&self, samples: &[f64], u: &[f64]) -> Result<Vec<f64>, OracleError> {
        let n = self.count(samples)?;
        OracleError::check_size("cotangent", n * self.classes, u.len())?;
        let mut all = Vec::with_capacity(samples.len());
        self.chunks(samples, None, |state, point, range| {
            state.habit = state.habit.on_product();
            let own = rows(u, &range, self.classes);
            let (_, pulled) =
                self.pull_back(state, &point, |_, to| to.iter_mut().zip(own).for_each(|(t, u)| *t = *u))?;
            all.extend_from_slice(rows(&pulled, &(0..range.len()), self.dimension));
            Ok(())
        })?;
        Ok(all)
    }
}
