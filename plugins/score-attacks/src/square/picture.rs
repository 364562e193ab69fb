//! Samples as pictures: channels, rows and columns, and windows of them.

use hesse_core::random::Stream;

/// Sizes of a sample. What is no picture is one of a single channel; a plain vector is a single row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Picture {
    pub channels: usize,
    pub rows: usize,
    pub columns: usize,
}

/// A rectangle in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub top: usize,
    pub left: usize,
    pub rows: usize,
    pub columns: usize,
}

impl Picture {
    pub fn of(shape: &[usize]) -> Self {
        match shape {
            [c, rest @ .., w] if !rest.is_empty() => Picture { channels: *c, rows: rest.iter().product(), columns: *w },
            [h, w] => Picture { channels: 1, rows: *h, columns: *w },
            _ => Picture { channels: 1, rows: 1, columns: shape.iter().product() },
        }
    }

    /// Side of a square that covers a share of the picture, at least `least`; in a single row its length.
    pub fn side(&self, share: f64, least: usize) -> usize {
        let area = share * (self.rows * self.columns) as f64;
        let side = if self.rows == 1 { area } else { area.sqrt() };
        (side.round() as usize).max(least)
    }

    /// A window of this side, cut to the picture, at a random place: all equally likely.
    pub fn window(&self, side: usize, stream: &mut Stream) -> Window {
        let (rows, columns) = (side.min(self.rows), side.min(self.columns));
        let place = |free: usize, stream: &mut Stream| stream.below(free as u64 + 1) as usize;
        let top = place(self.rows - rows, stream);
        Window { top, left: place(self.columns - columns, stream), rows, columns }
    }

    /// Positions of a window's entries in one channel, row by row.
    pub fn entries(&self, channel: usize, w: Window) -> impl Iterator<Item = usize> {
        let base = (channel * self.rows + w.top) * self.columns + w.left;
        let columns = self.columns;
        (0..w.rows).flat_map(move |r| (0..w.columns).map(move |c| base + r * columns + c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::random::Purpose;

    #[test]
    fn windows_lie_inside_and_every_place_is_drawn() {
        let p = Picture::of(&[3, 5, 4]);
        assert_eq!(p, Picture { channels: 3, rows: 5, columns: 4 });
        assert_eq!(Picture::of(&[7]), Picture { channels: 1, rows: 1, columns: 7 });
        assert_eq!(Picture::of(&[5, 4]), Picture { channels: 1, rows: 5, columns: 4 });
        let mut stream = Stream::new(0, Purpose::Probe, 0);
        let drawn: std::collections::BTreeSet<(usize, usize)> =
            (0..500).map(|_| p.window(3, &mut stream)).map(|w| (w.top, w.left)).collect();
        assert_eq!(drawn.len(), 3 * 2);
        let whole = p.window(9, &mut stream);
        assert_eq!(p.entries(2, whole).collect::<Vec<_>>(), (40..60).collect::<Vec<_>>());
        assert_eq!((p.side(0.2, 1), p.side(0.01, 1), Picture::of(&[20]).side(0.2, 1)), (2, 1, 4));
    }
}
