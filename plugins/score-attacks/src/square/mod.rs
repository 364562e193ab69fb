//! Square: random search. A change of a square window is kept if it lowers the margin by which the label wins.
//!
//! * L∞: begins with vertical stripes of ±ε; a change sets a window of each channel to ±ε (the sign of each channel drawn
//!   on its own).
//! * L2 and L1: begins with a grid of bumps; a change takes the budget of a second window, and what is unspent, and gives
//!   it to a bump in the first, added to what was there. L2 is scaled to ε and clipped, L1 projected to ball and box.
//! * The share of the picture that a window covers shrinks on the published schedule (`schedule.rs`).
//!
//! Two departures: every sample has a random stream of its own, where the authors draw one window for the whole batch, so
//! that results do not depend on neighbours; and a window may lie at the last row and column, as in the publication's
//! text but not in its code. A sample that is fooled is asked about no more.

mod bump;
mod picture;
mod schedule;

use bump::bump;
use hesse_core::attack::{
    Aim, Attack, AttackEntry, AttackError, AttackLoss, AttackRequest, AttackStep, InputOracle, Norm, Picked, geometry,
};
use hesse_core::eigen::Control;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::random::{Purpose, Stream};
use picture::{Picture, Window};

/// The attack. Cost: at most `queries` forward passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Square {
    /// The most queries for each sample, the first included.
    pub queries: usize,
    /// Share of the picture that the first windows cover.
    pub share: f64,
}

/// One sample on its way.
struct Search {
    x: Vec<f64>,
    /// Margin of the goal: positive once it is reached.
    margin: f64,
    reached: bool,
    stream: Stream,
}

fn sign(stream: &mut Stream) -> f64 {
    if stream.bits() & 1 == 0 { 1.0 } else { -1.0 }
}

/// Where a sample's search begins.
fn begin(request: &AttackRequest<'_>, picture: Picture, clean: &[f64], stream: &mut Stream) -> Vec<f64> {
    let (threat, epsilon) = (&request.threat, request.epsilon);
    let mut change = vec![0.0; clean.len()];
    if threat.norm == Norm::Linf {
        for channel in 0..picture.channels {
            for left in 0..picture.columns {
                let s = sign(stream);
                let stripe = Window { top: 0, left, rows: picture.rows, columns: 1 };
                picture.entries(channel, stripe).for_each(|i| change[i] = s * epsilon);
            }
        }
    } else {
        // Five tiles a side, in the middle; a single row has five in all.
        let side = (picture.rows.min(picture.columns) / 5).max(1);
        let (rows, columns) = if picture.rows == 1 { (1, (picture.columns / 5).max(1)) } else { (side, side) };
        let tiles = |all: usize, each: usize| (0..all / each).map(move |k| (all % each) / 2 + k * each);
        for top in tiles(picture.rows, rows) {
            for left in tiles(picture.columns, columns) {
                let shape = bump(threat.norm, rows, columns, stream);
                for channel in 0..picture.channels {
                    let s = sign(stream);
                    let entries = picture.entries(channel, Window { top, left, rows, columns });
                    entries.zip(&shape).for_each(|(i, v)| change[i] = s * v);
                }
            }
        }
    }
    settle(request, clean, &mut change, threat.norm != Norm::Linf)
}

/// The sample that a change leads to, scaled to the whole budget where that is asked for, and projected to ball and box.
fn settle(request: &AttackRequest<'_>, clean: &[f64], change: &mut [f64], scale: bool) -> Vec<f64> {
    let (threat, epsilon) = (&request.threat, request.epsilon);
    let length = threat.norm.of(change);
    if scale && length > 0.0 {
        change.iter_mut().for_each(|v| *v *= epsilon / length);
    }
    let mut x: Vec<f64> = clean.iter().zip(change.iter()).map(|(c, v)| c + v).collect();
    geometry::project(threat, epsilon, clean, &mut x);
    x
}

impl Square {
    /// The next point that a sample tries.
    fn proposal(
        &self,
        request: &AttackRequest<'_>,
        picture: Picture,
        clean: &[f64],
        search: &mut Search,
        query: usize,
    ) -> Vec<f64> {
        let (threat, epsilon) = (&request.threat, request.epsilon);
        let share = schedule::share(self.share, query, self.queries);
        let Search { x, stream, .. } = search;
        if threat.norm == Norm::Linf {
            let window = picture.window(picture.side(share, 1), stream);
            let mut next = x.clone();
            for channel in 0..picture.channels {
                let s = 2.0 * epsilon * sign(stream);
                picture.entries(channel, window).for_each(|i| next[i] += s);
            }
            geometry::project(threat, epsilon, clean, &mut next);
            return next;
        }
        // An odd side of at least three has a middle.
        let side = picture.side(share, 3) | 1;
        let (to, from) = (picture.window(side, stream), picture.window(side, stream));
        let mut change: Vec<f64> = x.iter().zip(clean).map(|(x, c)| x - c).collect();
        let norm = threat.norm;
        let of = |change: &[f64], entries: &mut dyn Iterator<Item = usize>| -> f64 {
            norm.of(&entries.map(|i| change[i]).collect::<Vec<f64>>())
        };
        let power = |v: f64| if norm == Norm::L2 { v * v } else { v };
        let unspent = (power(epsilon) - power(norm.of(&change))).max(0.0) / picture.channels as f64;
        let shape = bump(norm, to.rows, to.columns, stream);
        let signs: Vec<f64> = (0..picture.channels).map(|_| sign(stream)).collect();
        for (channel, s) in signs.into_iter().enumerate() {
            // What both windows of this channel hold, entries in both counted once.
            let in_to = |i: usize| {
                let (row, column) = ((i / picture.columns) % picture.rows, i % picture.columns);
                (to.top..to.top + to.rows).contains(&row) && (to.left..to.left + to.columns).contains(&column)
            };
            let mut both = picture.entries(channel, to).chain(picture.entries(channel, from).filter(|i| !in_to(*i)));
            let budget = power(of(&change, &mut both)) + unspent;
            let held = of(&change, &mut picture.entries(channel, to));
            let entries = picture.entries(channel, to).zip(&shape);
            let old = |i: usize| if held > 0.0 { change[i] / held } else { 0.0 };
            let mut new: Vec<f64> = entries.map(|(i, v)| s * v + old(i)).collect();
            let length = norm.of(&new);
            let size = if norm == Norm::L2 { budget.sqrt() } else { budget };
            new.iter_mut().for_each(|v| *v *= if length > 0.0 { size / length } else { 0.0 });
            picture.entries(channel, from).for_each(|i| change[i] = 0.0);
            picture.entries(channel, to).zip(&new).for_each(|(i, v)| change[i] = *v);
        }
        settle(request, clean, &mut change, norm == Norm::L2)
    }
}

impl Attack for Square {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        let d = request.check(oracle)?.max(1);
        let picture = Picture::of(oracle.shape());
        let clean = |i: usize| request.samples.get(i * d..(i + 1) * d).unwrap_or_default();
        let mut searches: Vec<Search> = request
            .indices
            .iter()
            .enumerate()
            .map(|(i, &index)| {
                let mut stream = Stream::new(request.seed, Purpose::AttackSearch, index as u64);
                let x = begin(request, picture, clean(i), &mut stream);
                Search { x, margin: f64::NEG_INFINITY, reached: false, stream }
            })
            .collect();
        for query in 0..self.queries {
            let active: Vec<usize> = searches.iter().enumerate().filter(|(_, s)| !s.reached).map(|(i, _)| i).collect();
            if active.is_empty() {
                break;
            }
            let mut next = Vec::with_capacity(active.len() * d);
            for &i in &active {
                let search = &mut searches[i];
                match query {
                    0 => next.extend_from_slice(&search.x),
                    _ => next.extend(self.proposal(request, picture, clean(i), search, query - 1)),
                }
            }
            let picked = Picked::new(request, &active);
            let part = picked.request();
            let standing = Aim::new(oracle, &part, AttackLoss::Margin.into())?.standing(&next)?;
            for ((&i, (reached, margin)), x) in active.iter().zip(standing).zip(next.chunks_exact(d)) {
                let search = &mut searches[i];
                if reached || margin > search.margin {
                    search.x.copy_from_slice(x);
                    (search.margin, search.reached) = (margin, reached);
                }
            }
            let margins: Vec<f64> = searches.iter().map(|s| s.margin).collect();
            if observe(AttackStep { step: query + 1, losses: &margins }) == Control::Stop {
                return Err(AttackError::Interrupted);
            }
        }
        Ok(searches.into_iter().flat_map(|s| s.x).collect())
    }
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "queries",
        kind: OptionKind::Integer(1),
        default: "5000",
        help: "the most forward passes for each sample; the schedule is relative to it",
    },
    OptionSpec {
        name: "share",
        kind: OptionKind::Real,
        default: "0.8",
        help: "share of the picture that the first changes cover",
    },
];

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("square", OPTIONS)?;
    let share = options.number("share", 0.0)?.unwrap_or(0.8);
    if share > 1.0 {
        return Err(OptionError::Value {
            key: "share".into(),
            value: share.to_string(),
            expected: "a number from 0 to 1".into(),
        });
    }
    Ok(Box::new(Square { queries: options.count("queries", 5000, 1)?, share }))
}

hesse_core::submit! {
    AttackEntry {
        name: "square",
        summary: "random search over square windows: no gradients, so masked ones do not stop it",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
