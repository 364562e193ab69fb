//! A half-open range of samples as written on the command line: `A..B`, `A..`, `..B` or `..`.
//!
//! Half-open as in Rust and Python, counted from 0 in file order. A range that reaches beyond the split is refused and
//! not cut, because the number of samples is part of every result.

use super::{DataError, Split};
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// Which samples of a split, counted from 0 in file order; the end is not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SampleRange {
    start: usize,
    end: Option<usize>,
}

impl SampleRange {
    /// The samples from `start` up to, but not including, `end`, or to the last one.
    ///
    /// # Errors
    /// [`DataError::Option`] if the range holds no sample whatever the split.
    pub fn new(start: usize, end: Option<usize>) -> Result<Self, DataError> {
        let range = Self { start, end };
        match end {
            Some(end) if end < start => {
                Err(malformed("a range whose end is after its start", format!("`{range}`, which runs backwards")))
            }
            Some(end) if end == start => {
                Err(malformed("a range of at least one sample", format!("`{range}`, which is empty")))
            }
            _ => Ok(range),
        }
    }

    /// The range in a split of `available` samples.
    ///
    /// # Errors
    /// [`DataError::OutOfRange`] if the split ends before the range does.
    pub fn within(&self, available: usize, split: Split) -> Result<Range<usize>, DataError> {
        let end = self.end.unwrap_or(available);
        if end > available || (self.start > 0 && self.start >= available) {
            return Err(DataError::OutOfRange { requested: self.to_string(), available, split });
        }
        Ok(self.start..end)
    }
}

impl fmt::Display for SampleRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.end {
            Some(end) => write!(f, "{}..{end}", self.start),
            None => write!(f, "{}..", self.start),
        }
    }
}

impl FromStr for SampleRange {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let shown = || format!("`{}`", text.escape_debug());
        let Some((start, end)) = text.split_once("..") else {
            return Err(malformed("`A..B`, `A..` or `..B`, counted from 0", shown()));
        };
        if end.starts_with('=') {
            return Err(malformed("a half-open range such as `0..128`, whose end is not included", shown()));
        }
        let number = |digits: &str| {
            digits.trim().parse::<usize>().map_err(|_| malformed("whole numbers on both sides of `..`", shown()))
        };
        let start = if start.trim().is_empty() { 0 } else { number(start)? };
        let end = if end.trim().is_empty() { None } else { Some(number(end)?) };
        Self::new(start, end)
    }
}

fn malformed(expected: &str, found: String) -> DataError {
    DataError::Option { operation: "reading a range of samples", expected: expected.into(), found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Range<usize>, String> {
        let range: SampleRange = text.parse().map_err(|e: DataError| e.to_string())?;
        range.within(100, Split::Test).map_err(|e| e.to_string())
    }

    #[test]
    fn either_end_may_be_left_out() {
        assert_eq!(parse("3..9"), Ok(3..9));
        assert_eq!(parse("3.."), Ok(3..100));
        assert_eq!(parse("..9"), Ok(0..9));
        assert_eq!(parse(".."), Ok(0..100));
        assert_eq!(parse("99..100"), Ok(99..100));
    }

    #[test]
    fn ranges_without_samples_say_why() {
        let backwards = "expected a range whose end is after its start, found `9..3`, which runs backwards";
        assert_eq!(parse("9..3"), Err(format!("reading a range of samples: {backwards}")));
        assert!(parse("5..5").unwrap_err().ends_with("found `5..5`, which is empty"));
        assert!(parse("..0").unwrap_err().ends_with("found `0..0`, which is empty"));
    }

    #[test]
    fn what_is_no_range_is_quoted() {
        for (text, end) in [("a..b", "found `a..b`"), ("", "found ``"), ("7", "found `7`"), ("-1..4", "found `-1..4`")]
        {
            assert!(parse(text).unwrap_err().ends_with(end), "{text}");
        }
        assert!(parse("0..=4").unwrap_err().contains("not included"));
        assert!(parse("0..99999999999999999999999").unwrap_err().contains("whole numbers"));
    }

    #[test]
    fn a_range_beyond_the_split_names_the_count() {
        let error = Err("0..101 is out of range: only 100 samples in the test split".to_owned());
        assert_eq!(parse("0..101"), error);
        assert!(parse("100..").unwrap_err().contains("only 100 samples"));
    }

    #[test]
    fn the_whole_of_an_empty_split_is_an_empty_range() {
        assert_eq!(SampleRange::default().within(0, Split::Train).unwrap(), 0..0);
    }
}
