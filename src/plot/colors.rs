//! Colours that mean a number.

/// Viridis for positions from 0 to 1: lightness rises evenly, so that it reads in grey and with any colour vision.
/// The polynomial fit is by Matt Zucker (public domain) to the map of Smith, van der Walt and Firing.
pub(super) fn viridis(position: f64) -> [u8; 3] {
    const FIT: [[f64; 3]; 7] = [
        [0.277_727_327_223_417_7, 0.005_407_344_544_966_578, 0.334_099_805_335_306_1],
        [0.105_093_043_108_577_4, 1.404_613_529_898_575, 1.384_590_162_594_685],
        [-0.330_861_828_725_556_3, 0.214_847_559_468_213, 0.095_095_163_028_236_59],
        [-4.634_230_498_983_486, -5.799_100_973_351_585, -19.332_440_956_279_87],
        [6.228_269_936_347_081, 14.179_933_366_805_09, 56.690_552_600_681_05],
        [4.776_384_997_670_288, -13.745_145_377_746_01, -65.353_032_633_372_34],
        [-5.435_455_855_934_631, 4.645_852_612_178_535, 26.312_435_249_583_2],
    ];
    let t = if position.is_nan() { 0.0 } else { position.clamp(0.0, 1.0) };
    std::array::from_fn(|channel| {
        let value = FIT.iter().rev().fold(0.0, |sum, row| sum * t + row[channel]);
        (value.clamp(0.0, 1.0) * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::viridis;

    #[test]
    fn lightness_rises_all_the_way() {
        let grey = |t: f64| {
            let [r, g, b] = viridis(t).map(f64::from);
            0.299 * r + 0.587 * g + 0.114 * b
        };
        assert!((0..100).all(|i| grey(f64::from(i) / 100.0) < grey(f64::from(i + 1) / 100.0)));
        // The published ends of the map.
        let near = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 6);
        assert!(
            near(viridis(0.0), [68, 1, 84]) && near(viridis(0.5), [33, 145, 140]) && near(viridis(1.0), [253, 231, 37])
        );
    }
}
