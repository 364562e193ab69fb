//! The study of large batches as a report, made from what the study measured.

use super::answer::remarks;
use super::report::LargeBatchReport;
use super::text::heading;
use super::{large_batch_figure, paper, pictures, tables};
use crate::plot::Figure;
use crate::report::{Block, DataTable, Document, Section, grouped};
use crate::study::manifest;
use crate::train::TrainReport;

/// The report. `trainings` are those of the cells, in order.
pub fn large_batch_document(report: &LargeBatchReport, trainings: &[TrainReport]) -> Document {
    let (model, data, o) = (&report.model, &report.data, &report.options);
    let section = |title: &str, blocks: Vec<Option<Block>>| Section {
        title: title.to_string(),
        blocks: blocks.into_iter().flatten().collect(),
    };
    let sections = [
        section("Sharpness and batch size", vec![
            Some(Block::Text(heading(report))),
            table(tables::main(report)),
            picture(
                "lambda1",
                "The largest eigenvalue where each training ends, against the batch size. Bands: ± the standard deviation over \
                 the seeds.",
                Some(large_batch_figure(report)),
            ),
        ]),
        section("Trends", vec![
            report.spearman.train.and_then(|_| table(Some(tables::trends(report)))),
            table(tables::predictions(report)),
            (!report.differences.is_empty())
                .then(|| Block::Text(format!("Not as in the paper. {}", report.differences.join(" ")))),
        ]),
        section("Accuracy under attack", vec![
            picture(
                "attacked",
                "Accuracy under attacks on the network itself against the batch size.",
                pictures::attacked_accuracy(report),
            ),
            table(tables::attacked(report, "FGSM")),
            table(tables::attacked(report, "FGSM-10")),
        ]),
        section("Robust training", vec![
            report.options.robust.as_ref().map(|robust| {
                Block::Text(format!(
                    "The same trainings against perturbed inputs ({robust}), to the same loss on the clean training samples."
                ))
            }),
            table(tables::ratios(report)),
        ]),
        section("Curvature in the input", vec![
            picture(
                "inputs",
                "The largest λ₁ of any sample's own Hessian by its pixels, and the length of the summed loss's gradient by all \
                 pixels.",
                pictures::inputs(report),
            ),
            table(tables::inputs(report)),
        ]),
        section("The largest eigenvalues", vec![
            picture(
                "spectrum",
                &format!("The {} largest eigenvalues of the training Hessian by rank, first seed (the paper's Figure 1).", o.top),
                Some(pictures::spectrum(report)),
            ),
            table(Some(tables::eigenvalues(report))),
        ]),
        section("The loss around the end of training", vec![
            picture(
                "lines",
                "The loss along the dominant eigenvector of the training Hessian, first seed (the paper's Figure 2).",
                pictures::lines(report),
            ),
            picture(
                "planes",
                "The training loss over the plane of the first two eigenvectors, smallest and largest batch, first seed (the \
                 paper's Figure 3). All maps have the same colours.",
                pictures::planes(report),
            ),
        ]),
        section("While training", vec![
            picture(
                "track",
                &format!(
                    "λ₁ and the length of the gradient on the first {} training samples, first seed (the paper's Figure 4).",
                    grouped(trainings.iter().filter_map(|t| t.track.as_ref()).map(|t| t.samples[1] - t.samples[0]).max().unwrap_or(0))
                ),
                pictures::tracks(report),
            ),
            picture(
                "training",
                "What is minimised, and test accuracy, against epochs, first seed.",
                Some(pictures::training(report, trainings)),
            ),
            picture(
                "accuracy",
                "Accuracy where each training ends, and the length of the loss's gradient there.",
                Some(pictures::accuracy(report)),
            ),
        ]),
        section("Beside the paper", match paper::recalled(report) {
            Some(recalled) => vec![
                Some(Block::Text(
                    "The paper does not give its learning rate and number of epochs, and its values are quoted from memory of \
                     the published table: compare the trend, not the numbers."
                        .to_string(),
                )),
                table(Some(recalled)),
            ],
            None => Vec::new(),
        }),
    ];
    let own = [
        ("network", format!("{} {} ({} parameters)", model.name, model.options, model.parameters)),
        ("training samples", format!("{}..{} of {}", data.range[0], data.range[1], data.available)),
        ("seeds", format!("{} from {} on", o.seeds, report.manifest.seed)),
        (
            "optimiser",
            format!("SGD, momentum {}, weight decay {}, rate {} ({})", o.momentum, o.weight_decay, o.rate, o.rate_rule),
        ),
        ("robust training", o.robust.clone().unwrap_or_else(|| "none".to_string())),
        ("stop", format!("loss {} on the clean training samples, or {} epochs", o.target_loss, o.epochs)),
        ("eigensolver", format!("{}, {} eigenvalues to a residual of {}", o.solver, o.top, o.tolerance)),
    ];
    Document {
        schema: Document::SCHEMA.to_string(),
        title: format!("Large batches: {} on {}", model.name, data.name),
        question: format!(
            "Does training with large batches end where the loss is sharper and the network more easily fooled? {} ({} \
             parameters) is trained on {} samples of {} with each batch size until the training loss is {}, everything else \
             alike.",
            model.name,
            grouped(model.parameters),
            grouped(data.samples),
            data.name,
            o.target_loss
        ),
        answer: report.answer.clone(),
        sections: sections.into_iter().filter(|s| !s.blocks.is_empty()).collect(),
        remarks: remarks(report).into_iter().chain(report.manifest.notices.iter().cloned()).collect(),
        manifest: manifest::of(&report.manifest, &report.backend, own),
        interactive: false,
    }
}

fn table(table: Option<DataTable>) -> Option<Block> {
    table.filter(|t| !t.rows.is_empty()).map(Block::Table)
}

fn picture(name: &str, caption: &str, figure: Option<Figure>) -> Option<Block> {
    figure.map(|figure| Block::picture(name, caption, figure))
}
