//! The program: parse, run, exit code.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match hesse::cli::run(std::env::args_os()) {
        Ok(ending) => ExitCode::from(ending.code()),
        // Whoever reads us has seen enough, as `head` does.
        Err(error) if hesse::cli::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be done where standard error is closed too; the code still tells.
            let _ = writeln!(std::io::stderr(), "hesse: {}", hesse::cli::one_line(&error));
            ExitCode::from(hesse::cli::code_of(&error))
        }
    }
}
