//! Pictures that must stay as they are, and data that must not break one.

use super::charts::{DensityData, EigenBar, EpochPoint, Group, RobustCurve};
use super::snapshot;
use super::{Axis, Chart, Figure, Filling, Image, Map, Panel, Part, Scale, Series, Sheet, Style, Theme, Tile, charts};

/// One picture of each kind, from closed forms.
fn gallery() -> Vec<(&'static str, Figure)> {
    let spectrum = charts::eigenvalues(
        "Hessian of m1 on mnist",
        &[
            (
                "largest".to_string(),
                (0..10).map(|k| EigenBar { value: 40.0 * 0.7f64.powi(k), residual: 0.8 }).collect(),
            ),
            (
                "smallest".to_string(),
                (0..4).map(|k| EigenBar { value: -3.0 * 0.6f64.powi(k), residual: 0.1 }).collect(),
            ),
        ],
    );
    let epochs: Vec<EpochPoint> = (1..=30)
        .map(|epoch| {
            let t = epoch as f64;
            EpochPoint {
                epoch,
                loss: 2.3 * (-t / 4.0).exp() + 1e-3,
                accuracy: 1.0 - 0.9 * (-t / 3.0).exp(),
                test_loss: 2.2 * (-t / 5.0).exp() + 0.05,
                test_accuracy: 0.97 - 0.87 * (-t / 3.0).exp(),
            }
        })
        .collect();
    let curve = |name: &str, fall: f64| RobustCurve {
        name: name.to_string(),
        points: (0..=8).map(|i| f64::from(i) * 0.0375).map(|e| [e, 0.99 * (-e * fall).exp(), 0.015]).collect(),
    };
    let robust = charts::robustness(
        "m1 on mnist under attack",
        "L∞",
        &[curve("noise", 0.3), curve("fgsm", 4.0), curve("pgd:steps=40,step=0.01", 9.0), curve("worst case", 9.5)],
    );
    let lambda: Vec<f64> = (0..400).map(|i| -4.0 + f64::from(i) * 0.1).collect();
    let bulk = |l: f64| (-0.5 * (l / 0.8).powi(2)).exp() / 2.0 + 1e-7;
    let data = DensityData {
        density: lambda.iter().map(|l| bulk(*l)).collect(),
        band: lambda.iter().map(|l| [bulk(*l) * 0.7, bulk(*l) * 1.4]).collect(),
        lambda,
        sticks: vec![[12.0, 1e-3], [20.0, 1e-3], [33.0, 1e-3]],
        band_name: "95 % over 8 probes".to_string(),
    };
    let steps: Vec<f64> = (0..41).map(|i| (f64::from(i) - 20.0) * 0.025).collect();
    let bowl = |x: f64, y: f64| 0.05 + 8.0 * x * x + 2.0 * y * y + 6.0 * x * x * x + x * y * y;
    let line: Vec<f64> = steps.iter().map(|x| bowl(*x, 0.0)).collect();
    let quadratic: Vec<f64> = steps.iter().map(|x| 0.05 + 8.0 * x * x).collect();
    let accuracy: Vec<f64> = steps.iter().map(|x| 0.99 - x * x).collect();
    let plane = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        steps.iter().flat_map(|y| steps.iter().map(|x| f(*x, *y)).collect::<Vec<_>>()).collect()
    };
    let values: Vec<f64> =
        (0..500).map(|i| ((f64::from(i) * 0.731).sin() + (f64::from(i) * 1.37).cos()) * 1e-6).collect();
    let names = ["FGSM", "FGSM-10", "L2GRAD", "FHSM"].map(String::from);
    let group = |name: &str, by: f64| Group {
        name: name.to_string(),
        values: vec![0.5 * by, 0.3 * by, 0.7 * by, 0.4 * by],
        errors: [0.5, 0.3, 0.7, 0.4].iter().map(|v| [v * by - 0.03, v * by + 0.03]).collect(),
    };
    let bars = charts::bars(
        "Accuracy of models under attack",
        "accuracy",
        &names,
        &[group("plain", 0.6), group("robust", 1.2), group("robust, second order", 1.1)],
    );
    let disc = |gain: f64| -> Vec<u8> {
        (0..28 * 28)
            .map(|i| {
                let (x, y) = (f64::from(i % 28) - 13.5, f64::from(i / 28) - 13.5);
                (255.0 * gain * (-(x.hypot(y) - 8.0).powi(2) / 6.0).exp()).min(255.0) as u8
            })
            .collect()
    };
    let change: Vec<f64> = (0..28 * 28).map(|i| if (i / 28 + i % 28) % 2 == 0 { 0.1 } else { -0.1 }).collect();
    let tile = |image: Image, caption: &str| Tile { image: Some(image), caption: caption.to_string() };
    let row = |n: usize| {
        (
            format!("sample {n}"),
            vec![
                tile(Image::planes(&disc(1.0), 1, 28, 28), "0 (100 %)"),
                tile(Image::difference(&change, 1, 28, 28, 5.0), "× 5"),
                tile(Image::planes(&disc(0.8), 1, 28, 28), "8 (63 %)"),
            ],
        )
    };
    let sheet = Sheet {
        title: "Attacked samples".to_string(),
        columns: ["original", "perturbation", "adversarial"].map(String::from).to_vec(),
        rows: vec![row(3), row(7)],
        note: "pgd, ε = 0.1 (L∞)".to_string(),
    };
    let cells = Map {
        title: "Checkerboard".to_string(),
        x: Axis::new("column"),
        y: Axis::new("row"),
        xs: (0..8).map(f64::from).collect(),
        ys: (0..5).map(f64::from).collect(),
        values: (0..40).map(|i| if i == 17 { f64::NAN } else { f64::from(i % 8 + i / 8) }).collect(),
        label: "value".to_string(),
        filling: Filling::Cells,
        ..Map::default()
    };
    vec![
        ("spectrum", spectrum.into()),
        ("training", charts::training("m1 on mnist, batch 64", &epochs, Some(0.001))),
        ("robustness", robust.into()),
        ("density", charts::density("Spectral density", &data, Scale::Linear, false).into()),
        (
            "line",
            charts::line_landscape("Loss along v₁", "step along v₁ (‖v₁‖ = 1)", &steps, &line, &accuracy, &quadratic),
        ),
        (
            "plane",
            charts::plane_landscape(
                "Loss over (v₁, v₂)",
                ["step along v₁", "step along v₂"],
                &steps,
                &steps,
                &plane(&bowl),
                &plane(&|x, y| 0.99 - x * x - 0.2 * y),
                &plane(&|x, y| 0.05 + 8.0 * x * x + 2.0 * y * y),
            ),
        ),
        ("histogram", charts::histogram("Smallest eigenvalues", "λ_min", &values).into()),
        ("bars", bars.into()),
        ("sheet", sheet.into()),
        ("cells", cells.into()),
    ]
}

#[test]
fn every_kind_of_picture_is_the_stored_one() {
    for (name, figure) in gallery() {
        snapshot::compare("src/plot/snapshots", name, &figure);
    }
}

#[test]
fn every_kind_of_picture_can_be_rasterised_in_both_themes() {
    // Where someone wants to look at them.
    let shown = std::env::var_os("HESSE_GALLERY").map(std::path::PathBuf::from);
    for (name, figure) in gallery().into_iter().chain(hard()) {
        for theme in [Theme::Light, Theme::Dark] {
            let png = figure.draw().to_png(theme).unwrap();
            assert!(png.starts_with(b"\x89PNG") && png.len() > 1000, "{name}");
            if let Some(folder) = &shown {
                std::fs::create_dir_all(folder).unwrap();
                std::fs::write(folder.join(format!("{name}-{theme}.png")), &png).unwrap();
                std::fs::write(folder.join(format!("{name}.svg")), figure.draw().to_svg(Theme::Auto)).unwrap();
            }
        }
    }
}

/// Data that breaks careless charts.
fn hard() -> Vec<(&'static str, Figure)> {
    let chart = |title: &str, x: Axis, y: Axis, points: Vec<[f64; 2]>| -> Panel {
        Chart {
            title: title.to_string(),
            x,
            y,
            series: vec![Series::line("data", Style::nth(0), points)],
            note: String::new(),
        }
        .into()
    };
    let (x, y) = (|| Axis::new("x"), || Axis::new("y"));
    let nan = f64::NAN;
    let panels = vec![
        chart("nothing", x(), y(), vec![]),
        chart("one point", x(), y(), vec![[1.0, 2.0]]),
        chart("one value", x(), y(), vec![[1.0, 2.0], [2.0, 2.0], [3.0, 2.0]]),
        chart("gaps", x(), y(), vec![[1.0, 2.0], [2.0, nan], [3.0, 2.5], [4.0, f64::INFINITY], [5.0, 1.0], [6.0, 1.5]]),
        chart("tiny", x(), y(), vec![[0.0, 1e-310], [1e-300, 3e-300]]),
        chart("huge", x(), y(), vec![[-1e308, -1e308], [1e308, 1e308]]),
        chart("close together", x(), y(), vec![[0.0, 5.0], [1.0, 5.000_000_02], [2.0, 5.000_000_1]]),
        chart("sixty powers", Axis::log("x"), Axis::log("y"), vec![[1e-30, 1e-30], [1.0, 1.0], [1e30, 1e30]]),
        chart(
            "both signs",
            x(),
            y().scaled(Scale::Symlog(0.0)),
            vec![[0.0, -1000.0], [1.0, -1.0], [2.0, 0.0], [3.0, 0.1], [4.0, 1e5]],
        ),
        chart("half a decade", Axis::log("x"), Axis::log("y"), vec![[2.0, 3.0], [5.0, 7.0]]),
        chart("nothing positive", Axis::log("x"), Axis::log("y"), vec![[-1.0, -3.0], [0.0, 0.0]]),
        chart(
            "a title that is so long that it does not fit on one line of the picture and must be broken",
            Axis::new("an axis label that is far too long for the width of the picture, and then some more words"),
            Axis::new("an axis label that is too long for the height of it"),
            vec![[0.0, 123_456.0], [1.0, 654_321.0]],
        ),
    ];
    let many = Chart {
        title: "twelve series".to_string(),
        x: x(),
        y: y(),
        series: (0..12)
            .map(|i| {
                let points = (0..20).map(|t| [f64::from(t), f64::from(t * (i + 1))]);
                Series::line(format!("series number {i} with a name"), Style::nth(i as usize), points)
            })
            .collect(),
        note: "A note below the picture that is long enough to need a second line, because it explains at length what is to be seen above and why it matters to the reader.".to_string(),
    };
    let map = |values: Vec<f64>, scale: Scale| -> Panel {
        let steps: Vec<f64> = (0..5).map(f64::from).collect();
        Map {
            title: "map".to_string(),
            x: x(),
            y: y(),
            xs: steps.clone(),
            ys: steps,
            values,
            label: "z".to_string(),
            scale,
            ..Map::default()
        }
        .into()
    };
    let ramp = |i: i32| f64::from(i);
    let maps = vec![
        map(vec![1.0; 25], Scale::Linear),
        map((0..25).map(|i| if i % 7 == 3 { nan } else { ramp(i) }).collect(), Scale::Linear),
        map(vec![nan; 25], Scale::Log),
        map((0..25).map(|i| 10f64.powi(i - 12)).collect(), Scale::Log),
        map((0..25).map(|i| if i == 24 { f64::INFINITY } else { ramp(i) }).collect(), Scale::Linear),
        map(vec![], Scale::Linear),
    ];
    let figure = |panels: Vec<Panel>| Figure {
        title: "Hard cases".to_string(),
        panels,
        columns: 3,
        note: "all of them".to_string(),
    };
    vec![
        ("hard-charts", figure(panels)),
        ("hard-many", many.into()),
        ("hard-maps", figure(maps)),
        ("hard-sheet", Sheet::default().into()),
        (
            "hard-one-eigenvalue",
            charts::eigenvalues("", &[("λ".to_string(), vec![EigenBar { value: 0.0, residual: 0.0 }])]).into(),
        ),
        ("hard-histogram", charts::histogram("one value", "v", &[3.0, 3.0, nan]).into()),
        ("hard-density", charts::density("empty", &DensityData::default(), Scale::Linear, false).into()),
        (
            "hard-training",
            charts::training(
                "one epoch",
                &[EpochPoint { epoch: 1, loss: 2.0, accuracy: 0.1, test_loss: nan, test_accuracy: nan }],
                None,
            ),
        ),
        (
            "hard-bars",
            charts::bars("none", "v", &[], &[Group { name: "g".to_string(), values: vec![], errors: vec![] }]).into(),
        ),
        (
            "hard-level",
            Chart { series: vec![Series::new("level", Style::nth(0), Part::Level(3.0))], ..Chart::default() }.into(),
        ),
    ]
}

#[test]
fn hard_data_gives_a_picture_without_a_number_that_is_none() {
    for (name, figure) in hard() {
        let svg = figure.draw().to_svg(Theme::Light);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}: {svg}");
    }
}

#[test]
fn the_same_data_gives_the_same_bytes() {
    for ((_, a), (_, b)) in gallery().into_iter().zip(gallery()) {
        assert_eq!(a.draw().to_svg(Theme::Auto), b.draw().to_svg(Theme::Auto));
    }
}

#[test]
fn every_category_is_named_also_where_the_names_would_touch() {
    let names: Vec<String> = (0..10).map(|i| format!("against no. {i}")).collect();
    let group = Group { name: "g".to_string(), values: vec![0.5; names.len()], errors: vec![] };
    let svg = Figure::from(charts::bars("many", "v", &names, &[group])).draw().to_svg(Theme::Light);
    for name in &names {
        assert!(svg.contains(&format!(">{name}<")), "{name} is left out");
    }
}
