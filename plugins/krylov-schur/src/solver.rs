//! The runs of faer's solver that one request takes.

use crate::operator::{Halt, Left, Shifted, State};
use crate::pairs::Found;
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::matrix_free::LinOp;
use faer::matrix_free::eigen::{PartialEigenParams, partial_self_adjoint_eigen, partial_self_adjoint_eigen_scratch};
use faer::{Col, Mat, Par, Side};
use hesse_core::eigen::{Control, EigenRequest, EigenResult, EigenSolver, SolverError, SolverEvent, StopReason};
use hesse_core::operator::LinearOperator;
use hesse_core::random::{Purpose, Stream};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError, mpsc};

/// faer's Krylov–Schur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KrylovSchur {
    /// Vectors held before a restart.
    pub basis: usize,
}

/// Values and vectors of one run.
struct Run {
    values: Vec<f64>,
    vectors: Mat<f64>,
}

impl KrylovSchur {
    /// The `count` eigenpairs of largest modulus of a shifted operator.
    fn run(&self, a: &Shifted<'_>, count: usize, tolerance: f64, seed: u64) -> Run {
        let n = a.operator.dimension();
        let mut stream = Stream::new(seed, Purpose::Probe, 0);
        let start = Col::from_fn(n, |_| stream.normal());
        let params = PartialEigenParams { max_dim: self.basis.max(2 * count), ..Default::default() };
        let mut run = Run { values: vec![0.0; count], vectors: Mat::zeros(n, count) };
        let mut memory = MemBuffer::new(partial_self_adjoint_eigen_scratch(a, count, Par::Seq, params));
        let stack = MemStack::new(&mut memory);
        let (vectors, values) = (run.vectors.as_mut(), run.values.as_mut_slice());
        let whole = catch_unwind(AssertUnwindSafe(|| {
            partial_self_adjoint_eigen(vectors, values, a, start.as_ref(), tolerance, Par::Seq, stack, params)
        }));
        match whole {
            Ok(info) => run.values.truncate(info.n_converged_eigen.min(count)),
            Err(left) if left.is::<Left>() => run.values.clear(),
            Err(panic) => resume_unwind(panic),
        }
        run
    }

    /// A small matrix, column by column, and all of its eigenpairs.
    fn dense(&self, a: &Shifted<'_>) -> Result<Run, SolverError> {
        let n = a.operator.dimension();
        let mut matrix = Mat::<f64>::zeros(n, n);
        let mut unit = Mat::<f64>::identity(n, n);
        let stack = &mut MemBuffer::new(StackReq::EMPTY);
        let formed = catch_unwind(AssertUnwindSafe(|| {
            a.apply(matrix.as_mut(), unit.as_ref(), Par::Seq, MemStack::new(stack));
        }));
        if let Err(left) = formed {
            if left.is::<Left>() {
                unit.resize_with(n, 0, |_, _| 0.0);
                return Ok(Run { values: Vec::new(), vectors: unit });
            }
            resume_unwind(left);
        }
        let eigen = matrix.self_adjoint_eigen(Side::Lower);
        let eigen = eigen.map_err(|e| SolverError::Projected { size: n, cause: format!("{e:?}") })?;
        let values = eigen.S().column_vector().iter().copied().collect();
        Ok(Run { values, vectors: eigen.U().to_owned() })
    }

    /// All runs, on a thread that may wait for the observer.
    fn solve_on_worker(
        &self,
        operator: &dyn LinearOperator,
        request: &EigenRequest,
        state: &Mutex<State>,
    ) -> Result<Found, SolverError> {
        let halted = || state.lock().unwrap_or_else(PoisonError::into_inner).halt.is_some();
        let shifted = |sign, shift| Shifted { operator, sign, shift, state };
        let n = operator.dimension();
        let mut found = Found::new(operator)?;
        if n <= self.basis.max(2 * (request.largest + request.smallest)) {
            let run = self.dense(&shifted(1.0, 0.0))?;
            found.add_ends(request, &run.values, run.vectors.as_ref());
            return Ok(found);
        }
        // A rough |λ|max: a Ritz value is never too large, so the shift takes a little more.
        let modulus = self.run(&shifted(1.0, 0.0), 1, 1e-2, request.seed);
        let shift = 1.1 * modulus.values.first().copied().unwrap_or(0.0).abs();
        if shift == 0.0 && !halted() {
            // Nothing comes back from a random vector: A is zero, and any vectors will do.
            let unit = Mat::<f64>::identity(n, request.largest + request.smallest);
            found.add_ends(request, &vec![0.0; unit.ncols()], unit.as_ref());
            return Ok(found);
        }
        for (sign, count) in [(1.0, request.largest), (-1.0, request.smallest)] {
            if count > 0 && !halted() {
                // The residual is judged against |λ|max of A, and faer's against its own values, up to 2.1 times that.
                let run = self.run(&shifted(sign, shift), count, 0.1 * request.tolerance, request.seed);
                found.add(sign > 0.0, count, &run.values, run.vectors.as_ref());
            }
        }
        Ok(found)
    }
}

impl EigenSolver for KrylovSchur {
    fn solve(
        &self,
        operator: &dyn LinearOperator,
        request: &EigenRequest,
        observe: &mut dyn FnMut(SolverEvent) -> Control,
    ) -> Result<EigenResult, SolverError> {
        request.check(operator.dimension())?;
        let (found, state) = std::thread::scope(|scope| {
            // Inside: where the observer panics, its end of the line goes, and the worker does not wait for ever.
            let (events, heard) = mpsc::channel();
            let (answer, answers) = mpsc::channel();
            let state = State { products: 0, most: request.max_products, halt: None, events, answers };
            let worker = scope.spawn(move || {
                let state = Mutex::new(state);
                let found = self.solve_on_worker(operator, request, &state);
                // Dropping the state ends the loop below.
                (found, state.into_inner().unwrap_or_else(PoisonError::into_inner).finished())
            });
            while let Ok(products) = heard.recv() {
                // A worker that has gone needs no answer.
                let _ = answer.send(observe(SolverEvent::Step { products }));
            }
            worker.join().unwrap_or_else(|payload| resume_unwind(payload))
        });
        let (products, halt) = state;
        let reason = match halt {
            Some(Halt::Failed(error)) => return Err(error),
            Some(Halt::Budget) => StopReason::ProductLimit,
            Some(Halt::Stopped) => StopReason::Interrupted,
            None => StopReason::Converged,
        };
        found?.finish(operator, request, reason, products)
    }
}

impl State {
    /// What is left when the runs are over.
    fn finished(self) -> (usize, Option<Halt>) {
        (self.products, self.halt)
    }
}
