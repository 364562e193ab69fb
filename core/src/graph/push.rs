//! Appending nodes: shape check, simplification, merging of equal nodes.
//!
//! Simplifications are those that derivative rules produce in numbers: scales of scales, sums over nothing, reshapes
//! to the same shape, arithmetic with zero. They keep values equal for finite operands; `0 · NaN` is not preserved,
//! because a zero here is a structural one.

use super::{Binary, Dim, Graph, Kind, Node, Op, Scalar, Shape, Source, ValueId, infer::infer};
use crate::error::GraphError;

impl Graph {
    /// A leaf.
    ///
    /// # Errors
    /// Where the same leaf exists with another shape or kind.
    pub fn input(&mut self, source: Source, shape: Shape) -> Result<ValueId, GraphError> {
        let kind = if source == Source::Labels { Kind::Index } else { Kind::Real };
        self.leaf(source, shape, kind)
    }

    /// A leaf whose entries are given explicitly (saved values may be indices).
    pub fn leaf(&mut self, source: Source, shape: Shape, kind: Kind) -> Result<ValueId, GraphError> {
        let key = (Op::Input(source), Vec::new());
        if let Some(&value) = self.known.get(&key) {
            let node = self.node(value);
            if node.shape != shape || node.kind != kind {
                return Err(GraphError::mismatch("input", &node.shape, &shape));
            }
            return Ok(value);
        }
        self.append(key.0, key.1, shape, kind)
    }

    /// A constant of the given shape.
    pub fn fill(&mut self, value: f64, shape: Shape) -> Result<ValueId, GraphError> {
        // Not merged by the table, whose key has no shape.
        if let Some(i) = self.nodes.iter().position(|n| n.op == Op::Fill(Scalar(value)) && n.shape == shape) {
            return Ok(ValueId(i as u32));
        }
        self.append(Op::Fill(Scalar(value)), Vec::new(), shape, Kind::Real)
    }

    /// Applies a primitive. Returns an existing value where the same node is already there or where the result is
    /// one of the operands.
    ///
    /// # Errors
    /// Where the operands do not fit.
    pub fn push(&mut self, op: Op, operands: &[ValueId]) -> Result<ValueId, GraphError> {
        for v in operands {
            if v.index() >= self.nodes.len() {
                return Err(GraphError::mismatch(op.name(), format!("a value below {}", self.nodes.len()), v.index()));
            }
        }
        let nodes: Vec<&Node> = operands.iter().map(|&v| self.node(v)).collect();
        let (shape, kind) = infer(&op, &nodes)?;
        if let Some(value) = self.simplify(&op, operands, &shape)? {
            return Ok(value);
        }
        if let Some(&value) = self.known.get(&(op.clone(), operands.to_vec())) {
            return Ok(value);
        }
        self.append(op, operands.to_vec(), shape, kind)
    }

    /// Appends a checked node as it is, without simplification: for rebuilding a graph from another.
    pub(crate) fn append(
        &mut self,
        op: Op,
        operands: Vec<ValueId>,
        shape: Shape,
        kind: Kind,
    ) -> Result<ValueId, GraphError> {
        let value = u32::try_from(self.nodes.len())
            .ok()
            .filter(|&n| n < 1 << 24)
            .map(ValueId)
            .ok_or_else(|| GraphError::mismatch("graph", "fewer than 2^24 nodes", self.nodes.len()))?;
        if !matches!(op, Op::Fill(_)) {
            self.known.insert((op.clone(), operands.clone()), value);
        }
        self.nodes.push(Node { op, operands, shape, kind });
        Ok(value)
    }

    fn constant(&self, value: ValueId) -> Option<f64> {
        if let Op::Fill(c) = self.node(value).op { Some(c.0) } else { None }
    }

    fn simplify(&mut self, op: &Op, x: &[ValueId], shape: &Shape) -> Result<Option<ValueId>, GraphError> {
        let same = |g: &Self| g.shape(x[0]) == shape;
        Ok(match op {
            Op::Scale { factor, divisor: Dim::Fixed(n) } => {
                let factor = factor.0 / *n as f64;
                let inner = self.node(x[0]);
                if factor == 1.0 {
                    Some(x[0])
                } else if let Op::Scale { factor: f, divisor } = inner.op {
                    let operand = inner.operands[0];
                    Some(self.push(Op::Scale { factor: Scalar(f.0 * factor), divisor }, &[operand])?)
                } else if let Some(c) = self.constant(x[0]) {
                    Some(self.fill(c * factor, shape.clone())?)
                } else if *n != 1 {
                    Some(self.push(Op::Scale { factor: Scalar(factor), divisor: Dim::Fixed(1) }, x)?)
                } else {
                    None
                }
            }
            Op::Shift(c) if c.0 == 0.0 => Some(x[0]),
            Op::Power(p) if p.0 == 1.0 => Some(x[0]),
            Op::Binary(Binary::Mul) => {
                let (a, b) = (self.constant(x[0]), self.constant(x[1]));
                match (a, b) {
                    (Some(c), _) => Some(self.scale(x[1], c)?),
                    (_, Some(c)) => Some(self.scale(x[0], c)?),
                    // One order for both, so that equal products merge.
                    _ if x[0] > x[1] => Some(self.push(op.clone(), &[x[1], x[0]])?),
                    _ => None,
                }
            }
            Op::Binary(Binary::Add) => match (self.constant(x[0]), self.constant(x[1])) {
                (Some(0.0), _) => Some(x[1]),
                (_, Some(0.0)) => Some(x[0]),
                (Some(c), _) => Some(self.push(Op::Shift(Scalar(c)), &[x[1]])?),
                (_, Some(c)) => Some(self.push(Op::Shift(Scalar(c)), &[x[0]])?),
                _ if x[0] > x[1] => Some(self.push(op.clone(), &[x[1], x[0]])?),
                _ => None,
            },
            Op::Binary(Binary::Sub) if self.constant(x[1]) == Some(0.0) => Some(x[0]),
            Op::Reshape(_) if same(self) => Some(x[0]),
            Op::Reshape(to) => match self.node(x[0]).op {
                Op::Reshape(_) => {
                    let operand = self.node(x[0]).operands[0];
                    Some(self.push(Op::Reshape(to.clone()), &[operand])?)
                }
                Op::Fill(c) => Some(self.fill(c.0, to.clone())?),
                _ => None,
            },
            Op::Broadcast { shape: to, .. } => match self.constant(x[0]) {
                Some(c) => Some(self.fill(c, to.clone())?),
                None if same(self) => Some(x[0]),
                None => None,
            },
            Op::Permute(p) if p.iter().enumerate().all(|(i, &a)| i == a) => Some(x[0]),
            Op::Sum(axes) if axes.is_empty() => Some(x[0]),
            Op::Concat(_) if x.len() == 1 => Some(x[0]),
            Op::Slice { .. } | Op::Pad { .. } if same(self) => Some(x[0]),
            _ => None,
        })
    }

    /// `c · a`.
    pub fn scale(&mut self, a: ValueId, c: f64) -> Result<ValueId, GraphError> {
        self.push(Op::Scale { factor: Scalar(c), divisor: Dim::Fixed(1) }, &[a])
    }

    /// `a + b`.
    pub fn add(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.push(Op::Binary(Binary::Add), &[a, b])
    }

    /// `a − b`.
    pub fn sub(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.push(Op::Binary(Binary::Sub), &[a, b])
    }

    /// `a ∘ b`, entry by entry.
    pub fn mul(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.push(Op::Binary(Binary::Mul), &[a, b])
    }

    /// `a / b`, entry by entry.
    pub fn div(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.push(Op::Binary(Binary::Div), &[a, b])
    }

    /// Repeats `a`, whose axis j becomes axis `axes[j]` of `shape`.
    pub fn broadcast(&mut self, a: ValueId, shape: Shape, axes: &[usize]) -> Result<ValueId, GraphError> {
        self.push(Op::Broadcast { shape, axes: axes.to_vec() }, &[a])
    }

    /// The sum over the given axes, which disappear.
    pub fn sum(&mut self, a: ValueId, axes: &[usize]) -> Result<ValueId, GraphError> {
        self.push(Op::Sum(axes.to_vec()), &[a])
    }
}
