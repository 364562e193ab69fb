//! The study from its options to its report.

use super::plan::{self, Network, ORIGINAL};
use super::sets::{self, KeptSet};
use super::{RobustModel, RobustOptions, RobustReport, StudyAttack, choose_attacks, csv, line, matrix, spectra};
use super::{report, robust_document};
use crate::problem::Session;
use crate::study::piece::Claim;
use crate::study::publish::publish;
use crate::study::{Event, Piece, StudyError, Watch};
use crate::train::{self, TrainError, TrainReport};
use std::fs;

/// Runs the study, or what is not done of it.
///
/// # Errors
/// Where an option makes no sense or the folder belongs to another study (nothing is computed then), where a training
/// diverges, and where it was interrupted (everything done is kept then).
pub fn robust(options: &RobustOptions, watch: &mut Watch<'_>) -> Result<RobustReport, StudyError> {
    plan::check(options)?;
    let (attacks, missing) = choose_attacks(options)?;
    folders(options)?;
    let of = attacks.len() + 2;
    let base = Base::new(options, &attacks, of, watch)?;
    let mut models = vec![measured(options, Network::Original, &base.original, &base.session, base.all(), watch)?];
    for (i, network) in tuned(&attacks).enumerate() {
        models.push(base.model(options, network, (i + 2, of), watch)?);
    }
    let evaluated = base.session.data_part();
    let report = report::of(
        options,
        (&attacks, missing),
        models,
        (&base.original, evaluated),
        watch.since.elapsed().as_secs_f64(),
    );
    publish(&options.out, &report, &csv::csv(&report), &robust_document(&report), watch)?;
    Ok(report)
}

/// What can be done apart: the plain training with the sets made on it, and once that is done every network.
///
/// # Errors
/// Where an option makes no sense.
pub fn robust_pieces(options: &RobustOptions) -> Result<Vec<Piece>, StudyError> {
    plan::check(options)?;
    let (attacks, _) = choose_attacks(options)?;
    let piece = |id: &str, name: &str, stage, cost| Piece { id: id.to_string(), name: name.to_string(), stage, cost };
    let mut all = vec![
        piece(ORIGINAL, "plain training and adversarial sets", 0, 0.0),
        piece(MEASURED, "matrices and spectra of the original", 1, 0.0),
    ];
    // Networks are trained besides being measured, and those against an attack make examples for it.
    all.extend(tuned(&attacks).map(|n| piece(&n.name(), &n.title(), 1, if n.attack().is_some() { 2.0 } else { 1.0 })));
    Ok(all)
}

/// Does what is not done of one piece.
///
/// # Errors
/// As [`robust`], and where there is no such piece.
pub fn robust_piece(options: &RobustOptions, id: &str, watch: &mut Watch<'_>) -> Result<(), StudyError> {
    plan::check(options)?;
    let (attacks, _) = choose_attacks(options)?;
    folders(options)?;
    let of = attacks.len() + 2;
    let found = tuned(&attacks).enumerate().find(|(_, network)| network.name() == id);
    if found.is_none() && ![ORIGINAL, MEASURED].contains(&id) {
        return Err(StudyError::no_piece(id));
    }
    let base = Base::new(options, &attacks, of, watch)?;
    if let Some((i, network)) = found {
        base.model(options, network, (i + 2, of), watch)?;
    } else if id == MEASURED {
        measured(options, Network::Original, &base.original, &base.session, base.all(), watch)?;
    }
    Ok(())
}

/// The piece that measures the original.
const MEASURED: &str = "original-measured";

/// The networks that begin at the original.
fn tuned(attacks: &[StudyAttack]) -> impl Iterator<Item = Network<'_>> {
    std::iter::once(Network::Control).chain(attacks.iter().map(Network::Against))
}

fn folders(options: &RobustOptions) -> Result<(), StudyError> {
    for folder in [options.out.clone(), options.out.join("sets"), options.out.join("parts")] {
        let failed = |source| StudyError::Io { operation: "making the folder", path: folder.clone(), source };
        fs::create_dir_all(&folder).map_err(failed)?;
    }
    Ok(())
}

/// What every network needs: the original, and the sets made on it.
struct Base<'a> {
    attacks: &'a [StudyAttack],
    original: TrainReport,
    session: Session,
    sets: Vec<KeptSet>,
}

impl<'a> Base<'a> {
    fn new(
        options: &RobustOptions,
        attacks: &'a [StudyAttack],
        of: usize,
        watch: &mut Watch<'_>,
    ) -> Result<Self, StudyError> {
        (watch.observe)(Event::Cell { name: ORIGINAL, number: 1, of });
        let claim = claim(options, ORIGINAL, watch)?;
        let original = trained(options, Network::Original, watch)?;
        let session = Session::open(plan::on_test(options, ORIGINAL))?;
        let sets = attacks.iter().map(|a| sets::set(options, &original, a, &session, watch));
        let sets = sets.collect::<Result<_, _>>()?;
        drop(claim);
        Ok(Base { attacks, original, session, sets })
    }

    fn all(&self) -> Sets<'_> {
        Sets { attacks: self.attacks, sets: &self.sets }
    }

    /// Trains and measures a network that begins at the original.
    fn model(
        &self,
        options: &RobustOptions,
        network: Network<'_>,
        (number, of): (usize, usize),
        watch: &mut Watch<'_>,
    ) -> Result<RobustModel, StudyError> {
        let name = network.name();
        (watch.observe)(Event::Cell { name: &name, number, of });
        let _claim = claim(options, &name, watch)?;
        let tuned = trained(options, network, watch)?;
        let on_test = Session::open(plan::on_test(options, &name))?;
        let mut model = measured(options, network, &tuned, &on_test, self.all(), watch)?;
        let set = network.attack().and_then(|attack| {
            let at = self.attacks.iter().position(|a| a == attack)?;
            Some((attack, self.sets.get(at)?))
        });
        if let Some((attack, set)) = set {
            model.line = Some(line::line(options, (&self.original, &tuned), attack, &self.session, set, watch)?);
        }
        Ok(model)
    }
}

/// No other process trains or measures a network for as long as this is kept.
fn claim(options: &RobustOptions, name: &str, watch: &Watch<'_>) -> Result<Claim, StudyError> {
    Claim::wait(&options.out.join(name), watch.stop)?.ok_or_else(|| StudyError::Interrupted {
        during: format!("while waiting for another process at {name}"),
        folder: options.out.clone(),
    })
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
