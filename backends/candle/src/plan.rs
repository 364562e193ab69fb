//! The memory plan: which buffers share memory.
//!
//! Buffers live from their first write to their last read. A buffer that dies at a fused chain which reads it densely
//! gives its memory to the chain's result; otherwise the smallest free slot that is large enough is taken, or the largest
//! free one grown. So the working memory of a program is close to its widest moment, and nothing is allocated while it
//! runs.

use crate::fused::{Access, Instruction};
use crate::lower::{BufferId, Kernel, Lowered, Origin, Step};
use hesse_core::graph::Kind;

/// Where a buffer lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Working memory.
    Slot(usize),
    /// Kept output k.
    Saved(usize),
    /// An input or a constant: found when the program runs.
    Given,
}

/// Sizes of the slots and the place of every buffer.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub places: Vec<Place>,
    /// Entries and kind of each slot.
    pub slots: Vec<(usize, Kind)>,
}

/// Plans the memory of a lowered program.
pub(crate) fn plan(program: &Lowered) -> Plan {
    let count = program.buffers.len();
    let mut last_read = vec![0usize; count];
    for (at, step) in program.steps.iter().enumerate() {
        for &b in step.reads.iter().chain(&step.write) {
            last_read[b] = at;
        }
    }
    let mut places: Vec<Option<Place>> = program
        .buffers
        .iter()
        .map(|b| if matches!(b.origin, Origin::Computed) { None } else { Some(Place::Given) })
        .collect();
    for &(k, b) in &program.saved {
        places[b] = Some(Place::Saved(k));
    }
    let mut slots: Vec<(usize, Kind)> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    for (at, step) in program.steps.iter().enumerate() {
        if let Some(write) = step.write.filter(|&w| places[w].is_none()) {
            let info = &program.buffers[write];
            let inherited = heir(program, step, at, &last_read, &places, write);
            let slot = inherited.unwrap_or_else(|| take(&mut slots, &mut free, info.elements, info.kind));
            places[write] = Some(Place::Slot(slot));
        }
        let result = step.write.and_then(|w| places[w]);
        let mut dying: Vec<BufferId> =
            step.reads.iter().chain(&step.write).copied().filter(|&b| last_read[b] == at).collect();
        dying.sort_unstable();
        dying.dedup();
        for b in dying {
            // Memory that the result has taken over is not free.
            let taken_over = places[b] == result && step.write != Some(b);
            if let (Some(Place::Slot(s)), false) = (places[b], taken_over) {
                free.push(s);
            }
        }
    }
    Plan { places: places.into_iter().map(|p| p.unwrap_or(Place::Given)).collect(), slots }
}

/// The slot of a dying operand that the result can overwrite as it is computed.
fn heir(
    program: &Lowered,
    step: &Step,
    at: usize,
    last_read: &[usize],
    places: &[Option<Place>],
    write: BufferId,
) -> Option<usize> {
    let Kernel::Map(expression) = &step.kernel else { return None };
    step.reads.iter().enumerate().find_map(|(operand, &b)| {
        let Some(Place::Slot(slot)) = places[b] else { return None };
        let dense = expression.instructions.iter().all(|i| match i {
            Instruction::Load(l) | Instruction::BinaryLoad(_, l) | Instruction::LoadBinary(_, l) => {
                l.operand != operand || l.access == Access::Dense
            }
            _ => true,
        });
        let fits = last_read[b] == at && program.buffers[b].elements == program.buffers[write].elements;
        (dense && fits).then_some(slot)
    })
}

fn take(slots: &mut Vec<(usize, Kind)>, free: &mut Vec<usize>, elements: usize, kind: Kind) -> usize {
    let same_kind = |s: &usize| slots[*s].1 == kind;
    let enough = free.iter().copied().filter(same_kind).filter(|&s| slots[s].0 >= elements).min_by_key(|&s| slots[s].0);
    // A slot far larger than needed is better kept for a large buffer than wasted on a small one.
    let enough = enough.filter(|&s| slots[s].0 <= elements.saturating_mul(4).max(4096));
    let largest =
        || free.iter().copied().filter(same_kind).filter(|&s| slots[s].0 < elements).max_by_key(|&s| slots[s].0);
    match enough.or_else(largest) {
        Some(slot) => {
            free.retain(|&s| s != slot);
            slots[slot].0 = slots[slot].0.max(elements);
            slot
        }
        None => {
            slots.push((elements, kind));
            slots.len() - 1
        }
    }
}
