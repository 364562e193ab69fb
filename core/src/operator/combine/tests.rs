use super::*;
use crate::host::HostOperator;
use crate::operator::LinearOperator;
use crate::vectors::Precision;

fn matrix(entries: Vec<Vec<f64>>) -> impl LinearOperator {
    HostOperator::new(entries.len(), Precision::F64, move |x| {
        entries.iter().map(|row| row.iter().zip(x).map(|(a, x)| a * x).sum()).collect()
    })
}

/// A x for two columns at once.
fn products(operator: &dyn LinearOperator, columns: [&[f64]; 2]) -> Vec<Vec<f64>> {
    let space = operator.space();
    // Columns 1 and 2 of larger blocks, so that an offset cannot go unnoticed.
    let (mut x, mut y) = (space.zeros(3).unwrap(), space.zeros(4).unwrap());
    for (i, column) in columns.iter().enumerate() {
        space.write(&mut x, i + 1, column).unwrap();
    }
    operator.apply(x.view(1..3), y.view_mut(2..4)).unwrap();
    (2..4).map(|c| space.read(&y, c).unwrap()).collect()
}

const X: [&[f64]; 2] = [&[1.0, 2.0, -1.0], &[0.5, 0.0, 4.0]];

#[test]
fn sums_multiples_and_shifts_are_those_of_matrices() {
    let a = matrix(vec![vec![2.0, 1.0, 0.0], vec![1.0, -3.0, 0.5], vec![0.0, 0.5, 1.0]]);
    let b = matrix(vec![vec![1.0, 0.0, 2.0], vec![0.0, 4.0, 0.0], vec![2.0, 0.0, -1.0]]);
    let scaled = Scaled::new(&a, -2.0);
    let shifted = Shifted::new(&scaled, 3.0);
    let sum = Sum::new(vec![(1.0, &shifted), (0.5, &b)]).unwrap();
    let combined = vec![vec![-0.5, -2.0, 1.0], vec![-2.0, 11.0, -1.0], vec![1.0, -1.0, 0.5]];
    for _ in 0..2 {
        assert_eq!(products(&sum, X), products(&matrix(combined.clone()), X));
    }
    assert!(Sum::new(Vec::new()).is_err());
    let other = matrix(vec![vec![1.0]]);
    let error = Sum::new(vec![(1.0, &a), (1.0, &other)]).err().unwrap().to_string();
    assert!(error.contains("expected vectors of length 3 in f64, found vectors of length 1"), "{error}");
}

#[test]
fn a_deflated_operator_vanishes_along_known_directions_and_stays_symmetric_where_they_are_inexact() {
    let a = matrix(vec![vec![2.0, 1.0, 0.0], vec![1.0, -3.0, 0.5], vec![0.0, 0.5, 1.0]]);
    let mut known = a.space().zeros(1).unwrap();
    a.space().write(&mut known, 0, &[0.6, 0.0, 0.8]).unwrap();
    let deflated = Deflated::new(&a, known.all()).unwrap();
    let along = products(&deflated, [&[0.6, 0.0, 0.8], &[-1.2, 0.0, -1.6]]);
    assert!(along.concat().iter().all(|v| v.abs() < 1e-15), "{along:?}");
    let [u, v] = X;
    let y = products(&deflated, X);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    assert!((dot(u, &y[1]) - dot(v, &y[0])).abs() < 1e-14);
    assert!(dot(&y[0], &[0.6, 0.0, 0.8]).abs() < 1e-15);
    a.space().write(&mut known, 0, &[0.6, 0.0, 0.9]).unwrap();
    assert!(Deflated::new(&a, known.all()).is_err(), "not a unit vector");
}
