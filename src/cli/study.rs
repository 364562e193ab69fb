//! `hesse study`.

use super::ending::{Ending, Usage};
use super::flags::{LargeBatchFlags, RobustStudyFlags, SaddleFreeFlags, StudyCommand, StudyRunFlags};
use super::{following::follow, output};
use crate::plot::{Figure, PictureFile};
use crate::report::Destination;
use crate::study::saddle_free::{saddle_free, saddle_free_figure, saddle_free_text};
use crate::study::{
    large_batch, large_batch_figure, large_batch_plan, large_batch_shard, large_batch_text, robust, robust_figure,
    robust_plan, robust_text,
};
use serde::Serialize;
use std::path::Path;

pub(super) fn run(study: &StudyCommand, command: &[String]) -> anyhow::Result<Ending> {
    match study {
        StudyCommand::LargeBatch(flags) => run_large_batch(flags, command),
        StudyCommand::Robust(flags) => run_robust(flags, command),
        StudyCommand::SaddleFree(flags) => run_saddle_free(flags, command),
        StudyCommand::Merge(flags) => super::merge::run(flags),
    }
}

/// Where the results of a study go besides its folder.
struct Places {
    destination: Option<Destination>,
    picture: Option<PictureFile>,
}

impl Places {
    /// Before the work, so that a place that cannot be written is found then.
    fn prepare(flags: &StudyRunFlags) -> anyhow::Result<Self> {
        Ok(Places { destination: flags.output.prepare()?, picture: flags.plot.prepare()? })
    }

    /// After it: notices, text, picture and JSON.
    fn fill<R: Serialize>(
        self,
        report: &R,
        (text, notices): (String, &[String]),
        figure: impl FnOnce() -> Figure,
        folder: &Path,
    ) -> anyhow::Result<()> {
        output::notes(notices);
        if !self.destination.as_ref().is_some_and(Destination::is_output) {
            let page = folder.join("report.html");
            output::print(&format!("{text}report in {}\n", page.display()))?;
        }
        if let Some(picture) = self.picture {
            picture.write(&figure())?;
        }
        if let Some(destination) = self.destination {
            destination.finish(report)?;
        }
        Ok(())
    }
}

/// Exit code 3 where something did not come out as wanted and `strict` asks for it.
fn ending(strict: bool, complete: bool) -> Ending {
    if strict && !complete { Ending::Unconverged } else { Ending::Done }
}

pub(super) fn run_large_batch(flags: &LargeBatchFlags, command: &[String]) -> anyhow::Result<Ending> {
    let options = flags.options(command).map_err(Usage)?;
    output::note(&format!("plan:\n{}", large_batch_plan(&options)?));
    if let Some(shard) = flags.shard {
        let done = follow(|watch| large_batch_shard(&options, shard, watch))?;
        output::print(&format!(
            "part {shard}: {} of {} cells are done in {}; `hesse study merge` puts the parts together\n",
            done.cells.len(),
            done.of,
            options.out.display()
        ))?;
        return Ok(Ending::Done);
    }
    let places = Places::prepare(&flags.run)?;
    let report = follow(|watch| large_batch(&options, watch))?;
    let words = (large_batch_text(&report), report.manifest.notices.as_slice());
    places.fill(&report, words, || large_batch_figure(&report), &options.out)?;
    Ok(ending(flags.strict, report.targets_reached && report.converged))
}

fn run_robust(flags: &RobustStudyFlags, command: &[String]) -> anyhow::Result<Ending> {
    let options = flags.options(command);
    let places = Places::prepare(&flags.run)?;
    output::note(&format!("plan:\n{}", robust_plan(&options)?));
    let report = follow(|watch| robust(&options, watch))?;
    let words = (robust_text(&report), report.manifest.notices.as_slice());
    places.fill(&report, words, || robust_figure(&report), &options.out)?;
    Ok(ending(flags.strict, report.converged))
}

fn run_saddle_free(flags: &SaddleFreeFlags, command: &[String]) -> anyhow::Result<Ending> {
    let options = flags.options(command);
    let places = Places::prepare(&flags.run)?;
    let report = follow(|watch| saddle_free(&options, watch))?;
    let words = (saddle_free_text(&report), report.manifest.notices.as_slice());
    places.fill(&report, words, || saddle_free_figure(&report), &options.out)?;
    Ok(ending(flags.strict, report.as_expected))
}
