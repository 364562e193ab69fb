//! Random streams, one for each purpose and index.
//!
//! Results must not depend on thread count or batch size, so nothing shares a generator: every probe, sample, epoch
//! and parameter has its own ChaCha8 stream, selected by (seed, purpose, index). ChaCha8 is value-stable across
//! versions and platforms.

use rand::rand_core::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What a stream is for. The number is part of the stream's identity: never renumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Initial parameter values; index = parameter number.
    Parameters = 1,
    /// Order of the samples; index = epoch.
    Shuffle = 2,
    /// Augmentation; index = epoch · 2^32 + sample.
    Augmentation = 3,
    /// Dropout masks; index = step · 2^32 + sample.
    Dropout = 4,
    /// Starting vectors of eigensolvers; index = column.
    StartVector = 5,
    /// Probe vectors of self-tests and estimators; index = probe.
    Probe = 6,
    /// Generated data; index = sample.
    Data = 7,
    /// Random starts of attacks; index = sample.
    AttackStart = 8,
    /// Draws of the random-noise baseline; index = sample.
    AttackNoise = 9,
    /// Seeds of an attack's restarts; index = restart.
    Restart = 10,
    /// Labels drawn from the network's own distribution; index = sample.
    ModelLabels = 24,
    /// Directions in which a loss is measured; index = direction.
    Direction = 25,
    /// Which samples make a mini-batch; index = pass over the samples.
    MiniBatch = 26,
    /// Draws of the bootstrap over groups of samples; index = replicate.
    Resampling = 32,
    /// Seeds of the attacks inside training; index = epoch.
    AdversarialEpoch = 40,
    /// Changes that a random search tries; index = sample.
    AttackSearch = 21,
    /// Targets drawn at random; index = sample.
    AttackTarget = 22,
    /// Directions of a landscape; index = direction · 2^32 + parameter number.
    LandscapeDirection = 20,
}

/// One reproducible stream.
#[derive(Debug, Clone)]
pub struct Stream {
    generator: ChaCha8Rng,
    spare: Option<f64>,
}

impl Stream {
    /// The stream for this seed, purpose and index; the same on every machine and thread.
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
        key[16..24].copy_from_slice(&index.to_le_bytes());
        Stream { generator: ChaCha8Rng::from_seed(key), spare: None }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Uniform on [0, 1) with 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Standard normal (Box–Muller, both values used).
    pub fn normal(&mut self) -> f64 {
        if let Some(z) = self.spare.take() {
            return z;
        }
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos
    }

    /// Uniform on 0..n, without bias; zero for n = 0.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        // Lemire's method: reject the few low products that would favour some values.
        let threshold = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.bits()) * u128::from(n);
            if product as u64 >= threshold {
                return (product >> 64) as u64;
            }
        }
    }

    /// A random permutation of 0..n (Fisher–Yates).
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i as u64 + 1) as usize);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_the_same_bits_every_time_and_differs_by_purpose() {
        let first = |p, i| Stream::new(7, p, i).bits();
        assert_eq!(first(Purpose::Probe, 3), first(Purpose::Probe, 3));
        assert_ne!(first(Purpose::Probe, 3), first(Purpose::Probe, 4));
        assert_ne!(first(Purpose::Probe, 3), first(Purpose::Data, 3));
    }

    #[test]
    fn normals_have_mean_zero_and_variance_one() {
        let mut s = Stream::new(1, Purpose::Probe, 0);
        let z: Vec<f64> = (0..20_000).map(|_| s.normal()).collect();
        let mean = z.iter().sum::<f64>() / z.len() as f64;
        let variance = z.iter().map(|v| v * v).sum::<f64>() / z.len() as f64;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }

    #[test]
    fn a_permutation_holds_every_number_once() {
        let mut p = Stream::new(1, Purpose::Shuffle, 0).permutation(1000);
        assert_ne!(p[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        p.sort_unstable();
        assert!(p.iter().enumerate().all(|(i, &v)| i == v));
    }
}
