//! A report from a document that is meant badly, and the same one twice.

use super::*;
use crate::plot::{Chart, Figure, Map, Part, Series, Style};
use std::fs;

fn document() -> Document {
    let points = vec![[1.0, 2.0], [2.0, f64::NAN], [3.0, 1.0 / 3.0]];
    let chart = Chart { series: vec![Series::new("a", Style::nth(0), Part::Line(points))], ..Chart::default() };
    let table = DataTable {
        name: "values".to_string(),
        caption: "Values & <more>".to_string(),
        columns: vec![Column::words("what"), Column::numbers("λ, in full")],
        rows: vec![
            vec![Cell::text("a|b"), Cell::number(1.0 / 3.0, 3)],
            vec![Cell::text("say \"x\", please"), Cell::count(12345)],
            vec![Cell::none(), Cell::share(0.5)],
        ],
    };
    let picture = Picture { name: "curve".to_string(), caption: "A curve".to_string(), figure: Figure::from(chart) };
    Document {
        schema: Document::SCHEMA.to_string(),
        title: "<script>alert(1)</script>".to_string(),
        question: "Is it so?".to_string(),
        answer: "It is: 3 > 2.".to_string(),
        sections: vec![Section {
            title: "All".to_string(),
            blocks: vec![Block::Text("words".to_string()), Block::Table(table), Block::Picture(Box::new(picture))],
        }],
        remarks: vec!["keep in mind".to_string()],
        manifest: vec![("seed".to_string(), "0".to_string())],
        interactive: false,
    }
}

#[test]
fn the_page_stands_alone_and_nothing_breaks_out_of_it() {
    let page = html(&document());
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
    let foreign = page.replace("http://www.w3.org/2000/svg", "");
    assert!(
        !foreign.contains("http") && !foreign.contains("src=") && !foreign.contains("url("),
        "nothing from elsewhere"
    );
    assert!(page.contains("<svg") && page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
}

#[test]
fn a_surface_can_be_turned_only_where_it_was_asked_for_and_its_names_cannot_break_out() {
    let folder = tempfile::tempdir().unwrap();
    let map = Map {
        title: "</script><script>alert(1)</script>".to_string(),
        xs: vec![0.0, 1.0],
        ys: vec![0.0, 1.0],
        values: vec![0.0, 1.0, f64::NAN, 3.0],
        ..Map::default()
    };
    let mut with = document();
    with.sections[0].blocks.push(Block::picture("plane", "A plane", map.into()));
    assert!(!html(&with).contains("<canvas") && !html(&with).contains("<script"));
    write_document(folder.path(), &with).unwrap();
    rebuild_document_with(folder.path(), true).unwrap();
    let page = || fs::read_to_string(folder.path().join("report.html")).unwrap();
    let turned = page();
    // The surface's numbers and the program that turns it.
    assert_eq!((turned.matches("<canvas").count(), turned.matches("<script").count()), (1, 2));
    assert!(
        turned.contains("prefers-reduced-motion") && turned.contains("\"heights\":[0.0,0.3333,null,1.0]"),
        "{turned}"
    );
    let foreign = turned.replace("http://www.w3.org/2000/svg", "");
    assert!(!foreign.contains("http") && !foreign.contains("src=") && !foreign.contains("import"));
    rebuild_document(folder.path()).unwrap();
    assert_eq!(page(), turned, "what is stored says so");
    rebuild_document_with(folder.path(), false).unwrap();
    assert!(!page().contains("<canvas"));
}

#[test]
fn a_table_is_full_in_csv_and_short_on_the_page() {
    let folder = tempfile::tempdir().unwrap();
    write_document(folder.path(), &document()).unwrap();
    let csv = fs::read_to_string(folder.path().join("tables/values.csv")).unwrap();
    assert_eq!(csv, "what,\"λ, in full\"\na|b,0.3333333333333333\n\"say \"\"x\"\", please\",12345\n,0.5\n");
    let md = fs::read_to_string(folder.path().join("report.md")).unwrap();
    assert!(md.contains("| a\\|b | 0.333 |") && md.contains("![A curve](pictures/curve.svg)"), "{md}");
}

#[test]
fn a_rebuilt_report_is_the_same_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    write_document(folder.path(), &document()).unwrap();
    let files = ["report.html", "report.md", "tables/values.csv", "pictures/curve.svg", "pictures/curve.png"];
    let read = || files.map(|f| fs::read(folder.path().join(f)).unwrap());
    let before = read();
    for file in files {
        fs::remove_file(folder.path().join(file)).unwrap();
    }
    rebuild_document(folder.path()).unwrap();
    assert!(before == read());
}

#[test]
fn a_stored_name_cannot_leave_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    write_document(folder.path(), &document()).unwrap();
    let path = folder.path().join("report.json");
    let stored = fs::read_to_string(&path).unwrap();
    fs::write(&path, stored.replace("\"values\"", "\"../../values\"")).unwrap();
    assert!(rebuild_document(folder.path()).unwrap_err().to_string().contains("the name `../../values`"));
    fs::write(&path, stored.replace("hesse.report/1", "hesse.report/9")).unwrap();
    assert!(rebuild_document(folder.path()).unwrap_err().to_string().ends_with("found schema hesse.report/9"));
}
