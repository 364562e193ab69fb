//! `--normalize MEAN/STD`, numbers per channel.

use super::ProblemError;
use hesse_core::model::Normalization;

/// Reads `0.485,0.456,0.406/0.229,0.224,0.225`, or `0.1307/0.3081` for one channel or all.
///
/// # Errors
/// A text for people.
pub fn parse_normalization(text: &str) -> Result<Normalization, String> {
    let expected = "expected MEAN/STD with as many means as deviations, such as 0.1307/0.3081";
    let (mean, deviation) = text.split_once('/').ok_or_else(|| format!("{expected}, found no `/`"))?;
    let numbers = |part: &str| -> Result<Vec<f64>, String> {
        part.split(',')
            .map(|n| {
                let value: f64 = n.trim().parse().map_err(|_| format!("expected a number, found `{}`", n.trim()))?;
                if value.is_finite() { Ok(value) } else { Err(format!("expected a finite number, found {value}")) }
            })
            .collect()
    };
    let (mean, deviation) = (numbers(mean)?, numbers(deviation)?);
    if mean.len() != deviation.len() {
        return Err(format!("{expected}, found {} and {}", mean.len(), deviation.len()));
    }
    match deviation.iter().find(|d| **d <= 0.0) {
        Some(d) => Err(format!("expected positive deviations, found {d}")),
        None => Ok(Normalization { mean, deviation }),
    }
}

/// The same as text; nothing where there is none.
pub fn describe_normalization(normalization: &Normalization) -> Option<String> {
    let join = |v: &[f64]| v.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
    let Normalization { mean, deviation } = normalization;
    (!mean.is_empty()).then(|| format!("{}/{}", join(mean), join(deviation)))
}

/// Refuses a number of channels that is neither one nor the data's.
pub(super) fn check(normalization: &Normalization, channels: usize) -> Result<(), ProblemError> {
    match normalization.mean.len() {
        0 | 1 => Ok(()),
        found if found == channels => Ok(()),
        found => Err(ProblemError::Normalization { channels, found }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_deviations_are_written_as_they_are_read() {
        for text in ["0.1307/0.3081", "0.485,0.456,0.406/0.229,0.224,0.225"] {
            assert_eq!(describe_normalization(&parse_normalization(text).unwrap()).as_deref(), Some(text));
        }
        assert_eq!(describe_normalization(&Normalization::default()), None);
    }

    #[test]
    fn what_cannot_normalize_is_refused() {
        for text in ["", "0.5", "0.5/", "0.5/0", "0.5/-1", "0.5,0.5/1", "a/1", "nan/1", "0.5/inf"] {
            assert!(parse_normalization(text).is_err(), "{text}");
        }
    }

    #[test]
    fn one_number_serves_all_channels_and_others_must_match() {
        let given = |text: &str| parse_normalization(text).unwrap();
        assert!(check(&given("0/1"), 3).is_ok() && check(&given("0,0,0/1,1,1"), 3).is_ok());
        let error = check(&given("0,0,0/1,1,1"), 1).unwrap_err().to_string();
        assert!(error.contains("each of 1 channels") && error.ends_with("found 3"), "{error}");
    }
}
