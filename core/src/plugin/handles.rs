//! Objects that another library holds by number.
//!
//! A pointer would be faster by nanoseconds and would turn every mistake of a plugin into a crash; a number that is not
//! found is an error with a message. Reading is shared and writing exclusive, so that two calls cannot race on a block.

use super::guard::Foreign;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Objects by number. Numbers are never used twice in a process, so that a stale one cannot name another object.
#[derive(Debug)]
pub(crate) struct Handles<T> {
    kind: &'static str,
    held: Mutex<HashMap<u64, Arc<RwLock<T>>>>,
}

static NEXT: AtomicU64 = AtomicU64::new(1);

impl<T> Handles<T> {
    pub fn new(kind: &'static str) -> Self {
        Handles { kind, held: Mutex::new(HashMap::new()) }
    }

    /// Takes an object in.
    pub fn put(&self, object: T) -> u64 {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(number, Arc::new(RwLock::new(object)));
        number
    }

    /// Takes an object in again that was [taken](Self::take) out, under its old number.
    pub fn put_back(&self, number: u64, object: T) {
        self.lock().insert(number, Arc::new(RwLock::new(object)));
    }

    /// Frees an object. A call that is using it finishes first.
    pub fn free(&self, number: u64) {
        let removed = self.lock().remove(&number);
        drop(removed);
    }

    /// Gives an object back.
    pub fn take(&self, number: u64) -> Result<T, Foreign> {
        let held = self.lock().remove(&number).ok_or_else(|| self.unknown(number))?;
        let lock = Arc::try_unwrap(held).map_err(|_| self.in_use(number))?;
        Ok(lock.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks an object up; it lives while the result does.
    pub fn get(&self, number: u64) -> Result<Held<T>, Foreign> {
        let object = self.lock().get(&number).cloned().ok_or_else(|| self.unknown(number))?;
        Ok(Held { kind: self.kind, number, object })
    }

    /// How many objects are held.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<RwLock<T>>>> {
        // No user code runs under this lock, so nothing can be half done.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn unknown(&self, number: u64) -> Foreign {
        Foreign::failed(format!("{} {number} does not exist", self.kind))
    }
    fn in_use(&self, number: u64) -> Foreign {
        in_use(self.kind, number)
    }
}

fn in_use(kind: &str, number: u64) -> Foreign {
    Foreign::failed(format!("{kind} {number} is read and written by one call, or by two at the same time"))
}

/// One object, looked up.
#[derive(Debug)]
pub(crate) struct Held<T> {
    kind: &'static str,
    number: u64,
    object: Arc<RwLock<T>>,
}

impl<T> Held<T> {
    /// Reads it, unless someone writes it.
    pub fn read(&self) -> Result<std::sync::RwLockReadGuard<'_, T>, Foreign> {
        match self.object.try_read() {
            Ok(guard) => Ok(guard),
            // What a panicking writer left behind are numbers, wrong perhaps but whole.
            Err(std::sync::TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => Err(in_use(self.kind, self.number)),
        }
    }

    /// Writes it, unless someone reads or writes it.
    pub fn write(&self) -> Result<std::sync::RwLockWriteGuard<'_, T>, Foreign> {
        match self.object.try_write() {
            Ok(guard) => Ok(guard),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => Err(in_use(self.kind, self.number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_by_many_or_written_by_one() {
        let handles = Handles::new("block");
        let n = handles.put(5);
        let (a, b) = (handles.get(n).unwrap(), handles.get(n).unwrap());
        assert_eq!(*a.read().unwrap() + *b.read().unwrap(), 10);
        let reading = a.read().unwrap();
        let error = b.write().unwrap_err().to_string();
        assert!(error.contains("read and written"), "{error}");
        drop(reading);
        *b.write().unwrap() = 6;
        drop((a, b));
        assert_eq!(handles.take(n).unwrap(), 6);
        assert_eq!(handles.len(), 0);
    }

    #[test]
    fn stale_and_invented_numbers_are_errors() {
        let handles = Handles::new("block");
        let n = handles.put(5);
        handles.free(n);
        handles.free(n);
        assert!(handles.get(n).unwrap_err().to_string().contains("does not exist"));
        assert!(handles.take(u64::MAX).is_err());
        assert_ne!(handles.put(5), n);
    }
}
