//! Moving values forward to where their operands die.
//!
//! One pass over the recorded order. After each value, those of its readers, and of its operands' readers, that can now run
//! and free at least what they take come next.

use crate::graph::{Graph, Op, ValueId};
use crate::program::Program;

/// Shows the memory of its operand and takes none of its own. (A broadcast that a backend has to write out does take some.)
fn is_view(op: &Op) -> bool {
    matches!(op, Op::Reshape(_) | Op::Broadcast { .. })
}

fn is_leaf(op: &Op) -> bool {
    matches!(op, Op::Input(_) | Op::Fill(_) | Op::Table(_))
}

struct Mover<'a> {
    graph: &'a Graph,
    users: Vec<Vec<ValueId>>,
    /// Entries in memory of its own.
    size: Vec<usize>,
    /// Readers that have not run; a view reads its operand as long as it is read itself.
    readers: Vec<usize>,
    emitted: Vec<bool>,
    order: Vec<ValueId>,
}

/// The new order of a program's values for a batch of this size.
pub(super) fn order(program: &Program, batch: usize) -> Vec<ValueId> {
    let mut mover = Mover::new(program, batch);
    for v in program.graph.values() {
        mover.emit(v);
    }
    mover.order
}

impl<'a> Mover<'a> {
    fn new(program: &'a Program, batch: usize) -> Self {
        let graph = &program.graph;
        let count = graph.nodes().len();
        let mut users = vec![Vec::new(); count];
        let mut readers = vec![0; count];
        for v in graph.values() {
            for o in &graph.node(v).operands {
                readers[o.index()] += 1;
                if users[o.index()].last() != Some(&v) {
                    users[o.index()].push(v);
                }
            }
        }
        let own = |v: ValueId| {
            let free = is_leaf(&graph.node(v).op) || is_view(&graph.node(v).op);
            if free { 0 } else { graph.shape(v).elements().at(batch) }
        };
        let mut size: Vec<usize> = graph.values().map(own).collect();
        // What an output holds is not the program's to free.
        for output in &program.outputs {
            let mut v = output.value;
            size[v.index()] = 0;
            while is_view(&graph.node(v).op) {
                v = graph.node(v).operands[0];
                size[v.index()] = 0;
            }
        }
        Mover { graph, users, size, readers, emitted: vec![false; count], order: Vec::with_capacity(count) }
    }

    /// Puts a value next, and after it whatever can now run and pays for itself.
    fn emit(&mut self, v: ValueId) {
        let mut waiting = vec![v];
        while let Some(v) = waiting.pop() {
            if self.emitted[v.index()] {
                continue;
            }
            self.place(v);
            let operands = self.graph.node(v).operands.clone();
            let touched = std::iter::once(v).chain(operands);
            let mut candidates = Vec::new();
            for t in touched {
                self.readers_of(self.root(t), &mut candidates);
            }
            // The first in the recorded order comes first.
            candidates.sort_unstable();
            candidates.dedup();
            waiting.extend(candidates.into_iter().rev().filter(|&c| self.pays(c)));
        }
    }

    fn place(&mut self, v: ValueId) {
        let graph = self.graph;
        for &o in &graph.node(v).operands {
            if !self.emitted[o.index()] {
                self.place(o);
            }
        }
        self.emitted[v.index()] = true;
        self.order.push(v);
        if !is_view(&graph.node(v).op) {
            graph.node(v).operands.iter().for_each(|&o| self.release(o));
        }
    }

    fn release(&mut self, v: ValueId) {
        self.readers[v.index()] = self.readers[v.index()].saturating_sub(1);
        let node = self.graph.node(v);
        if self.readers[v.index()] == 0 && is_view(&node.op) {
            self.release(node.operands[0]);
        }
    }

    fn root(&self, mut v: ValueId) -> ValueId {
        while is_view(&self.graph.node(v).op) {
            v = self.graph.node(v).operands[0];
        }
        v
    }

    /// Values that have not run and read this one, through views.
    fn readers_of(&self, v: ValueId, into: &mut Vec<ValueId>) {
        for &u in &self.users[v.index()] {
            if is_view(&self.graph.node(u).op) {
                self.readers_of(u, into);
            } else if !self.emitted[u.index()] {
                into.push(u);
            }
        }
    }

    /// Whether a value can run now and frees at least what it takes.
    fn pays(&self, v: ValueId) -> bool {
        if self.emitted[v.index()] {
            return false;
        }
        let operands = &self.graph.node(v).operands;
        if !operands.iter().all(|&o| self.at_hand(o)) {
            return false;
        }
        let freed: usize = (operands.iter().enumerate())
            .filter(|(i, o)| !operands[..*i].contains(o))
            .map(|(_, &o)| self.freed(o, operands.iter().filter(|&&p| p == o).count()))
            .sum();
        freed > 0 && self.size[v.index()] <= freed
    }

    /// Has run, or costs nothing to have.
    fn at_hand(&self, v: ValueId) -> bool {
        let node = self.graph.node(v);
        self.emitted[v.index()] || is_leaf(&node.op) || (is_view(&node.op) && self.at_hand(node.operands[0]))
    }

    /// Entries that go when so many reads of a value are done.
    fn freed(&self, v: ValueId, reads: usize) -> usize {
        if self.readers[v.index()] != reads {
            return 0;
        }
        let node = self.graph.node(v);
        if is_view(&node.op) { self.freed(node.operands[0], 1) } else { self.size[v.index()] }
    }
}
