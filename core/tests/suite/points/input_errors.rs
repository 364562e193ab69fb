//! What is missing, misshapen or out of range is an error that says so; it never panics and never runs on.

use super::Open;
use crate::suite::case::Case;
use crate::suite::compare::Verdict;
use crate::suite::subject::Subject;
use crate::suite::truth::CASES;
use hesse_core::backend::{BackendError, Feed};
use hesse_core::vectors::Precision;

fn case(name: &str) -> &'static Case {
    CASES.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("no case {name}"))
}

pub fn a_label_out_of_range_is_an_error(open: Open<'_>) {
    let backend = open(Precision::F32);
    let mut verdict = Verdict::default();
    let names = [
        "cross-entropy",
        "cross-entropy, weighted",
        "cross-entropy, label 1 ignored",
        "squared error to a one-hot vector",
    ];
    for name in names {
        let case = case(name);
        let (problem, wrt) = (case.problem(), case.problem().all_parameters());
        let mut subject = Subject::new(backend.as_ref(), &case.setting(3)).unwrap();
        for wrong in [3, 255, u32::MAX] {
            subject.set_labels(Some(&[0, wrong, 1])).unwrap();
            let loss = subject.run(&problem.loss().unwrap());
            verdict.holds(|| format!("{name}: loss with label {wrong}"), loss.is_err());
            let gradient = subject.run(&problem.gradient(&wrt).unwrap());
            verdict.holds(|| format!("{name}: gradient with label {wrong}"), gradient.is_err());
        }
        subject.set_labels(Some(&[0, 2, 1])).unwrap();
        let again = subject.run(&problem.loss().unwrap());
        verdict.holds(|| format!("{name}: right labels after wrong ones"), again.is_ok());
    }
    let tokens = case("embedding");
    let mut setting = tokens.setting(1);
    setting.samples = crate::oracle::value::Value::index(vec![1, 3], vec![0, 5, 1]);
    let subject = Subject::new(backend.as_ref(), &setting).unwrap();
    let loss = subject.run(&tokens.problem().loss().unwrap());
    verdict.holds(|| "a token out of range".into(), loss.is_err());
    verdict.pronounce("labels out of range", backend.info().name);
}

pub fn a_missing_or_misshapen_input_is_an_error(open: Open<'_>) {
    let backend = open(Precision::F32);
    let mut verdict = Verdict::default();
    let case = case("batch norm of vectors");
    let (problem, setting) = (case.problem(), case.setting(3));
    let wrt = problem.all_parameters();
    let subject = Subject::new(backend.as_ref(), &setting).unwrap();
    let mut gradient = backend.compile(&problem.gradient(&wrt).unwrap(), 3).unwrap();
    let n = setting.parameters.len();
    let mut result = subject.block(&[vec![0.0; n]]).unwrap();
    let short = subject.block(&[vec![0.0; n - 1]]).unwrap();
    let other = Subject::new(backend.as_ref(), &case.setting(4)).unwrap();

    let mut expect = |what: &str, found: Result<_, BackendError>| {
        let named = matches!(found, Err(BackendError::Input { .. }));
        verdict.holds(|| format!("{what}: {found:?}"), named);
    };
    let full = || subject.feed();
    let mut run = |feed: &Feed<'_>| gradient.run(feed, Some(result.all_mut()), None);
    expect("no parameters", run(&Feed { parameters: None, ..full() }));
    expect("no buffers", run(&Feed { buffers: None, ..full() }));
    expect("no samples", run(&Feed { samples: None, ..full() }));
    expect("no labels", run(&Feed { labels: None, ..full() }));
    expect("parameters of another length", run(&Feed { parameters: Some(short.all()), ..full() }));
    expect("samples of another batch", run(&Feed { samples: other.feed().samples, ..full() }));
    expect("labels of another batch", run(&Feed { labels: other.feed().labels, ..full() }));
    expect("indices as samples", run(&Feed { samples: full().labels, ..full() }));
    let mut narrow = subject.block(&[vec![0.0; n - 1]]).unwrap();
    expect("a result of another length", gradient.run(&full(), Some(narrow.all_mut()), None));

    let mut parts = subject.compile(&problem.hessian(&wrt).unwrap()).unwrap();
    let saved = subject.keep(&mut parts).unwrap();
    let direction = subject.block(&[vec![1.0; n], vec![1.0; n]]).unwrap();
    let mut two = subject.block(&[vec![0.0; n], vec![0.0; n]]).unwrap();
    let with = |d, s| Feed { direction: d, saved: s, ..subject.feed() };
    let tangent = &mut parts.tangent;
    expect("no direction", tangent.run(&with(None, Some(&saved)), Some(two.all_mut()), None));
    expect("nothing kept", tangent.run(&with(Some(direction.all()), None), Some(two.all_mut()), None));
    expect("a short direction", tangent.run(&with(Some(short.all()), Some(&saved)), Some(two.view_mut(0..1)), None));
    let all = with(Some(direction.all()), Some(&saved));
    expect("fewer results than directions", tangent.run(&all, Some(two.view_mut(0..1)), None));
    let right = tangent.run(&all, Some(two.all_mut()), None);
    verdict.holds(|| format!("everything given: {right:?}"), right.is_ok());
    verdict.pronounce("missing inputs", backend.info().name);
}
