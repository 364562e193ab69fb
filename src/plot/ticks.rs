//! Where an axis is marked, and with which numbers.

use super::scale::{Domain, Scale};

/// The marks of an axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Ticks {
    /// Values with their labels.
    pub major: Vec<(f64, String)>,
    /// Values between.
    pub minor: Vec<f64>,
    /// What every label is to be multiplied by or added to, such as `×10⁻⁵`; empty where nothing is.
    pub factor: String,
}

/// About so many marks for a domain.
pub(super) fn ticks(domain: &Domain, wanted: usize) -> Ticks {
    let wanted = wanted.max(2);
    match domain.scale {
        Scale::Linear => linear(domain.low, domain.high, wanted),
        Scale::Log => log(domain, wanted),
        Scale::Symlog(threshold) => symlog(domain, threshold, wanted),
    }
}

/// Multiples of 1, 2, 2.5 or 5 times a power of ten.
pub(super) fn round_values(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let Some(step) = round_step(low, high, wanted) else { return Vec::new() };
    let first = (low / step - 1e-9).ceil();
    let count = ((high / step + 1e-9).floor() - first).max(0.0) as usize;
    (0..=count.min(200)).map(|i| (first + i as f64) * step).map(|v| if v == 0.0 { 0.0 } else { v }).collect()
}

fn round_step(low: f64, high: f64, wanted: usize) -> Option<f64> {
    let rough = (high / wanted as f64) - (low / wanted as f64);
    if !(rough.is_finite() && rough > 0.0) {
        return None;
    }
    let power = 10f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 2.5, 5.0].into_iter().map(|m| m * power).find(|s| *s >= rough * 0.999).unwrap_or(10.0 * power);
    (step.is_finite() && step > 0.0).then_some(step)
}

fn linear(low: f64, high: f64, wanted: usize) -> Ticks {
    let values = round_values(low, high, wanted);
    let (Some(step), Some(&first)) = (round_step(low, high, wanted), values.first()) else { return Ticks::default() };
    let size = low.abs().max(high.abs());
    // Close together and far from zero: only the differences are written.
    let offset = if high - low < 1e-5 * size { first } else { 0.0 };
    let size = if offset == 0.0 { size } else { high - low };
    let exponent = size.log10().floor() as i32;
    let exponent = if (-3..5).contains(&exponent) { 0 } else { exponent };
    let unit = 10f64.powi(exponent);
    let decimals = decimals(step / unit);
    let label = |v: &f64| (*v, plain((v - offset) / unit, decimals));
    let mut factor = if exponent == 0 { String::new() } else { format!("×{}", power(exponent)) };
    if offset != 0.0 {
        factor.push_str(&format!("{}{offset}", if offset < 0.0 { " " } else { " +" }));
    }
    Ticks { major: values.iter().map(label).collect(), minor: Vec::new(), factor: factor.trim().to_string() }
}

/// As many as the step needs, so that all labels have the same number.
fn decimals(step: f64) -> usize {
    (0..12).find(|&d| (step * 10f64.powi(d) - (step * 10f64.powi(d)).round()).abs() < 1e-6).unwrap_or(12) as usize
}

fn plain(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        text.trim_start_matches('-').to_string()
    } else {
        text
    };
    text.replace('-', "−")
}

fn log(domain: &Domain, wanted: usize) -> Ticks {
    let first = (domain.low.log10() - 1e-9).ceil() as i32;
    let last = (domain.high.log10() + 1e-9).floor() as i32;
    let decades = (last - first + 1).max(0) as usize;
    if decades < 2 {
        return within_a_decade(domain, wanted, first - 1, last + 1);
    }
    let stride = decades.div_ceil(wanted).max(1);
    let plain = first >= -3 && last <= 3;
    let major = (first..=last)
        .filter(|e| e.rem_euclid(stride as i32) == 0)
        .map(|e| (10f64.powi(e), if plain { decade(e) } else { power(e) }));
    let minor = if decades <= 8 {
        (first - 1..=last)
            .flat_map(|e| (2..10).map(move |m| f64::from(m) * 10f64.powi(e)))
            .filter(|v| domain.shows(*v))
            .collect()
    } else if decades <= 24 {
        (first..=last).map(|e| 10f64.powi(e)).collect()
    } else {
        Vec::new()
    };
    Ticks { major: major.collect(), minor, factor: String::new() }
}

/// Less than two powers of ten in sight: 1, 2, 5 and more of them, or even steps.
fn within_a_decade(domain: &Domain, wanted: usize, first: i32, last: i32) -> Ticks {
    for digits in [&[1.0, 2.0, 5.0][..], &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0]] {
        let values: Vec<f64> = (first..=last)
            .flat_map(|e| digits.iter().map(move |m| m * 10f64.powi(e)))
            .filter(|v| domain.shows(*v))
            .collect();
        if values.len() >= 3 && values.len() <= 2 * wanted {
            let size = values.iter().copied().fold(0.0, f64::max).log10().floor() as i32;
            let exponent = if (-3..5).contains(&size) { 0 } else { size };
            let unit = 10f64.powi(exponent);
            let label = |v: &f64| (*v, plain(v / unit, decimals(v / unit)));
            let factor = if exponent == 0 { String::new() } else { format!("×{}", power(exponent)) };
            return Ticks { major: values.iter().map(label).collect(), minor: Vec::new(), factor };
        }
    }
    linear(domain.low, domain.high, wanted)
}

fn symlog(domain: &Domain, threshold: f64, wanted: usize) -> Ticks {
    let start = threshold.log10().round() as i32;
    let largest = domain.low.abs().max(domain.high.abs());
    let last = (largest.log10() + 1e-9).floor() as i32;
    if last < start {
        return linear(domain.low, domain.high, wanted);
    }
    let sides = if domain.low < 0.0 && domain.high > 0.0 { 2 } else { 1 };
    let stride = ((last - start + 1) as usize * sides).div_ceil(wanted).max(1) as i32;
    let plain = start >= -3 && last <= 3;
    let exponents: Vec<i32> = (start..=last).rev().step_by(stride as usize).collect();
    let mut major = vec![(0.0, "0".to_string())];
    for e in exponents {
        let label = if plain { decade(e) } else { power(e) };
        major.push((10f64.powi(e), label.clone()));
        major.push((-10f64.powi(e), format!("−{label}")));
    }
    // Beside zero there is no room for what is nearly zero.
    let zero = domain.place(0.0).unwrap_or(0.0);
    let clear = |v: f64| v == 0.0 || domain.place(v).is_some_and(|p| (p - zero).abs() > 0.05);
    major.retain(|(v, _)| domain.shows(*v) && clear(*v));
    major.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ticks { major, minor: Vec::new(), factor: String::new() }
}

fn decade(exponent: i32) -> String {
    if exponent >= 0 { 10u64.pow(exponent as u32).to_string() } else { plain(10f64.powi(exponent), -exponent as usize) }
}

/// A power of ten with raised digits.
pub(super) fn power(exponent: i32) -> String {
    format!("10{}", raised(exponent))
}

fn raised(number: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raise = |c: char| c.to_digit(10).and_then(|d| DIGITS.get(d as usize)).copied().unwrap_or('⁻');
    number.to_string().chars().map(raise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, scale: Scale) -> (Vec<String>, String) {
        let t = ticks(&Domain { low, high, scale }, 6);
        (t.major.into_iter().map(|m| m.1).collect(), t.factor)
    }

    #[test]
    fn even_steps_are_round_and_share_their_decimals() {
        assert_eq!(labels(0.0, 1.0, Scale::Linear).0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(-0.5, 0.5, Scale::Linear).0, ["−0.4", "−0.2", "0.0", "0.2", "0.4"]);
    }

    #[test]
    fn large_and_small_numbers_share_a_power_of_ten() {
        assert_eq!(labels(0.0, 3e-8, Scale::Linear).1, "×10⁻⁸");
        let (l, factor) = labels(0.0, 2.4e7, Scale::Linear);
        assert_eq!((l[1].as_str(), factor.as_str()), ("0.5", "×10⁷"));
    }

    #[test]
    fn close_numbers_far_from_zero_are_told_apart() {
        let (l, factor) = labels(5.0, 5.000_000_3, Scale::Linear);
        assert!(factor.ends_with("+5") && factor.starts_with("×10⁻⁷"), "{factor}");
        assert_eq!(l.iter().collect::<std::collections::BTreeSet<_>>().len(), l.len());
    }

    #[test]
    fn logarithmic_marks_are_powers_and_thin_out() {
        assert_eq!(labels(0.01, 100.0, Scale::Log).0, ["0.01", "0.1", "1", "10", "100"]);
        assert_eq!(labels(1e-8, 1e-4, Scale::Log).0[0], "10⁻⁸");
        assert!(labels(1e-30, 1e30, Scale::Log).0.len() <= 8);
        assert_eq!(labels(2.0, 7.0, Scale::Log).0, ["2", "3", "4", "5", "6"]);
        assert!(labels(2.01, 2.02, Scale::Log).0.len() >= 2);
    }

    #[test]
    fn both_sides_of_zero_have_powers() {
        let d = Domain { low: -100.0, high: 100.0, scale: Scale::Symlog(1.0) };
        let l: Vec<String> = ticks(&d, 8).major.into_iter().map(|m| m.1).collect();
        assert_eq!(l, ["−100", "−10", "−1", "0", "1", "10", "100"]);
    }
}
