//! Filter normalisation (Li et al. 2018, "Visualizing the loss landscape of neural nets", section 4).
//!
//! A filter is what makes one output: a slice of a weight tensor along its first axis. Each is scaled to the length of
//! the network's own filter, so that networks of different scale can be compared. Tensors with one axis (biases, batch
//! norm) do not move, as in the authors' program.

/// Scales a random direction, tensor by tensor.
pub(super) fn normalize(direction: &mut [f64], weights: &[f64], shape: &[usize]) {
    let filters = match shape {
        [filters, _, ..] if *filters > 0 => *filters,
        _ => {
            direction.fill(0.0);
            return;
        }
    };
    let size = (direction.len() / filters).max(1);
    for (part, own) in direction.chunks_mut(size).zip(weights.chunks(size)) {
        let (length, wanted) = (norm(part), norm(own));
        let factor = if length > 0.0 { wanted / length } else { 0.0 };
        part.iter_mut().for_each(|v| *v *= factor);
    }
}

/// Euclidean length, without overflow.
pub(super) fn norm(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    largest * values.iter().map(|v| (v / largest).powi(2)).sum::<f64>().sqrt()
}

/// Inner product.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Takes the part along `other` out. To be done after normalisation, or the two are not at right angles.
pub(super) fn orthogonalize(direction: &mut [f64], other: &[f64]) {
    let square = dot(other, other);
    if square > 0.0 {
        // Twice, because once leaves rounding behind where the two are nearly parallel.
        for _ in 0..2 {
            let factor = dot(direction, other) / square;
            direction.iter_mut().zip(other).for_each(|(d, o)| *d -= factor * o);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_gets_the_length_of_the_networks_own() {
        let weights = [3.0, 4.0, 0.0, 0.0, 6.0, 8.0];
        let mut d = [1.0, 0.0, 5.0, 5.0, 0.0, 0.0];
        normalize(&mut d, &weights, &[3, 2]);
        assert_eq!(d, [5.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let mut bias = [1.0, 2.0];
        normalize(&mut bias, &[1.0, 1.0], &[2]);
        assert_eq!(bias, [0.0, 0.0]);
    }

    #[test]
    fn directions_end_at_right_angles() {
        let a = [1.0, 2.0, 3.0];
        let mut b = [1.0, 2.0, 3.000_001];
        orthogonalize(&mut b, &a);
        assert!(dot(&a, &b).abs() <= 1e-15 * norm(&a) * norm(&b).max(1e-9), "{b:?}");
        assert!((norm(&[3e200, 4e200]) / 5e200 - 1.0).abs() < 1e-15);
    }
}
