//! Blocks as bytes and back, bit for bit.
//!
//! Columns are stored in the precision of their device, so that a state takes no more room than the basis did; what is
//! read from an f32 device fits into an f32 again.

use hesse_core::eigen::SolverError;
use hesse_core::vectors::{Block, Precision, VectorSpace, View};
use serde::{Serialize, de::DeserializeOwned};

/// Columns as bytes.
///
/// # Errors
/// Where a column cannot be read.
pub fn columns_to_bytes(space: &dyn VectorSpace, columns: View<'_>) -> Result<Vec<u8>, SolverError> {
    let mut bytes = Vec::with_capacity(columns.len() * space.dimension() * space.precision().bytes());
    for column in columns.columns {
        let values = space.read(columns.block, column)?;
        match space.precision() {
            Precision::F32 => values.iter().for_each(|&v| bytes.extend((v as f32).to_le_bytes())),
            Precision::F64 => values.iter().for_each(|v| bytes.extend(v.to_le_bytes())),
        }
    }
    Ok(bytes)
}

/// Writes so many columns back, from column 0 on.
///
/// # Errors
/// Where the bytes are not those of so many columns.
pub fn bytes_to_columns(
    space: &dyn VectorSpace,
    bytes: &[u8],
    block: &mut Block,
    count: usize,
) -> Result<(), SolverError> {
    let size = space.dimension() * space.precision().bytes();
    if bytes.len() != count * size || count > block.columns() {
        return Err(misfit(format!("{count} vectors of {size} bytes"), format!("{} bytes", bytes.len())));
    }
    for (column, bytes) in bytes.chunks_exact(size.max(1)).enumerate() {
        let values: Vec<f64> = match space.precision() {
            Precision::F32 => {
                bytes.chunks_exact(4).map(|b| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect()
            }
            Precision::F64 => bytes
                .chunks_exact(8)
                .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
                .collect(),
        };
        space.write(block, column, &values)?;
    }
    Ok(())
}

/// A state that does not fit.
pub fn misfit(expected: impl Into<String>, found: impl Into<String>) -> SolverError {
    SolverError::State { expected: expected.into(), found: found.into() }
}

/// A state as bytes, behind a tag that names solver and version.
///
/// # Errors
/// Where it cannot be stored.
pub fn encode(tag: &str, state: &impl Serialize) -> Result<Vec<u8>, SolverError> {
    postcard::to_stdvec(&(tag, state)).map_err(|e| misfit("a state that can be stored", e.to_string()))
}

/// The state of these bytes.
///
/// # Errors
/// Where the tag is another one, or the bytes are no such state.
pub fn decode<T: DeserializeOwned>(tag: &str, bytes: &[u8]) -> Result<T, SolverError> {
    let (found, rest) =
        postcard::take_from_bytes::<&str>(bytes).map_err(|e| misfit(format!("a state of {tag}"), e.to_string()))?;
    if found != tag {
        return Err(misfit(format!("a state of {tag}"), format!("one of {found}")));
    }
    postcard::from_bytes(rest).map_err(|e| misfit(format!("a state of {tag}"), e.to_string()))
}
