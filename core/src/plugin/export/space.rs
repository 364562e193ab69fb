//! A vector space behind a table.

use crate::plugin::guard::{Foreign, guard, guard_or};
use crate::plugin::handles::Handles;
use crate::plugin::raw::{Bytes, Columns, F32, F64, SpaceTable, Status};
use crate::vectors::{Block, Precision, VectorError, VectorSpace, View, ViewMut};
use std::ffi::c_void;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::{Arc, PoisonError, RwLock};

/// No block of more entries is made for another library: a hostile count must not end the process.
const MOST_ENTRIES: usize = 1 << 40;

/// A space, and the blocks that another library holds.
pub(crate) struct SharedSpace {
    space: RwLock<Option<SpaceReference>>,
    pub blocks: Arc<Handles<Block>>,
}

enum SpaceReference {
    Owned(Box<dyn VectorSpace>),
    Borrowed(NonNull<dyn VectorSpace>),
}

// SAFETY: a `VectorSpace` is `Send + Sync`; the pointer stands for a shared reference to one.
unsafe impl Send for SpaceReference {}
// SAFETY: as above.
unsafe impl Sync for SpaceReference {}

pub(crate) fn precision_code(precision: Precision) -> u32 {
    match precision {
        Precision::F32 => F32,
        Precision::F64 => F64,
    }
}

impl From<VectorError> for Foreign {
    fn from(error: VectorError) -> Self {
        Foreign::failed(error)
    }
}

impl SharedSpace {
    /// A space that lives as long as its table is used.
    pub fn owned(space: Box<dyn VectorSpace>, blocks: Arc<Handles<Block>>) -> Arc<Self> {
        Arc::new(SharedSpace { space: RwLock::new(Some(SpaceReference::Owned(space))), blocks })
    }

    /// A space that is lent until [`close`](Self::close).
    ///
    /// # Safety
    /// `close` must be called before the space goes.
    pub unsafe fn borrowed(space: &dyn VectorSpace) -> Arc<Self> {
        // SAFETY: only the lifetime is changed; `with` does not touch it after `close`, and `close` waits for `with`.
        let space = unsafe { std::mem::transmute::<&dyn VectorSpace, &'static dyn VectorSpace>(space) };
        let space = Some(SpaceReference::Borrowed(NonNull::from(space)));
        Arc::new(SharedSpace { space: RwLock::new(space), blocks: Arc::new(Handles::new("block")) })
    }

    /// Ends the loan: waits for calls that are under way, and makes later ones fail.
    pub fn close(&self) {
        *self.space.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Uses the space.
    pub fn with<T>(&self, run: impl FnOnce(&dyn VectorSpace) -> Result<T, Foreign>) -> Result<T, Foreign> {
        let held = self.space.read().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(SpaceReference::Owned(space)) => run(space.as_ref()),
            // SAFETY: the lender has not called `close` yet, and cannot finish doing so while the lock is held.
            Some(SpaceReference::Borrowed(space)) => run(unsafe { space.as_ref() }),
            None => Err(Foreign::failed("these vectors belong to a run that has ended")),
        }
    }

    /// The table. The context is borrowed: whoever keeps the table must `retain` it.
    pub fn table(self: &Arc<Self>) -> SpaceTable {
        let shape = self.with(|space| Ok((space.dimension(), precision_code(space.precision()))));
        let (dimension, precision) = shape.unwrap_or((0, F64));
        SpaceTable {
            size: size_of::<SpaceTable>(),
            context: Arc::as_ptr(self).cast(),
            dimension,
            precision,
            retain: Some(retain),
            release: Some(release),
            zeros: Some(zeros),
            free: Some(free),
            write: Some(write),
            read: Some(read),
            gram: Some(gram),
            combine: Some(combine),
            copy: Some(copy),
            scale: Some(scale),
        }
    }
}

/// The context of a call.
///
/// # Safety
/// The context is the one of a table that has an owner.
unsafe fn shared<'a>(context: *const c_void) -> &'a SharedSpace {
    // SAFETY: the caller vouches for it.
    unsafe { &*context.cast::<SharedSpace>() }
}

/// Columns that exist.
pub(crate) fn range(block: &Block, columns: Columns) -> Result<Range<usize>, Foreign> {
    match columns.start.checked_add(columns.count).filter(|&end| end <= block.columns()) {
        Some(end) => Ok(columns.start..end),
        None => {
            let Columns { start, count, .. } = columns;
            Err(Foreign::failed(format!("expected columns below {}, found {count} from {start} on", block.columns())))
        }
    }
}

pub(crate) fn view(block: &Block, columns: Columns) -> Result<View<'_>, Foreign> {
    Ok(block.view(range(block, columns)?))
}

pub(crate) fn view_mut(block: &mut Block, columns: Columns) -> Result<ViewMut<'_>, Foreign> {
    let range = range(block, columns)?;
    Ok(block.view_mut(range))
}

/// Numbers that a caller lends.
///
/// # Safety
/// A pointer that is not null must point at `len` numbers that live as long as `'a`.
pub(crate) unsafe fn numbers<'a, T>(values: *const T, len: usize) -> Result<&'a [T], Foreign> {
    match (values.is_null(), len) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Foreign::failed(format!("a null pointer to {len} numbers"))),
        (_, n) if n > MOST_ENTRIES => Err(Foreign::failed(format!("expected at most 2^40 numbers, found {n}"))),
        // SAFETY: not null, and the caller vouches for the rest.
        _ => Ok(unsafe { std::slice::from_raw_parts(values, len) }),
    }
}

/// Copies results to where a caller wants them.
///
/// # Safety
/// A pointer that is not null must point at room for `len` numbers.
pub(crate) unsafe fn fill(what: &str, from: &[f64], to: *mut f64, len: usize) -> Result<(), Foreign> {
    if from.len() != len {
        return Err(Foreign::failed(format!("{what}: expected room for {} numbers, found {len}", from.len())));
    }
    if to.is_null() && len > 0 {
        return Err(Foreign::failed(format!("{what}: a null pointer")));
    }
    if len > 0 {
        // SAFETY: not null, of this length, and the caller vouches for the room; our own numbers lie elsewhere.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to, len) };
    }
    Ok(())
}

unsafe extern "C" fn retain(context: *const c_void) {
    // SAFETY: the context came from an `Arc` and has an owner.
    unsafe { Arc::increment_strong_count(context.cast::<SharedSpace>()) }
}

unsafe extern "C" fn release(context: *const c_void) {
    // Dropping the last owner drops blocks, which is a backend's code.
    // SAFETY: the caller owns one of the references, from `retain` or from whoever gave it the table.
    guard_or((), || unsafe { Arc::decrement_strong_count(context.cast::<SharedSpace>()) });
}

unsafe extern "C" fn zeros(context: *const c_void, columns: usize, block: *mut u64, error: *mut Bytes) -> Status {
    guard(error, || {
        // SAFETY: as the table's contract says, here and below.
        let shared = unsafe { shared(context) };
        shared.with(|space| {
            let entries =
                columns.checked_mul(space.dimension()).filter(|&n| n <= MOST_ENTRIES && columns <= MOST_ENTRIES);
            if entries.is_none() {
                return Err(Foreign::failed(format!("zeros: expected at most 2^40 entries, found {columns} columns")));
            }
            let number = shared.blocks.put(space.zeros(columns)?);
            // SAFETY: the caller passes a place for the handle.
            unsafe { block.write(number) };
            Ok(())
        })
    })
}

unsafe extern "C" fn free(context: *const c_void, block: u64) {
    // SAFETY: see `zeros`.
    guard_or((), || unsafe { shared(context) }.blocks.free(block));
}

unsafe extern "C" fn write(
    context: *const c_void,
    block: u64,
    column: usize,
    values: *const f64,
    len: usize,
    error: *mut Bytes,
) -> Status {
    guard(error, || {
        // SAFETY: see `zeros`; the caller lends `len` numbers.
        let (shared, values) = unsafe { (shared(context), numbers(values, len)?) };
        let held = shared.blocks.get(block)?;
        let mut block = held.write()?;
        range(&block, Columns { block: 0, start: column, count: 1 })?;
        shared.with(|space| Ok(space.write(&mut block, column, values)?))
    })
}

unsafe extern "C" fn read(
    context: *const c_void,
    block: u64,
    column: usize,
    values: *mut f64,
    len: usize,
    error: *mut Bytes,
) -> Status {
    guard(error, || {
        // SAFETY: see `zeros`.
        let shared = unsafe { shared(context) };
        let held = shared.blocks.get(block)?;
        let block = held.read()?;
        range(&block, Columns { block: 0, start: column, count: 1 })?;
        let column = shared.with(|space| Ok(space.read(&block, column)?))?;
        // SAFETY: the caller passes room for `len` numbers.
        unsafe { fill("read", &column, values, len) }
    })
}

unsafe extern "C" fn gram(
    context: *const c_void,
    x: Columns,
    y: Columns,
    out: *mut f64,
    len: usize,
    error: *mut Bytes,
) -> Status {
    guard(error, || {
        // SAFETY: see `zeros`.
        let shared = unsafe { shared(context) };
        let (held_x, held_y) = (shared.blocks.get(x.block)?, shared.blocks.get(y.block)?);
        let (block_x, block_y) = (held_x.read()?, held_y.read()?);
        let products = shared.with(|space| Ok(space.gram(view(&block_x, x)?, view(&block_y, y)?)?))?;
        // SAFETY: the caller passes room for `len` numbers.
        unsafe { fill("gram", &products, out, len) }
    })
}

unsafe extern "C" fn combine(
    context: *const c_void,
    y: Columns,
    beta: f64,
    x: Columns,
    c: *const f64,
    len: usize,
    error: *mut Bytes,
) -> Status {
    guard(error, || {
        // SAFETY: see `zeros`; the caller lends `len` numbers.
        let (shared, c) = unsafe { (shared(context), numbers(c, len)?) };
        let (held_x, held_y) = (shared.blocks.get(x.block)?, shared.blocks.get(y.block)?);
        let block_x = held_x.read()?;
        let mut block_y = held_y.write()?;
        let (from, to) = (view(&block_x, x)?, view_mut(&mut block_y, y)?);
        shared.with(|space| Ok(space.combine(to, beta, from, c)?))
    })
}

unsafe extern "C" fn copy(context: *const c_void, from: Columns, to: Columns, error: *mut Bytes) -> Status {
    guard(error, || {
        // SAFETY: see `zeros`.
        let shared = unsafe { shared(context) };
        let (held_from, held_to) = (shared.blocks.get(from.block)?, shared.blocks.get(to.block)?);
        let block_from = held_from.read()?;
        let mut block_to = held_to.write()?;
        let (from, to) = (view(&block_from, from)?, view_mut(&mut block_to, to)?);
        shared.with(|space| Ok(space.copy(from, to)?))
    })
}

unsafe extern "C" fn scale(
    context: *const c_void,
    x: Columns,
    factors: *const f64,
    len: usize,
    error: *mut Bytes,
) -> Status {
    guard(error, || {
        // SAFETY: see `zeros`; the caller lends `len` numbers.
        let (shared, factors) = unsafe { (shared(context), numbers(factors, len)?) };
        let held = shared.blocks.get(x.block)?;
        let mut block = held.write()?;
        let x = view_mut(&mut block, x)?;
        shared.with(|space| Ok(space.scale(x, factors)?))
    })
}
