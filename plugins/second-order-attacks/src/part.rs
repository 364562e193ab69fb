//! Some samples of a batch.

use hesse_core::attack::AttackRequest;

/// Samples picked from a batch, to be asked for alone.
pub(crate) struct Part {
    /// Where they stand in the batch, rising.
    pub positions: Vec<usize>,
    /// As many rows.
    pub samples: Vec<f64>,
    /// Their labels.
    pub labels: Vec<u32>,
    /// Their positions in the data set.
    pub indices: Vec<usize>,
}

impl Part {
    /// The samples of `x` (`N × D`) for which `chosen` is true.
    pub fn of(request: &AttackRequest<'_>, x: &[f64], dimension: usize, chosen: impl Fn(usize) -> bool) -> Self {
        let positions: Vec<usize> = (0..request.labels.len()).filter(|&i| chosen(i)).collect();
        Part {
            samples: rows(x, &positions, dimension),
            labels: positions.iter().filter_map(|&i| request.labels.get(i)).copied().collect(),
            indices: positions.iter().filter_map(|&i| request.indices.get(i)).copied().collect(),
            positions,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }
}

/// These rows of a matrix with `width` columns.
pub(crate) fn rows(matrix: &[f64], positions: &[usize], width: usize) -> Vec<f64> {
    positions.iter().flat_map(|&i| matrix.get(i * width..(i + 1) * width).unwrap_or_default()).copied().collect()
}

/// Row i, to write; nothing beyond the last.
pub(crate) fn row_mut(matrix: &mut [f64], i: usize, width: usize) -> &mut [f64] {
    matrix.get_mut(i * width..(i + 1) * width).unwrap_or_default()
}
