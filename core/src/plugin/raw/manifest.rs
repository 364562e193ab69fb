//! What a library says of itself, and what it is told.

use super::{Bytes, Status, Str};
use std::ffi::c_void;

/// First bytes of a manifest.
pub const MAGIC: [u8; 8] = *b"HESSEPLG";
/// Layout version: a library of another major version is refused.
pub const MAJOR: u16 = 1;
/// Fields appended since the major version began. 1: a solver's abilities, initial vectors, states and remarks. 2: the
/// values that an architecture brings.
pub const MINOR: u16 = 2;
/// Size of a manifest at version 1.0: what every library of major version 1 has at least.
pub const MANIFEST_MIN: usize = 88;

/// The one thing a library exports: `const Manifest *hesse_plugin_manifest(void)` returns a pointer to a constant one.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Manifest {
    /// [`MAGIC`]. This and the next four fields never change, in any version.
    pub magic: [u8; 8],
    /// Size of the manifest as its author knew it.
    pub size: usize,
    /// [`MAJOR`].
    pub major: u16,
    /// [`MINOR`].
    pub minor: u16,
    /// Whether a panic can be caught in this library (1, also for C): a library that aborts would end the program.
    pub unwinds: u8,
    /// Compiler, target and profile: for people, never a gate.
    pub built_with: Str,
    /// Name of the package.
    pub package: Str,
    /// Its version.
    pub version: Str,
    /// Called once, before anything else. The table lives as long as the process. May be null.
    pub attach: Option<unsafe extern "C" fn(host: *const HostTable)>,
    /// Calls `push` for every entry; what an entry points at lives as long as the process.
    pub entries: Option<unsafe extern "C" fn(sink: *mut c_void, push: PushEntry)>,
}

/// Receives one entry.
pub type PushEntry = unsafe extern "C" fn(sink: *mut c_void, entry: *const RawEntry);

/// An architecture: `table` is a `ModelTable`.
pub const KIND_MODEL: u32 = 1;
/// An eigensolver: `table` is a `SolverTable`.
pub const KIND_SOLVER: u32 = 2;
/// An attack: `table` is an `AttackTable`.
pub const KIND_ATTACK: u32 = 3;
/// A backend: `table` is a `BackendTable`.
pub const KIND_BACKEND: u32 = 4;

/// One option of an entry.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RawOption {
    /// The key.
    pub name: Str,
    /// What holds when it is not given, for people.
    pub default_value: Str,
    /// One line.
    pub help: Str,
    /// What values are: `text`, `bool`, `integer>=1`, `real>0`, `one of a|b`, …; see `OptionKind`.
    pub kind: Str,
}

/// Something a library offers.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RawEntry {
    /// `sizeof(RawEntry)`.
    pub size: usize,
    /// One of the `KIND_` constants; a reader skips kinds it does not know.
    pub kind: u32,
    /// What the command line calls it: lower-case letters, digits, `-` and `_`.
    pub name: Str,
    /// One line.
    pub summary: Str,
    /// SPDX expression.
    pub license: Str,
    /// `options_len` options.
    pub options: *const RawOption,
    /// How many.
    pub options_len: usize,
    /// Passed to the functions that make objects of this entry.
    pub context: *const c_void,
    /// The table of this kind.
    pub table: *const c_void,
}

/// What the program offers to a library.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct HostTable {
    /// `sizeof(HostTable)`.
    pub size: usize,
    /// Passed to the functions.
    pub context: *const c_void,
    /// Writes one line where the program's own messages go. Levels: 1 error, 2 warning, 3 information, 4 detail.
    pub log: Option<unsafe extern "C" fn(context: *const c_void, level: u32, target: Str, message: Str)>,
    /// How many threads the library may use at this moment.
    pub threads: Option<unsafe extern "C" fn(context: *const c_void) -> usize>,
}

/// Destroys an object that a table made.
pub type Destroy = Option<unsafe extern "C" fn(object: *mut c_void)>;
/// Makes an object from `key=value,…`.
pub type Create = Option<
    unsafe extern "C" fn(context: *const c_void, options: Str, object: *mut *mut c_void, error: *mut Bytes) -> Status,
>;

// SAFETY: a manifest and a host table are constants that point at constants and functions.
unsafe impl Sync for Manifest {}
// SAFETY: as above.
unsafe impl Send for Manifest {}
// SAFETY: as above.
unsafe impl Sync for HostTable {}
// SAFETY: as above.
unsafe impl Send for HostTable {}

const _: () = {
    use std::mem::{offset_of, size_of};
    assert!(offset_of!(Manifest, size) == 8 && offset_of!(Manifest, major) == 16 && offset_of!(Manifest, minor) == 18);
    assert!(offset_of!(Manifest, unwinds) == 20 && offset_of!(Manifest, built_with) == 24);
    assert!(offset_of!(Manifest, package) == 40 && offset_of!(Manifest, version) == 56);
    assert!(offset_of!(Manifest, attach) == 72 && offset_of!(Manifest, entries) == 80);
    assert!(size_of::<RawOption>() == 64 && size_of::<RawEntry>() == 96);
    assert!(offset_of!(RawEntry, name) == 16 && offset_of!(RawEntry, options) == 64);
    assert!(offset_of!(RawEntry, context) == 80 && offset_of!(RawEntry, table) == 88);
    assert!(size_of::<HostTable>() == 32);
};
