//! The derivatives of every case by dense dual numbers, computed once and shared by all points.

use super::case::Case;
use super::cases;
use crate::oracle::dense::{self, Columns};
use crate::oracle::setting::{Coordinate, Setting};
use hesse_core::program::{Problem, Wrt};
use hesse_core::random::{Purpose, Stream};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

/// What is differentiated by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// Every parameter.
    Parameters,
    /// Those whose names match `*weight`.
    Weights,
    /// The samples of the whole batch.
    Samples,
}

/// One case at one batch size, with everything that points compare against.
pub struct Truth {
    /// The network with numbers.
    pub setting: Setting,
    /// The programs under test.
    pub problem: Problem,
    /// What it is differentiated by.
    pub by: By,
    /// The same for core.
    pub wrt: Wrt,
    /// The same for the oracle.
    pub along: Vec<Coordinate>,
    gradient: OnceLock<Vec<f64>>,
    products: OnceLock<Columns>,
    hessian: OnceLock<Columns>,
    jacobian: OnceLock<Columns>,
    output_hessian: OnceLock<Columns>,
}

/// The list of cases.
pub static CASES: LazyLock<Vec<Case>> = LazyLock::new(cases::all);

/// The truth about a case, or nothing where the case has no such derivative.
pub fn truth(case: &Case, batch: usize, by: By) -> Option<Arc<Truth>> {
    type Known = HashMap<(&'static str, usize, By), Option<Arc<Truth>>>;
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap();
    known.entry((case.name, batch, by)).or_insert_with(|| Truth::new(case, batch, by).map(Arc::new)).clone()
}

impl Truth {
    fn new(case: &Case, batch: usize, by: By) -> Option<Self> {
        if batch < case.smallest_batch || (by == By::Samples && !case.has_real_samples()) {
            return None;
        }
        let (setting, problem) = (case.setting(batch), case.problem());
        let wrt = match by {
            By::Parameters => problem.all_parameters(),
            By::Weights => problem.parameters_matching("*weight").ok()?,
            By::Samples => Wrt::Samples,
        };
        let along = match &wrt {
            Wrt::Samples => (0..setting.samples.numbers().len()).map(Coordinate::Sample).collect(),
            Wrt::Parameters(which) => {
                let sizes: Vec<usize> = case.graph.parameters().iter().map(|p| p.elements()).collect();
                let range = |&i: &usize| {
                    let start: usize = sizes[..i].iter().sum();
                    (start..start + sizes[i]).map(Coordinate::Parameter)
                };
                which.iter().flat_map(range).collect()
            }
        };
        let (gradient, products, hessian, jacobian, output_hessian) = Default::default();
        Some(Truth { setting, problem, by, wrt, along, gradient, products, hessian, jacobian, output_hessian })
    }

    /// Three directions that belong to this truth.
    pub fn directions(&self) -> Columns {
        self.random(self.along.len())
    }

    /// Three cotangents of the output.
    pub fn cotangents(&self) -> Columns {
        self.random(self.setting.graph.shape(self.setting.output).elements().at(self.setting.batch))
    }

    fn random(&self, length: usize) -> Columns {
        let column = |i| {
            let mut stream = Stream::new(length as u64, Purpose::Probe, i);
            let v: Vec<f64> = (0..length).map(|_| stream.normal()).collect();
            let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
            v.iter().map(|v| v / norm).collect()
        };
        (0..3).map(column).collect()
    }

    /// The gradient of the sum-reduced loss.
    pub fn gradient(&self) -> &[f64] {
        self.gradient.get_or_init(|| dense::gradient(&self.setting, &self.along))
    }

    /// H·v for the three directions.
    pub fn products(&self) -> &Columns {
        self.products.get_or_init(|| {
            self.directions().iter().map(|v| dense::hessian_product(&self.setting, &self.along, v)).collect()
        })
    }

    /// H, column by column.
    pub fn hessian(&self) -> &Columns {
        self.hessian.get_or_init(|| dense::hessian(&self.setting, &self.along))
    }

    /// The setting's parameters (or samples) moved by step·v.
    pub fn moved(&self, v: &[f64], step: f64) -> Vec<f64> {
        let from = if self.by == By::Samples { self.setting.samples.numbers() } else { &self.setting.parameters };
        let mut to = from.to_vec();
        for (c, v) in self.along.iter().zip(v) {
            let (Coordinate::Parameter(i) | Coordinate::Sample(i)) = *c;
            to[i] += step * v;
        }
        to
    }

    /// J.
    pub fn jacobian(&self) -> &Columns {
        self.jacobian.get_or_init(|| dense::jacobian(&self.setting, &self.along))
    }

    /// Jᵀ H_L J v.
    pub fn gauss_newton(&self, v: &[f64]) -> Vec<f64> {
        let curved = self.output_hessian.get_or_init(|| dense::output_hessian(&self.setting));
        let moved = dense::multiply(self.jacobian(), v);
        dense::multiply_transposed(self.jacobian(), &dense::multiply(curved, &moved))
    }
}
