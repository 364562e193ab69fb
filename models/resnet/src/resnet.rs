//! Stem, stages of blocks, average and linear head.

use crate::block::Block;
use hesse_core::error::GraphError;
use hesse_core::graph::{Dim, GraphBuilder, ValueId};
use hesse_core::model::Model;

/// A residual network for small images: a 3×3 stem without pooling, then stages that each double the channels and
/// halve the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResNet {
    /// What error messages call it.
    pub name: &'static str,
    /// Channels of the stem and the first stage.
    pub width: usize,
    /// Number of blocks in each stage.
    pub stages: Vec<usize>,
    /// What the blocks have in common.
    pub block: Block,
    /// Name of the last layer.
    pub head: &'static str,
    /// Number of outputs.
    pub classes: usize,
}

impl Model for ResNet {
    fn build(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        self.check(g, x)?;
        let y = self.block.convolution(g, ["conv1", "bn1"], x, self.width, [3, 1])?;
        let mut y = g.activation(self.block.activation, y)?;
        let mut channels = self.width;
        for (stage, &blocks) in self.stages.iter().enumerate() {
            if stage > 0 {
                channels = channels.saturating_mul(2);
            }
            for number in 0..blocks {
                let stride = if stage > 0 && number == 0 { 2 } else { 1 };
                y = g.scope(format!("layer{}.{number}", stage + 1), |g| self.block.record(g, y, channels, stride))?;
            }
        }
        let y = g.global_average_pool(y)?;
        g.linear(self.head, y, self.classes)
    }
}

impl ResNet {
    fn check(&self, g: &GraphBuilder, x: ValueId) -> Result<(), GraphError> {
        let dims = g.shape(x).dims();
        if let [Dim::Batch(1), Dim::Fixed(_), Dim::Fixed(_), Dim::Fixed(_)] = dims {
            return Ok(());
        }
        let found: Vec<String> = dims.iter().skip(1).map(Dim::to_string).collect();
        let expected = "samples [channels, height, width]";
        Err(GraphError::mismatch(self.name, expected, format!("[{}]", found.join(", "))))
    }
}
