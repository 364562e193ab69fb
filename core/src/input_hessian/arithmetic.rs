//! Inner products of host vectors.

/// ⟨a, b⟩ over the shorter length, in eight partial sums: faster, and less rounding, than one.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a_parts, b_parts) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = if a.len() == b.len() {
        a_parts.remainder().iter().zip(b_parts.remainder()).map(|(a, b)| a * b).sum()
    } else {
        return a.iter().zip(b).map(|(a, b)| a * b).sum();
    };
    for (a, b) in a_parts.zip(b_parts) {
        for ((s, a), b) in sums.iter_mut().zip(a).zip(b) {
            *s += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// `to += factor · v`.
pub fn add_scaled(to: &mut [f64], factor: f64, v: &[f64]) {
    to.iter_mut().zip(v).for_each(|(t, v)| *t += factor * v);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inner_product_is_the_same_for_every_length() {
        for n in [0, 1, 7, 8, 9, 31] {
            let a: Vec<f64> = (0..n).map(|i| f64::from(i) - 3.0).collect();
            let b: Vec<f64> = (0..n).map(|i| f64::from(i * i)).collect();
            let plain: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            assert_eq!(dot(&a, &b), plain);
        }
    }
}
