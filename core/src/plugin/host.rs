//! What a library may ask of the program: a log, and how many threads it may use.
//!
//! `log` and `tracing` are silent inside a loaded library, and a second thread pool would fight with the program's, so
//! both are handed down. The same functions work in a linked-in plugin, where library and program are one.

use super::raw::{HostTable, Str};
use super::text::one_line;
use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

/// Writes one line where the program's messages go. Levels: 1 error, 2 warning, 3 information, 4 detail.
pub fn log(level: u32, message: &str) {
    let target = PACKAGE.get().copied().unwrap_or("hesse");
    match HOST.get() {
        Some(host) => {
            if let Some(log) = host.log {
                // SAFETY: the program's table and function live as long as the process; the texts outlive the call.
                unsafe { log(host.context, level, Str::new(target), Str::new(message)) };
            }
        }
        None => write_line(level, target, message),
    }
}

/// How many threads may be used now.
pub fn threads() -> usize {
    let budget = match HOST.get().map(|host| (host.threads, host.context)) {
        // SAFETY: as above.
        Some((Some(threads), context)) => unsafe { threads(context) },
        _ => THREADS.load(Ordering::Relaxed),
    };
    if budget == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { budget }
}

/// Sets how many threads plugins may use; 0 for all cores. For the program.
pub fn set_threads(count: usize) {
    THREADS.store(count, Ordering::Relaxed);
}

/// Receives lines: level, package, message.
pub type LogSink = dyn Fn(u32, &str, &str) + Send + Sync;

/// Sends the lines of all plugins somewhere else than to standard error. For the program.
pub fn set_log(sink: Box<LogSink>) {
    *SINK.write().unwrap_or_else(PoisonError::into_inner) = Some(sink);
}

static HOST: OnceLock<HostTable> = OnceLock::new();
static PACKAGE: OnceLock<&'static str> = OnceLock::new();
static THREADS: AtomicUsize = AtomicUsize::new(0);
static SINK: RwLock<Option<Box<LogSink>>> = RwLock::new(None);

fn write_line(level: u32, target: &str, message: &str) {
    match &*SINK.read().unwrap_or_else(PoisonError::into_inner) {
        Some(sink) => sink(level, target, message),
        // Details are for a sink that wants them.
        None if level <= 2 => eprintln!("{target}: {message}"),
        None => {}
    }
}

/// In a loaded library: remembers the program, and sends the messages of panics there, since the hook that the program
/// installed is not this library's.
pub(crate) unsafe fn attach(host: *const HostTable, package: &'static str) {
    let _ = PACKAGE.set(package);
    if host.is_null() {
        return;
    }
    // SAFETY: the caller passes a table; only what its size covers is read.
    let size = unsafe { (&raw const (*host).size).read() };
    if size < size_of::<HostTable>() {
        return;
    }
    // SAFETY: large enough, and `Copy`.
    let _ = HOST.set(unsafe { host.read() });
    std::panic::set_hook(Box::new(|panic| log(4, &one_line(&panic.to_string()))));
}

/// The program's table.
pub(crate) static TABLE: HostTable = HostTable {
    size: size_of::<HostTable>(),
    context: std::ptr::null(),
    log: Some(host_log),
    threads: Some(host_threads),
};

unsafe extern "C" fn host_log(_: *const c_void, level: u32, target: Str, message: Str) {
    super::guard::guard_or((), || {
        // SAFETY: the library's texts live during the call.
        let (target, message) = unsafe { (target.as_text(), message.as_text()) };
        write_line(level, &one_line(target.unwrap_or("?")), &one_line(message.unwrap_or("(no text)")));
    });
}

unsafe extern "C" fn host_threads(_: *const c_void) -> usize {
    super::guard::guard_or(1, threads)
}
