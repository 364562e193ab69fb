//! A vector space of another library.

use crate::plugin::guard::{Foreign, call};
use crate::plugin::raw::{Bytes, Columns, F32, F64, SpaceTable, Status};
use crate::vectors::{Block, Precision, VectorError, VectorSpace, View};
use std::ffi::c_void;
use std::sync::Arc;

type Zeros = unsafe extern "C" fn(*const c_void, usize, *mut u64, *mut Bytes) -> Status;
type Write = unsafe extern "C" fn(*const c_void, u64, usize, *const f64, usize, *mut Bytes) -> Status;
type Read = unsafe extern "C" fn(*const c_void, u64, usize, *mut f64, usize, *mut Bytes) -> Status;
type Gram = unsafe extern "C" fn(*const c_void, Columns, Columns, *mut f64, usize, *mut Bytes) -> Status;
type Combine = unsafe extern "C" fn(*const c_void, Columns, f64, Columns, *const f64, usize, *mut Bytes) -> Status;
type Copy = unsafe extern "C" fn(*const c_void, Columns, Columns, *mut Bytes) -> Status;
type Scale = unsafe extern "C" fn(*const c_void, Columns, *const f64, usize, *mut Bytes) -> Status;

/// The functions of a space, all present; one owner of its context.
struct Owner {
    context: *const c_void,
    release: unsafe extern "C" fn(*const c_void),
    zeros: Zeros,
    free: unsafe extern "C" fn(*const c_void, u64),
    write: Write,
    read: Read,
    gram: Gram,
    combine: Combine,
    copy: Copy,
    scale: Scale,
}

// SAFETY: the table's contract lets every function be called from any thread.
unsafe impl Send for Owner {}
// SAFETY: as above.
unsafe impl Sync for Owner {}

impl Drop for Owner {
    fn drop(&mut self) {
        // SAFETY: this owner was counted by `retain` or by whoever filled the table.
        unsafe { (self.release)(self.context) }
    }
}

/// Who handed blocks out: blocks of one backend fit together, those of two do not.
pub(crate) type Origin = Arc<()>;

/// A vector space of another library.
pub(crate) struct ForeignSpace {
    owner: Arc<Owner>,
    origin: Origin,
    dimension: usize,
    precision: Precision,
}

/// A block of another library.
struct ForeignBlock {
    owner: Arc<Owner>,
    origin: Origin,
    handle: u64,
}

impl Drop for ForeignBlock {
    fn drop(&mut self) {
        if self.handle != 0 {
            // SAFETY: the owner keeps the context alive.
            unsafe { (self.owner.free)(self.owner.context, self.handle) }
        }
    }
}

pub(crate) fn precision_of(code: u32) -> Result<Precision, Foreign> {
    match code {
        F32 => Ok(Precision::F32),
        F64 => Ok(Precision::F64),
        other => Err(Foreign::failed(format!("precision: expected {F32} or {F64}, found {other}"))),
    }
}

/// A table of which only `size` bytes exist: what lies beyond is read as zero, that is as functions that are missing.
///
/// # Safety
/// `table` is null or points at a struct that begins with its size, and all-zero bytes are a valid `T`.
pub(crate) unsafe fn read_table<T: std::marker::Copy>(name: &str, table: *const T, least: usize) -> Result<T, Foreign> {
    if table.is_null() {
        return Err(Foreign::failed(format!("{name}: a null pointer")));
    }
    if !table.is_aligned() {
        return Err(Foreign::failed(format!("{name}: a misaligned pointer")));
    }
    // SAFETY: every table begins with its size.
    let size = unsafe { table.cast::<usize>().read() };
    if size < least {
        return Err(Foreign::failed(format!("{name}: expected a size of at least {least}, found {size}")));
    }
    let mut whole = std::mem::MaybeUninit::<T>::zeroed();
    // SAFETY: at most `size` bytes are read, which exist, and at most a `T` is written; zeros fill the rest.
    unsafe {
        std::ptr::copy_nonoverlapping(table.cast::<u8>(), whole.as_mut_ptr().cast::<u8>(), size.min(size_of::<T>()));
        Ok(whole.assume_init())
    }
}

/// A function that a table must have.
pub(crate) fn needed<F>(name: &'static str, function: Option<F>) -> Result<F, Foreign> {
    function.ok_or_else(|| Foreign::failed(format!("the function `{name}` is missing from its table")))
}

impl ForeignSpace {
    /// Takes the table over with one owner of its context.
    ///
    /// # Safety
    /// The table is as its maker filled it, and one owner is given with it.
    pub unsafe fn adopt(table: &SpaceTable, origin: Origin) -> Result<Self, Foreign> {
        let owner = Owner {
            context: table.context,
            release: needed("release", table.release)?,
            zeros: needed("zeros", table.zeros)?,
            free: needed("free", table.free)?,
            write: needed("write", table.write)?,
            read: needed("read", table.read)?,
            gram: needed("gram", table.gram)?,
            combine: needed("combine", table.combine)?,
            copy: needed("copy", table.copy)?,
            scale: needed("scale", table.scale)?,
        };
        let precision = precision_of(table.precision)?;
        Ok(ForeignSpace { owner: Arc::new(owner), origin, dimension: table.dimension, precision })
    }

    /// Becomes one more owner of a borrowed table.
    ///
    /// # Safety
    /// The table is as its maker filled it, and its context has an owner now.
    pub unsafe fn retain(table: &SpaceTable) -> Result<Self, Foreign> {
        let retain = needed("retain", table.retain)?;
        needed("release", table.release)?;
        // SAFETY: the context has an owner now; this one is given back by `Owner::drop`.
        unsafe {
            retain(table.context);
            Self::adopt(table, Origin::default())
        }
    }

    /// The same columns, by handle.
    pub fn columns(&self, operation: &'static str, view: &View<'_>) -> Result<Columns, VectorError> {
        columns(operation, &self.origin, view.block, view.columns.clone())
    }

    /// Takes over a block that the other library gives away; it must begin at column 0.
    pub fn receive(&self, columns: Columns) -> Block {
        let (owner, origin) = (Arc::clone(&self.owner), Arc::clone(&self.origin));
        let block = ForeignBlock { owner, origin, handle: columns.block };
        Block::new(Box::new(block), self.dimension, columns.start + columns.count)
    }

    /// Gives a block away: its handle passes to the other library.
    pub fn give(&self, mut block: Block) -> Result<u64, VectorError> {
        let origin = Arc::clone(&self.origin);
        match block.storage_mut::<ForeignBlock>() {
            Some(foreign) if Arc::ptr_eq(&foreign.origin, &origin) => Ok(std::mem::take(&mut foreign.handle)),
            _ => Err(VectorError::mismatch("result", "a block of the operator's space", "another")),
        }
    }
}

/// Columns by handle, if the block is of this origin.
pub(crate) fn columns(
    operation: &'static str,
    origin: &Origin,
    block: &Block,
    range: std::ops::Range<usize>,
) -> Result<Columns, VectorError> {
    match block.storage::<ForeignBlock>() {
        Some(foreign) if Arc::ptr_eq(&foreign.origin, origin) => {
            Ok(Columns { block: foreign.handle, start: range.start, count: range.len() })
        }
        _ => Err(VectorError::mismatch(operation, "a block of this space", "one of another")),
    }
}

fn device(operation: &'static str) -> impl Fn(Foreign) -> VectorError {
    move |error| VectorError::Device { operation, cause: error.to_string() }
}

impl VectorSpace for ForeignSpace {
    fn dimension(&self) -> usize {
        self.dimension
    }
    fn precision(&self) -> Precision {
        self.precision
    }

    fn zeros(&self, columns: usize) -> Result<Block, VectorError> {
        let o = &self.owner;
        let mut handle = 0;
        // SAFETY: the context is kept alive by its owner, here and below; the handle's place is our own.
        call(|error| unsafe { (o.zeros)(o.context, columns, &raw mut handle, error) }).map_err(device("zeros"))?;
        let block = ForeignBlock { owner: Arc::clone(o), origin: Arc::clone(&self.origin), handle };
        Ok(Block::new(Box::new(block), self.dimension, columns))
    }

    fn write(&self, block: &mut Block, column: usize, values: &[f64]) -> Result<(), VectorError> {
        let o = &self.owner;
        let to = columns("write", &self.origin, block, column..column.saturating_add(1))?;
        // SAFETY: as above; the slice outlives the call.
        call(|error| unsafe { (o.write)(o.context, to.block, column, values.as_ptr(), values.len(), error) })
            .map_err(device("write"))
    }

    fn read(&self, block: &Block, column: usize) -> Result<Vec<f64>, VectorError> {
        let o = &self.owner;
        let from = columns("read", &self.origin, block, column..column.saturating_add(1))?;
        let mut values = vec![0.0; self.dimension];
        // SAFETY: as above; the room is our own.
        call(|error| unsafe { (o.read)(o.context, from.block, column, values.as_mut_ptr(), values.len(), error) })
            .map_err(device("read"))?;
        Ok(values)
    }

    fn gram(&self, x: View<'_>, y: View<'_>) -> Result<Vec<f64>, VectorError> {
        let o = &self.owner;
        let (x, y) = (self.columns("gram", &x)?, self.columns("gram", &y)?);
        let mut out = vec![0.0; x.count * y.count];
        // SAFETY: as above; the room is our own.
        call(|error| unsafe { (o.gram)(o.context, x, y, out.as_mut_ptr(), out.len(), error) })
            .map_err(device("gram"))?;
        Ok(out)
    }

    fn combine(&self, y: crate::vectors::ViewMut<'_>, beta: f64, x: View<'_>, c: &[f64]) -> Result<(), VectorError> {
        let o = &self.owner;
        let to = columns("combine", &self.origin, y.block, y.columns.clone())?;
        let from = self.columns("combine", &x)?;
        // SAFETY: as above; the slice outlives the call.
        call(|error| unsafe { (o.combine)(o.context, to, beta, from, c.as_ptr(), c.len(), error) })
            .map_err(device("combine"))
    }

    fn copy(&self, from: View<'_>, to: crate::vectors::ViewMut<'_>) -> Result<(), VectorError> {
        let o = &self.owner;
        let target = columns("copy", &self.origin, to.block, to.columns.clone())?;
        let from = self.columns("copy", &from)?;
        // SAFETY: as above.
        call(|error| unsafe { (o.copy)(o.context, from, target, error) }).map_err(device("copy"))
    }

    fn scale(&self, x: crate::vectors::ViewMut<'_>, factors: &[f64]) -> Result<(), VectorError> {
        let o = &self.owner;
        let x = columns("scale", &self.origin, x.block, x.columns.clone())?;
        // SAFETY: as above; the slice outlives the call.
        call(|error| unsafe { (o.scale)(o.context, x, factors.as_ptr(), factors.len(), error) })
            .map_err(device("scale"))
    }
}
