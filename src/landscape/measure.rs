//! Measuring a landscape, or what is not measured of it.

use super::begun::Begun;
use super::direction::{Direction, DirectionPart};
use super::on_input::OnInput;
use super::on_weights::OnWeights;
use super::store::Store;
use super::surface::{Height, Surface};
use super::{
    Along, Centre, Event, Grid, LandscapeError, LandscapeOptions, Quadratic, Target, Watch, identity, prepare_input,
    prepare_weights,
};
use crate::problem::Session;
use hesse_core::attack::NetworkOracle;
use hesse_core::graph::Mode;
use std::time::Instant;

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Landscape {
    /// Where.
    pub grid: Grid,
    /// The centre.
    pub centre: Centre,
    /// The directions.
    pub directions: Vec<DirectionPart>,
    /// The quadratic model; none where buffers move.
    pub model: Option<Quadratic>,
    /// Cosine of the angle between two directions.
    pub cosine: Option<f64>,
    /// The loss at every point, row by row.
    pub heights: Vec<Height>,
    /// Points taken over from an earlier run.
    pub resumed: usize,
    /// Hessian-vector products spent.
    pub products: usize,
    /// Seconds of this run.
    pub seconds: f64,
    /// What a reader should know.
    pub notices: Vec<String>,
}

/// Step of the finite differences, as a share of the radius.
const DIFFERENCE: f64 = 0.1;

/// Measures a landscape; see the [module](super).
///
/// # Errors
/// Where the options do not fit the problem, a direction has no length, the folder holds something else, and where it is
/// stopped (what is done is kept then where there is a folder).
pub fn landscape(
    session: &Session,
    options: &LandscapeOptions,
    watch: &mut Watch<'_>,
) -> Result<Landscape, LandscapeError> {
    let start = Instant::now();
    options.check()?;
    let grid = match options.along {
        Along::Checkpoints(_) => Grid::between(options.points, options.radius(), options.dims),
        _ => Grid::centred(options.points, options.radius(), options.dims),
    };
    let mut run = Run { grid: &grid, options, done: 0, folder: options.out.clone() };
    let stop = watch.stop;
    let found = match options.target {
        Target::Weights => on_weights(session, options, &mut run, watch),
        Target::Input => on_input(session, options, &mut run, watch),
    };
    let (begun, heights, resumed) = found.map_err(|error| match error {
        error if !stop() => error,
        _ => LandscapeError::Interrupted { done: run.done, total: grid.len(), folder: run.folder.clone() },
    })?;
    let mut notices = begun.notices;
    let infinite = heights.iter().filter(|h| !h.loss.is_finite()).count();
    if infinite > 0 {
        notices.push(format!("the loss is not finite at {infinite} of {} points", grid.len()));
    }
    Ok(Landscape {
        centre: begun.centre,
        directions: begun.directions,
        model: begun.model,
        cosine: begun.cosine,
        heights,
        resumed,
        products: begun.products,
        seconds: start.elapsed().as_secs_f64(),
        notices,
        grid,
    })
}

struct Run<'a> {
    grid: &'a Grid,
    options: &'a LandscapeOptions,
    done: usize,
    folder: Option<std::path::PathBuf>,
}

type Found = (Begun, Vec<Height>, usize);

fn on_weights(
    session: &Session,
    options: &LandscapeOptions,
    run: &mut Run<'_>,
    watch: &mut Watch<'_>,
) -> Result<Found, LandscapeError> {
    let key = identity::key(session, options)?;
    let (mut store, begun) = Store::open(options.out.as_deref(), &key, options.force)?;
    let fresh = begun.is_none();
    let (mut begun, directions) = match begun {
        Some(begun) => begun,
        None => prepare_weights::prepare(session, options, &key, watch)?,
    };
    let mut surface = OnWeights::new(session, &directions, watch.stop)?;
    if fresh {
        begin(&mut begun, &directions, &mut surface, &mut store, options)?;
    }
    let (heights, resumed) = run.points(&mut surface, &mut store, &begun, watch)?;
    Ok((begun, heights, resumed))
}

fn on_input(
    session: &Session,
    options: &LandscapeOptions,
    run: &mut Run<'_>,
    watch: &mut Watch<'_>,
) -> Result<Found, LandscapeError> {
    let sample = prepare_input::sample(session)?;
    let key = identity::key(session, options)?;
    let (mut store, begun) = Store::open(options.out.as_deref(), &key, options.force)?;
    let graph = session.network().graph(Mode::Eval)?;
    let group = session.spec().batch;
    let oracle = NetworkOracle::new(session.backend(), graph, session.weights(), group)?;
    let fresh = begun.is_none();
    let (mut begun, directions) = match begun {
        Some(begun) => begun,
        None => prepare_input::prepare(session, options, &oracle, &sample, &key, watch)?,
    };
    let mut surface = OnInput { oracle: &oracle, sample: &sample, directions: &directions, group, stop: watch.stop };
    if fresh {
        begin(&mut begun, &directions, &mut surface, &mut store, options)?;
    }
    let (heights, resumed) = run.points(&mut surface, &mut store, &begun, watch)?;
    Ok((begun, heights, resumed))
}

/// Finite differences along each direction, and the beginning on the disk.
fn begin(
    begun: &mut Begun,
    directions: &[Direction],
    surface: &mut dyn Surface,
    store: &mut Store,
    options: &LandscapeOptions,
) -> Result<(), LandscapeError> {
    let reach = if matches!(options.along, Along::Checkpoints(_)) { 1.0 } else { options.radius() };
    let h = DIFFERENCE * reach;
    let centre = surface.heights(&[[0.0, 0.0]])?.first().map_or(f64::NAN, |c| c.loss);
    for (i, part) in begun.directions.iter_mut().enumerate() {
        let step = |s: f64| if i == 0 { [s, 0.0] } else { [0.0, s] };
        let ends = [surface.heights(&[step(h)])?, surface.heights(&[step(-h)])?];
        let [up, down] = ends.map(|e| e.first().map_or(f64::NAN, |c| c.loss));
        let kept = |v: f64| Some(v).filter(|v| v.is_finite());
        part.difference_step = h;
        part.first_difference = kept((up - down) / (2.0 * h));
        part.second_difference = kept((up - 2.0 * centre + down) / (h * h));
    }
    store.begin(begun, directions)
}

impl Run<'_> {
    fn points(
        &mut self,
        surface: &mut dyn Surface,
        store: &mut Store,
        begun: &Begun,
        watch: &mut Watch<'_>,
    ) -> Result<(Vec<Height>, usize), LandscapeError> {
        let (grid, group) = (self.grid, surface.group().max(1));
        self.folder = store.folder().map(std::path::Path::to_owned);
        let mut heights = store.resume(grid, group)?;
        let resumed = heights.len();
        self.done = resumed;
        let total = grid.len();
        let model = |steps: [f64; 2]| begun.model.map_or(f64::NAN, |m| m.at(steps));
        debug_assert_eq!(self.options.dims, begun.directions.len());
        while heights.len() < total {
            let first = heights.len();
            (watch.observe)(Event::Points { done: first, total });
            let steps: Vec<[f64; 2]> = (first..total.min(first + group)).map(|i| grid.steps(i)).collect();
            let found = surface.heights(&steps)?;
            store.add(grid, first, &found, begun.centre.samples, &model)?;
            heights.extend(found);
            self.done = heights.len();
            if (watch.stop)() && heights.len() < total {
                return Err(hesse_core::operator::OperatorError::Interrupted.into());
            }
        }
        (watch.observe)(Event::Points { done: total, total });
        Ok((heights, resumed))
    }
}
