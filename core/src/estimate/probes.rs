//! Random probe vectors, each from a stream of its own, so that neither block size nor order changes a probe.

use crate::random::{Purpose, Stream};
use crate::vectors::{Block, VectorError, VectorSpace};
use std::ops::Range;

/// What probes are for. Different quantities must not share probes: their errors would then agree by construction, and
/// one could no longer check the other. The number is part of the stream's identity: never renumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum ProbeUse {
    /// Traces; where there is a sketch, its vectors come first.
    Trace = 1,
    /// Squared norms.
    Norm = 2,
    /// Diagonals.
    Diagonal = 3,
    /// Densities.
    Density = 4,
    /// Data-sampling error of traces.
    Data = 5,
    /// The samples of a two-phase trace estimator, after its sketch.
    Residual = 6,
}

fn stream(seed: u64, purpose: ProbeUse, index: usize) -> Stream {
    Stream::new(seed, Purpose::Probe, ((purpose as u64) << 32) + index as u64)
}

/// Writes probes `indices` with entries ±1 to the first columns of `block`.
///
/// # Errors
/// Where the block is too small.
pub fn rademacher(
    space: &dyn VectorSpace,
    block: &mut Block,
    seed: u64,
    purpose: ProbeUse,
    indices: Range<usize>,
) -> Result<(), VectorError> {
    let mut values = vec![0.0; space.dimension()];
    for (column, index) in indices.enumerate() {
        let mut stream = stream(seed, purpose, index);
        for chunk in values.chunks_mut(64) {
            let bits = stream.bits();
            chunk.iter_mut().enumerate().for_each(|(i, v)| *v = if bits >> i & 1 == 1 { 1.0 } else { -1.0 });
        }
        space.write(block, column, &values)?;
    }
    Ok(())
}

/// Writes probes `indices` with independent standard normal entries to the first columns of `block`. Only their
/// direction, which is uniform, is used: scale them after projecting.
///
/// # Errors
/// Where the block is too small.
pub fn gaussian(
    space: &dyn VectorSpace,
    block: &mut Block,
    seed: u64,
    purpose: ProbeUse,
    indices: Range<usize>,
) -> Result<(), VectorError> {
    let mut values = vec![0.0; space.dimension()];
    for (column, index) in indices.enumerate() {
        let mut stream = stream(seed, purpose, index);
        values.iter_mut().for_each(|v| *v = stream.normal());
        space.write(block, column, &values)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::HostSpace;
    use crate::vectors::Precision;

    #[test]
    fn a_probe_does_not_depend_on_the_block_it_is_drawn_in() {
        let space = HostSpace::new(100, Precision::F64);
        let mut many = space.zeros(3).unwrap();
        let mut one = space.zeros(1).unwrap();
        rademacher(&space, &mut many, 5, ProbeUse::Trace, 0..3).unwrap();
        rademacher(&space, &mut one, 5, ProbeUse::Trace, 2..3).unwrap();
        assert_eq!(space.read(&many, 2).unwrap(), space.read(&one, 0).unwrap());
        assert!(space.read(&one, 0).unwrap().iter().all(|v| v.abs() == 1.0));
        assert_ne!(space.read(&many, 0).unwrap(), space.read(&many, 1).unwrap());
        gaussian(&space, &mut one, 5, ProbeUse::Density, 2..3).unwrap();
        gaussian(&space, &mut many, 5, ProbeUse::Density, 2..5).unwrap();
        assert_eq!(space.read(&many, 0).unwrap(), space.read(&one, 0).unwrap());
    }
}
