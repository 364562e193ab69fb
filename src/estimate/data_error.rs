//! How far a number would move with other samples of the same population.
//!
//! The samples are cut into consecutive groups, and each group's part of every number is computed with the vectors held
//! fixed: vᵀH_g v for an eigenvector (first-order perturbation theory), ωᵀH_g ω for probes of the trace, ĝᵀg_g for the
//! gradient's norm along its own direction, and sums for loss and accuracy. One pass over the data in all.
//!
//! Two limits. The groups count as independent draws, which consecutive samples of a sorted file are not. And the probes
//! of the trace are few: what they add to the spread of the groups is part of the error that is reported, which is
//! therefore a little too large rather than too small.

use crate::spectrum::SpectrumError;
use hesse_core::backend::SecondOrderBackend;
use hesse_core::estimate::complement::Complement;
use hesse_core::estimate::probes::{ProbeUse, rademacher};
use hesse_core::estimate::resampling::{Contribution, Resampling, ratio};
use hesse_core::estimate::{EstimateEvent, KnownPairs};
use hesse_core::operator::{Evaluator, GroupProducts, OperatorError, Slice, groups};
use hesse_core::program::Wrt;
use hesse_core::vectors::{Block, Precision, norms};

/// Probes of the trace.
const PROBES: usize = 16;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataErrorOptions {
    /// How.
    pub resampling: Resampling,
    /// Groups of samples.
    pub groups: usize,
}

/// Which number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// The mean loss.
    Loss,
    /// The share of right answers.
    Accuracy,
    /// ‖∇‖.
    GradientNorm,
    /// Eigenvalue number `0` of the largest, from zero.
    Largest(usize),
    /// Eigenvalue number `0` of the smallest, from zero.
    Smallest(usize),
    /// The trace.
    Trace,
}

/// A number, as the groups' parts give it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampledFigure {
    /// Which.
    pub quantity: Quantity,
    /// The ratio of sums over the groups. For the trace, with the few probes used here: see the trace itself.
    pub value: f64,
    /// Its standard error over samples.
    pub standard_error: f64,
}

/// Errors of data sampling.
#[derive(Debug, Clone, PartialEq)]
pub struct DataError {
    /// How.
    pub resampling: Resampling,
    /// Groups.
    pub groups: usize,
    /// Columns multiplied, each over the whole data once.
    pub products: usize,
    /// The numbers.
    pub figures: Vec<SampledFigure>,
}

impl DataError {
    /// The standard error of a number, if it is there.
    pub fn of(&self, quantity: Quantity) -> Option<f64> {
        self.figures.iter().find(|f| f.quantity == quantity).map(|f| f.standard_error)
    }
}

/// What the groups are multiplied with.
pub(super) struct Vectors<'a> {
    /// Unit vectors with what they stand for.
    pub pairs: &'a [(Quantity, usize)],
    /// Their columns, and those of all known pairs.
    pub vectors: Option<&'a Block>,
    /// Known pairs, for the trace.
    pub known: Option<KnownPairs<'a>>,
    /// Whether the trace is wanted.
    pub trace: bool,
    /// The mean gradient.
    pub gradient: Option<&'a Block>,
}

/// Runs over all groups.
pub(super) fn data_error(
    point: &super::Point<'_>,
    options: &DataErrorOptions,
    vectors: &Vectors<'_>,
    observe: &mut dyn FnMut(EstimateEvent),
) -> Result<DataError, SpectrumError> {
    let backend: &dyn SecondOrderBackend = point.session.backend();
    let (session, wrt): (_, &Wrt) = (point.session, point.wrt);
    let space = point.operator.space();
    let wide = backend.space(space.dimension(), Precision::F64);
    let known = vectors.vectors.map_or(0, Block::columns);
    let probes = if vectors.trace { PROBES } else { 0 };
    let columns = known + probes;

    // All eigenvectors, then the probes of the trace, orthogonal to the known ones.
    let mut x = space.zeros(columns.max(1))?;
    if let Some(block) = vectors.vectors {
        space.copy(block.all(), x.view_mut(0..known))?;
    }
    if probes > 0 {
        let mut drawn = space.zeros(probes)?;
        rademacher(space, &mut drawn, session.spec().seed, ProbeUse::Data, 0..probes)?;
        Complement::new(point.operator, vectors.known.as_ref())?.project(&mut drawn, 0..probes)?;
        space.copy(drawn.all(), x.view_mut(known..columns))?;
    }
    let mut wide_x = wide.zeros(columns.max(1))?;
    wide.copy(x.all(), wide_x.all_mut())?;
    let mut y = wide.zeros(columns.max(1))?;
    let length = vectors.gradient.map(|g| norms(wide.as_ref(), g.all())).transpose()?.and_then(|n| n.first().copied());

    let batch = session.spec().batch;
    let mut products = GroupProducts::new(
        backend,
        session.problem(),
        session.problem().hessian(wrt).map_err(OperatorError::from)?,
        session.weights(),
        batch,
    );
    let mut evaluator = Evaluator::new(backend, session.problem(), Some(wrt), batch)?;
    let source = point.source;
    let ranges: Vec<_> = groups(source.len(), options.groups).collect();
    let mut sums: Vec<(Quantity, Vec<Contribution>)> = Vec::new();
    let mut add = |quantity: Quantity, sum: f64, weight: f64| match sums.iter_mut().find(|(q, _)| *q == quantity) {
        Some((_, all)) => all.push(Contribution { sum, weight }),
        None => sums.push((quantity, vec![Contribution { sum, weight }])),
    };
    for (done, range) in ranges.iter().enumerate() {
        let group = Slice { source, range: range.clone() };
        let found = evaluator.run(session.weights(), &group, &mut |_| {})?;
        add(Quantity::Loss, found.loss * found.weight, found.weight);
        if !found.accuracy.is_nan() {
            add(Quantity::Accuracy, found.correct as f64, found.samples as f64);
        }
        if let (Some(mean), Some(own), Some(length)) = (vectors.gradient, &found.gradient, length.filter(|l| *l > 0.0))
        {
            let along = wide.gram(mean.all(), own.all())?.first().copied().unwrap_or(f64::NAN) / length;
            add(Quantity::GradientNorm, along * found.weight, found.weight);
        }
        if columns > 0 {
            let weight = products.apply(&group, &x.all(), wide.as_ref(), &mut y)?;
            let forms = (0..columns)
                .map(|c| Ok(wide.gram(wide_x.view(c..c + 1), y.view(c..c + 1))?.first().copied().unwrap_or(f64::NAN)))
                .collect::<Result<Vec<f64>, hesse_core::vectors::VectorError>>()?;
            for &(quantity, column) in vectors.pairs {
                add(quantity, forms.get(column).copied().unwrap_or(f64::NAN), weight);
            }
            if probes > 0 {
                let (exact, sampled) = forms.split_at(known);
                // Known pairs are a part of the vectors: only those that the probes are orthogonal to count here.
                let exact: f64 = match &vectors.known {
                    Some(pairs) => exact.iter().take(pairs.values.len()).sum(),
                    None => 0.0,
                };
                add(Quantity::Trace, exact + sampled.iter().sum::<f64>() / probes as f64, weight);
            }
        }
        observe(EstimateEvent::Products { done: done + 1, most: ranges.len() });
    }
    let figures = sums
        .iter()
        .map(|(quantity, parts)| SampledFigure {
            quantity: *quantity,
            value: ratio(parts),
            standard_error: options.resampling.standard_error(parts),
        })
        .collect();
    Ok(DataError { resampling: options.resampling, groups: ranges.len(), products: columns, figures })
}
