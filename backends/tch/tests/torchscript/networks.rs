//! The same two networks as TorchScript sources and as graphs of primitives.

use crate::archive::{Module, forward, numbers};
use hesse_core::error::GraphError;
use hesse_core::graph::{Conv2d, GraphBuilder, ValueId};

/// Sizes of a sample.
pub const INPUT: [usize; 3] = [2, 6, 6];
pub const CLASSES: usize = 4;

type Record = fn(&mut GraphBuilder, ValueId) -> Result<ValueId, GraphError>;

/// A network in both forms.
pub struct Network {
    pub name: &'static str,
    pub module: Module,
    pub record: Record,
}

fn linear(class: &'static str, out: usize, inputs: usize, seed: usize) -> Module {
    Module {
        class,
        parameters: vec![
            ("weight", vec![out, inputs], numbers(out * inputs, seed, 0.4)),
            ("bias", vec![out], numbers(out, seed + 1, 0.2)),
        ],
        methods: forward(class, "return torch.linear(x, self.weight, self.bias)"),
        ..Module::default()
    }
}

/// Nothing but smooth functions.
fn perceptron() -> Network {
    let module = Module {
        class: "Perceptron",
        children: vec![("fc1", linear("Linear1", 5, 72, 1)), ("fc2", linear("Linear2", CLASSES, 5, 3))],
        methods: forward(
            "Perceptron",
            "h = torch.tanh(self.fc1.forward(torch.flatten(x, 1)))\nreturn self.fc2.forward(h)",
        ),
        ..Module::default()
    };
    let record: Record = |g, x| {
        let x = g.flatten(x)?;
        let h = g.linear("fc1", x, 5)?;
        let h = g.tanh(h)?;
        g.linear("fc2", h, CLASSES)
    };
    Network { name: "perceptron", module, record }
}

/// Convolution, batch norm with statistics, pooling: what an image network has.
fn convolutional() -> Network {
    let (c, k) = (3, 3);
    let conv = Module {
        class: "Conv",
        parameters: vec![
            ("weight", vec![c, 2, k, k], numbers(c * 2 * k * k, 5, 0.5)),
            ("bias", vec![c], numbers(c, 6, 0.3)),
        ],
        methods: forward("Conv", "return torch.conv2d(x, self.weight, self.bias, [1, 1], [1, 1], [1, 1], 1)"),
        ..Module::default()
    };
    let norm = Module {
        class: "Norm",
        parameters: vec![("weight", vec![c], vec![1.1, 0.8, -0.6]), ("bias", vec![c], numbers(c, 7, 0.3))],
        buffers: vec![("running_mean", vec![c], numbers(c, 8, 0.3)), ("running_var", vec![c], vec![0.7, 1.3, 0.4])],
        methods: forward(
            "Norm",
            "return torch.batch_norm(x, self.weight, self.bias, self.running_mean, self.running_var, self.training, \
             0.1, 1.0000000000000001e-05, True)",
        ),
        ..Module::default()
    };
    let module = Module {
        class: "Convolutional",
        children: vec![("conv", conv), ("bn", norm), ("head", linear("Head", CLASSES, 27, 9))],
        methods: forward(
            "Convolutional",
            "h = torch.gelu(self.bn.forward(self.conv.forward(x)))
             h0 = torch.max_pool2d(h, [2, 2], [2, 2], [0, 0], [1, 1], False)
             return self.head.forward(torch.flatten(h0, 1))",
        ),
        ..Module::default()
    };
    let record: Record = |g, x| {
        let h = g.conv2d("conv", x, 3, &Conv2d::kernel(3).padding(1))?;
        let h = g.batch_norm("bn", h)?;
        let h = g.gelu(h)?;
        let h = g.max_pool(h, 2, 2, 0)?;
        let h = g.flatten(h)?;
        g.linear("head", h, CLASSES)
    };
    Network { name: "convolutional", module, record }
}

/// Both.
pub fn all() -> [Network; 2] {
    [perceptron(), convolutional()]
}
