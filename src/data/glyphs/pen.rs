//! A pen on a grid of pixels: how dark a line makes each of them.
//!
//! Coverage comes from the distance to the line, which gives even edges at any width and angle. Each segment visits only
//! the pixels it can reach, and the darkest visit counts, so that crossing lines do not add up.

use super::SIDE;
use super::curve::Point;

/// The tip of a pen.
#[derive(Debug, Clone, Copy)]
pub struct Pen {
    /// Half the width of the line, in pixels.
    pub radius: f64,
    /// Pixels over which the edge fades.
    pub softness: f64,
    /// Darkness of the middle of the line, from 0 to 1.
    pub ink: f64,
}

impl Pen {
    /// Draws a line through `points`, given in pixels, onto `canvas` of SIDE × SIDE values.
    pub fn draw(&self, points: &[Point], canvas: &mut [f64]) {
        for (from, to) in points.iter().zip(points.iter().skip(1)) {
            self.segment(*from, *to, canvas);
        }
    }

    fn segment(&self, from: Point, to: Point, canvas: &mut [f64]) {
        let reach = self.radius + self.softness;
        let span = |axis: usize| {
            let low = (from[axis].min(to[axis]) - reach).floor().clamp(0.0, SIDE as f64) as usize;
            let high = (from[axis].max(to[axis]) + reach).ceil().clamp(-1.0, SIDE as f64 - 1.0) + 1.0;
            low..high as usize
        };
        let (rows, columns) = (span(1), span(0));
        for row in rows {
            let pixels = canvas.iter_mut().enumerate().skip(row * SIDE).take(SIDE);
            for (at, value) in pixels.skip(columns.start).take(columns.len()) {
                let centre = [(at % SIDE) as f64, row as f64];
                let depth = (self.radius - distance(centre, from, to)) / self.softness + 0.5;
                *value = value.max(self.ink * depth.clamp(0.0, 1.0));
            }
        }
    }
}

/// The distance from `point` to the segment between `from` and `to`.
fn distance(point: Point, from: Point, to: Point) -> f64 {
    let along = [to[0] - from[0], to[1] - from[1]];
    let off = [point[0] - from[0], point[1] - from[1]];
    let squared = along[0] * along[0] + along[1] * along[1];
    // Two equal points make a dot.
    let share = if squared > 0.0 { ((off[0] * along[0] + off[1] * along[1]) / squared).clamp(0.0, 1.0) } else { 0.0 };
    let rest = [off[0] - share * along[0], off[1] - share * along[1]];
    (rest[0] * rest[0] + rest[1] * rest[1]).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEN: Pen = Pen { radius: 1.0, softness: 1.0, ink: 1.0 };

    #[test]
    fn a_line_is_dark_inside_grey_at_its_edge_and_white_beyond() {
        let mut canvas = [0.0; SIDE * SIDE];
        PEN.draw(&[[5.0, 5.0], [20.0, 5.0]], &mut canvas);
        assert_eq!([5, 6, 7].map(|row| canvas[row * SIDE + 10]), [1.0, 0.5, 0.0]);
    }

    #[test]
    fn lines_outside_the_picture_leave_no_mark() {
        let mut canvas = [0.0; SIDE * SIDE];
        PEN.draw(&[[-50.0, -50.0], [-40.0, -9.0], [-30.0, 90.0], [90.0, 90.0]], &mut canvas);
        assert!(canvas.iter().all(|&value| value == 0.0));
    }

    #[test]
    fn crossing_lines_do_not_add_up() {
        let mut canvas = [0.0; SIDE * SIDE];
        PEN.draw(&[[5.0, 5.0], [20.0, 20.0], [20.0, 5.0], [5.0, 20.0]], &mut canvas);
        assert!(canvas.iter().all(|&value| value <= 1.0));
    }
}
