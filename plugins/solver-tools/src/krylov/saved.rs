//! A basis as data and back, so that a run goes on from it to the same bits.

use super::Basis;
use crate::projected::Projected;
use crate::state::{bytes_to_columns, columns_to_bytes, misfit};
use hesse_core::eigen::{EigenStatistics, SolverError};
use serde::{Deserialize, Serialize};

/// A basis as data.
#[derive(Serialize, Deserialize)]
pub struct SavedBasis {
    vectors: Vec<u8>,
    projected: Projected,
    capacity: usize,
    block: usize,
    size: usize,
    pending: usize,
    newest: usize,
    coupling: Vec<f64>,
    coupled: bool,
    suspect: bool,
    draws: u64,
    norm: f64,
    statistics: EigenStatistics,
}

impl Basis<'_> {
    /// The basis as data: everything that the next step depends on.
    ///
    /// # Errors
    /// Where a vector cannot be read.
    pub fn save(&self) -> Result<SavedBasis, SolverError> {
        Ok(SavedBasis {
            vectors: columns_to_bytes(self.counted.space, self.vectors.view(0..self.size + self.pending))?,
            projected: self.projected.clone(),
            capacity: self.capacity,
            block: self.block,
            size: self.size,
            pending: self.pending,
            newest: self.newest,
            coupling: self.coupling.clone(),
            coupled: self.coupled,
            suspect: self.suspect,
            draws: self.counted.draws(),
            norm: self.counted.norm,
            statistics: self.counted.statistics.clone(),
        })
    }

    /// Takes the place of a basis that was saved.
    ///
    /// # Errors
    /// Where it is one of other sizes.
    pub fn restore(&mut self, saved: SavedBasis) -> Result<(), SolverError> {
        let shape = |capacity: usize, block: usize| format!("a basis of {capacity} vectors in blocks of {block}");
        if (saved.capacity, saved.block) != (self.capacity, self.block) {
            return Err(misfit(shape(self.capacity, self.block), shape(saved.capacity, saved.block)));
        }
        let count = saved.size.saturating_add(saved.pending);
        let whole = saved.size <= saved.capacity
            && saved.pending <= saved.block
            && saved.newest <= saved.size
            && saved.coupling.len() == saved.pending * saved.newest
            && saved.projected.order() <= saved.capacity;
        if !whole {
            return Err(misfit("sizes that fit together", "others"));
        }
        bytes_to_columns(self.counted.space, &saved.vectors, &mut self.vectors, count)?;
        self.projected = saved.projected;
        self.size = saved.size;
        self.pending = saved.pending;
        self.newest = saved.newest;
        self.coupling = saved.coupling;
        self.coupled = saved.coupled;
        self.suspect = saved.suspect;
        self.counted.set_draws(saved.draws);
        self.counted.norm = saved.norm;
        self.counted.statistics = saved.statistics;
        Ok(())
    }
}
