//! Layer widths as one option, `256x128`, because options are separated by commas.

use hesse_core::options::{OptionError, Options};

/// Beyond this many layers a list of widths is taken for a mistake.
const MOST_LAYERS: usize = 1000;
/// As for every count among the options.
const WIDEST: usize = 1 << 20;

/// Reads the widths of an option, such as `256x128`; `none` is the empty list.
///
/// # Errors
/// Where the text is neither.
pub fn widths(options: &Options, key: &str, default: &[usize]) -> Result<Vec<usize>, OptionError> {
    let Some(text) = options.text(key) else {
        return Ok(default.to_vec());
    };
    if text == "none" {
        return Ok(Vec::new());
    }
    let read = |part: &str| part.parse().ok().filter(|n| (1..=WIDEST).contains(n));
    match text.split('x').map(read).collect::<Option<Vec<usize>>>() {
        Some(list) if list.len() <= MOST_LAYERS => Ok(list),
        _ => Err(OptionError::Value {
            key: key.to_string(),
            value: text.to_string(),
            expected: "widths of at least 1, such as 256x128, or none".to_string(),
        }),
    }
}
