//! The loss along one or two directions, with the quadratic model.

use crate::plot::{Axis, Chart, Figure, Filling, Map, Overlay, Panel, Part, Scale, Series, Style};

/// Loss and accuracy along a line: `at` are the steps, `model` the quadratic model there (may be empty).
pub fn line_landscape(title: &str, step: &str, at: &[f64], loss: &[f64], accuracy: &[f64], model: &[f64]) -> Figure {
    let pairs = |values: &[f64], factor: f64| -> Vec<[f64; 2]> {
        at.iter().zip(values).map(|(x, v)| [*x, factor * v]).collect()
    };
    let mut losses = vec![Series::line("loss", Style::nth(0), pairs(loss, 1.0))];
    let mut axis = Axis::new("mean loss");
    if !model.is_empty() {
        losses.push(Series::line("quadratic model", Style::nth(1).bare(), pairs(model, 1.0)));
        // The model may run away from the loss; what matters is where they agree.
        let finite = loss.iter().copied().filter(|v| v.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let lowest = model.iter().copied().filter(|v| v.is_finite()).fold(low, f64::min).max(low - 0.3 * (high - low));
        if high > low {
            axis = axis.range(lowest - 0.05 * (high - lowest), high + 0.05 * (high - lowest));
        }
    }
    let centre = Style { color: 7, ..Style::nth(3) }.bare();
    losses.insert(0, Series::new("", centre, Part::At(0.0)));
    let chart = |title: &str, y: Axis, series: Vec<Series>| -> Panel {
        Chart { title: title.to_string(), x: Axis::new(step), y, series, note: String::new() }.into()
    };
    let mut panels = vec![chart("Loss", axis, losses)];
    if accuracy.iter().any(|v| v.is_finite()) {
        let line = Series::line("", Style::nth(2), pairs(accuracy, 100.0));
        panels.push(chart("Accuracy", Axis::new("accuracy / %"), vec![Series::new("", centre, Part::At(0.0)), line]));
    }
    Figure::row(title, panels)
}

/// Loss (and accuracy) over a plane, row by row, with the quadratic model as broken lines. Colours follow the logarithm
/// where the loss spans more than a power of ten.
#[allow(clippy::too_many_arguments, reason = "each is a different list of a landscape")]
pub fn plane_landscape(
    title: &str,
    steps: [&str; 2],
    xs: &[f64],
    ys: &[f64],
    loss: &[f64],
    accuracy: &[f64],
    model: &[f64],
) -> Figure {
    let finite: Vec<f64> = loss.iter().copied().filter(|v| v.is_finite()).collect();
    let (low, high) = finite.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    let scale = if low > 0.0 && high > 10.0 * low { Scale::Log } else { Scale::Linear };
    let [step_x, step_y] = steps;
    let map = |title: &str, label: &str, values: Vec<f64>, scale: Scale| Map {
        title: title.to_string(),
        x: Axis::new(step_x),
        y: Axis::new(step_y),
        xs: xs.to_vec(),
        ys: ys.to_vec(),
        values,
        label: label.to_string(),
        scale,
        filling: Filling::Contours,
        rings: vec![[0.0, 0.0]],
        ..Map::default()
    };
    let mut losses = map("Loss", "mean loss", loss.to_vec(), scale);
    if !model.is_empty() {
        losses.overlay = Some(Overlay { name: "quadratic model, same levels".to_string(), values: model.to_vec() });
    }
    let mut panels: Vec<Panel> = vec![losses.into()];
    if accuracy.iter().any(|v| v.is_finite()) {
        let shares = accuracy.iter().map(|v| 100.0 * v).collect();
        panels.push(map("Accuracy", "accuracy / %", shares, Scale::Linear).into());
    }
    Figure::row(title, panels)
}
