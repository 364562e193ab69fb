//! What clap says, in our form: help and version as they are, errors as one line.

use super::ending::{Ending, Usage};
use super::output;
use clap::error::ErrorKind;
use std::io::Write;

/// Prints help or the version, or turns an error into one line.
pub(super) fn answer(error: &clap::Error) -> anyhow::Result<Ending> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Styled where standard output is a terminal.
            if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
                error.print()?;
            } else {
                output::print(&error.render().to_string())?;
            }
            Ok(Ending::Done)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = std::io::stderr().write_all(error.render().to_string().as_bytes());
            Err(Usage("expected a command; `hesse --help` lists them".to_string()).into())
        }
        _ => Err(Usage(one_line(&error.render().to_string())).into()),
    }
}

/// The first paragraphs of clap's message, without its label, usage and pointer to the help.
fn one_line(rendered: &str) -> String {
    let usage = rendered.lines().find_map(|line| line.trim().strip_prefix("Usage: "));
    let kept = rendered
        .lines()
        .take_while(|line| !line.trim_start().starts_with("Usage:"))
        .filter(|line| !line.starts_with("For more information"));
    let text = kept.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    let text = text.strip_prefix("error: ").unwrap_or(&text).replace(" tip: ", "; ");
    // The words before the first flag of the usage line are the command.
    let command: Vec<&str> =
        usage.unwrap_or("hesse").split_whitespace().take_while(|w| !w.starts_with(['-', '[', '<'])).collect();
    format!("{text}; see `{} --help`", command.join(" "))
}

#[cfg(test)]
mod tests {
    use crate::cli::Program;
    use clap::Parser;

    fn line(arguments: &[&str]) -> String {
        super::one_line(&Program::try_parse_from(arguments).unwrap_err().render().to_string())
    }

    #[test]
    fn a_wrong_value_is_one_line_that_names_flag_value_and_expectation() {
        let line = line(&["hesse", "spectrum", "--model", "m1", "--data", "glyphs", "--samples", "9..3"]);
        assert!(line.starts_with("invalid value '9..3' for '--samples <A..B>': "), "{line}");
        assert!(line.contains("runs backwards") && !line.contains('\n'), "{line}");
    }

    #[test]
    fn a_missing_flag_points_to_the_commands_help() {
        let line = line(&["hesse", "spectrum", "--data", "glyphs"]);
        assert!(line.contains("--model") && line.ends_with("see `hesse spectrum --help`"), "{line}");
    }

    #[test]
    fn a_misspelt_flag_is_answered_with_the_nearest() {
        let line = line(&["hesse", "spectrum", "--modle", "m1"]);
        assert!(line.contains("'--modle'") && line.contains("'--model'"), "{line}");
    }
}
