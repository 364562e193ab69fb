//! The manifest of a Rust library, made from what its crates have submitted.

use super::{attack::ATTACK, backend::BACKEND, model::MODEL, solver::SOLVER};
use crate::options::OptionSpec;
use crate::plugin::guard::guard_or;
use crate::plugin::host;
use crate::plugin::raw::{self, HostTable, Manifest, PushEntry, RawEntry, RawOption, Str};
use crate::registry::{AttackEntry, BackendEntry, Entry, ModelEntry, SolverEntry};
use std::ffi::c_void;

/// Name of the exported function.
pub const SYMBOL: &str = "hesse_plugin_manifest";

/// Makes this library loadable: exports the one function that the program looks for. Write it once, in the crate that is
/// built as `cdylib`; everything that this crate and the crates it names have [submitted](crate::submit) is offered. With
/// names, as in `export_plugins!("mine")`, only entries of these are: for a crate that is made of others.
#[macro_export]
macro_rules! export_plugins {
    ($($only:literal),* $(,)?) => {
        #[allow(unsafe_code)] // an exported name; what it returns is made by the core crate
        const _: () = {
            static MANIFEST: $crate::plugin::raw::Manifest = $crate::plugin::export::manifest::<Package>();
            struct Package;
            impl $crate::plugin::export::Registered for Package {
                const PACKAGE: &'static str = env!("CARGO_PKG_NAME");
                const VERSION: &'static str = env!("CARGO_PKG_VERSION");
                const UNWINDS: bool = cfg!(panic = "unwind");
                const ONLY: &'static [&'static str] = &[$($only),*];
            }
            #[unsafe(no_mangle)]
            pub extern "C" fn hesse_plugin_manifest() -> *const $crate::plugin::raw::Manifest {
                &raw const MANIFEST
            }
        };
    };
}

/// What [`export_plugins!`](crate::export_plugins) knows of its crate.
pub trait Registered {
    /// Name of the package.
    const PACKAGE: &'static str;
    /// Its version.
    const VERSION: &'static str;
    /// Whether panics unwind in this build.
    const UNWINDS: bool;
    /// The entries offered; all if there are none.
    const ONLY: &'static [&'static str] = &[];
}

/// The manifest of a library.
pub const fn manifest<P: Registered>() -> Manifest {
    Manifest {
        magic: raw::MAGIC,
        size: size_of::<Manifest>(),
        major: raw::MAJOR,
        minor: raw::MINOR,
        unwinds: P::UNWINDS as u8,
        built_with: Str::new(env!("HESSE_BUILT_WITH")),
        package: Str::new(P::PACKAGE),
        version: Str::new(P::VERSION),
        attach: Some(attach::<P>),
        entries: Some(entries::<P>),
    }
}

unsafe extern "C" fn attach<P: Registered>(table: *const HostTable) {
    // SAFETY: the program passes its own table.
    guard_or((), || unsafe { host::attach(table, P::PACKAGE) });
}

unsafe extern "C" fn entries<P: Registered>(sink: *mut c_void, push: PushEntry) {
    // SAFETY: the receiver copies what it wants during the call; entries live as long as the library.
    guard_or((), || unsafe {
        offer::<P, ModelEntry>(raw::KIND_MODEL, (&raw const MODEL).cast(), sink, push);
        offer::<P, SolverEntry>(raw::KIND_SOLVER, (&raw const SOLVER).cast(), sink, push);
        offer::<P, AttackEntry>(raw::KIND_ATTACK, (&raw const ATTACK).cast(), sink, push);
        offer::<P, BackendEntry>(raw::KIND_BACKEND, (&raw const BACKEND).cast(), sink, push);
    });
}

unsafe fn offer<P: Registered, E: Entry>(kind: u32, table: *const c_void, sink: *mut c_void, push: PushEntry) {
    let mut linked = E::linked();
    linked.retain(|e| P::ONLY.is_empty() || P::ONLY.contains(&e.name()));
    // The order of `inventory` depends on the linker.
    linked.sort_by_key(|e| e.name());
    for entry in linked {
        let kinds: Vec<String> = entry.options().iter().map(|o| o.kind.to_string()).collect();
        let options: Vec<RawOption> = entry.options().iter().zip(&kinds).map(|(o, kind)| option(o, kind)).collect();
        let raw = RawEntry {
            size: size_of::<RawEntry>(),
            kind,
            name: Str::new(entry.name()),
            summary: Str::new(entry.summary()),
            license: Str::new(entry.license()),
            options: options.as_ptr(),
            options_len: options.len(),
            context: std::ptr::from_ref(entry).cast(),
            table,
        };
        // SAFETY: the caller vouches for sink and push.
        unsafe { push(sink, &raw const raw) };
    }
}

fn option(spec: &OptionSpec, kind: &str) -> RawOption {
    RawOption {
        name: Str::new(spec.name),
        default_value: Str::new(spec.default),
        help: Str::new(spec.help),
        kind: Str::new(kind),
    }
}
