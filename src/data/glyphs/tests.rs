use super::*;

fn small(seed: u64) -> GlyphOptions {
    GlyphOptions { seed, train: 200, test: 100, ..GlyphOptions::default() }
}

#[test]
fn the_same_seed_gives_the_same_pixels_and_another_seed_others() {
    assert_eq!(generate(&small(1), Split::Train), generate(&small(1), Split::Train));
    assert_ne!(generate(&small(1), Split::Train).images, generate(&small(2), Split::Train).images);
}

#[test]
fn the_default_set_is_the_same_on_every_machine_and_in_every_version() {
    let data = generate(&GlyphOptions::default(), Split::Test);
    assert_eq!(data.hash(), "82fbd1e558d30e9d78bb6a92624bf53dec5e60c940e162143d4aff316a366c68");
}

#[test]
fn a_sample_does_not_depend_on_how_many_are_made_or_by_how_many_threads() {
    let few = generate(&GlyphOptions { train: 57, ..small(3) }, Split::Train);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let many = alone.install(|| generate(&small(3), Split::Train));
    assert_eq!(many.range(0..57).unwrap().hash(), few.hash());
}

#[test]
fn the_splits_share_no_picture() {
    let (train, test) = (generate(&small(4), Split::Train), generate(&small(4), Split::Test));
    assert!((0..test.len()).all(|i| (0..train.len()).all(|j| test.image(i) != train.image(j))));
}

#[test]
fn every_ten_samples_hold_every_digit_once() {
    let data = generate(&small(5), Split::Test);
    for ten in data.labels.chunks(10) {
        let mut digits = ten.to_vec();
        digits.sort_unstable();
        assert_eq!(digits, (0..10).collect::<Vec<u32>>());
    }
    assert_ne!(data.labels[..10], data.labels[10..20]);
}

#[test]
fn the_ink_lies_inside_the_picture_and_stands_out() {
    let data = generate(&GlyphOptions { noise: 0.0, ..small(6) }, Split::Train);
    for index in 0..data.len() {
        let mut pixels = data.image(index).to_vec();
        pixels.sort_unstable();
        let (paper, ink) = (pixels[SIDE * SIDE / 2], pixels[SIDE * SIDE - 20]);
        assert!(i32::from(ink) - i32::from(paper) > 60, "sample {index}: ink {ink} on paper {paper}");
    }
}

#[test]
fn noise_has_the_deviation_asked_for() {
    let quiet = generate(&GlyphOptions { noise: 0.0, ..small(7) }, Split::Test);
    let noisy = generate(&GlyphOptions { noise: 0.1, ..small(7) }, Split::Test);
    // Away from black and white, where pixels saturate.
    let differences: Vec<f64> = (quiet.images.iter().zip(&noisy.images))
        .filter(|(pixel, _)| (90..165).contains(*pixel))
        .map(|(a, b)| (f64::from(*b) - f64::from(*a)) / 255.0)
        .collect();
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let deviation = (differences.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / count).sqrt();
    assert!(count > 500.0 && mean.abs() < 0.01 && (deviation - 0.1).abs() < 0.01, "{count} {mean} {deviation}");
}
