//! Products that are counted, followed and interrupted.

use hesse_core::eigen::Control;
use hesse_core::estimate::{EstimateError, EstimateEvent};
use hesse_core::operator::{LinearOperator, OperatorError};
use hesse_core::vectors::{View, ViewMut};

/// The account of an estimate's products: a budget and an observer.
pub(crate) struct Products<'o> {
    /// Products of the operator underneath that one product here costs.
    cost: usize,
    done: usize,
    most: usize,
    stopped: bool,
    observe: &'o mut dyn FnMut(EstimateEvent) -> Control,
}

impl<'o> Products<'o> {
    /// Nothing spent yet of `most`.
    pub fn new(cost: usize, most: usize, observe: &'o mut dyn FnMut(EstimateEvent) -> Control) -> Self {
        Products { cost, done: 0, most, stopped: false, observe }
    }

    /// Products so far.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Columns that can still be multiplied.
    pub fn left(&self) -> usize {
        self.most.saturating_sub(self.done) / self.cost
    }

    /// Whether someone asked to stop.
    pub fn stopped(&self) -> bool {
        self.stopped
    }

    /// `Y ← A X`; whether Y was written. Not after an interruption.
    ///
    /// # Errors
    /// Where the operator fails.
    pub fn apply(&mut self, operator: &dyn LinearOperator, x: View<'_>, y: ViewMut<'_>) -> Result<bool, EstimateError> {
        let columns = x.len();
        match operator.apply(x, y) {
            Err(OperatorError::Interrupted) => {
                self.stopped = true;
                return Ok(false);
            }
            other => other?,
        }
        self.done += columns * self.cost;
        self.tell(EstimateEvent::Products { done: self.done, most: self.most });
        Ok(true)
    }

    /// Tells the observer how good the estimate is.
    pub fn report(&mut self, relative_error: f64) {
        self.tell(EstimateEvent::Estimate { done: self.done, most: self.most, relative_error });
    }

    fn tell(&mut self, event: EstimateEvent) {
        if (self.observe)(event) == Control::Stop {
            self.stopped = true;
        }
    }

    /// Refuses a number that is not finite.
    ///
    /// # Errors
    /// As it says.
    pub fn finite(&self, value: f64) -> Result<f64, EstimateError> {
        if value.is_finite() { Ok(value) } else { Err(EstimateError::NotFinite { product: self.done }) }
    }
}
