//! An operator of Hesse as one of faer's.
//!
//! faer may move its operator between threads, and an observer must be called from the thread that asked; so each event
//! travels to that thread and waits for its answer.

use faer::dyn_stack::{MemStack, StackReq};
use faer::matrix_free::LinOp;
use faer::{MatMut, MatRef, Par};
use hesse_core::eigen::{Control, SolverError};
use hesse_core::operator::LinearOperator;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Mutex, PoisonError};

/// Why products are no longer formed. faer's operators cannot fail, and given zeros its iteration may not end; so its run
/// is left by unwinding, without a panic's message, and the reason is asked for afterwards.
#[derive(Debug)]
pub enum Halt {
    /// The operator failed, or is not finite.
    Failed(SolverError),
    /// The budget is spent.
    Budget,
    /// The observer said so.
    Stopped,
}

/// What unwinding out of faer carries.
pub struct Left;

/// `sign·A + shift·I`.
pub struct Shifted<'a> {
    pub operator: &'a dyn LinearOperator,
    pub sign: f64,
    pub shift: f64,
    pub state: &'a Mutex<State>,
}

/// What all runs of one solve share.
#[derive(Debug)]
pub struct State {
    pub products: usize,
    pub most: usize,
    pub halt: Option<Halt>,
    /// Tells how many products there are …
    pub events: Sender<usize>,
    /// … and hears what the observer says.
    pub answers: Receiver<Control>,
}

impl fmt::Debug for Shifted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} A + {} I", self.sign, self.shift)
    }
}

impl Shifted<'_> {
    fn product(&self, x: &[f64], state: &mut State) -> Option<Vec<f64>> {
        if state.halt.is_some() {
            return None;
        }
        if state.products >= state.most {
            state.halt = Some(Halt::Budget);
            return None;
        }
        state.products += 1;
        let product = state.products;
        let formed = || -> Result<Vec<f64>, SolverError> {
            let space = self.operator.space();
            let (mut v, mut y) = (space.zeros(1)?, space.zeros(1)?);
            space.write(&mut v, 0, x)?;
            self.operator.apply(v.all(), y.all_mut())?;
            let y = space.read(&y, 0)?;
            if y.iter().all(|v| v.is_finite()) { Ok(y) } else { Err(SolverError::NotFinite { product }) }
        };
        match formed() {
            Ok(y) => {
                let answer = state.events.send(product).ok().and_then(|()| state.answers.recv().ok());
                if answer != Some(Control::Continue) {
                    state.halt = Some(Halt::Stopped);
                }
                Some(y.iter().zip(x).map(|(y, x)| self.sign * y + self.shift * x).collect())
            }
            Err(error) => {
                state.halt = Some(Halt::Failed(error));
                None
            }
        }
    }
}

impl LinOp<f64> for Shifted<'_> {
    fn apply_scratch(&self, _: usize, _: Par) -> StackReq {
        StackReq::EMPTY
    }
    fn nrows(&self) -> usize {
        self.operator.dimension()
    }
    fn ncols(&self) -> usize {
        self.operator.dimension()
    }

    fn apply(&self, mut out: MatMut<'_, f64>, rhs: MatRef<'_, f64>, _: Par, _: &mut MemStack) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for j in 0..rhs.ncols() {
            let x: Vec<f64> = rhs.col(j).iter().copied().collect();
            let Some(y) = self.product(&x, &mut state) else {
                drop(state);
                resume_unwind(Box::new(Left));
            };
            out.as_mut().col_mut(j).iter_mut().zip(y).for_each(|(o, y)| *o = y);
        }
    }

    fn conj_apply(&self, out: MatMut<'_, f64>, rhs: MatRef<'_, f64>, par: Par, stack: &mut MemStack) {
        self.apply(out, rhs, par, stack);
    }
}
