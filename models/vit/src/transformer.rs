//! The network and its options.

use crate::attention::attention;
use hesse_core::error::GraphError;
use hesse_core::graph::{Conv2d, Dim, GraphBuilder, Init, ValueId};
use hesse_core::model::{Model, Task};
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::registry::ModelEntry;

/// The network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transformer {
    /// Side of a patch.
    pub patch: usize,
    /// Length of a token.
    pub width: usize,
    /// Number of blocks.
    pub depth: usize,
    /// Heads of each attention.
    pub heads: usize,
    /// Hidden width of each block's perceptron, as a multiple of the width.
    pub ratio: usize,
    /// Number of outputs.
    pub classes: usize,
}

const fn whole(name: &'static str, default: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec { name, kind: OptionKind::Integer(1), default, help }
}

const OPTIONS: &[OptionSpec] = &[
    whole("patch", "4", "side of a patch; it divides the sides of the image"),
    whole("width", "64", "length of a token"),
    whole("depth", "4", "number of blocks"),
    whole("heads", "4", "attention heads; they divide the width"),
    whole("ratio", "2", "hidden width of a block's perceptron, as a multiple of the width"),
    whole("classes", "the task's", "number of outputs"),
];

fn make(options: &Options, task: &Task) -> Result<Box<dyn Model>, OptionError> {
    options.check("vit", OPTIONS)?;
    Ok(Box::new(Transformer {
        patch: options.count("patch", 4, 1)?,
        width: options.count("width", 64, 1)?,
        depth: options.count("depth", 4, 1)?,
        heads: options.count("heads", 4, 1)?,
        ratio: options.count("ratio", 2, 1)?,
        classes: options.count("classes", task.classes, 1)?,
    }))
}

hesse_core::submit! {
    ModelEntry {
        name: "vit",
        summary: "small vision transformer: patches of 4, 4 blocks of width 64 with 4 heads",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}

impl Transformer {
    /// `x + attention(norm(x))`, then `x + mlp(norm(x))`.
    fn block(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        let y = g.layer_norm("norm1", x)?;
        let y = g.scope("attn", |g| attention(g, y, self.heads))?;
        let x = g.add(x, y)?;
        let y = g.layer_norm("norm2", x)?;
        let y = g.scope("mlp", |g| {
            let y = g.linear("fc1", y, self.ratio.saturating_mul(self.width))?;
            let y = g.gelu(y)?;
            g.linear("fc2", y, self.width)
        })?;
        g.add(x, y)
    }
}

impl Model for Transformer {
    fn build(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        if g.shape(x).rank() != 4 {
            return Err(GraphError::mismatch("vit", "images [B, C, H, W]", g.shape(x)));
        }
        let (rows, columns) = (g.size(x, 2)?, g.size(x, 3)?);
        if rows % self.patch != 0 || columns % self.patch != 0 {
            let expected = format!("sides that are multiples of the patch {}", self.patch);
            return Err(GraphError::mismatch("vit", expected, format!("{rows}×{columns}")));
        }
        let tokens = (rows / self.patch) * (columns / self.patch);
        let patches = Conv2d::kernel(self.patch).stride(self.patch);
        let y = g.scope("patch_embed", |g| g.conv2d("proj", x, self.width, &patches))?;
        let y = g.reshape(y, &[Dim::Batch(1), Dim::Fixed(self.width), Dim::Fixed(tokens)])?;
        let y = g.permute(y, &[0, 2, 1])?;
        let position = g.parameter("pos_embed", &[1, tokens, self.width], Init::Normal(0.02))?;
        let mut y = g.add(y, position)?;
        for i in 0..self.depth {
            y = g.scope("blocks", |g| g.scope(i.to_string(), |g| self.block(g, y)))?;
        }
        let y = g.layer_norm("norm", y)?;
        let y = g.mean(y, &[1])?;
        g.linear("head", y, self.classes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::graph::{Graph, Mode};
    use hesse_core::model::{Normalization, record};

    fn graph(options: &str, input: &[usize]) -> Result<Graph, GraphError> {
        let task = Task { input: input.to_vec(), classes: 10 };
        let model = make(&options.parse().unwrap(), &task).unwrap();
        record(model.as_ref(), &task, &Normalization::default(), Mode::Eval)
    }

    #[test]
    fn parameters_are_named_as_in_timm_and_counted() {
        let g = graph("patch=7,width=8,depth=2,heads=2", &[1, 28, 28]).unwrap();
        let names: Vec<&str> = g.parameters().iter().map(|p| p.name.as_str()).collect();
        assert_eq!(
            &names[..4],
            ["patch_embed.proj.weight", "patch_embed.proj.bias", "pos_embed", "blocks.0.norm1.weight"]
        );
        assert!(names.contains(&"blocks.1.attn.qkv.weight") && names.contains(&"blocks.1.mlp.fc2.bias"));
        let block = 2 * 16 + (8 * 24 + 24) + (8 * 8 + 8) + (8 * 16 + 16) + (16 * 8 + 8);
        assert_eq!(g.parameter_count(), (49 * 8 + 8) + 16 * 8 + 2 * block + 16 + (8 * 10 + 10));
    }

    #[test]
    fn what_does_not_divide_is_refused() {
        let refusal = |options, input| graph(options, input).unwrap_err().to_string();
        assert!(refusal("patch=5", &[1, 28, 28]).contains("multiples of the patch 5"));
        assert!(refusal("heads=3", &[1, 28, 28]).contains("divides 64"));
        assert!(refusal("", &[16]).contains("images [B, C, H, W]"));
    }
}
