//! The rounds.

use super::ceiling::{DeviceCeiling, HostProduct};
use super::options::usual_input;
use super::{BenchError, BenchOptions, BenchReport, Figure, Machine, Operation, Prepared, arithmetic};
use crate::problem::lookup;
use hesse_core::SecondOrderBackend;
use hesse_core::backend::BackendRequest;
use hesse_core::device::{Accelerator, words};
use hesse_core::graph::{Graph, Mode};
use hesse_core::loss::Loss;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::program::Problem;
use hesse_core::vectors::Precision;

/// What a round has reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress<'a> {
    /// For people.
    pub what: &'a str,
    /// Repetitions done for the present network and batch.
    pub done: usize,
    /// Repetitions in all for it.
    pub total: usize,
}

struct Place {
    backend: Box<dyn SecondOrderBackend>,
    ceiling: Option<DeviceCeiling>,
    rates: Vec<f64>,
    bandwidths: Vec<f64>,
}

/// Measures every combination, network by network. When `stop` says so, the rounds that are complete count.
///
/// # Errors
/// Where a name is wrong, a network does not fit its samples, a backend fails, or no round was completed.
pub fn run(
    options: &BenchOptions,
    command: &[String],
    observe: &mut dyn FnMut(Progress<'_>),
    stop: &dyn Fn() -> bool,
) -> Result<BenchReport, BenchError> {
    // Names first: they cost nothing.
    for model in &options.models {
        lookup::model(model)?;
    }
    let mut places = open(options)?;
    let threads = places.iter().map(|p| p.backend.info().threads).max().unwrap_or(1);
    let on_cpu = places.iter().any(|p| p.backend.info().device == "cpu");
    let mut host = on_cpu.then(|| HostProduct::new(threads)).transpose()?;
    let mut host_rates = Vec::new();
    let mut report = BenchReport {
        schema: "hesse.bench/1",
        version: env!("CARGO_PKG_VERSION"),
        command: command.to_vec(),
        rounds: options.rounds,
        ceiling_gflops: 0.0,
        machines: Vec::new(),
        forward_mflops: Vec::new(),
        results: Vec::new(),
        interrupted: false,
    };
    let mut rows: Vec<(usize, f64)> = Vec::new(); // place and traffic of each row

    'all: for model in &options.models {
        let input = options.input.unwrap_or_else(|| usual_input(model));
        let (eval, train) = (graph(model, input, Mode::Eval)?, graph(model, input, Mode::Train)?);
        let problems = [Problem::new(eval, &Loss::default())?, Problem::new(train, &Loss::default())?];
        let forward = arithmetic::flops(problems[0].graph(), 1);
        report.forward_mflops.push((model.clone(), forward / 1e6));
        for &batch in &options.batches {
            let mut cases = Vec::new();
            for &operation in &options.operations {
                for &columns in &options.columns {
                    if columns > 1 && !operation.has_direction() {
                        continue;
                    }
                    let problem = &problems[usize::from(operation == Operation::TrainingStep)];
                    for (at, place) in places.iter().enumerate() {
                        let info = place.backend.info();
                        let name = format!("{} {} {model}/{batch} {}", info.name, info.device, operation.name());
                        observe(Progress { what: &format!("preparing {name}"), done: 0, total: options.rounds });
                        if stop() {
                            report.interrupted = true;
                            break 'all;
                        }
                        let prepared =
                            Prepared::new(place.backend.as_ref(), problem, operation, &input, batch, columns)
                                .map_err(|cause| BenchError::Case { case: name.clone(), cause })?;
                        cases.push((name, at, operation, columns, prepared, Vec::new()));
                    }
                }
            }
            let mut complete = 0;
            for round in 0..options.rounds {
                for place in &mut places {
                    if let Some(ceiling) = &mut place.ceiling {
                        place.rates.push(ceiling.rate()?);
                        place.bandwidths.push(ceiling.bandwidth()?);
                    }
                }
                if let Some(host) = &mut host {
                    host_rates.push(host.rate()?);
                }
                for (name, _, _, _, prepared, times) in &mut cases {
                    observe(Progress { what: name, done: round, total: options.rounds });
                    let seconds = prepared.seconds();
                    times.push(seconds.map_err(|cause| BenchError::Case { case: name.clone(), cause })?);
                }
                complete = round + 1;
                if stop() {
                    report.interrupted = complete < options.rounds;
                    break;
                }
            }
            report.rounds = report.rounds.min(complete);
            for (_, at, operation, columns, prepared, times) in cases {
                let info = places[at].backend.info();
                let seconds = median(&times);
                rows.push((at, prepared.traffic()));
                report.results.push(Figure {
                    backend: info.name.to_string(),
                    device: info.device,
                    dtype: info.precision.to_string(),
                    model: model.clone(),
                    batch,
                    operation: operation.name(),
                    columns,
                    seconds,
                    seconds_min: times.iter().copied().fold(f64::INFINITY, f64::min),
                    seconds_max: times.iter().copied().fold(0.0, f64::max),
                    gflops: operation.passes() * forward * (batch * columns) as f64 / seconds / 1e9,
                    ceiling_share: f64::NAN,
                    bandwidth_share: None,
                    peak_bytes: prepared.bytes(),
                    ratio: 1.0,
                });
            }
            if report.interrupted {
                break 'all;
            }
        }
    }
    if report.results.is_empty() {
        return Err(BenchError::Interrupted);
    }
    finish(&mut report, &places, &host_rates, &rows);
    Ok(report)
}

/// Every backend on every device in every precision.
fn open(options: &BenchOptions) -> Result<Vec<Place>, BenchError> {
    let mut places = Vec::new();
    for name in &options.backends {
        let entry = lookup::backend(name)?;
        for device in &options.devices {
            for &precision in &options.precisions {
                let request = BackendRequest { device: device.clone(), precision, threads: options.threads };
                let backend = (entry.open)(&request).map_err(crate::problem::ProblemError::from)?;
                let single = precision == Precision::F32;
                let ceiling = single.then(|| DeviceCeiling::new(backend.as_ref())).transpose()?;
                places.push(Place { backend, ceiling, rates: Vec::new(), bandwidths: Vec::new() });
            }
        }
    }
    Ok(places)
}

fn graph(model: &str, input: [usize; 3], mode: Mode) -> Result<Graph, BenchError> {
    let (entry, options) = lookup::model(model)?;
    let task = Task { input: input.to_vec(), classes: 10 };
    let made = (entry.make)(&options, &task).map_err(crate::problem::ProblemError::from)?;
    record(made.as_ref(), &task, &Normalization::default(), mode).map_err(|cause| BenchError::Network {
        model: model.to_string(),
        input: format!("{}x{}x{}", input[0], input[1], input[2]),
        cause,
    })
}

/// Ceilings of each device: the best median of what was tried there, whoever tried it.
fn finish(report: &mut BenchReport, places: &[Place], host_rates: &[f64], rows: &[(usize, f64)]) {
    let device = |place: &Place| place.backend.info().device;
    let best = |at: &Place, rates: &dyn Fn(&Place) -> f64| {
        places.iter().filter(|p| device(p) == device(at)).map(rates).fold(f64::NAN, f64::max)
    };
    report.machines = places
        .iter()
        .map(|place| {
            let info = place.backend.info();
            let own = best(place, &|p| median(&p.rates));
            let ceiling = if info.device == "cpu" { own.max(median(host_rates)) } else { own };
            Machine {
                backend: info.name.to_string(),
                device: info.device,
                details: words(&info.details),
                accelerator: Accelerator::of_details(&info.details),
                threads: info.threads,
                ceiling_gflops: ceiling / 1e9,
                bandwidth_gbytes: best(place, &|p| median(&p.bandwidths)) / 1e9,
            }
        })
        .collect();
    report.ceiling_gflops = report.machines.first().map_or(f64::NAN, |m| m.ceiling_gflops);
    for (figure, (at, traffic)) in report.results.iter_mut().zip(rows) {
        let machine = &report.machines[*at];
        figure.ceiling_share = figure.gflops / machine.ceiling_gflops;
        let share = traffic / figure.seconds / 1e9 / machine.bandwidth_gbytes;
        figure.bandwidth_share = (figure.columns == 1 && share.is_finite()).then_some(share);
    }
    report.machines.dedup();
    report.compare();
}

/// NaN where there is nothing.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    match n {
        0 => f64::NAN,
        _ if n.is_multiple_of(2) => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
        _ => sorted[n / 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(model: &str) -> BenchOptions {
        BenchOptions {
            backends: vec!["candle".into()],
            devices: vec!["cpu".into()],
            precisions: vec![Precision::F32],
            models: vec![model.into()],
            batches: vec![3],
            operations: Operation::ALL.to_vec(),
            columns: vec![1, 2],
            input: Some([1, 12, 12]),
            rounds: 2,
            threads: Some(1),
        }
    }

    #[test]
    fn every_operation_is_timed_and_shares_follow_from_the_times() {
        let report = run(&options("mlp:hidden=8"), &[], &mut |_| {}, &|| false).unwrap();
        // Three of five operations have a direction, and so a row for two of them.
        assert_eq!(report.results.len(), 5 + 3);
        let forward = report.forward_mflops[0].1 * 1e6;
        assert_eq!(forward, 2.0 * (144.0 * 8.0 + 8.0 * 10.0));
        for row in &report.results {
            let flops = row.operation.parse::<Operation>().unwrap().passes() * forward * 3.0 * row.columns as f64;
            assert!((row.gflops - flops / row.seconds / 1e9).abs() < 1e-9 * row.gflops, "{row:?}");
            assert!((row.ceiling_share - row.gflops / report.ceiling_gflops).abs() < 1e-9, "{row:?}");
            assert!(row.seconds_min <= row.seconds && row.seconds <= row.seconds_max && row.seconds_min > 0.0);
            assert!(row.peak_bytes > 4 * (144 * 8 + 8 + 80 + 10), "{row:?}");
            assert_eq!(row.ratio, 1.0);
        }
    }

    #[test]
    fn a_network_that_does_not_fit_the_samples_is_named_with_the_mend() {
        let tiny = BenchOptions { input: Some([1, 3, 3]), ..options("smallcnn") };
        let error = run(&tiny, &[], &mut |_| {}, &|| false).unwrap_err();
        assert!(
            error.to_string().contains("smallcnn on samples 1x3x3") && error.to_string().contains("--input"),
            "{error}"
        );
        let error = run(&options("m2"), &[], &mut |_| {}, &|| false).unwrap_err();
        assert!(error.to_string().contains("did you mean"), "{error}");
    }

    #[test]
    fn stopping_at_once_is_said_and_stopping_later_keeps_whole_rounds() {
        let error = run(&options("mlp"), &[], &mut |_| {}, &|| true).unwrap_err();
        assert!(matches!(error, BenchError::Interrupted));
        let rounds = std::cell::Cell::new(false);
        let mut seen = |p: Progress<'_>| rounds.set(rounds.get() || !p.what.starts_with("preparing"));
        let report = run(&options("mlp:hidden=8"), &[], &mut seen, &|| rounds.get()).unwrap();
        assert!(report.interrupted && report.rounds == 1, "{report:?}");
    }
}
