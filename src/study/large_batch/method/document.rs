//! The comparison as a report.

use super::text::{heading, remarks};
use super::{LargeBatchMethodReport, large_batch_method_figure, pictures, tables};
use crate::report::{Block, Document, Section, grouped};
use crate::study::manifest;
use crate::train::TrainReport;

/// The report. `trainings` are those of the cells, in order; none where one diverged.
pub fn large_batch_method_document(report: &LargeBatchMethodReport, trainings: &[Option<TrainReport>]) -> Document {
    let (model, data, o) = (&report.model, &report.data, &report.options);
    let largest = grouped(o.batch_sizes.last().copied().unwrap_or_default());
    let mut first = vec![
        Block::Text(heading(report)),
        Block::Table(tables::main(report)),
        Block::picture(
            "methods",
            "Test accuracy and the largest eigenvalue of the training Hessian where each training ends. Bands: ± the standard \
             deviation over the seeds.",
            large_batch_method_figure(report),
        ),
    ];
    first.extend(tables::endings(report).map(Block::Table));
    let attacked = pictures::attacked(report).map(|figure| Section {
        title: "Accuracy under attack".to_string(),
        blocks: vec![Block::picture("attacked", "Accuracy under FGSM on the network itself.", figure)],
    });
    let training = pictures::training(report, trainings).map(|figure| Section {
        title: "While training".to_string(),
        blocks: vec![Block::picture(
            "training",
            format!(
                "What is minimised, and test accuracy, with batches of {largest}, first seed. The robust network minimises its \
                 loss on perturbed samples, which is higher."
            ),
            figure,
        )],
    });
    let sections = std::iter::once(Section { title: "Three methods".to_string(), blocks: first });
    let own = [
        ("network", format!("{} {} ({} parameters)", model.name, model.options, model.parameters)),
        ("training samples", format!("{}..{} of {}", data.range[0], data.range[1], data.available)),
        ("seeds", format!("{} from {} on", o.seeds, report.manifest.seed)),
        (
            "optimiser",
            format!(
                "SGD, momentum {}, weight decay {}, rate {}; scaled: in proportion to the batch size, {} epochs of warm-up",
                o.momentum,
                o.weight_decay,
                o.rate,
                o.warmup.unwrap_or_default()
            ),
        ),
        ("robust training", o.robust.clone().unwrap_or_else(|| "none".to_string())),
        ("stop", format!("loss {} on the clean training samples, or {} epochs", o.target_loss, o.epochs)),
        ("eigensolver", format!("{}, {} eigenvalues to a residual of {}", o.solver, o.top, o.tolerance)),
    ];
    Document {
        schema: Document::SCHEMA.to_string(),
        title: format!("Robust training as a large-batch method: {} on {}", model.name, data.name),
        question: format!(
            "Does training against perturbed inputs help where batches are very large? {} ({} parameters) is trained on {} \
             samples of {} with batches of up to {largest}: plainly, with a learning rate in proportion to the batch size, and \
             robustly.",
            model.name,
            grouped(model.parameters),
            grouped(data.samples),
            data.name,
        ),
        answer: report.answer.clone(),
        sections: sections.chain(attacked).chain(training).collect(),
        remarks: remarks(report).into_iter().chain(report.manifest.notices.iter().cloned()).collect(),
        manifest: manifest::of(&report.manifest, &report.backend, own),
        interactive: false,
    }
}
