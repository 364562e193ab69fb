//! Gram–Schmidt against a basis, as two block products per pass, done twice.
//!
//! Classical Gram–Schmidt twice is orthogonal to rounding (Giraud, Langou, Rozložník, *The loss of orthogonality in the
//! Gram–Schmidt process*, 2005). What is left after it is a direction only if it is more than rounding: the threshold is
//! 64·eps times the size that the vector had, never an absolute number.

use crate::counted::Counted;
use hesse_core::vectors::{Block, VectorError, norms};
use std::time::Instant;

/// Passes of Gram–Schmidt at most. Two suffice unless a vector is nothing but rounding inside the span.
const MOST_PASSES: usize = 4;

/// A vector after orthogonalisation.
#[derive(Debug, Clone)]
pub struct Remainder {
    /// What was taken away along each basis vector.
    pub coefficients: Vec<f64>,
    /// The norm of what is left.
    pub norm: f64,
    /// Below this, what is left is rounding.
    pub floor: f64,
}

impl Remainder {
    /// Whether what is left is a direction.
    pub fn is_direction(&self) -> bool {
        self.norm > self.floor
    }

    /// The norm before.
    pub fn before(&self) -> f64 {
        self.coefficients.iter().fold(self.norm * self.norm, |s, c| s + c * c).sqrt()
    }

    /// Whether all figures are finite.
    pub fn is_finite(&self) -> bool {
        self.norm.is_finite() && self.coefficients.iter().all(|c| c.is_finite())
    }
}

/// Takes one column of `work` away from its parts along the first `count` columns of an orthonormal `basis`. `scale` is a
/// lower bound on the size that the vector had, or could have had, and fixes what counts as rounding.
///
/// # Errors
/// Where block arithmetic fails.
pub fn orthogonalize(
    counted: &mut Counted<'_>,
    basis: &Block,
    count: usize,
    work: &mut Block,
    column: usize,
    scale: f64,
) -> Result<Remainder, VectorError> {
    let start = Instant::now();
    let (space, epsilon) = (counted.space, counted.epsilon());
    let statistics = &mut counted.statistics;
    let mut total = vec![0.0; count];
    let mut floor = 64.0 * epsilon * scale;
    let mut norm_of = |work: &Block| -> Result<f64, VectorError> {
        statistics.inner_products += 1;
        Ok(norms(space, work.view(column..column + 1))?.first().copied().unwrap_or(0.0))
    };
    let mut norm = 0.0;
    let mut passes = 0;
    if count == 0 {
        norm = norm_of(work)?;
    } else {
        for pass in 0..MOST_PASSES {
            let c = space.gram(basis.view(0..count), work.view(column..column + 1))?;
            let taken: Vec<f64> = c.iter().map(|c| -c).collect();
            space.combine(work.view_mut(column..column + 1), 1.0, basis.view(0..count), &taken)?;
            total.iter_mut().zip(&c).for_each(|(t, c)| *t += c);
            passes += 1;
            let removed = c.iter().map(|c| c * c).sum::<f64>().sqrt();
            floor = floor.max(64.0 * epsilon * removed);
            if pass == 0 {
                continue;
            }
            norm = norm_of(work)?;
            // Go on only where this pass still took most of the vector and something worth keeping is left.
            if removed <= norm || norm <= floor || !norm.is_finite() {
                break;
            }
        }
    }
    counted.statistics.inner_products += passes * count;
    counted.statistics.orthogonalizations += passes;
    counted.statistics.orthogonalization_seconds += start.elapsed().as_secs_f64();
    Ok(Remainder { coefficients: total, norm, floor })
}

/// Appends columns `range` of `from` to an orthonormal `basis` of `count` columns, as far as they are independent of it and
/// of each other: unit vectors that are nothing but rounding are left out. Returns the new count. Columns of `from` are
/// overwritten.
///
/// # Errors
/// Where block arithmetic fails.
pub fn extend(
    counted: &mut Counted<'_>,
    basis: &mut Block,
    mut count: usize,
    from: &mut Block,
    range: std::ops::Range<usize>,
) -> Result<usize, VectorError> {
    let space = counted.space;
    for column in range {
        let length = norms(space, from.view(column..column + 1))?.first().copied().unwrap_or(0.0);
        if !(length > 0.0 && length.is_finite()) || count == basis.columns() {
            continue;
        }
        space.scale(from.view_mut(column..column + 1), &[1.0 / length])?;
        let rest = orthogonalize(counted, basis, count, from, column, 1.0)?;
        if rest.is_direction() {
            space.scale(from.view_mut(column..column + 1), &[1.0 / rest.norm])?;
            space.copy(from.view(column..column + 1), basis.view_mut(count..count + 1))?;
            count += 1;
        }
    }
    Ok(count)
}

/// Random unit vectors, orthogonal to the first `count` columns, until there are `wanted`. Fewer where the space is
/// exhausted. Returns the new count.
///
/// # Errors
/// Where block arithmetic fails.
pub fn extend_at_random(
    counted: &mut Counted<'_>,
    basis: &mut Block,
    mut count: usize,
    wanted: usize,
) -> Result<usize, VectorError> {
    let mut work = counted.space.zeros(1)?;
    let mut failures = 0;
    while count < wanted && count < counted.space.dimension() && failures < 4 {
        counted.draw(&mut work, 0)?;
        let more = extend(counted, basis, count, &mut work, 0..1)?;
        failures = if more == count { failures + 1 } else { 0 };
        count = more;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::host::HostOperator;
    use hesse_core::vectors::Precision;

    #[test]
    fn dependent_columns_are_left_out_and_the_rest_is_orthonormal() {
        for precision in [Precision::F32, Precision::F64] {
            let a = HostOperator::new(40, precision, <[f64]>::to_vec);
            let mut counted = Counted::new(&a, 1);
            let space = counted.space;
            let mut from = space.zeros(4).unwrap();
            counted.draw(&mut from, 0).unwrap();
            counted.draw(&mut from, 1).unwrap();
            let mut sum = space.zeros(1).unwrap();
            space.combine(sum.all_mut(), 0.0, from.view(0..2), &[1e3, 1.0]).unwrap();
            space.copy(sum.all(), from.view_mut(2..3)).unwrap();
            counted.draw(&mut from, 3).unwrap();
            let mut basis = space.zeros(4).unwrap();
            let count = extend(&mut counted, &mut basis, 0, &mut from, 0..4).unwrap();
            assert_eq!(count, 3);
            let gram = space.gram(basis.view(0..3), basis.view(0..3)).unwrap();
            for (at, g) in gram.iter().enumerate() {
                let unit = if at % 3 == at / 3 { 1.0 } else { 0.0 };
                assert!((g - unit).abs() < 4.0 * precision.epsilon(), "{precision} {at}: {g}");
            }
        }
    }
}
