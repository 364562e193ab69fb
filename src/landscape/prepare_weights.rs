//! Centre, directions and model of a landscape in the weights.

use super::begun::{Begun, Centre, Named, parts};
use super::direction::{Direction, cosine, fix_sign, separate, unit};
use super::{Along, Event, LandscapeError, LandscapeOptions, Watch, filter};
use crate::problem::{Session, Values};
use crate::spectrum::{self, SpectrumOptions};
use hesse_core::eigen::StopReason;
use hesse_core::operator::{Curvature, DatasetOperator, Evaluation, Evaluator, LinearOperator, OperatorError};
use hesse_core::program::Wrt;
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::{Block, Precision};

/// Everything before the first point.
pub(super) fn prepare(
    session: &Session,
    options: &LandscapeOptions,
    key: &str,
    watch: &mut Watch<'_>,
) -> Result<(Begun, Vec<Direction>), LandscapeError> {
    let wrt = session.select(options.params.as_deref())?;
    let layout = Layout::new(session, &wrt);
    let backend = session.backend();
    let precision = backend.info().precision;
    let whole = backend.space(layout.length, precision);
    let centre = whole.read(&session.weights().parameters, 0)?;
    let mut notices = Vec::new();
    let mut products = 0;

    let (evaluation, mut named) = match &options.along {
        Along::Eigenvectors => eigenvectors(session, options, &layout, &mut notices, &mut products, watch)?,
        along => {
            let evaluation = gradient(session, &wrt, watch)?;
            let by = gradient_values(session, &layout, &evaluation)?;
            (evaluation, others(session, along, &layout, &centre, &by, options.dims)?)
        }
    };
    let gradient = gradient_values(session, &layout, &evaluation)?;
    // What moves on the device is what the figures are about.
    let mut block = whole.zeros(1)?;
    for n in &mut named {
        whole.write(&mut block, 0, &n.direction.parameters)?;
        n.direction.parameters = whole.read(&block, 0)?;
        if filter::norm(&n.direction.parameters) == 0.0 {
            let mend = "every tensor with more than one axis must not be zero, and --params must select one; or choose another --along";
            return Err(LandscapeError::NoDirection { direction: n.name.clone(), length: 0.0, mend });
        }
    }

    let operator = DatasetOperator::new(
        backend,
        session.problem(),
        Curvature::Hessian,
        &wrt,
        session.weights(),
        session.source(),
        session.spec().batch,
        session.spec().memory,
    )?
    .interrupted_by(watch.stop);
    let space = operator.space();
    let (mut x, mut y) = (space.zeros(named.len())?, space.zeros(named.len())?);
    for (i, n) in named.iter().enumerate() {
        space.write(&mut x, i, &layout.selected(&n.direction.parameters))?;
    }
    operator.apply(x.all(), y.all_mut())?;
    products += named.len();
    let curved = (0..named.len()).map(|i| Ok(layout.embedded(&space.read(&y, i)?)));
    let curved: Vec<Vec<f64>> = curved.collect::<Result<_, OperatorError>>()?;

    let (figures, mut model) = parts(&named, &centre, &gradient, &curved);
    model.constant = evaluation.loss;
    let directions: Vec<Direction> = named.into_iter().map(|n| n.direction).collect();
    let moves_buffers = directions.iter().any(|d| !d.buffers.is_empty());
    if moves_buffers {
        notices.push("batch norm's running statistics move with the weights; no quadratic model is drawn, which does not know them".to_string());
    } else if !session.graph().buffers().is_empty() {
        notices.push("batch norm keeps the running statistics of the centre at every point".to_string());
    }
    let begun = Begun {
        key: key.to_string(),
        centre: Centre {
            loss: evaluation.loss,
            accuracy: evaluation.accuracy,
            samples: evaluation.samples,
            gradient_norm: evaluation.gradient_norm.unwrap_or(0.0),
        },
        directions: figures,
        model: (!moves_buffers).then_some(model),
        cosine: cosine(&directions),
        products,
        notices,
    };
    Ok((begun, directions))
}

/// Where the selected parameters lie among all.
struct Layout {
    /// Start, length, and shape of each selected parameter, with its number.
    tensors: Vec<(usize, usize, Vec<usize>, usize)>,
    length: usize,
}

impl Layout {
    fn new(session: &Session, wrt: &Wrt) -> Self {
        let (mut start, mut tensors) = (0, Vec::new());
        for (i, p) in session.graph().parameters().iter().enumerate() {
            if matches!(wrt, Wrt::Parameters(which) if which.contains(&i)) {
                tensors.push((start, p.elements(), p.shape.clone(), i));
            }
            start += p.elements();
        }
        if let Wrt::Parameters(which) = wrt {
            // Vectors follow the order of the selection.
            tensors.sort_by_key(|t| which.iter().position(|w| *w == t.3));
        }
        Layout { tensors, length: start }
    }

    fn selected(&self, whole: &[f64]) -> Vec<f64> {
        self.tensors
            .iter()
            .flat_map(|(start, n, ..)| whole.get(*start..start + n).unwrap_or_default().to_vec())
            .collect()
    }

    fn embedded(&self, part: &[f64]) -> Vec<f64> {
        let mut whole = vec![0.0; self.length];
        let mut from = 0;
        for (start, n, ..) in &self.tensors {
            if let (Some(to), Some(values)) = (whole.get_mut(*start..start + n), part.get(from..from + n)) {
                to.copy_from_slice(values);
            }
            from += n;
        }
        whole
    }

    fn dimension(&self) -> usize {
        self.tensors.iter().map(|t| t.1).sum()
    }
}

fn gradient(session: &Session, wrt: &Wrt, watch: &mut Watch<'_>) -> Result<Evaluation, LandscapeError> {
    let total = session.source().len();
    let observe = &mut watch.observe;
    let evaluation = Evaluator::new(session.backend(), session.problem(), Some(wrt), session.spec().batch)?.run(
        session.weights(),
        session.source(),
        &mut |done| observe(Event::Centre(spectrum::Event::Samples { done, total })),
    )?;
    Ok(evaluation)
}

fn gradient_values(session: &Session, layout: &Layout, evaluation: &Evaluation) -> Result<Vec<f64>, LandscapeError> {
    let space = session.backend().space(layout.dimension(), Precision::F64);
    let read = |block: &Block| space.read(block, 0);
    let values = evaluation.gradient.as_ref().map(read).transpose()?.unwrap_or_default();
    Ok(layout.embedded(&values))
}

type Found = (Evaluation, Vec<Named>);

fn eigenvectors(
    session: &Session,
    options: &LandscapeOptions,
    layout: &Layout,
    notices: &mut Vec<String>,
    products: &mut usize,
    watch: &mut Watch<'_>,
) -> Result<Found, LandscapeError> {
    let wanted = SpectrumOptions {
        largest: options.dims,
        smallest: 0,
        tolerance: options.tolerance,
        max_products: options.max_products,
        solver: options.solver.clone(),
        params: options.params.clone(),
        ..SpectrumOptions::default()
    };
    let observe = &mut watch.observe;
    let mut follow = |event| observe(Event::Centre(event));
    let found = spectrum::measure(session, &wanted, &mut spectrum::Watch { observe: &mut follow, stop: watch.stop })?;
    if found.eigen.reason == StopReason::Interrupted {
        return Err(OperatorError::Interrupted.into());
    }
    notices.extend(found.notices.iter().cloned());
    *products += found.eigen.statistics.products;
    let space = session.backend().space(layout.dimension(), session.backend().info().precision);
    let mut named = Vec::new();
    for (i, pair) in found.eigen.largest.iter().take(options.dims).enumerate() {
        let mut v = space.read(&found.eigen.vectors, pair.column)?;
        fix_sign(&mut v);
        if !pair.converged {
            let (k, residual) = (i + 1, pair.residual);
            notices.push(format!("eigenvector {k} has not converged: residual {residual:.1e}; raise --max-products"));
        }
        named.push(Named {
            direction: Direction { parameters: layout.embedded(&v), buffers: Vec::new() },
            name: format!("eigenvector {}", i + 1),
            normalization: "unit length",
            seed: None,
            eigen: Some((pair.value, pair.residual, pair.converged)),
        });
    }
    if named.len() < options.dims {
        let found = format!("{} of {}", named.len(), options.dims);
        return Err(LandscapeError::Option {
            what: "eigenvectors",
            expected: "as many as --dims; raise --max-products".to_string(),
            found,
        });
    }
    Ok((found.evaluation, named))
}

/// Directions that need no solver.
fn others(
    session: &Session,
    along: &Along,
    layout: &Layout,
    centre: &[f64],
    gradient: &[f64],
    dims: usize,
) -> Result<Vec<Named>, LandscapeError> {
    let seed = session.spec().seed;
    let random = |number: usize| Direction { parameters: random(layout, centre, seed, number), buffers: Vec::new() };
    let drawn = |direction: Direction, number: usize, normalization| Named {
        direction,
        name: format!("random {number}"),
        normalization,
        seed: Some(seed),
        eigen: None,
    };
    match along {
        Along::Gradient => {
            let mut directions = vec![Direction { parameters: gradient.to_vec(), buffers: Vec::new() }];
            directions.extend((dims == 2).then(|| random(1)));
            separate(&mut directions);
            let mut named = Vec::new();
            for (i, mut direction) in directions.into_iter().enumerate() {
                let name = if i == 0 { "gradient".to_string() } else { "random 1".to_string() };
                unit(&mut direction.parameters, &name)?;
                let seed = (i > 0).then_some(seed);
                named.push(Named { direction, name, normalization: "unit length", seed, eigen: None });
            }
            Ok(named)
        }
        Along::Checkpoints(files) => {
            let start = buffers(session)?;
            let towards = |file: &std::path::PathBuf| {
                let values = Values::read(session.graph(), file)?;
                let all: Vec<f64> = values.parameters.concat().iter().zip(centre).map(|(v, c)| v - c).collect();
                let moved: Vec<f64> = values.buffers.concat().iter().zip(&start).map(|(v, c)| v - c).collect();
                let buffers = if moved.iter().any(|v| *v != 0.0) { moved } else { Vec::new() };
                Ok::<_, LandscapeError>(Named {
                    direction: Direction { parameters: layout.embedded(&layout.selected(&all)), buffers },
                    name: format!("towards {}", file.display()),
                    normalization: "none",
                    seed: None,
                    eigen: None,
                })
            };
            let mut named: Vec<Named> = files.iter().map(towards).collect::<Result<_, _>>()?;
            // Where one moves buffers, all have some.
            if named.iter().any(|n| !n.direction.buffers.is_empty()) {
                named.iter_mut().for_each(|n| n.direction.buffers.resize(start.len(), 0.0));
            }
            Ok(named)
        }
        // Eigenvectors were found elsewhere.
        Along::Random | Along::Eigenvectors => {
            let mut directions: Vec<Direction> = (1..=dims).map(random).collect();
            separate(&mut directions);
            Ok(directions.into_iter().enumerate().map(|(i, d)| drawn(d, i + 1, "filter normalised")).collect())
        }
    }
}

/// Normal numbers, each filter as long as the network's own.
fn random(layout: &Layout, centre: &[f64], seed: u64, number: usize) -> Vec<f64> {
    let mut whole = vec![0.0; layout.length];
    for (start, n, shape, tensor) in &layout.tensors {
        let index = ((number as u64) << 32) + *tensor as u64;
        let mut stream = Stream::new(seed, Purpose::LandscapeDirection, index);
        let range = *start..start + n;
        if let (Some(part), Some(own)) = (whole.get_mut(range.clone()), centre.get(range)) {
            part.iter_mut().for_each(|v| *v = stream.normal());
            filter::normalize(part, own, shape);
        }
    }
    whole
}

/// The buffers of the centre.
fn buffers(session: &Session) -> Result<Vec<f64>, LandscapeError> {
    let Some(block) = &session.weights().buffers else { return Ok(Vec::new()) };
    let space = session.backend().space(block.rows(), session.backend().info().precision);
    Ok(space.read(block, 0)?)
}
