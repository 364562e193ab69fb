//! The pictures of the study: the paper's Figures 1 to 4, and what its Table 1 says as curves.

use super::attacked::ATTACKS;
use super::cell::{CellReport, Variant};
use super::group::Group;
use super::quantity::attacked;
use super::report::LargeBatchReport;
use super::tables::first_seed;
use crate::plot::charts::{EigenBar, eigenvalues};
use crate::plot::{Axis, Chart, Figure, Filling, Map, Panel, Part, Scale, Series, Style};
use crate::report::{grouped, significant};
use crate::study::Eigenvalue;
use crate::train::{EpochRecord, TrackRecord, TrainReport};

/// λ₁ against the batch size, both logarithmic: the study at a glance.
pub fn large_batch_figure(report: &LargeBatchReport) -> Figure {
    let curves = curves(&report.groups, &[("train", "lambda_train", 1.0), ("test", "lambda_test", 1.0)]);
    let title = format!("{} on {}", report.model.name, report.data.name);
    over_batches(&report.options.batch_sizes, &title, positive("largest eigenvalue λ₁", &curves), curves).into()
}

/// One curve for each variant and each of these quantities, with a band of ± the spread over the seeds.
pub(super) fn curves(groups: &[Group], wanted: &[(&str, &str, f64)]) -> Vec<Series> {
    let mut all = Vec::new();
    let several = groups.iter().any(|g| g.variant != Variant::Plain);
    for variant in [Variant::Plain, Variant::Scaled, Variant::Robust] {
        for (name, quantity, factor) in wanted {
            let of = groups.iter().filter(|g| g.variant == variant);
            let found: Vec<(f64, super::Statistic)> =
                of.filter_map(|g| Some((g.batch_size as f64, *g.values.get(*quantity)?))).collect();
            if found.is_empty() {
                continue;
            }
            let label = match (several, name.is_empty()) {
                (false, _) => (*name).to_string(),
                (true, true) => variant.to_string(),
                (true, false) => format!("{variant}, {name}"),
            };
            let line = found.iter().map(|(b, s)| [*b, factor * s.mean]);
            let mut series = Series::line(label, Style::nth(all.len()), line);
            if found.iter().any(|(_, s)| s.spread.is_some()) {
                let band = |(b, s): &(f64, super::Statistic)| {
                    let [low, high] = s.band();
                    // Below zero a logarithmic axis has no place: the band ends at half the mean then.
                    let low = if s.mean > 0.0 && low <= 0.0 { 0.5 * s.mean } else { low };
                    [*b, factor * low, factor * high]
                };
                series = series.over(Part::Band(found.iter().map(band).collect()));
            }
            all.push(series);
        }
    }
    all
}

/// A logarithmic axis where every value of the curves allows it.
pub(super) fn positive(label: &str, series: &[Series]) -> Axis {
    let all = series.iter().flat_map(|s| &s.parts).all(|part| match part {
        Part::Line(points) => points.iter().all(|p| p[1] > 0.0),
        _ => true,
    });
    if all { Axis::log(label) } else { Axis::new(label) }
}

/// A chart over batch sizes, with a mark for each.
pub(super) fn over_batches(batches: &[usize], title: &str, y: Axis, series: Vec<Series>) -> Chart {
    let marks = batches.iter().map(|b| (*b as f64, grouped(*b))).collect();
    Chart { title: title.to_string(), x: Axis::log("batch size").marks(marks), y, series, ..Chart::default() }
}

/// Figure 1: the largest eigenvalues by rank, plain beside robust.
pub(super) fn spectrum(report: &LargeBatchReport) -> Figure {
    let panel = |variant: Variant, title: &str| -> Option<Panel> {
        let groups: Vec<(String, Vec<EigenBar>)> = first_seed(report)
            .filter(|c| c.variant == variant)
            .map(|c| {
                let size = c.train.largest.iter().map(|p| p.value.abs()).fold(0.0, f64::max);
                let bar = |p: &Eigenvalue| EigenBar { value: p.value, residual: p.residual * size };
                (format!("batch {}", grouped(c.batch_size)), c.train.largest.iter().map(bar).collect())
            })
            .collect();
        (!groups.is_empty()).then(|| eigenvalues(title, &groups).into())
    };
    let panels = [panel(Variant::Plain, "Plain training"), panel(Variant::Robust, "Robust training")];
    Figure::row("", panels.into_iter().flatten().collect())
}

/// Accuracy under each attack against the batch size, test samples.
pub(super) fn attacked_accuracy(report: &LargeBatchReport) -> Option<Figure> {
    let panels: Vec<Panel> = ATTACKS
        .into_iter()
        .filter_map(|(attack, _)| {
            let names: Vec<(String, String)> =
                (report.options.epsilons.iter()).map(|e| (format!("ε {e}"), attacked(attack, *e, false))).collect();
            let wanted: Vec<(&str, &str, f64)> = names.iter().map(|(t, n)| (t.as_str(), n.as_str(), 100.0)).collect();
            let series = curves(&report.groups, &wanted);
            let axis = Axis::new("accuracy / %").range(0.0, 100.0);
            (!series.is_empty()).then(|| {
                over_batches(&report.options.batch_sizes, &format!("{attack}, test samples"), axis, series).into()
            })
        })
        .collect();
    (!panels.is_empty()).then(|| Figure::row("", panels))
}

/// Curvature and slope in the input against the batch size.
pub(super) fn inputs(report: &LargeBatchReport) -> Option<Figure> {
    let panel = |title: &str, label: &str, train: &str, test: &str| -> Option<Panel> {
        let series = curves(&report.groups, &[("train", train, 1.0), ("test", test, 1.0)]);
        (!series.is_empty())
            .then(|| over_batches(&report.options.batch_sizes, title, positive(label, &series), series).into())
    };
    let panels: Vec<Panel> = [
        panel("Input Hessian", "largest λ₁ˣ of any sample", "input_lambda_train", "input_lambda_test"),
        panel("Input gradient", "‖∇ₓ‖ of the summed loss", "input_gradient_train", "input_gradient_test"),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!panels.is_empty()).then(|| Figure::row("", panels))
}

/// Accuracy and the length of the gradient against the batch size.
pub(super) fn accuracy(report: &LargeBatchReport) -> Figure {
    let share = [("train", "train_accuracy", 100.0), ("test", "test_accuracy", 100.0)];
    let slope = curves(&report.groups, &[("train", "gradient_norm_train", 1.0), ("test", "gradient_norm_test", 1.0)]);
    Figure::row(
        "",
        vec![
            over_batches(
                &report.options.batch_sizes,
                "Accuracy",
                Axis::new("accuracy / %"),
                curves(&report.groups, &share),
            )
            .into(),
            over_batches(&report.options.batch_sizes, "Gradient", positive("‖∇L‖ by the weights", &slope), slope)
                .into(),
        ],
    )
}

/// A series for each cell of the first seed and one variant.
fn by_cell<'a>(
    cells: impl Iterator<Item = &'a CellReport>,
    points: impl Fn(&CellReport) -> Vec<[f64; 2]>,
) -> Vec<Series> {
    let found = cells.map(|c| (c, points(c))).filter(|(_, points)| !points.is_empty());
    found
        .enumerate()
        .map(|(i, (c, points))| Series::line(format!("batch {}", grouped(c.batch_size)), Style::nth(i), points))
        .collect()
}

/// Title, label of the axis, and the points of a cell.
type Curve<'a> = (&'a str, &'a str, &'a dyn Fn(&CellReport) -> Vec<[f64; 2]>);

/// Panels of the first seed: plain, then robust, each in as many pictures as there are values.
fn panels(report: &LargeBatchReport, x: &dyn Fn() -> Axis, values: &[Curve<'_>]) -> Option<Figure> {
    let mut all: Vec<Panel> = Vec::new();
    for variant in [Variant::Plain, Variant::Robust] {
        for (title, label, points) in values {
            let series = by_cell(first_seed(report).filter(|c| c.variant == variant), points);
            if !series.is_empty() {
                let title = format!("{title}, {variant} training");
                all.push(Chart { title, x: x(), y: positive(label, &series), series, ..Chart::default() }.into());
            }
        }
    }
    let columns = values.len().clamp(1, 3);
    (!all.is_empty()).then(|| Figure { title: String::new(), panels: all, columns, note: String::new() })
}

/// Figure 2: the loss along v₁.
pub(super) fn lines(report: &LargeBatchReport) -> Option<Figure> {
    let values: [Curve<'_>; 2] = [
        ("Training loss", "mean loss", &|c| c.line.iter().map(|p| [p.step, p.train]).collect()),
        ("Test loss", "mean loss", &|c| c.line.iter().map(|p| [p.step, p.test]).collect()),
    ];
    panels(report, &|| Axis::new("step along v₁ of the training Hessian"), &values)
}

/// Figure 4: λ₁ and the gradient while training.
pub(super) fn tracks(report: &LargeBatchReport) -> Option<Figure> {
    let pick = |c: &CellReport, value: fn(&TrackRecord) -> Option<f64>| -> Vec<[f64; 2]> {
        c.track.iter().filter_map(|r| Some([r.epoch, value(r)?])).collect()
    };
    let values: [Curve<'_>; 2] = [
        ("λ₁", "largest eigenvalue λ₁", &|c| pick(c, |r| r.lambda1)),
        ("Gradient", "‖∇L‖", &|c| pick(c, |r| r.gradient_norm)),
    ];
    panels(report, &|| Axis::new("epoch"), &values)
}

/// Figure 3: the loss over the plane of v₁ and v₂, for the smallest and the largest batch, with the same colours.
pub(super) fn planes(report: &LargeBatchReport) -> Option<Figure> {
    let mut shown: Vec<&CellReport> = Vec::new();
    for variant in [Variant::Plain, Variant::Robust] {
        let of: Vec<&CellReport> = first_seed(report).filter(|c| c.variant == variant && c.plane.is_some()).collect();
        shown.extend(of.first());
        shown.extend(of.last().filter(|_| of.len() > 1));
    }
    let all = || shown.iter().filter_map(|c| c.plane.as_ref()).flat_map(|p| p.losses.iter().copied());
    let finite = || all().filter(|v| v.is_finite());
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let scale = if low > 0.0 && high > 10.0 * low { Scale::Log } else { Scale::Linear };
    let map = |cell: &&CellReport| -> Option<Panel> {
        let plane = cell.plane.as_ref()?;
        let second = cell.train.largest.get(1).map_or(f64::NAN, |p| p.value);
        let map = Map {
            title: format!("Batch {}, {} training", grouped(cell.batch_size), cell.variant),
            x: Axis::new("step along v₁"),
            y: Axis::new("step along v₂"),
            xs: plane.steps.clone(),
            ys: plane.steps.clone(),
            values: plane.losses.clone(),
            label: "mean training loss".to_string(),
            scale,
            range: (low < high).then_some([low, high]),
            filling: Filling::Contours,
            rings: vec![[0.0, 0.0]],
            note: format!("λ₁ {}, λ₂ {}", significant(cell.train.lambda(), 3), significant(second, 3)),
            ..Map::default()
        };
        Some(map.into())
    };
    let panels: Vec<Panel> = shown.iter().filter_map(map).collect();
    (!panels.is_empty()).then(|| Figure {
        title: String::new(),
        columns: panels.len().min(2),
        panels,
        note: String::new(),
    })
}

/// Loss and accuracy while training, first seed.
pub(super) fn training(report: &LargeBatchReport, trainings: &[TrainReport]) -> Figure {
    let first: Vec<(&CellReport, &TrainReport)> = report.cells.iter().zip(trainings).collect();
    let seed = report.cells.first().map(|c| c.seed);
    let mut panels: Vec<Panel> = Vec::new();
    for variant in [Variant::Plain, Variant::Robust] {
        let of: Vec<(&CellReport, &TrainReport)> =
            first.iter().filter(|(c, _)| Some(c.seed) == seed && c.variant == variant).copied().collect();
        if of.is_empty() {
            continue;
        }
        let series = |pick: fn(&EpochRecord) -> f64| -> Vec<Series> {
            let line = |(i, (cell, training)): (usize, &(&CellReport, &TrainReport))| {
                let points = training.epochs.iter().map(|e| [e.epoch as f64, pick(e)]);
                Series::line(format!("batch {}", grouped(cell.batch_size)), Style::nth(i).bare(), points)
            };
            of.iter().enumerate().map(line).collect()
        };
        let mut losses = series(|e| e.loss);
        let target = Style { color: 7, ..Style::nth(3) }.bare();
        losses.push(Series::new("target", target, Part::Level(report.options.target_loss)));
        let chart = |title: String, y: Axis, series: Vec<Series>| -> Panel {
            Chart { title, x: Axis::log("epoch"), y, series, ..Chart::default() }.into()
        };
        panels.push(chart(format!("Objective, {variant} training"), Axis::log("mean over the epoch"), losses));
        let accuracy = series(|e| 100.0 * e.test_accuracy);
        panels.push(chart(format!("Test samples, {variant} training"), Axis::new("accuracy / %"), accuracy));
    }
    Figure { title: String::new(), panels, columns: 2, note: String::new() }
}
