//! A tensor in the plainest form: sizes and entries, row-major.

/// The entries of a [`Value`].
#[derive(Debug, Clone, PartialEq)]
pub enum Entries<N> {
    /// Numbers.
    Real(Vec<N>),
    /// Indices.
    Index(Vec<u32>),
}

/// A tensor on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Value<N> {
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// As many entries as the sizes say.
    pub entries: Entries<N>,
}

impl<N> Value<N> {
    /// Numbers of the given sizes.
    pub fn real(shape: Vec<usize>, entries: Vec<N>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), entries.len(), "{shape:?}");
        Value { shape, entries: Entries::Real(entries) }
    }
    /// Indices of the given sizes.
    pub fn index(shape: Vec<usize>, entries: Vec<u32>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), entries.len(), "{shape:?}");
        Value { shape, entries: Entries::Index(entries) }
    }
    /// The numbers.
    ///
    /// # Panics
    /// If it holds indices: the graph's shape check rules that out.
    pub fn numbers(&self) -> &[N] {
        match &self.entries {
            Entries::Real(v) => v,
            Entries::Index(_) => panic!("expected numbers, found indices"),
        }
    }
    /// The indices.
    ///
    /// # Panics
    /// If it holds numbers.
    pub fn indices(&self) -> &[u32] {
        match &self.entries {
            Entries::Index(v) => v,
            Entries::Real(_) => panic!("expected indices, found numbers"),
        }
    }
    /// The last size, one for a scalar.
    pub fn last(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }
}

/// The position of entry number `flat` along each axis.
pub fn unravel(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut at = vec![0; shape.len()];
    for axis in (0..shape.len()).rev() {
        at[axis] = flat % shape[axis];
        flat /= shape[axis];
    }
    at
}

/// The number of the entry at a position.
pub fn ravel(at: &[usize], shape: &[usize]) -> usize {
    at.iter().zip(shape).fold(0, |flat, (i, n)| flat * n + i)
}
