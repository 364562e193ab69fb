//! Ctrl-C: the first asks for a gentle stop, the second ends the program at once.
//!
//! The same for the signals by which systems end programs. Only commands that ask [`asked`] in their loops install
//! this; the others end at the first signal as usual.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Whether someone has asked to stop.
pub(super) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// Asks for a gentle stop, as the first Ctrl-C does.
pub(super) fn ask() {
    ASKED.store(true, Ordering::Relaxed);
}

/// Starts listening.
pub(super) fn listen() {
    start(|| {
        let _ = writeln!(std::io::stderr(), "\nhesse: stopping after this step; again to stop at once");
    });
}

/// The same without a word, for a process that another one speaks for.
pub(super) fn listen_quietly() {
    start(|| {});
}

fn start(tell: fn()) {
    let stop = move || {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        tell();
    };
    // A second listener in one process, as in tests of an embedding tool, leaves the first in place.
    let _ = ctrlc::set_handler(stop);
}
