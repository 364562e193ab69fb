//! From values to positions along an axis: linear, logarithmic, or logarithmic on both sides of zero.

use serde::{Deserialize, Serialize};

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// By their logarithm; what is not positive has no place.
    Log,
    /// Linear up to this absolute value, logarithmic beyond, on both sides of zero; 0 lets the data choose.
    Symlog(f64),
}

/// The part of an axis that is shown. Always of positive length and finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Domain {
    pub low: f64,
    pub high: f64,
    /// With the threshold chosen.
    pub scale: Scale,
}

/// Beyond this, differences overflow.
const HUGE: f64 = 1e300;

impl Domain {
    /// What shows all values that have a place on the axis, with `margin` of its length free at each end. Without any
    /// value, and without a range given, from 0 to 1 (1 to 10 on a logarithmic axis).
    pub fn of(values: impl Iterator<Item = f64>, scale: Scale, range: Option<[f64; 2]>, margin: f64) -> Self {
        let kept: Vec<f64> = values
            .filter(|v| v.is_finite() && (scale != Scale::Log || *v > 0.0))
            .map(|v| v.clamp(-HUGE, HUGE))
            .collect();
        let scale = match scale {
            Scale::Symlog(t) if !(t > 0.0 && t.is_finite()) => Scale::Symlog(threshold(&kept)),
            other => other,
        };
        if let Some([low, high]) = range.filter(|[low, high]| low < high && high - low < f64::INFINITY)
            && (scale != Scale::Log || low > 0.0)
        {
            return Domain { low, high, scale };
        }
        let low = kept.iter().copied().fold(f64::INFINITY, f64::min);
        let high = kept.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if low > high {
            let (low, high) = if scale == Scale::Log { (1.0, 10.0) } else { (0.0, 1.0) };
            return Domain { low, high, scale };
        }
        let (low, high) = apart(low, high, scale);
        let bare = Domain { low, high, scale };
        let (a, b) = (bare.forward(low), bare.forward(high));
        let (low, high) = (bare.backward(a - margin * (b - a)), bare.backward(b + margin * (b - a)));
        if low < high && (scale != Scale::Log || low > 0.0) { Domain { low, high, scale } } else { bare }
    }

    /// The same with both ends moved to round numbers of the given step count; used by colour scales.
    pub fn with_low(self, low: f64) -> Self {
        if low < self.high { Domain { low, ..self } } else { self }
    }

    fn forward(&self, v: f64) -> f64 {
        match self.scale {
            Scale::Linear => v,
            Scale::Log => v.max(f64::MIN_POSITIVE).log10(),
            Scale::Symlog(t) => v.signum() * (v.abs() / t).ln_1p() / std::f64::consts::LN_10,
        }
    }

    fn backward(&self, p: f64) -> f64 {
        match self.scale {
            Scale::Linear => p,
            Scale::Log => 10f64.powf(p),
            Scale::Symlog(t) => p.signum() * t * (p.abs() * std::f64::consts::LN_10).exp_m1(),
        }
    }

    /// The position of a value, 0 at the low end and 1 at the high one; none where it has no place.
    pub fn place(&self, v: f64) -> Option<f64> {
        if v.is_nan() || (self.scale == Scale::Log && v <= 0.0) {
            return None;
        }
        let (a, b) = (self.forward(self.low), self.forward(self.high));
        // What lies far outside is clipped there anyway; its position must stay a number.
        Some(((self.forward(v.clamp(-HUGE, HUGE)) - a) / (b - a)).clamp(-3.0, 4.0))
    }

    /// The value at a position.
    pub fn value(&self, position: f64) -> f64 {
        let (a, b) = (self.forward(self.low), self.forward(self.high));
        self.backward(a + position * (b - a))
    }

    /// Whether a value is shown, up to rounding.
    pub fn shows(&self, v: f64) -> bool {
        self.place(v).is_some_and(|p| (-1e-9..=1.0 + 1e-9).contains(&p))
    }
}

/// Two ends that differ by more than rounding.
fn apart(low: f64, high: f64, scale: Scale) -> (f64, f64) {
    let size = low.abs().max(high.abs());
    match scale {
        Scale::Log if high / low < 1.0 + 1e-9 => (low / 2.0, high * 2.0),
        Scale::Linear | Scale::Symlog(_) if high - low <= 1e-12 * size => {
            let by = if size > 0.0 { 0.1 * size } else { 1.0 };
            (low - by, high + by)
        }
        _ => (low, high),
    }
}

/// A power of ten below which values may be squeezed together: that of the smallest, but at most six decades down.
fn threshold(values: &[f64]) -> f64 {
    let sizes = || values.iter().map(|v| v.abs()).filter(|v| *v > 0.0);
    let largest = sizes().fold(0.0, f64::max);
    if largest == 0.0 {
        return 1.0;
    }
    let smallest = sizes().fold(f64::INFINITY, f64::min).max(largest * 1e-6);
    10f64.powf(smallest.log10().floor()).max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(values: &[f64], scale: Scale) -> Domain {
        Domain::of(values.iter().copied(), scale, None, 0.05)
    }

    #[test]
    fn every_value_lies_within_whatever_its_size() {
        for scale in [Scale::Linear, Scale::Log, Scale::Symlog(0.0), Scale::Symlog(0.1)] {
            for values in
                [&[1e-300, 3e-300][..], &[1e-8, 1e8], &[5.0], &[7.0, 7.0], &[1e299, 2e300], &[1.0, 1.0 + 1e-15]]
            {
                let d = domain(values, scale);
                assert!(d.low < d.high && d.low.is_finite() && d.high.is_finite(), "{values:?} {d:?}");
                assert!(values.iter().all(|v| d.shows(*v)), "{values:?} {d:?}");
            }
        }
    }

    #[test]
    fn what_has_no_place_is_left_out() {
        let d = domain(&[f64::NAN, -1.0, 0.0, 10.0, 1000.0, f64::INFINITY], Scale::Log);
        assert!(d.low > 0.0 && d.high < 10_000.0, "{d:?}");
        assert_eq!((d.place(0.0), d.place(f64::NAN)), (None, None));
        let none = domain(&[f64::NAN], Scale::Linear);
        assert_eq!((none.low, none.high), (0.0, 1.0));
    }

    #[test]
    fn positions_and_values_are_each_others_inverse() {
        for scale in [Scale::Linear, Scale::Log, Scale::Symlog(0.01)] {
            let d = domain(&[0.001, 50.0], scale);
            for v in [0.002, 0.1, 3.0, 49.0] {
                let back = d.value(d.place(v).unwrap());
                assert!((back - v).abs() < 1e-12 * v.max(1.0) * 100.0, "{scale:?} {v} {back}");
            }
        }
        let both = domain(&[-100.0, 100.0], Scale::Symlog(1.0));
        assert!((both.place(0.0).unwrap() - 0.5).abs() < 1e-12);
    }
}
