//! `hesse report`.

use super::ending::Ending;
use super::flags::ReportFlags;
use super::output;
use crate::report::{rebuild_document, rebuild_document_with};

pub(super) fn run(flags: &ReportFlags) -> anyhow::Result<Ending> {
    let document = match flags.interactive {
        true => rebuild_document_with(&flags.folder, true)?,
        false => rebuild_document(&flags.folder)?,
    };
    let page = flags.folder.join("report.html");
    output::print(&format!("{}\n{}\nreport in {}\n", document.title, document.answer, page.display()))?;
    Ok(Ending::Done)
}
