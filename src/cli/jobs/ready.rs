//! How many processes, and what each of them may take.

use crate::cli::flags::StudyRunFlags;
use crate::problem::free_memory;

/// What each process gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Share {
    /// How many at once.
    pub jobs: usize,
    /// Threads of each.
    pub threads: usize,
    /// Bytes of each for kept intermediate results.
    pub memory: usize,
}

/// As many as there are threads, pieces, and room for `each` bytes beside the budget for what is kept, where nobody says how many;
/// none where one is enough. A device other than the processor is not shared unasked.
pub(in crate::cli) fn ready(flags: &StudyRunFlags, pieces: usize, (each, budget): (usize, usize)) -> Option<Share> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = flags.machine.threads.unwrap_or(cores).max(1);
    let room = free_memory().unwrap_or(usize::MAX);
    share(flags.jobs, flags.machine.device == "cpu", (threads, pieces), (each, room, budget))
}

fn share(
    asked: Option<usize>,
    cpu: bool,
    (threads, pieces): (usize, usize),
    (each, room, budget): (usize, usize, usize),
) -> Option<Share> {
    let fitting = if cpu { threads.min(room.saturating_sub(budget) / each.max(1)) } else { 1 };
    let jobs = asked.unwrap_or(fitting).min(pieces);
    (jobs > 1).then(|| Share { jobs, threads: (threads / jobs).max(1), memory: budget / jobs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_pieces_and_memory_bound_the_number_and_a_wish_goes_before_the_first_and_the_last() {
        let gib = |n: usize| n << 30;
        let of = |asked, each| share(asked, true, (8, 6), (gib(each), gib(30), gib(10)));
        assert_eq!(of(None, 1), Some(Share { jobs: 6, threads: 1, memory: gib(10) / 6 }));
        assert_eq!(of(None, 5), Some(Share { jobs: 4, threads: 2, memory: gib(10) / 4 }));
        assert_eq!((of(None, 30), of(Some(1), 1)), (None, None));
        assert_eq!(of(Some(3), 30).map(|s| (s.jobs, s.threads)), Some((3, 2)));
        assert_eq!(share(None, false, (8, 6), (1, gib(20), 0)), None);
    }
}
