//! A table as CSV (RFC 4180).

use super::DataTable;

/// Columns as the first line, numbers in full.
pub(super) fn csv(table: &DataTable) -> String {
    let header = table.columns.iter().map(|c| quoted(&c.name)).collect::<Vec<_>>().join(",");
    let mut text = format!("{header}\n");
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|c| quoted(c.full.as_deref().unwrap_or(&c.shown))).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_string() }
}
