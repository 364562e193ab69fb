//! The study from its options to its report.

use super::plan::{self, Network, ORIGINAL};
use super::sets::{self, KeptSet};
use super::{RobustModel, RobustOptions, RobustReport, StudyAttack, choose_attacks, csv, line, matrix, spectra};
use super::{report, robust_document};
use crate::problem::Session;
use crate::report::{write_document, write_json, write_text};
use crate::study::{Event, StudyError, Watch};
use crate::train::{self, TrainError, TrainReport};
use std::fs;
use std::time::Instant;

/// Runs the study, or what is not done of it.
///
/// # Errors
/// Where an option makes no sense or the folder belongs to another study (nothing is computed then), where a training
/// diverges, and where it was interrupted (everything done is kept then).
pub fn robust(options: &RobustOptions, watch: &mut Watch<'_>) -> Result<RobustReport, StudyError> {
    let start = Instant::now();
    plan::check(options)?;
    let (attacks, missing) = choose_attacks(options)?;
    for folder in [options.out.clone(), options.out.join("sets"), options.out.join("parts")] {
        let failed = |source| StudyError::Io { operation: "making the folder", path: folder.clone(), source };
        fs::create_dir_all(&folder).map_err(failed)?;
    }
    let of = attacks.len() + 2;
    (watch.observe)(Event::Cell { name: ORIGINAL, number: 1, of });
    let original = trained(options, Network::Original, watch)?;
    let session = Session::open(plan::on_test(options, ORIGINAL))?;
    let sets: Vec<KeptSet> =
        attacks.iter().map(|a| sets::set(options, &original, a, &session, watch)).collect::<Result<_, _>>()?;
    let all = Sets { attacks: &attacks, sets: &sets };
    let mut models = vec![measured(options, Network::Original, &original, &session, all, watch)?];
    let against = attacks.iter().zip(&sets).map(|(attack, set)| (Network::Against(attack), Some((attack, set))));
    for (i, (network, pair)) in std::iter::once((Network::Control, None)).chain(against).enumerate() {
        let name = network.name();
        (watch.observe)(Event::Cell { name: &name, number: i + 2, of });
        let tuned = trained(options, network, watch)?;
        let on_test = Session::open(plan::on_test(options, &name))?;
        let mut model = measured(options, network, &tuned, &on_test, all, watch)?;
        if let Some((attack, set)) = pair {
            model.line = Some(line::line(options, (&original, &tuned), attack, &session, set, watch)?);
        }
        models.push(model);
    }
    let evaluated = session.data_part();
    let report =
        report::of(options, (&attacks, missing), models, (&original, evaluated), start.elapsed().as_secs_f64());
    write_json(&options.out.join("study.json"), &report)?;
    write_text(&options.out.join("table.csv"), &csv::csv(&report))?;
    write_document(&options.out, &robust_document(&report))?;
    Ok(report)
}

/// The attacks with their sets.
#[derive(Clone, Copy)]
struct Sets<'a> {
    attacks: &'a [StudyAttack],
    sets: &'a [KeptSet],
}

fn trained(options: &RobustOptions, network: Network<'_>, watch: &mut Watch<'_>) -> Result<TrainReport, StudyError> {
    let name = network.name();
    let observe = &mut watch.observe;
    let mut train_watch = train::Watch { observe: &mut |event| observe(Event::Train(event)), stop: watch.stop };
    train::run(&plan::training(options, network), &mut train_watch).map_err(|cause| match cause {
        TrainError::Interrupted { .. } => {
            StudyError::Interrupted { during: format!("while training {name}"), folder: options.out.clone() }
        }
        cause => StudyError::Train { cell: name, cause },
    })
}

/// A network's row of both matrices, and its spectra.
fn measured(
    options: &RobustOptions,
    network: Network<'_>,
    trained: &TrainReport,
    session: &Session,
    all: Sets<'_>,
    watch: &mut Watch<'_>,
) -> Result<RobustModel, StudyError> {
    let name = network.name();
    let row = matrix::Row { options, name: &name, trained };
    let clean = row.clean(session, watch)?;
    let pairs = || all.attacks.iter().zip(all.sets);
    let transfer = pairs()
        .map(|(attack, set)| Ok(row.transfer(session, attack, set, watch)?.accuracy))
        .collect::<Result<Vec<f64>, StudyError>>()?;
    let white_box = (all.attacks.iter())
        .map(|attack| row.white_box(session, attack, watch))
        .collect::<Result<Vec<f64>, StudyError>>()?;
    let spectra = (options.spectrum_samples.iter())
        .map(|samples| spectra::spectrum(options, &name, trained, *samples, watch))
        .collect::<Result<Vec<_>, StudyError>>()?;
    Ok(RobustModel {
        title: network.title(),
        role: network.role(),
        trained_against: network.attack().map(|a| a.label.to_string()),
        epochs: trained.epochs.len(),
        train_loss: trained.train_loss,
        train_accuracy: trained.train_accuracy,
        train_robust_accuracy: trained.epochs.last().and_then(|e| e.robust_accuracy),
        test_loss: clean.loss,
        test_accuracy: clean.accuracy,
        transfer_mean: mean(&transfer),
        transfer,
        white_box_mean: mean(&white_box),
        white_box,
        spectra,
        line: None,
        train_seconds: trained.seconds,
        name,
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
