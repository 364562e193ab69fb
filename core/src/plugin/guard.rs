//! Status codes: a failure, a panic or an interruption on its way across.

use super::raw::{Bytes, FAILED, INTERRUPTED, OK, PANICKED, Status};
use super::text::TextError;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// What another library answered instead of a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", if *status == PANICKED { "panicked: " } else { "" })]
pub struct Foreign {
    /// One of the status codes of [`raw`](super::raw).
    pub status: Status,
    /// Its message.
    pub message: String,
}

impl Foreign {
    /// A failure of this side, in the same form.
    pub(crate) fn failed(message: impl ToString) -> Self {
        Foreign { status: FAILED, message: message.to_string() }
    }

    /// Someone asked to stop.
    pub(crate) fn interrupted() -> Self {
        Foreign { status: INTERRUPTED, message: "interrupted".into() }
    }
}

impl From<TextError> for Foreign {
    fn from(error: TextError) -> Self {
        Foreign::failed(format!("expected text, found {error}"))
    }
}

/// The first failure of something that is lent to another library, as it was: what crosses is text, and the lender's own
/// caller should get the error whole.
pub(crate) struct FirstFailure<E>(Mutex<Option<E>>);

impl<E: std::fmt::Display> FirstFailure<E> {
    pub fn new() -> Self {
        FirstFailure(Mutex::new(None))
    }

    /// Lets an answer through, or keeps its error and hands out the text.
    pub fn keep<T>(&self, answer: Result<T, E>, interrupted: impl FnOnce(&E) -> bool) -> Result<T, Foreign> {
        answer.map_err(|error| {
            let status = if interrupted(&error) { INTERRUPTED } else { FAILED };
            let foreign = Foreign { status, message: error.to_string() };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            foreign
        })
    }

    /// What went wrong, if anything did.
    pub fn take(&self) -> Option<E> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Runs what another library asked for. A panic ends here: it must not unwind into code of another build.
pub(crate) fn guard(error: *mut Bytes, run: impl FnOnce() -> Result<(), Foreign>) -> Status {
    let failure = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(())) => return OK,
        Ok(Err(failure)) => failure,
        Err(payload) => Foreign { status: PANICKED, message: panic_message(payload) },
    };
    if !error.is_null() {
        // SAFETY: the caller passed a place for a message; it holds none yet, so nothing is lost by overwriting.
        unsafe { error.write(Bytes::give(failure.message.into_bytes())) };
    }
    failure.status
}

/// As [`guard`], for functions that return no status: a panic yields the value given.
pub(crate) fn guard_or<T>(otherwise: T, run: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let message = panic_message(payload);
        super::log(1, &format!("a function that cannot fail panicked: {message}"));
        otherwise
    })
}

/// What a panic said, for people.
pub fn panic_message(payload: Box<dyn Any + Send>) -> String {
    let message = payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a payload that is no text".into());
    // Dropping a payload may panic again; that would be outside of any guard.
    std::mem::forget(payload);
    message
}

/// Calls a function of another library and reads its message where it fails.
pub(crate) fn call(run: impl FnOnce(*mut Bytes) -> Status) -> Result<(), Foreign> {
    let mut error = Bytes::empty();
    let status = run(&raw mut error);
    // SAFETY: the callee filled it or left it empty.
    let message = unsafe { error.take_text() };
    match status {
        OK => Ok(()),
        status => {
            let message = if message.is_empty() { format!("status {status} without a message") } else { message };
            Err(Foreign { status, message })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(run: impl FnOnce() -> Result<(), Foreign>) -> Result<(), Foreign> {
        call(|error| guard(error, run))
    }

    struct Explosive;
    impl Drop for Explosive {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    #[test]
    fn results_failures_and_panics_of_every_payload_arrive() {
        assert_eq!(answer(|| Ok(())), Ok(()));
        assert_eq!(answer(|| Err(Foreign::failed("no"))), Err(Foreign { status: FAILED, message: "no".into() }));
        let panicked = |message: &str| Err(Foreign { status: PANICKED, message: message.into() });
        assert_eq!(answer(|| panic!("plain")), panicked("plain"));
        assert_eq!(answer(|| panic!("of {}", 7)), panicked("of 7"));
        assert_eq!(answer(|| std::panic::panic_any(7)), panicked("a payload that is no text"));
        assert_eq!(answer(|| std::panic::panic_any(Explosive)), panicked("a payload that is no text"));
    }

    #[test]
    fn a_status_without_a_message_still_says_something() {
        let error = call(|_| 17).unwrap_err();
        assert_eq!(error.to_string(), "status 17 without a message");
    }
}
