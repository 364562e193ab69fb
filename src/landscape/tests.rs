//! Landscapes with a closed form, through the same path as the command.

use super::*;
use crate::data::{DataKind, DataSpec, GlyphOptions, SampleRange, Split};
use crate::problem::{BackendSpec, ProblemSpec, Session};
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use hesse_core::model::Normalization;
use hesse_core::vectors::Precision;

fn session(model: &str, loss: Loss, samples: SampleRange) -> Session {
    let glyphs = GlyphOptions { train: 32, test: 8, ..GlyphOptions::default() };
    let backend = BackendSpec { precision: Precision::F64, threads: Some(1), ..BackendSpec::default() };
    Session::open(ProblemSpec {
        model: model.to_string(),
        weights: None,
        data: DataSpec::from(DataKind::Glyphs(glyphs)),
        split: Split::Train,
        samples,
        perturbation: None,
        normalization: Normalization::default(),
        loss,
        mode: Mode::Eval,
        backend,
        seed: 3,
        batch: 20,
        memory: 1 << 30,
    })
    .unwrap()
}

fn measured(session: &Session, options: &LandscapeOptions) -> Landscape {
    let mut observe = |_| {};
    landscape(session, options, &mut Watch { observe: &mut observe, stop: &|| false }).unwrap()
}

fn all() -> SampleRange {
    SampleRange::default()
}

fn losses(found: &Landscape) -> Vec<f64> {
    found.heights.iter().map(|h| h.loss).collect()
}

#[test]
fn a_quadratic_loss_is_its_quadratic_model_in_every_direction() {
    let session = session("mlp:hidden=none", Loss::SquaredErrorOneHot, all());
    for (along, dims) in [(Along::Random, 2), (Along::Gradient, 2), (Along::Eigenvectors, 1)] {
        let options =
            LandscapeOptions { along, dims, points: 7, radius: Some(3.0), tolerance: 1e-9, ..Default::default() };
        let found = measured(&session, &options);
        let model = found.model.unwrap();
        for (i, loss) in losses(&found).into_iter().enumerate() {
            let expected = model.at(found.grid.steps(i));
            assert!((loss - expected).abs() <= 1e-11 * expected.abs(), "{options:?} {i}: {loss} {expected}");
        }
        for d in &found.directions {
            let second = d.second_difference.unwrap();
            assert!((second - d.curvature).abs() <= 1e-8 * d.curvature.abs(), "{d:?}");
        }
    }
}

#[test]
fn an_eigenvector_has_unit_length_and_the_curvature_of_its_eigenvalue() {
    let session = session("mlp:hidden=8", Loss::default(), all());
    let options = LandscapeOptions { dims: 2, points: 3, radius: Some(1e-3), tolerance: 1e-8, ..Default::default() };
    let found = measured(&session, &options);
    for d in &found.directions {
        let eigen = d.eigen.unwrap();
        assert!((d.norm - 1.0).abs() < 1e-12 && eigen.converged && eigen.rayleigh_error < 1e-10, "{d:?}");
        assert!((d.second_difference.unwrap() - eigen.value).abs() < 1e-3 * eigen.value.abs(), "{d:?}");
    }
    assert!(found.cosine.unwrap().abs() < 1e-8);
    // Cubic terms vanish with the step.
    assert!(found.model.unwrap().deviation(&found.grid, &losses(&found)).unwrap() < 1e-2);
}

#[test]
fn random_directions_have_the_lengths_of_the_networks_filters_and_right_angles() {
    let session = session("mlp:hidden=8", Loss::default(), all());
    let options = LandscapeOptions { along: Along::Random, dims: 2, points: 2, ..Default::default() };
    let found = measured(&session, &options);
    assert!(found.cosine.unwrap().abs() < 1e-14);
    // Biases do not move; all else has the length of the weights.
    let first = &found.directions[0];
    assert!(first.relative_norm > 0.9 && first.relative_norm <= 1.0 + 1e-12, "{first:?}");
    let again = measured(&session, &options);
    assert_eq!(losses(&found), losses(&again));
}

#[test]
fn the_centre_of_the_grid_is_the_network_itself_and_stays_so() {
    let session = session("mlp:hidden=8", Loss::default(), all());
    let space = session.backend().space(session.graph().parameter_count(), Precision::F64);
    let before = space.read(&session.weights().parameters, 0).unwrap();
    let options = LandscapeOptions { along: Along::Random, dims: 2, points: 5, ..Default::default() };
    let found = measured(&session, &options);
    let middle = found.heights[12].loss;
    assert!((middle - found.centre.loss).abs() <= 1e-14 * middle.abs(), "{middle} {}", found.centre.loss);
    assert_eq!(space.read(&session.weights().parameters, 0).unwrap(), before);
}

#[test]
fn only_selected_parameters_move() {
    let session = session("mlp:hidden=8", Loss::default(), all());
    let whole = LandscapeOptions { along: Along::Gradient, points: 3, ..Default::default() };
    let some = LandscapeOptions { params: Some("*.bias".to_string()), ..whole.clone() };
    let (whole, some) = (measured(&session, &whole), measured(&session, &some));
    assert!(some.centre.gradient_norm < whole.centre.gradient_norm);
    // Along the gradient the slope is its length.
    for found in [&whole, &some] {
        let (slope, length) = (found.directions[0].slope, found.centre.gradient_norm);
        assert!((slope - length).abs() < 1e-12 * length, "{slope} {length}");
    }
}

#[test]
fn a_landscape_in_pixels_has_the_gradient_and_curvature_of_the_sample() {
    let session = session("mlp:hidden=8,activation=tanh", Loss::default(), SampleRange::new(5, Some(6)).unwrap());
    for along in [Along::Eigenvectors, Along::Gradient, Along::Random] {
        let options = LandscapeOptions {
            along,
            target: Target::Input,
            dims: 2,
            points: 5,
            radius: Some(1e-2),
            tolerance: 1e-8,
            ..Default::default()
        };
        let found = measured(&session, &options);
        for d in &found.directions {
            assert!((d.norm - 1.0).abs() < 1e-12);
            let scale = found.centre.gradient_norm.max(1e-3);
            assert!((d.first_difference.unwrap() - d.slope).abs() < 1e-4 * scale, "{d:?}");
        }
        assert!(found.model.unwrap().deviation(&found.grid, &losses(&found)).unwrap() < 0.05, "{options:?}");
    }
}

#[test]
fn a_landscape_goes_on_with_the_same_bits_wherever_it_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let session = session("mlp:hidden=8", Loss::default(), all());
    let options = LandscapeOptions { points: 4, dims: 2, out: Some(out.clone()), ..Default::default() };
    let whole = measured(&session, &options);
    let points = out.join("points.csv");
    let text = std::fs::read_to_string(&points).unwrap();
    assert_eq!(text.lines().count(), 17);
    for cut in [0, 30, text.len() / 2, text.len() - 1, text.len()] {
        std::fs::write(&points, &text[..cut]).unwrap();
        let again = measured(&session, &options);
        assert_eq!((losses(&again), &again.directions), (losses(&whole), &whole.directions));
        assert_eq!(std::fs::read_to_string(&points).unwrap(), text, "{cut}");
    }
    // Stopped at the sixth question: some points are there, and the error says so.
    std::fs::write(&points, "").unwrap();
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let stop = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 12;
    let mut observe = |_| {};
    let error = landscape(&session, &options, &mut Watch { observe: &mut observe, stop: &stop }).unwrap_err();
    assert!(matches!(error, LandscapeError::Interrupted { done: 1.., total: 16, folder: Some(_) }), "{error}");
    assert_eq!(losses(&measured(&session, &options)), losses(&whole));

    let other = LandscapeOptions { points: 5, ..options.clone() };
    let mut watch = Watch { observe: &mut observe, stop: &|| false };
    let error = landscape(&session, &other, &mut watch).unwrap_err();
    assert!(matches!(error, LandscapeError::Occupied { .. }), "{error}");
    assert_eq!(measured(&session, &LandscapeOptions { force: true, ..other }).heights.len(), 25);
}
