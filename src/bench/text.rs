//! The result for people.

use super::BenchReport;
use crate::report::{Align, Table, bytes, percent, seconds, significant};
use std::fmt::Write as _;

/// Machines, then one row for each combination.
pub fn bench_text(report: &BenchReport) -> String {
    let mut text = String::new();
    for machine in &report.machines {
        let (rate, width) = (significant(machine.ceiling_gflops, 3), significant(machine.bandwidth_gbytes, 3));
        let _ = writeln!(
            text, // writing to a String cannot fail, here and below
            "{} on {}, {} threads: matrix product {rate} GFLOP/s, vectors {width} GB/s ({})",
            machine.backend,
            machine.device,
            machine.threads,
            machine.details
        );
    }
    let several = report.results.iter().any(|r| r.ratio != 1.0);
    let blocks = report.results.iter().any(|r| r.columns > 1);
    let mut columns = vec![
        ("model", Align::Left),
        ("batch", Align::Right),
        ("operation", Align::Left),
        ("backend", Align::Left),
        ("dtype", Align::Left),
        ("time", Align::Right),
        ("GFLOP/s", Align::Right),
        ("of ceiling", Align::Right),
        ("of bandwidth", Align::Right),
        ("memory", Align::Right),
    ];
    if several {
        columns.push(("ratio", Align::Right));
    }
    let mut table = Table::new(&columns);
    for row in &report.results {
        let operation = if blocks { format!("{} ×{}", row.operation, row.columns) } else { row.operation.to_string() };
        let mut cells = vec![
            row.model.clone(),
            row.batch.to_string(),
            operation,
            format!("{} {}", row.backend, row.device),
            row.dtype.clone(),
            seconds(row.seconds),
            significant(row.gflops, 3),
            percent(row.ceiling_share),
            row.bandwidth_share.map_or_else(String::new, percent),
            bytes(row.peak_bytes),
        ];
        if several {
            cells.push(format!("{:.2}", row.ratio));
        }
        table.row(cells);
    }
    let _ = writeln!(text, "\n{table}");
    let _ = writeln!(
        text,
        "medians of {} rounds{}; arithmetic counted in forward passes: gradient and train 3, hvp 6, ggn 4, input_hvp 2",
        report.rounds,
        if report.interrupted { " (interrupted)" } else { "" },
    );
    text
}
