//! What a study can do apart from the rest of it, in a process of its own: one network with what is measured on it.
//!
//! A piece leaves nothing but what is kept in its folder; the study then finds it done. So it does not matter who does a
//! piece, nor how many are done at once, and one whose process was killed is simply begun again.

use super::StudyError;
use crate::weights::atomic;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

/// One network of a study.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Its folder within that of the study, and what the study is asked for it by.
    pub id: String,
    /// For people.
    pub name: String,
    /// Pieces of a stage need those of the stages before and none of their own.
    pub stage: usize,
    /// A guess of what it costs beside the others of its stage: what takes longest is best begun first.
    pub cost: f64,
}

/// How often a folder in use by another process is looked at again.
const PAUSE: Duration = Duration::from_millis(50);

/// A folder that no other process of a study writes to.
pub(super) struct Claim(#[allow(dead_code, reason = "closing it gives the folder back")] Option<File>);

impl Claim {
    /// Waits until nobody else has a folder, which is made where it is missing; none where `stop` says so first. The system
    /// gives it back when this is dropped or the process ends, however it ends. What killed processes have begun there goes.
    ///
    /// # Errors
    /// Where the folder or the file `.lock` in it cannot be made.
    pub fn wait(folder: &Path, stop: &(dyn Fn() -> bool + Send + Sync)) -> Result<Option<Self>, StudyError> {
        let failed = |operation| move |source| StudyError::Io { operation, path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(failed("making the folder"))?;
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(".lock"));
        let file = open.map_err(failed("claiming the folder"))?;
        loop {
            match file.try_lock() {
                Ok(()) => {
                    atomic::sweep(folder);
                    return Ok(Some(Claim(Some(file))));
                }
                Err(TryLockError::WouldBlock) if stop() => return Ok(None),
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                // Some file systems know no locks. There one process at a time is the user's affair.
                Err(TryLockError::Error(_)) => return Ok(Some(Claim(None))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn a_claimed_folder_is_waited_for_until_it_is_given_back() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("cell");
        std::fs::create_dir_all(&folder).unwrap();
        for name in [".hesse-x.tmp", "kept.json"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let first = Claim::wait(&folder, &|| false).unwrap().unwrap();
        assert!(!folder.join(".hesse-x.tmp").exists() && folder.join("kept.json").exists());
        assert!(Claim::wait(&folder, &|| true).unwrap().is_none(), "it is in use");
        let waited = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| {
                let stop = || {
                    waited.store(true, Ordering::Relaxed);
                    false
                };
                Claim::wait(&folder, &stop).unwrap().is_some()
            });
            while !waited.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            drop(first);
            assert!(second.join().unwrap());
        });
    }
}
