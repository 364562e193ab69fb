//! Which half of a data set: the pictures to fit, or the pictures to judge by.

use super::DataError;
use std::fmt;
use std::str::FromStr;

/// A part of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    /// The pictures a model is fitted to.
    Train,
    /// The pictures kept back to judge it.
    Test,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Split::Train => "train",
            Split::Test => "test",
        })
    }
}

impl FromStr for Split {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        match text {
            "train" => Ok(Split::Train),
            "test" => Ok(Split::Test),
            other => Err(DataError::Option {
                operation: "reading a split",
                expected: "`train` or `test`".into(),
                found: format!("`{}`", other.escape_debug()),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_is_written_as_it_is_read() {
        for split in [Split::Train, Split::Test] {
            assert_eq!(split.to_string().parse::<Split>().unwrap(), split);
        }
    }

    #[test]
    fn another_split_is_refused_with_the_two_names() {
        let error = "valid".parse::<Split>().unwrap_err().to_string();
        assert_eq!(error, "reading a split: expected `train` or `test`, found `valid`");
    }
}
