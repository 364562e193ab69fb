//! `hesse study merge`: the parts' cells into one folder, and then the study itself, which finds them done.

use super::ending::{Ending, Usage};
use super::flags::{Command, MergeFlags, Program, StudyCommand};
use super::study::run_large_batch;
use crate::study::merge_shards;
use clap::Parser;

/// Flags that belong to a part and not to the study.
const OWN: [&str; 4] = ["--shard", "--out", "--json", "--plot"];

pub(super) fn run(flags: &MergeFlags) -> anyhow::Result<Ending> {
    let parts = merge_shards(&flags.parts, &flags.out)?;
    let mut commands = parts.iter().map(|part| of_the_study(&part.command));
    let mut command = commands.next().unwrap_or_default();
    if let Some(other) = commands.find(|other| *other != command) {
        let (one, other) = (command.join(" "), other.join(" "));
        return Err(Usage(format!("the parts were made with different flags: `{one}` and `{other}`")).into());
    }
    command.extend(["--out".to_string(), flags.out.display().to_string()]);
    match Program::try_parse_from(&command)?.command {
        Command::Study(StudyCommand::LargeBatch(mut flags)) => {
            // Whatever a part left out is done here, by this command line and not by that of a part.
            flags.run.jobs = Some(1);
            run_large_batch(&flags, &command)
        }
        _ => {
            Err(Usage(format!("the parts were made by `{}`, which is no study of large batches", command.join(" ")))
                .into())
        }
    }
}

/// A command line without what is the part's own. Its first word is the program, whatever it was called there.
fn of_the_study(command: &[String]) -> Vec<String> {
    let mut kept = vec!["hesse".to_string()];
    let mut words = command.iter().skip(1);
    while let Some(word) = words.next() {
        if OWN.contains(&word.as_str()) {
            words.next();
        } else if !OWN.iter().any(|own| word.strip_prefix(own).is_some_and(|rest| rest.starts_with('='))) {
            kept.push(word.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::of_the_study;

    #[test]
    fn what_belongs_to_a_part_is_taken_out_in_both_spellings() {
        let words = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<_>>();
        let part = words("/bin/hesse study large-batch --shard 1/2 --seeds 3 --out=a --json - --plot-theme dark");
        assert_eq!(of_the_study(&part), words("hesse study large-batch --seeds 3 --plot-theme dark"));
    }
}
