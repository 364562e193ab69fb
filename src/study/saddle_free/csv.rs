//! Every point, for spreadsheets.

use super::SaddleFreeReport;
use std::fmt::Write as _;

/// One line for each point of each cell.
pub(super) fn csv(report: &SaddleFreeReport) -> String {
    let mut text = "network,batch_norm,assumed,index,loss,gradient_norm,largest,smallest,lowest_share,rank,rank_bound,\
                    rank_complete,outside,products\n"
        .to_string();
    for cell in &report.cells {
        for p in &cell.points {
            // Names of networks hold commas. Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "\"{}\",{},{},{},{},{},{},{},{},{},{},{},{},{}",
                cell.model,
                cell.batch_norm,
                cell.assumed,
                p.index,
                p.loss,
                p.gradient_norm,
                p.largest,
                p.smallest,
                p.lowest_share(),
                p.rank,
                cell.rank_bound,
                p.complete,
                p.outside,
                p.products
            );
        }
    }
    text
}
