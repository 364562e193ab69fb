//! Pictures that must stay as they are, for the tests of whoever draws them.
//!
//! Decided against a crate for snapshots: a picture is one file that a browser opens, and a changed one is looked at before it
//! is stored.

use super::{Figure, Theme};
use std::path::Path;

/// Compares a figure with the SVG stored in a folder of the repository; `HESSE_BLESS=1` stores it anew.
pub(crate) fn compare(folder: &str, name: &str, figure: &Figure) {
    let svg = figure.draw().to_svg(Theme::Auto);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(format!("{name}.svg"));
    if std::env::var_os("HESSE_BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &svg).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = || stored.lines().zip(svg.lines()).find(|(a, b)| a != b);
    assert!(stored == svg, "{name}: {:?}; look at the new picture, then HESSE_BLESS=1", differs());
}
