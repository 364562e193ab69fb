//! `glyphs:seed=…,train=…,test=…,noise=…`.

use super::super::DataError;
use std::fmt;
use std::str::FromStr;

/// Most samples of a split: about 0.8 GB of pixels.
const MOST: usize = 1_000_000;

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GlyphOptions {
    /// Chooses the samples; every seed is another set of the same difficulty.
    pub seed: u64,
    /// Samples of the train split, from 1 to 1,000,000.
    pub train: usize,
    /// Samples of the test split, from 1 to 1,000,000.
    pub test: usize,
    /// Standard deviation of the pixel noise as a share of full brightness, from 0 to 1.
    pub noise: f64,
}

impl Default for GlyphOptions {
    fn default() -> Self {
        Self { seed: 0, train: 10_000, test: 2_000, noise: 0.15 }
    }
}

impl fmt::Display for GlyphOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, train, test, noise } = self;
        write!(f, "seed={seed},train={train},test={test},noise={noise}")
    }
}

impl FromStr for GlyphOptions {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let mut options = Self::default();
        for word in text.split(',').filter(|word| !word.is_empty()) {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            match key {
                "seed" => options.seed = number(word, value, "a whole number", |_| true)?,
                "train" => options.train = count(word, value)?,
                "test" => options.test = count(word, value)?,
                "noise" => options.noise = number(word, value, "a number from 0 to 1", |n| (0.0..=1.0).contains(n))?,
                _ => return Err(refusal("one of `seed=`, `train=`, `test=`, `noise=`", word)),
            }
        }
        Ok(options)
    }
}

fn count(word: &str, value: &str) -> Result<usize, DataError> {
    number(word, value, "a whole number from 1 to 1000000", |n| (1..=MOST).contains(n))
}

fn number<T: FromStr>(word: &str, value: &str, wanted: &str, fits: impl Fn(&T) -> bool) -> Result<T, DataError> {
    value.parse().ok().filter(fits).ok_or_else(|| refusal(wanted, word))
}

fn refusal(expected: &str, word: &str) -> DataError {
    DataError::Option {
        operation: "reading the options of glyphs",
        expected: expected.into(),
        found: format!("`{}`", word.escape_debug()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_written_as_they_are_read() {
        let options: GlyphOptions = "noise=0.25,seed=18446744073709551615".parse().unwrap();
        assert_eq!(options.to_string(), "seed=18446744073709551615,train=10000,test=2000,noise=0.25");
        assert_eq!(options.to_string().parse::<GlyphOptions>().unwrap(), options);
    }

    #[test]
    fn a_wrong_option_is_quoted_with_what_would_be_right() {
        for (text, expected) in [
            ("noise=2", "a number from 0 to 1"),
            ("noise=nan", "a number from 0 to 1"),
            ("train=0", "a whole number from 1"),
            ("test=9999999", "a whole number from 1"),
            ("seed", "a whole number"),
            ("size=3", "one of `seed=`"),
        ] {
            let error = text.parse::<GlyphOptions>().unwrap_err().to_string();
            assert!(error.contains(expected) && error.ends_with(&format!("found `{text}`")), "{error}");
        }
    }
}
