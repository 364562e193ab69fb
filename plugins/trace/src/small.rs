//! Small dense matrices on the host, column-major as the vector spaces give them.

/// A matrix of some dozens of rows and columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Small {
    rows: usize,
    columns: usize,
    entries: Vec<f64>,
}

impl Small {
    /// All zeros.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Small { rows, columns, entries: vec![0.0; rows * columns] }
    }

    /// Entry by entry.
    pub fn from_fn(rows: usize, columns: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        let entries = (0..columns).flat_map(|j| (0..rows).map(move |i| (i, j))).map(|(i, j)| entry(i, j)).collect();
        Small { rows, columns, entries }
    }

    /// What a space's `gram` returned.
    pub fn from_gram(rows: usize, columns: usize, entries: Vec<f64>) -> Self {
        debug_assert_eq!(entries.len(), rows * columns);
        Small { rows, columns, entries }
    }

    /// An entry.
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.entries[i + j * self.rows]
    }

    /// Sets an entry.
    pub fn set(&mut self, i: usize, j: usize, value: f64) {
        self.entries[i + j * self.rows] = value;
    }

    fn column(&self, j: usize) -> &[f64] {
        &self.entries[j * self.rows..(j + 1) * self.rows]
    }

    /// All entries, column by column.
    pub fn entries(&self) -> &[f64] {
        &self.entries
    }

    /// `selfᵀ · other`.
    pub fn transposed_times(&self, other: &Small) -> Small {
        let dot = |i: usize, j: usize| self.column(i).iter().zip(other.column(j)).map(|(a, b)| a * b).sum();
        Small::from_fn(self.columns, other.columns, dot)
    }

    /// `self · other` for a symmetric `self`.
    pub fn symmetric_times(&self, other: &Small) -> Small {
        self.transposed_times(other)
    }

    /// (A + Aᵀ)/2.
    pub fn symmetrized(&self) -> Small {
        Small::from_fn(self.rows, self.columns, |i, j| 0.5 * (self.at(i, j) + self.at(j, i)))
    }

    /// The sum of the diagonal.
    pub fn trace(&self) -> f64 {
        (0..self.rows.min(self.columns)).map(|i| self.at(i, i)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_the_definition() {
        let a = Small::from_fn(2, 3, |i, j| (1 + i + 2 * j) as f64); // [1 3 5; 2 4 6]
        let g = a.transposed_times(&a);
        assert_eq!(g.entries(), [5.0, 11.0, 17.0, 11.0, 25.0, 39.0, 17.0, 39.0, 61.0]);
        assert_eq!(g.trace(), 91.0);
        assert_eq!(Small::from_fn(2, 2, |i, _| i as f64).symmetrized().entries(), [0.0, 0.5, 0.5, 1.0]);
    }
}
