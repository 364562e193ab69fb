//! Symmetric matrices whose spectrum is known: a diagonal behind a few reflections.
//!
//! A = Q Λ Qᵀ with Q a product of Householder reflections I − 2wwᵀ costs O(n) per product and has no structure that a
//! solver could exploit by accident.

use hesse_core::host::HostOperator;
use hesse_core::operator::{LinearOperator, OperatorError};
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::{Precision, VectorSpace, View, ViewMut};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What goes wrong on purpose, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Never,
    /// The product after so many columns fails with an error.
    Error(usize),
    /// … is not a number.
    NotANumber(usize),
}

/// A planted matrix.
pub struct Planted {
    inner: Box<dyn LinearOperator>,
    /// Rising.
    pub values: Vec<f64>,
    columns: AtomicUsize,
    fault: Fault,
}

impl Planted {
    /// A matrix of these eigenvalues.
    pub fn new(mut values: Vec<f64>, precision: Precision) -> Self {
        values.sort_by(f64::total_cmp);
        let n = values.len();
        let reflections: Vec<Vec<f64>> = (0..3)
            .map(|i| {
                let mut stream = Stream::new(17, Purpose::Probe, i);
                let w: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
                let norm = w.iter().map(|v| v * v).sum::<f64>().sqrt();
                w.iter().map(|v| v / norm).collect()
            })
            .collect();
        let diagonal = values.clone();
        let multiply = move |x: &[f64]| {
            let reflect = |x: &mut [f64], w: &[f64]| {
                let s = 2.0 * x.iter().zip(w).map(|(a, b)| a * b).sum::<f64>();
                x.iter_mut().zip(w).for_each(|(a, b)| *a -= s * b);
            };
            let mut x = x.to_vec();
            reflections.iter().for_each(|w| reflect(&mut x, w));
            x.iter_mut().zip(&diagonal).for_each(|(x, d)| *x *= d);
            reflections.iter().rev().for_each(|w| reflect(&mut x, w));
            x
        };
        let inner = Box::new(HostOperator::new(n, precision, multiply));
        Planted { inner, values, columns: AtomicUsize::new(0), fault: Fault::Never }
    }

    /// The same with a fault.
    pub fn failing(mut self, fault: Fault) -> Self {
        self.fault = fault;
        self
    }

    /// Columns multiplied so far.
    pub fn columns(&self) -> usize {
        self.columns.load(Ordering::Relaxed)
    }

    /// The k largest, falling.
    pub fn largest(&self, k: usize) -> Vec<f64> {
        self.values.iter().rev().take(k).copied().collect()
    }

    /// The k smallest, rising.
    pub fn smallest(&self, k: usize) -> Vec<f64> {
        self.values.iter().take(k).copied().collect()
    }

    /// The largest modulus.
    pub fn norm(&self) -> f64 {
        self.values.iter().fold(0.0, |m, v| f64::max(m, v.abs()))
    }
}

impl LinearOperator for Planted {
    fn space(&self) -> &dyn VectorSpace {
        self.inner.space()
    }

    fn apply(&self, x: View<'_>, y: ViewMut<'_>) -> Result<(), OperatorError> {
        let before = self.columns.fetch_add(x.len(), Ordering::Relaxed);
        match self.fault {
            Fault::Error(after) if before >= after => Err(OperatorError::Data("a planted failure".into())),
            Fault::NotANumber(after) if before >= after => {
                let values = vec![f64::NAN; self.dimension()];
                for column in y.columns.clone() {
                    self.space().write(y.block, column, &values)?;
                }
                Ok(())
            }
            _ => self.inner.apply(x, y),
        }
    }
}

/// What the spectrum of a trained network looks like: a few outliers on both sides of a bulk around zero.
pub fn outliers(n: usize) -> Vec<f64> {
    let top = [10.0, 7.0, 5.0, 3.6];
    let bottom = [-4.0, -2.5];
    let rest = n - top.len() - bottom.len();
    let bulk = (0..rest).map(|i| -0.5 + 1.5 * i as f64 / rest as f64);
    top.into_iter().chain(bottom).chain(bulk).collect()
}
