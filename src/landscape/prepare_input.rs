//! Centre, directions and model of a landscape in the pixels of one sample.

use super::begun::{Begun, Centre, Named, parts};
use super::direction::{Direction, cosine, fix_sign, separate, unit};
use super::on_input::{InputHessian, Sample};
use super::{Along, Event, LandscapeError, LandscapeOptions, Watch, filter};
use crate::problem::{ProblemError, Session, lookup};
use crate::spectrum::{self, SpectrumError};
use hesse_core::attack::{AttackLoss, InputOracle};
use hesse_core::eigen::{Control, EigenRequest, StopReason};
use hesse_core::operator::{LinearOperator, OperatorError};
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::Precision;

/// The sample that a session holds; a landscape in pixels is of one.
pub(super) fn sample(session: &Session) -> Result<Sample, LandscapeError> {
    let data = session.dataset();
    if data.len() != 1 {
        let expected = "one sample with --wrt inputs, such as 7..8".to_string();
        return Err(LandscapeError::Option { what: "--samples", expected, found: data.len().to_string() });
    }
    if session.spec().loss != hesse_core::loss::Loss::default() {
        let found = crate::problem::describe_loss(&session.spec().loss);
        let expected = "plain cross-entropy with --wrt inputs".to_string();
        return Err(LandscapeError::Option { what: "loss", expected, found });
    }
    let pixels = data.image(0).iter().map(|v| f64::from(*v) / 255.0).collect();
    Ok(Sample { pixels, label: data.labels.first().copied().unwrap_or(0) })
}

/// Everything before the first point.
pub(super) fn prepare(
    session: &Session,
    options: &LandscapeOptions,
    oracle: &dyn InputOracle,
    sample: &Sample,
    key: &str,
    watch: &mut Watch<'_>,
) -> Result<(Begun, Vec<Direction>), LandscapeError> {
    let found = oracle.loss_gradient(&sample.pixels, &[sample.label], AttackLoss::CrossEntropy)?;
    let loss = found.losses.first().copied().unwrap_or(f64::NAN);
    let logits = oracle.logits(&sample.pixels)?;
    let best = logits.iter().enumerate().fold((0, f64::NEG_INFINITY), |b, (i, z)| if *z > b.1 { (i, *z) } else { b });
    let length = sample.pixels.len();
    let space = session.backend().space(length, Precision::F64);
    let hessian = InputHessian { oracle, sample, space, stop: watch.stop };
    let (mut notices, mut products) = (Vec::new(), 0);

    let seed = session.spec().seed;
    // A draw belongs to the sample's place in the file.
    let place = session.data_part().range[0] as u64;
    let random = |number: usize| {
        let mut stream = Stream::new(seed, Purpose::LandscapeDirection, (1 << 63) | ((number as u64) << 48) | place);
        Direction { parameters: (0..length).map(|_| stream.normal()).collect(), buffers: Vec::new() }
    };
    let mut named = Vec::new();
    if options.along == Along::Eigenvectors {
        eigenvectors(options, seed, &hessian, &mut named, &mut notices, &mut products, watch)?;
    } else {
        let along_gradient = options.along == Along::Gradient;
        let mut directions = Vec::new();
        directions
            .extend(along_gradient.then(|| Direction { parameters: found.gradient.clone(), buffers: Vec::new() }));
        while directions.len() < options.dims {
            directions.push(random(directions.len() + 1));
        }
        separate(&mut directions);
        for (i, mut direction) in directions.into_iter().enumerate() {
            let gradient = along_gradient && i == 0;
            let name = if gradient { "gradient".to_string() } else { format!("random {}", i + 1) };
            unit(&mut direction.parameters, &name)?;
            let seed = (!gradient).then_some(seed);
            named.push(Named { direction, name, normalization: "unit length", seed, eigen: None });
        }
    }
    let all: Vec<f64> = named.iter().flat_map(|n| n.direction.parameters.clone()).collect();
    let curved: Vec<Vec<f64>> = hessian.products(&all)?.chunks(length.max(1)).map(<[f64]>::to_vec).collect();
    products += named.len();
    let (figures, mut model) = parts(&named, &sample.pixels, &found.gradient, &curved);
    model.constant = loss;
    let directions: Vec<Direction> = named.into_iter().map(|n| n.direction).collect();
    let begun = Begun {
        key: key.to_string(),
        centre: Centre {
            loss,
            accuracy: f64::from(u8::from(best.0 == sample.label as usize)),
            samples: 1,
            gradient_norm: filter::norm(&found.gradient),
        },
        directions: figures,
        model: Some(model),
        cosine: cosine(&directions),
        products,
        notices,
    };
    Ok((begun, directions))
}

#[allow(clippy::too_many_arguments, reason = "lists that the caller owns")]
fn eigenvectors(
    options: &LandscapeOptions,
    seed: u64,
    hessian: &InputHessian<'_>,
    named: &mut Vec<Named>,
    notices: &mut Vec<String>,
    products: &mut usize,
    watch: &mut Watch<'_>,
) -> Result<(), LandscapeError> {
    let request = EigenRequest {
        largest: options.dims,
        smallest: 0,
        tolerance: options.tolerance,
        max_products: options.max_products,
        seed,
    };
    request.check(hessian.dimension()).map_err(SpectrumError::from)?;
    let (entry, given) = lookup::solver(&options.solver)?;
    let solver = (entry.make)(&given).map_err(ProblemError::from)?;
    let (observe, stop) = (&mut watch.observe, watch.stop);
    let mut follow = |event| {
        observe(Event::Centre(spectrum::Event::Solver(event)));
        if stop() { Control::Stop } else { Control::Continue }
    };
    let found = solver.solve(hessian, &request, &mut follow).map_err(SpectrumError::from)?;
    if found.reason == StopReason::Interrupted {
        return Err(OperatorError::Interrupted.into());
    }
    *products += found.statistics.products;
    notices.extend(found.remarks.iter().cloned());
    for (i, pair) in found.largest.iter().take(options.dims).enumerate() {
        let mut v = hessian.space.read(&found.vectors, pair.column)?;
        fix_sign(&mut v);
        if !pair.converged {
            let (k, residual) = (i + 1, pair.residual);
            notices.push(format!(
                "eigenvector {k} has not converged: residual {residual:.1e}; raise --max-products or try --dtype f64"
            ));
        }
        named.push(Named {
            direction: Direction { parameters: v, buffers: Vec::new() },
            name: format!("eigenvector {}", i + 1),
            normalization: "unit length",
            seed: None,
            eigen: Some((pair.value, pair.residual, pair.converged)),
        });
    }
    if named.len() < options.dims {
        let (expected, found) = ("as many as --dims; raise --max-products".to_string(), named.len().to_string());
        return Err(LandscapeError::Option { what: "eigenvectors", expected, found });
    }
    Ok(())
}
