//! A program whose allocator is not the libraries': every pointer is shifted by 64 bytes or more, so that memory which is freed
//! by another library than the one that made it is found by the allocator at once, where equal allocators would hide it.
#![allow(unsafe_code)] // an allocator is unsafe by its nature
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

#[path = "../plugins/built.rs"]
mod built;

use built::library;
use hesse as _;
use hesse_core::registry::{AttackEntry, all};
use std::alloc::{GlobalAlloc, Layout, System};

struct Shifted;

/// By how much, and the larger block.
fn grown(layout: Layout) -> Option<(usize, Layout)> {
    let shift = layout.align().max(64);
    Some((shift, Layout::from_size_align(layout.size().checked_add(shift)?, shift).ok()?))
}

// SAFETY: every block is a larger one of the system's, shifted by a multiple of its alignment, and is given back as such.
unsafe impl GlobalAlloc for Shifted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((shift, whole)) = grown(layout) else { return std::ptr::null_mut() };
        // SAFETY: the size is not zero; the shift stays inside the block.
        unsafe {
            let pointer = System.alloc(whole);
            if pointer.is_null() { pointer } else { pointer.add(shift) }
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if let Some((shift, whole)) = grown(layout) {
            // SAFETY: `alloc` made it with this layout and shifted it by as much.
            unsafe { System.dealloc(pointer.sub(shift), whole) }
        }
    }
}

#[global_allocator]
static ALLOCATOR: Shifted = Shifted;

#[test]
fn no_memory_is_freed_by_another_library_than_its_makers() {
    use hesse::plugin::check::{check_attack, check_backend, check_model, check_solver};
    let verdicts = [
        check_solver(&library("lanczos").solvers[0]),
        check_model(&library("mlp").models[0]),
        check_attack(&library("gradient_attacks").attacks[0]),
        check_backend(&library("candle").backends[0]),
    ];
    for verdict in verdicts {
        assert!(verdict.passes(), "{verdict:#?}");
    }
    // Failures carry messages that cross too.
    assert!(!check_solver(library("misbehaving").solvers.first().unwrap()).passes());
    assert!(!all::<AttackEntry>().is_empty());
}
