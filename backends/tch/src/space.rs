//! Blocks of vectors as tensors.
//!
//! A block of k columns is one contiguous tensor `[k, n]`: a column is a row of it. Inner products are summed in f64 over
//! blocks of fixed length, so they do not depend on the number of threads.

use crate::shim::{self, Entered, Held, Place, words};
use hesse_core::vectors::{Block, Precision, VectorError, VectorSpace, View, ViewMut};
use std::ops::Range;
use tch::{Device, Kind, Tensor};

/// What a block of this backend holds.
pub(crate) struct Columns {
    pub tensor: Held,
    pub precision: Precision,
}

/// The type of a tensor's entries.
pub(crate) fn kind_of(precision: Precision) -> Kind {
    match precision {
        Precision::F32 => Kind::Float,
        Precision::F64 => Kind::Double,
    }
}

/// Vectors of one length and precision.
pub(crate) struct TchSpace {
    dimension: usize,
    precision: Precision,
    place: Place,
}

fn device(operation: &'static str) -> impl Fn(String) -> VectorError {
    move |cause| VectorError::Device { operation, cause }
}

/// Some columns of a tensor, as a view of it.
pub(crate) fn narrowed(tensor: &Tensor, columns: &Range<usize>) -> Result<Tensor, String> {
    tensor.f_narrow(0, columns.start as i64, columns.len() as i64).map_err(words)
}

/// The storage of some columns, after checking that the block is ours and has them.
fn found<'a>(block: &'a Block, columns: &Range<usize>, operation: &'static str) -> Result<&'a Columns, VectorError> {
    block.checked(columns, operation, "a block of the tch backend")
}

impl TchSpace {
    pub fn new(dimension: usize, precision: Precision, place: Place) -> Self {
        TchSpace { dimension, precision, place }
    }

    /// Checks that columns are of this space, and returns them.
    fn own(&self, block: &Block, columns: &Range<usize>, operation: &'static str) -> Result<Tensor, VectorError> {
        let storage = found(block, columns, operation)?;
        if block.rows() != self.dimension || storage.precision != self.precision {
            return Err(VectorError::mismatch(
                operation,
                format!("vectors of length {} in {}", self.dimension, self.precision),
                format!("length {} in {}", block.rows(), storage.precision),
            ));
        }
        narrowed(storage.tensor.tensor(), columns).map_err(device(operation))
    }

    /// The same, to be written.
    fn own_mut(
        &self,
        block: &mut Block,
        columns: &Range<usize>,
        operation: &'static str,
    ) -> Result<Tensor, VectorError> {
        drop(self.own(block, columns, operation)?);
        match block.storage_mut::<Columns>() {
            Some(storage) => narrowed(storage.tensor.writable(), columns).map_err(device(operation)),
            None => Err(VectorError::mismatch(operation, "a block of the tch backend", "another")),
        }
    }

    fn enter(&self, operation: &'static str) -> Result<Entered, VectorError> {
        Entered::new(self.place).map_err(device(operation))
    }
}

impl VectorSpace for TchSpace {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn precision(&self) -> Precision {
        self.precision
    }

    fn zeros(&self, columns: usize) -> Result<Block, VectorError> {
        let _entered = self.enter("zeros")?;
        let bytes = self.dimension.checked_mul(columns).and_then(|n| n.checked_mul(self.precision.bytes()));
        if bytes.is_none_or(|b| b > isize::MAX as usize) {
            return Err(VectorError::mismatch("zeros", "a representable size", columns));
        }
        let sizes = [columns as i64, self.dimension as i64];
        let tensor = Tensor::f_zeros(sizes, (kind_of(self.precision), self.place.device));
        let tensor = Held::new(tensor.map_err(words).map_err(device("zeros"))?);
        Ok(Block::new(Box::new(Columns { tensor, precision: self.precision }), self.dimension, columns))
    }

    fn write(&self, block: &mut Block, column: usize, values: &[f64]) -> Result<(), VectorError> {
        if values.len() != self.dimension {
            return Err(VectorError::mismatch("write", format!("{} entries", self.dimension), values.len()));
        }
        let _entered = self.enter("write")?;
        let mut to = self.own_mut(block, &(column..column + 1), "write")?;
        // Converted while copied: rounded once.
        let from = Tensor::f_from_slice(values).and_then(|t| t.f_view([1, self.dimension as i64]));
        from.and_then(|from| to.f_copy_(&from)).map_err(words).map_err(device("write"))
    }

    fn read(&self, block: &Block, column: usize) -> Result<Vec<f64>, VectorError> {
        let _entered = self.enter("read")?;
        let from = self.own(block, &(column..column + 1), "read")?;
        numbers(&from).map_err(device("read"))
    }

    fn gram(&self, x: View<'_>, y: View<'_>) -> Result<Vec<f64>, VectorError> {
        let _entered = self.enter("gram")?;
        let (a, b) = (self.own(x.block, &x.columns, "gram")?, self.own(y.block, &y.columns, "gram")?);
        shim::gram(&a, &b, self.dimension as i64).map_err(device("gram"))
    }

    fn combine(&self, y: ViewMut<'_>, beta: f64, x: View<'_>, c: &[f64]) -> Result<(), VectorError> {
        let _entered = self.enter("combine")?;
        let (k, m) = (x.len(), y.len());
        let from = self.own(x.block, &x.columns, "combine")?;
        let mut to = self.own_mut(y.block, &y.columns, "combine")?;
        if c.len() != k * m {
            return Err(VectorError::mismatch("combine", format!("{k} × {m} coefficients"), c.len()));
        }
        shim::combine(&mut to, beta, &from, c, self.dimension as i64).map_err(device("combine"))
    }

    fn copy(&self, from: View<'_>, to: ViewMut<'_>) -> Result<(), VectorError> {
        let _entered = self.enter("copy")?;
        let source = found(from.block, &from.columns, "copy")?;
        found(to.block, &to.columns, "copy")?;
        let same = from.block.rows() == self.dimension && to.block.rows() == self.dimension && from.len() == to.len();
        if !same {
            return Err(VectorError::mismatch(
                "copy",
                format!("{} columns of length {}", to.len(), self.dimension),
                format!("{} of length {}", from.len(), from.block.rows()),
            ));
        }
        let source = narrowed(source.tensor.tensor(), &from.columns).map_err(device("copy"))?;
        match to.block.storage_mut::<Columns>() {
            Some(target) => {
                let mut target = narrowed(target.tensor.writable(), &to.columns).map_err(device("copy"))?;
                target.f_copy_(&source).map_err(words).map_err(device("copy"))
            }
            None => Err(VectorError::mismatch("copy", "a block of the tch backend", "another")),
        }
    }

    fn scale(&self, x: ViewMut<'_>, factors: &[f64]) -> Result<(), VectorError> {
        let _entered = self.enter("scale")?;
        let columns = x.len();
        let tensor = self.own_mut(x.block, &x.columns, "scale")?;
        if factors.len() != columns {
            return Err(VectorError::mismatch("scale", format!("{columns} factors"), factors.len()));
        }
        for (i, &factor) in factors.iter().enumerate() {
            let scaled = tensor.f_select(0, i as i64).and_then(|mut column| match factor {
                1.0 => Ok(()),
                // A factor of zero clears, also what is not finite.
                0.0 => column.f_zero_().map(drop),
                _ => column.f_mul_scalar_(factor).map(drop),
            });
            scaled.map_err(words).map_err(device("scale"))?;
        }
        Ok(())
    }
}

/// A tensor's entries, row-major, in double.
pub(crate) fn numbers(tensor: &Tensor) -> Result<Vec<f64>, String> {
    let flat = tensor.f_to_device(Device::Cpu).and_then(|t| t.f_to_kind(Kind::Double));
    let flat = flat.and_then(|t| t.f_reshape([-1])).and_then(|t| t.f_contiguous());
    let flat = flat.map_err(words)?;
    let mut values = vec![0.0; flat.numel()];
    let count = values.len();
    flat.f_copy_data(&mut values, count).map_err(words)?;
    Ok(values)
}
