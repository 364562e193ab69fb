//! Painting series within a frame.

use super::canvas::{Canvas, Dash, Ink, Paint, Path, Rect, Shape, Stroke};
use super::frame::Frame;
use super::series::{Marker, Part, Series, Style};

/// Width of a data line.
const LINE: f64 = 1.9;
/// Reach of a marker from its middle.
const MARK: f64 = 3.6;
/// The most markers on one line.
const MARKERS: usize = 24;

/// Paints a series.
pub(super) fn series(canvas: &mut Canvas, frame: &Frame, series: &Series) {
    let (style, clip) = (series.style, Some(frame.plot));
    let line = Stroke { paint: Ink::Series(style.color).into(), width: LINE, dash: style.dash };
    let solid = Stroke { dash: Dash::Solid, ..line };
    for part in &series.parts {
        match part {
            Part::Line(points) => {
                for run in runs(points.iter().map(|p| frame.at(p[0], p[1]))) {
                    canvas.line(run, line, clip);
                }
                let shown: Vec<[f64; 2]> = inside(frame, points);
                let every = shown.len().div_ceil(MARKERS).max(1);
                // A line of one point is nothing but its marker.
                let mark = style.marker.or((shown.len() == 1).then_some(Marker::Circle));
                if let Some(mark) = mark {
                    shown.iter().step_by(every).for_each(|p| marker(canvas, *p, mark, style.color, 1.0));
                }
            }
            Part::Points(points) => {
                let opacity = if points.len() > 200 { 0.5 } else { 1.0 };
                let mark = style.marker.unwrap_or(Marker::Circle);
                inside(frame, points).into_iter().for_each(|p| marker(canvas, p, mark, style.color, opacity));
            }
            Part::Band(points) => {
                let both = |p: &[f64; 3]| {
                    let x = frame.column(p[0])?;
                    // A lower edge that a logarithmic axis cannot show is its foot.
                    Some([x, frame.row(p[1]).unwrap_or(frame.plot.bottom()), frame.row(p[2])?])
                };
                for run in runs(points.iter().map(both)) {
                    let low = run.iter().map(|p| [p[0], p[1]]);
                    let high = run.iter().rev().map(|p| [p[0], p[2]]);
                    canvas.area(vec![low.chain(high).collect()], Paint { ink: line.paint.ink, opacity: 0.22 }, clip);
                }
            }
            Part::Errors(points) => {
                for [x, low, high] in points {
                    let (Some(x), Some(top)) = (frame.column(*x), frame.row(*high)) else { continue };
                    let foot = frame.row(*low).unwrap_or(frame.plot.bottom());
                    canvas.line(vec![[x, top], [x, foot]], Stroke { width: 1.2, ..solid }, clip);
                    for y in [top, foot] {
                        canvas.line(vec![[x - 3.0, y], [x + 3.0, y]], Stroke { width: 1.2, ..solid }, clip);
                    }
                }
            }
            Part::Sticks(points) => {
                for p in points.iter().filter_map(|p| frame.at(p[0], p[1])) {
                    canvas.line(vec![p, [p[0], frame.plot.bottom()]], Stroke { width: 1.4, ..line }, clip);
                }
                if let Some(mark) = style.marker {
                    inside(frame, points).into_iter().for_each(|p| marker(canvas, p, mark, style.color, 1.0));
                }
            }
            Part::Steps { edges, heights } => {
                let foot = frame.row(0.0).unwrap_or(frame.plot.bottom());
                for (pair, height) in edges.windows(2).zip(heights) {
                    let (Some(a), Some(b)) = (frame.column(pair[0]), frame.column(pair[1])) else { continue };
                    bar(canvas, a, b, frame.row(*height).unwrap_or(foot), foot, style.color, frame.plot);
                }
            }
            Part::Bars { bars, width } => {
                let foot = frame.row(0.0).unwrap_or(frame.plot.bottom());
                for [x, y] in bars {
                    let ends = (frame.column(x - width / 2.0), frame.column(x + width / 2.0), frame.row(*y));
                    let (Some(a), Some(b), Some(top)) = ends else { continue };
                    bar(canvas, a, b, top, foot, style.color, frame.plot);
                }
            }
            Part::Level(y) => {
                if let Some(y) = frame.row(*y) {
                    canvas.line(vec![[frame.plot.x, y], [frame.plot.right(), y]], Stroke { width: 1.4, ..line }, clip);
                }
            }
            Part::At(x) => {
                if let Some(x) = frame.column(*x) {
                    canvas.line(vec![[x, frame.plot.y], [x, frame.plot.bottom()]], Stroke { width: 1.4, ..line }, clip);
                }
            }
        }
    }
}

/// Points without a gap; one alone is a run too.
fn runs<T: Copy>(points: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut runs: Vec<Vec<T>> = vec![Vec::new()];
    for point in points {
        match (point, runs.last_mut()) {
            (Some(p), Some(run)) => run.push(p),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// The points that are shown.
fn inside(frame: &Frame, points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    points.iter().filter(|p| frame.x.shows(p[0]) && frame.y.shows(p[1])).filter_map(|p| frame.at(p[0], p[1])).collect()
}

/// A bar with slanted lines where its colour is not the first, so that grey tells it apart.
fn bar(canvas: &mut Canvas, a: f64, b: f64, top: f64, foot: f64, color: usize, plot: Rect) {
    let (top, foot) = (top.min(foot).max(plot.y), top.max(foot).min(plot.bottom()));
    let (left, right) = (a.min(b).max(plot.x), a.max(b).min(plot.right()));
    if foot - top <= 0.0 || right - left <= 0.0 {
        return;
    }
    let area = Rect { x: left, y: top, width: right - left, height: foot - top };
    let ink = Ink::Series(color);
    let stroke = Stroke::new(ink, 1.0);
    let opacity = if color == 0 { 0.75 } else { 0.35 };
    canvas.rect(area, Some(Paint { ink, opacity }), Some(stroke));
    let lines = hatch(area, color);
    if !lines.is_empty() {
        canvas.shapes.push(Shape::Path(Path { lines, stroke: Some(stroke), ..Path::default() }));
    }
}

/// Slanted lines within a rectangle, in another direction or distance for each number.
fn hatch(area: Rect, number: usize) -> Vec<Vec<[f64; 2]>> {
    let (down, gap) = match number % 4 {
        0 => return Vec::new(),
        1 => (true, 7.0),
        2 => (false, 7.0),
        _ => (true, 3.5),
    };
    let (w, h) = (area.width, area.height);
    // Lines x + y = c within the box, mirrored for the other direction.
    let count = ((w + h) / gap) as usize;
    (1..=count.min(400))
        .map(|i| i as f64 * gap)
        .map(|c| {
            let (x0, x1) = ((c - h).max(0.0), c.min(w));
            [[x0, c - x0], [x1, c - x1]].map(|[x, y]| [area.x + if down { x } else { w - x }, area.y + y]).to_vec()
        })
        .collect()
}

/// One marker.
pub(super) fn marker(canvas: &mut Canvas, [x, y]: [f64; 2], marker: Marker, color: usize, opacity: f64) {
    let ink = Ink::Series(color);
    let fill = Some(Paint { ink, opacity });
    let edge = Some(Stroke::new(Ink::Ground, 0.8));
    let polygon = |canvas: &mut Canvas, corners: &[[f64; 2]]| {
        let lines = vec![corners.iter().map(|[dx, dy]| [x + dx * MARK, y + dy * MARK]).collect()];
        canvas.shapes.push(Shape::Path(Path { lines, closed: true, fill, stroke: edge, clip: None }));
    };
    let strokes = |canvas: &mut Canvas, ends: [[f64; 4]; 2]| {
        let lines =
            ends.iter().map(|e| vec![[x + e[0] * MARK, y + e[1] * MARK], [x + e[2] * MARK, y + e[3] * MARK]]).collect();
        let stroke = Some(Stroke { paint: Paint { ink, opacity }, width: 1.9, dash: Dash::Solid });
        canvas.shapes.push(Shape::Path(Path { lines, stroke, ..Path::default() }));
    };
    match marker {
        Marker::Circle => canvas.shapes.push(Shape::Circle([x, y], MARK, fill, edge)),
        Marker::Square => polygon(canvas, &[[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]]),
        Marker::Triangle => polygon(canvas, &[[0.0, -1.25], [1.15, 0.85], [-1.15, 0.85]]),
        Marker::Diamond => polygon(canvas, &[[0.0, -1.3], [1.3, 0.0], [0.0, 1.3], [-1.3, 0.0]]),
        Marker::Down => polygon(canvas, &[[0.0, 1.25], [1.15, -0.85], [-1.15, -0.85]]),
        Marker::Plus => strokes(canvas, [[-1.2, 0.0, 1.2, 0.0], [0.0, -1.2, 0.0, 1.2]]),
        Marker::Cross => strokes(canvas, [[-1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, 1.0, -1.0]]),
    }
}

/// What the legend shows of a series, in a box of the given size.
pub(super) fn sample(canvas: &mut Canvas, area: Rect, series: &Series) {
    let Style { color, dash, marker: mark } = series.style;
    let middle = area.y + area.height / 2.0;
    let line = Stroke { paint: Ink::Series(color).into(), width: LINE, dash };
    for part in &series.parts {
        match part {
            Part::Band(_) => canvas.rect(area, Some(Paint { ink: Ink::Series(color), opacity: 0.22 }), None),
            Part::Steps { .. } | Part::Bars { .. } => {
                let (left, right) = (area.x + 5.0, area.right() - 5.0);
                bar(canvas, left, right, area.y, area.bottom(), color, area);
            }
            Part::Line(_) | Part::Level(_) | Part::At(_) => {
                canvas.line(vec![[area.x, middle], [area.right(), middle]], line, None);
            }
            Part::Errors(_) => {
                let x = area.x + area.width / 2.0;
                let stroke = Stroke { width: 1.2, dash: Dash::Solid, ..line };
                canvas.line(vec![[x, area.y], [x, area.bottom()]], stroke, None);
            }
            Part::Sticks(_) => {
                let x = area.x + area.width / 2.0;
                canvas.line(vec![[x, area.y + 2.0], [x, area.bottom() + 2.0]], Stroke { width: 1.4, ..line }, None);
            }
            Part::Points(_) => {}
        }
    }
    let marked = |p: &Part| matches!(p, Part::Line(_) | Part::Points(_) | Part::Sticks(_));
    if series.parts.iter().any(marked) {
        let points = series.parts.iter().any(|p| matches!(p, Part::Points(_)));
        if let Some(mark) = mark.or(points.then_some(Marker::Circle)) {
            let sticks = series.parts.iter().any(|p| matches!(p, Part::Sticks(_)));
            let y = if sticks { area.y + 2.0 } else { middle };
            marker(canvas, [area.x + area.width / 2.0, y], mark, color, 1.0);
        }
    }
}
