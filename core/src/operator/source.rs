//! Where batches come from.

use crate::backend::HostTensor;
use std::ops::Range;

/// Consecutive samples on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The samples, row-major.
    pub samples: HostTensor,
    /// One class per sample (or per token), where the loss wants classes.
    pub labels: Option<Vec<u32>>,
    /// Real targets, where the loss wants them.
    pub targets: Option<Vec<f64>>,
}

/// A finite, ordered data set. The same range must give the same numbers every time: a Hessian of moving data does
/// not exist, and the self-test refuses it.
pub trait DataSource: Send + Sync {
    /// The number of samples.
    fn len(&self) -> usize;

    /// Some of them, in order.
    ///
    /// # Errors
    /// A text for people, where they cannot be read.
    fn batch(&self, range: Range<usize>) -> Result<Batch, String>;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A data set that is all in memory as one batch.
impl DataSource for (usize, Batch) {
    fn len(&self) -> usize {
        self.0
    }

    fn batch(&self, range: Range<usize>) -> Result<Batch, String> {
        let (count, all) = self;
        let cut = |total: usize| {
            let width = total / (*count).max(1);
            range.start * width..range.end * width
        };
        let missing = || format!("samples {range:?}: only {count} exist");
        let part = |v: &HostTensor| match v {
            HostTensor::Pixels(p) => p.get(cut(p.len())).map(|s| HostTensor::Pixels(s.to_vec())),
            HostTensor::Real(p) => p.get(cut(p.len())).map(|s| HostTensor::Real(s.to_vec())),
            HostTensor::Index(p) => p.get(cut(p.len())).map(|s| HostTensor::Index(s.to_vec())),
        };
        Ok(Batch {
            samples: part(&all.samples).ok_or_else(missing)?,
            labels: all
                .labels
                .as_ref()
                .map(|l| l.get(cut(l.len())).map(<[u32]>::to_vec).ok_or_else(missing))
                .transpose()?,
            targets: all
                .targets
                .as_ref()
                .map(|t| t.get(cut(t.len())).map(<[f64]>::to_vec).ok_or_else(missing))
                .transpose()?,
        })
    }
}

/// Some samples of a source in an order of one's own; sample i of it is sample `order[i]` of the source.
pub struct Picked<'a> {
    source: &'a dyn DataSource,
    order: Vec<usize>,
}

impl<'a> Picked<'a> {
    /// The samples `order` of `source`.
    pub fn new(source: &'a dyn DataSource, order: Vec<usize>) -> Self {
        Picked { source, order }
    }
}

impl DataSource for Picked<'_> {
    fn len(&self) -> usize {
        self.order.len()
    }

    fn batch(&self, range: Range<usize>) -> Result<Batch, String> {
        let missing = || format!("samples {range:?}: only {} exist", self.order.len());
        let mut picked: Option<Batch> = None;
        for &i in self.order.get(range.clone()).ok_or_else(missing)? {
            let one = self.source.batch(i..i + 1)?;
            match &mut picked {
                None => picked = Some(one),
                Some(all) => all.append(one)?,
            }
        }
        picked.ok_or_else(|| format!("samples {range:?}: expected at least one"))
    }
}

impl Batch {
    /// Adds the samples of another batch of the same kind.
    ///
    /// # Errors
    /// Where it is of another kind.
    pub fn append(&mut self, more: Batch) -> Result<(), String> {
        match (&mut self.samples, more.samples) {
            (HostTensor::Pixels(all), HostTensor::Pixels(more)) => all.extend(more),
            (HostTensor::Real(all), HostTensor::Real(more)) => all.extend(more),
            (HostTensor::Index(all), HostTensor::Index(more)) => all.extend(more),
            _ => return Err("samples of different kinds in one batch".to_string()),
        }
        for (all, more) in self.labels.iter_mut().zip(more.labels) {
            all.extend(more);
        }
        for (all, more) in self.targets.iter_mut().zip(more.targets) {
            all.extend(more);
        }
        Ok(())
    }
}

/// The ranges of consecutive batches; the last may be shorter, and is not dropped.
pub fn batches(samples: usize, batch: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    let batch = batch.max(1);
    (0..samples.div_ceil(batch)).map(move |i| i * batch..samples.min((i + 1) * batch))
}
