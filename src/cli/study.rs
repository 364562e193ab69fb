//! `hesse study`.

use super::ending::{Ending, Usage};
use super::flags::{LargeBatchFlags, RobustStudyFlags, SaddleFreeFlags, StudyCommand, StudyRunFlags};
use super::jobs::{self, Pool};
use super::{following::follow, output};
use crate::plot::{Figure, PictureFile};
use crate::report::{Destination, rebuild_document_with};
use crate::study::saddle_free::{
    saddle_free, saddle_free_figure, saddle_free_piece, saddle_free_pieces, saddle_free_plan, saddle_free_text,
};
use crate::study::{
    Piece, StudyError, StudyPlan, large_batch, large_batch_figure, large_batch_method, large_batch_method_figure,
    large_batch_method_piece, large_batch_method_pieces, large_batch_method_plan, large_batch_method_text,
    large_batch_piece, large_batch_pieces, large_batch_plan, large_batch_shard, large_batch_text, robust,
    robust_figure, robust_piece, robust_pieces, robust_plan, robust_text,
};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

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
    interactive: bool,
    destination: Option<Destination>,
    picture: Option<PictureFile>,
}

impl Places {
    /// Before the work, so that a place that cannot be written is found then.
    fn prepare(flags: &StudyRunFlags) -> anyhow::Result<Self> {
        Ok(Places {
            interactive: flags.interactive,
            destination: flags.output.prepare()?,
            picture: flags.plot.prepare()?,
        })
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
        if self.interactive {
            rebuild_document_with(folder, true)?;
        }
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

/// Tells the plan of a study, and does its pieces in several processes where there are more than one at once; the study
/// itself finds them done afterwards.
fn begin(
    flags: &StudyRunFlags,
    command: &[String],
    (folder, budget): (&Path, usize),
    plan: impl FnOnce() -> Result<StudyPlan, StudyError>,
    pieces: impl FnOnce() -> Result<Vec<Piece>, StudyError>,
) -> anyhow::Result<()> {
    let plan = plan()?;
    output::note(&format!("plan:\n{plan}"));
    let pieces = pieces()?;
    if plan.cells.iter().all(|cell| cell.done) {
        return Ok(());
    }
    let Some(share) = jobs::ready(flags, pieces.len(), (plan.memory, budget)) else { return Ok(()) };
    let threads = if share.threads == 1 { "one thread" } else { &format!("{} threads", share.threads) };
    output::note(&format!("{} processes at once, each with {threads}", share.jobs));
    Pool { command, folder, share }.run(&pieces)
}

pub(super) fn run_large_batch(flags: &LargeBatchFlags, command: &[String]) -> anyhow::Result<Ending> {
    let since = Instant::now();
    let options = flags.options(jobs::of_the_parent(command)).map_err(Usage)?;
    if let Some(id) = &flags.run.piece {
        return Ok(jobs::serve(|watch| large_batch_piece(&options, id, watch))?);
    }
    let places = if flags.shard.is_none() { Some(Places::prepare(&flags.run)?) } else { None };
    let own = || {
        let all = large_batch_pieces(&options)?.into_iter().enumerate();
        Ok(all.filter(|(i, _)| flags.shard.is_none_or(|s| s.has(*i))).map(|p| p.1).collect())
    };
    begin(&flags.run, command, (&options.out, options.memory), || large_batch_plan(&options), own)?;
    if let Some(shard) = flags.shard {
        let done = follow(since, |watch| large_batch_shard(&options, shard, watch))?;
        output::print(&format!(
            "part {shard}: {} of {} cells are done in {}; `hesse study merge` puts the parts together\n",
            done.cells.len(),
            done.of,
            options.out.display()
        ))?;
    }
    let Some(places) = places else { return Ok(Ending::Done) };
    let report = follow(since, |watch| large_batch(&options, watch))?;
    let words = (large_batch_text(&report), report.manifest.notices.as_slice());
    places.fill(&report, words, || large_batch_figure(&report), &options.out)?;
    Ok(ending(flags.strict, report.targets_reached && report.converged))
}

fn run_robust(flags: &RobustStudyFlags, command: &[String]) -> anyhow::Result<Ending> {
    let since = Instant::now();
    if flags.method.as_large_batch_method {
        return run_method(flags, command);
    }
    let options = flags.options(jobs::of_the_parent(command));
    if let Some(id) = &flags.run.piece {
        return Ok(jobs::serve(|watch| robust_piece(&options, id, watch))?);
    }
    let places = Places::prepare(&flags.run)?;
    let place = (options.out.as_path(), options.memory);
    begin(&flags.run, command, place, || robust_plan(&options), || robust_pieces(&options))?;
    let report = follow(since, |watch| robust(&options, watch))?;
    let words = (robust_text(&report), report.manifest.notices.as_slice());
    places.fill(&report, words, || robust_figure(&report), &options.out)?;
    Ok(ending(flags.strict, report.converged))
}

fn run_method(flags: &RobustStudyFlags, command: &[String]) -> anyhow::Result<Ending> {
    let since = Instant::now();
    let options = flags.method_options(jobs::of_the_parent(command)).map_err(Usage)?;
    if let Some(id) = &flags.run.piece {
        return Ok(jobs::serve(|watch| large_batch_method_piece(&options, id, watch))?);
    }
    let places = Places::prepare(&flags.run)?;
    let place = (options.out.as_path(), options.memory);
    begin(&flags.run, command, place, || large_batch_method_plan(&options), || large_batch_method_pieces(&options))?;
    let report = follow(since, |watch| large_batch_method(&options, watch))?;
    let words = (large_batch_method_text(&report), report.manifest.notices.as_slice());
    places.fill(&report, words, || large_batch_method_figure(&report), &options.out)?;
    Ok(ending(flags.strict, report.converged))
}

fn run_saddle_free(flags: &SaddleFreeFlags, command: &[String]) -> anyhow::Result<Ending> {
    let since = Instant::now();
    let options = flags.options(jobs::of_the_parent(command));
    if let Some(id) = &flags.run.piece {
        return Ok(jobs::serve(|watch| saddle_free_piece(&options, id, watch))?);
    }
    let places = Places::prepare(&flags.run)?;
    let place = (options.out.as_path(), options.memory);
    begin(&flags.run, command, place, || saddle_free_plan(&options), || saddle_free_pieces(&options))?;
    let report = follow(since, |watch| saddle_free(&options, watch))?;
    let words = (saddle_free_text(&report), report.manifest.notices.as_slice());
    places.fill(&report, words, || saddle_free_figure(&report), &options.out)?;
    Ok(ending(flags.strict, report.as_expected))
}
