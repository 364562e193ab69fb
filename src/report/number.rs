//! Numbers for people: as many digits as mean something, thousands apart, units where there are any.

/// A count with its thousands apart: `269,722`.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    text
}

/// A number to so many significant digits; as a power of ten where plain digits would be hard to read.
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".to_string();
    }
    if !value.is_finite() {
        return value.to_string();
    }
    let digits = digits.max(1);
    // Formatting rounds, and rounding may carry into the next power of ten: take the exponent from the rounded text.
    let rounded = format!("{value:.*e}", digits - 1);
    let exponent: i32 = rounded.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    if !(-3..7).contains(&exponent) {
        return rounded;
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    format!("{value:.decimals$}")
}

/// A small relative figure, such as a residual: `3.1e-7`; zero is `0`.
pub fn tiny(value: f64) -> String {
    if value == 0.0 { "0".to_string() } else { format!("{value:.1e}") }
}

/// A share as a percentage: `93.75 %`.
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// A correlation with its sign: `+0.40`, `−1.00`.
pub fn signed(value: f64) -> String {
    format!("{value:+.2}").replace('-', "−")
}

/// A duration: `8.3 s`, `12 ms`, `3 min 20 s`.
pub fn seconds(value: f64) -> String {
    match value {
        v if v < 1e-3 => format!("{:.0} µs", v * 1e6),
        v if v < 1.0 => format!("{:.0} ms", v * 1e3),
        v if v < 120.0 => format!("{v:.1} s"),
        v if v < 7200.0 => format!("{} min {:02} s", v as u64 / 60, v as u64 % 60),
        v => format!("{} h {:02} min", v as u64 / 3600, v as u64 % 3600 / 60),
    }
}

/// An amount of memory: `4.0 GiB`.
pub fn bytes(count: usize) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{value:.1} {}", units[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1000, 269_722, 1_756_682].map(grouped), ["0", "999", "1,000", "269,722", "1,756,682"]);
    }

    #[test]
    fn significant_digits_are_kept_whatever_the_size() {
        let shown = [135.401_496, -7.056_228, 0.001_171_1, 1e-9, 2.5e8, 9.999_999_9, 0.0, f64::NAN];
        let expected = ["135.401", "-7.05623", "0.00117110", "1.00000e-9", "2.50000e8", "10.0000", "0", "NaN"];
        assert_eq!(shown.map(|v| significant(v, 6)), expected);
    }

    #[test]
    fn units_follow_the_size() {
        assert_eq!(
            [4e-5, 0.25, 8.31, 200.0, 7300.0].map(seconds),
            ["40 µs", "250 ms", "8.3 s", "3 min 20 s", "2 h 01 min"]
        );
        assert_eq!([17, 2048, 4 << 30].map(bytes), ["17 B", "2.0 KiB", "4.0 GiB"]);
        assert_eq!((percent(0.9375), tiny(0.0), tiny(3.14e-7)), ("93.75 %".into(), "0".into(), "3.1e-7".into()));
    }
}
