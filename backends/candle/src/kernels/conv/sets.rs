//! The fixed partition of a batch's output pixels into sets, each the work of one task.
//!
//! It depends on the shape alone, never on the number of threads, so that neither do the bits of a result.

/// Sets of whole samples, or of blocks of rows of one sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sets {
    batch: usize,
    rows: usize,
    samples_per_set: usize,
    rows_per_set: usize,
    blocks: usize,
}

/// One set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set {
    pub sample: usize,
    pub samples: usize,
    pub row: usize,
    pub rows: usize,
}

impl Sets {
    /// Sets of about `wanted` vectors, of a batch of samples with `rows` rows of `vectors` each; smaller where that leaves
    /// fewer than `tasks` sets.
    pub fn new(batch: usize, rows: usize, vectors: usize, wanted: usize, tasks: usize) -> Self {
        let sample = (rows * vectors).max(1);
        let (samples_per_set, rows_per_set) = if sample * 2 > wanted * 3 || batch < tasks / 2 {
            // Small blocks of rows read their border twice.
            let blocks = sample.div_ceil(wanted).max(tasks / 2 / batch.max(1)).max(1);
            (1, rows.div_ceil(blocks).max(4))
        } else {
            ((wanted / sample).min(batch / tasks).max(1), rows.max(1))
        };
        Sets { batch, rows, samples_per_set, rows_per_set, blocks: rows.div_ceil(rows_per_set) }
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.batch.div_ceil(self.samples_per_set) * self.blocks
    }

    /// The size of the largest set: samples and rows.
    pub fn largest(&self) -> (usize, usize) {
        (self.samples_per_set.min(self.batch), self.rows_per_set.min(self.rows))
    }

    /// Set number i.
    pub fn get(&self, i: usize) -> Set {
        let (sample, row) = (i / self.blocks * self.samples_per_set, i % self.blocks * self.rows_per_set);
        Set {
            sample,
            samples: self.samples_per_set.min(self.batch - sample),
            row,
            rows: self.rows_per_set.min(self.rows - row),
        }
    }
}
