//! The entries of a manifest, checked and turned into entries of the registry.

use super::object::Context;
use super::space::read_table;
use super::{attack, backend, model, solver};
use crate::options::{OptionKind, OptionSpec};
use crate::plugin::export::numbers;
use crate::plugin::raw::{
    AttackTable, BackendTable, KIND_ATTACK, KIND_BACKEND, KIND_MODEL, KIND_SOLVER, Manifest, ModelTable, RawEntry,
    RawOption, SolverTable, Str,
};
use crate::plugin::text::{is_name, one_line};
use crate::registry::{AttackEntry, BackendEntry, Entry, LibraryInfo, Listed, ModelEntry, SolverEntry, add};
use std::ffi::c_void;

/// A library offers no more than this.
const MOST_ENTRIES: usize = 4096;
const MOST_OPTIONS: usize = 256;

/// What is wrong with an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {position}: {cause}")]
pub struct EntryError {
    /// Which one, from zero.
    pub position: usize,
    /// Why.
    pub cause: String,
}

/// What a library offers.
pub type Entries<E> = Vec<Listed<E>>;

/// Everything that a library offers, not yet in the registry.
pub struct LibraryEntries {
    /// The library.
    pub library: &'static LibraryInfo,
    /// Its models.
    pub models: Entries<ModelEntry>,
    /// Its eigensolvers.
    pub solvers: Entries<SolverEntry>,
    /// Its attacks.
    pub attacks: Entries<AttackEntry>,
    /// Its backends.
    pub backends: Entries<BackendEntry>,
    /// Entries of kinds that this version does not know.
    pub unknown: usize,
}

impl LibraryEntries {
    /// How many entries this version can use.
    pub fn len(&self) -> usize {
        self.models.len() + self.solvers.len() + self.attacks.len() + self.backends.len()
    }

    /// Whether there is nothing to use.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts all of it into the registry, for the life of the process.
    pub fn register(&self) {
        add(self.models.iter().copied());
        add(self.solvers.iter().copied());
        add(self.attacks.iter().copied());
        add(self.backends.iter().copied());
    }

    /// Asks a manifest for its entries and checks them.
    ///
    /// # Safety
    /// The manifest has passed the checks of loading and belongs to a library that is never unloaded.
    pub(crate) unsafe fn read(manifest: &Manifest, library: &'static LibraryInfo) -> Result<Self, EntryError> {
        let mut sink = Sink {
            entries: LibraryEntries {
                library,
                models: Vec::new(),
                solvers: Vec::new(),
                attacks: Vec::new(),
                backends: Vec::new(),
                unknown: 0,
            },
            position: 0,
            error: None,
        };
        if let Some(entries) = manifest.entries {
            // SAFETY: the sink outlives the call.
            unsafe { entries((&raw mut sink).cast(), push) };
        }
        match sink.error {
            Some(error) => Err(error),
            None => Ok(sink.entries),
        }
    }
}

struct Sink {
    entries: LibraryEntries,
    position: usize,
    error: Option<EntryError>,
}

unsafe extern "C" fn push(sink: *mut c_void, entry: *const RawEntry) {
    // SAFETY: the sink is the one of `read`, used by this thread alone; the entry is valid during the call.
    crate::plugin::guard::guard_or((), || unsafe {
        let sink = &mut *sink.cast::<Sink>();
        let position = sink.position;
        sink.position += 1;
        if sink.error.is_none()
            && let Err(cause) = take(&mut sink.entries, position, entry)
        {
            sink.error = Some(EntryError { position, cause });
        }
    });
}

/// Leaks a text: entries live as long as the process.
fn keep(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

unsafe fn line(what: &str, text: Str) -> Result<String, String> {
    // SAFETY: the caller vouches for the entry.
    let text = unsafe { text.as_text() }.map_err(|error| format!("{what}: expected text, found {error}"))?;
    if text.len() > 4096 {
        return Err(format!("{what}: expected at most 4096 bytes, found {}", text.len()));
    }
    Ok(one_line(text))
}

unsafe fn take(entries: &mut LibraryEntries, position: usize, entry: *const RawEntry) -> Result<(), String> {
    if position >= MOST_ENTRIES {
        return Err(format!("expected at most {MOST_ENTRIES} entries"));
    }
    // SAFETY: the caller vouches for the entry, and the entry for what it points at.
    unsafe {
        let entry = read_table("entry", entry, size_of::<RawEntry>()).map_err(|e| e.message)?;
        let described = describe(&entry)?;
        let about = About {
            name: keep(described.name),
            summary: keep(described.summary),
            license: keep(described.license),
            options: specs(described.options),
            context: Context(entry.context),
            library: entries.library,
        };
        match entry.kind {
            KIND_MODEL => about.list(&mut entries.models, |a| {
                let table: ModelTable = table("model table", entry.table)?;
                Ok(ModelEntry {
                    name: a.name,
                    summary: a.summary,
                    options: a.options,
                    license: a.license,
                    make: Box::leak(Box::new(move |o: &_, t: &_| model::make(a.context, &table, o, t))),
                })
            }),
            KIND_SOLVER => about.list(&mut entries.solvers, |a| {
                let table: SolverTable = table("solver table", entry.table)?;
                Ok(SolverEntry {
                    name: a.name,
                    summary: a.summary,
                    options: a.options,
                    license: a.license,
                    make: Box::leak(Box::new(move |o: &_| solver::make(a.context, &table, o))),
                })
            }),
            KIND_ATTACK => about.list(&mut entries.attacks, |a| {
                let table: AttackTable = table("attack table", entry.table)?;
                Ok(AttackEntry {
                    name: a.name,
                    summary: a.summary,
                    options: a.options,
                    license: a.license,
                    make: Box::leak(Box::new(move |o: &_| attack::make(a.context, &table, o))),
                })
            }),
            KIND_BACKEND => about.list(&mut entries.backends, |a| {
                let table: BackendTable = table("backend table", entry.table)?;
                Ok(BackendEntry {
                    name: a.name,
                    summary: a.summary,
                    license: a.license,
                    devices: Box::leak(Box::new(move || backend::devices(a.context, &table))),
                    open: Box::leak(Box::new(move |r: &_| backend::open(a.name, a.context, &table, r))),
                })
            }),
            _ => {
                entries.unknown += 1;
                Ok(())
            }
        }
    }
}

/// What all kinds have.
#[derive(Clone, Copy)]
struct About {
    name: &'static str,
    summary: &'static str,
    license: &'static str,
    options: &'static [OptionSpec],
    context: Context,
    library: &'static LibraryInfo,
}

impl About {
    fn list<E: Entry>(self, to: &mut Entries<E>, make: impl FnOnce(Self) -> Result<E, String>) -> Result<(), String> {
        if to.iter().any(|e| e.name() == self.name) {
            return Err(format!("a second {} of the name {}", E::KIND, self.name));
        }
        let entry = Box::leak(Box::new(make(self)?));
        to.push(Listed { entry, library: Some(self.library) });
        Ok(())
    }
}

unsafe fn table<T: Copy>(name: &str, pointer: *const c_void) -> Result<T, String> {
    // A shorter table lacks functions, which is found when they are needed: so old libraries keep working.
    // SAFETY: the caller vouches for the pointer.
    unsafe { read_table(name, pointer.cast::<T>(), size_of::<usize>()) }.map_err(|error| error.message)
}

/// The texts of an entry, checked.
#[derive(Debug)]
struct Described {
    name: String,
    summary: String,
    license: String,
    options: Vec<DescribedOption>,
}

#[derive(Debug)]
struct DescribedOption {
    name: String,
    default: String,
    help: String,
    kind: String,
}

/// # Safety
/// The entry's texts and options are as its maker filled them.
unsafe fn describe(entry: &RawEntry) -> Result<Described, String> {
    // SAFETY: the caller vouches for the entry.
    unsafe {
        let name = line("name", entry.name)?;
        if !is_name(&name) {
            return Err(format!("name: expected letters a-z, digits, '-' and '_', found {name:?}"));
        }
        if entry.options_len > MOST_OPTIONS {
            return Err(format!("expected at most {MOST_OPTIONS} options, found {}", entry.options_len));
        }
        let given: &[RawOption] = numbers(entry.options, entry.options_len).map_err(|e| e.message)?;
        let mut options: Vec<DescribedOption> = Vec::with_capacity(given.len());
        for option in given {
            let name = line("option", option.name)?;
            if !is_name(&name) || options.iter().any(|o| o.name == name) {
                return Err(format!("option: expected a new name of letters a-z, digits, '-' and '_', found {name:?}"));
            }
            let (default, help) = (line("default", option.default_value)?, line("help", option.help)?);
            options.push(DescribedOption { name, default, help, kind: line("kind", option.kind)? });
        }
        let (summary, license) = (line("summary", entry.summary)?, line("licence", entry.license)?);
        Ok(Described { name, summary, license, options })
    }
}

fn specs(options: Vec<DescribedOption>) -> &'static [OptionSpec] {
    let spec = |o: DescribedOption| OptionSpec {
        name: keep(o.name),
        kind: OptionKind::parse(&o.kind),
        default: keep(o.default),
        help: keep(o.help),
    };
    Box::leak(options.into_iter().map(spec).collect::<Vec<_>>().into_boxed_slice())
}

/// Describes an entry whose texts are these bytes, and checks what comes out. For fuzzing.
#[doc(hidden)]
pub fn fuzz(texts: &[&[u8]]) {
    let text = |i: usize| texts.get(i).map_or(Str::new(""), |t| Str::bytes(t));
    let rest = texts.get(3..).unwrap_or_default();
    let options: Vec<RawOption> = rest
        .chunks(4)
        .map(|c| {
            let at = |i: usize| c.get(i).map_or(Str::new(""), |t| Str::bytes(t));
            RawOption { name: at(0), default_value: at(1), help: at(2), kind: at(3) }
        })
        .collect();
    let entry = RawEntry {
        size: size_of::<RawEntry>(),
        kind: KIND_MODEL,
        name: text(0),
        summary: text(1),
        license: text(2),
        options: options.as_ptr(),
        options_len: options.len(),
        context: std::ptr::null(),
        table: std::ptr::null(),
    };
    // SAFETY: all texts and options are slices that live during the call.
    if let Ok(d) = unsafe { describe(&entry) } {
        assert!(is_name(&d.name));
        let lines = d.options.iter().flat_map(|o| [&o.name, &o.default, &o.help, &o.kind]);
        for line in lines.chain([&d.summary, &d.license]) {
            assert!(!line.contains(char::is_control) && line.len() <= 4 * 4096);
        }
    }
}
