//! `hesse landscape`, `hesse report` and `--plot` as a person uses them.

mod cli_common;

use cli_common::{Place, SMALL};
use std::fs;

#[test]
fn a_plane_between_checkpoints_and_its_picture() {
    let place = Place::new();
    for (seed, out) in [("1", "a"), ("2", "b")] {
        place.run(["train"].iter().chain(&SMALL).chain(&["--epochs", "3", "--seed", seed, "--out", out])).ok();
    }
    let flags = ["--weights", "a/model.safetensors", "--along", "checkpoint:b/model.safetensors", "--points", "7"];
    let more = ["--plot", "line.svg", "--csv", "line.csv", "--json", "line.json"];
    let run = place.small("landscape", &[&flags[..], &more].concat()).ok();
    assert!(run.out.contains("towards b/model.safetensors") && run.out.contains("7 points"), "{run:?}");
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(place.path("line.json")).unwrap()).unwrap();
    assert_eq!((&json["schema"], &json["wrt"]), (&"hesse.landscape/1".into(), &"weights".into()));
    // Position 0 is the first network and position 1 the second.
    let steps: Vec<f64> = json["axes"][0]["steps"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!((steps[0], steps[6]), (-0.25, 1.25));
    let loss: Vec<f64> = json["loss"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert!(loss.iter().all(|v| v.is_finite() && *v > 0.0));
    assert_eq!(fs::read_to_string(place.path("line.csv")).unwrap().lines().count(), 8);
    let picture = fs::read_to_string(place.path("line.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("quadratic model") && picture.ends_with("</svg>\n"));
}

#[test]
fn a_landscape_in_a_folder_goes_on_and_says_how_far_it_was() {
    let place = Place::new();
    let flags = ["--along", "random", "--dims", "2", "--points", "5", "--out", "plane"];
    let first = place.small("landscape", &[&flags[..], &["--json", "-"]].concat()).ok().json();
    let points = place.path("plane/points.csv");
    let text = fs::read_to_string(&points).unwrap();
    fs::write(&points, text.lines().take(11).map(|l| format!("{l}\n")).collect::<String>()).unwrap();
    let second = place.small("landscape", &[&flags[..], &["--json", "-"]].concat()).ok().json();
    assert_eq!((&first["loss"], &second["resumed"]), (&second["loss"], &10.into()));
    assert_eq!(fs::read_to_string(&points).unwrap(), text);
    let other = place.small("landscape", &["--along", "gradient", "--out", "plane"]);
    assert!(other.code == Some(1) && other.err.contains("--force"), "{other:?}");
}

#[test]
fn an_input_needs_one_sample() {
    let place = Place::new();
    let run = place.small("landscape", &["--wrt", "inputs"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("--samples: expected one sample"), "{run:?}");
    let flags = ["--wrt", "inputs", "--samples", "3..4", "--along", "gradient", "--points", "5", "--plot", "x.png"];
    let run = place.small("landscape", &flags).ok();
    assert!(run.out.contains("sample 3") && place.path("x.png").exists(), "{run:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_landscape_ends_with_130_and_keeps_its_points() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::Stdio;
    let place = Place::new();
    let flags = ["landscape", "--along", "random", "--dims", "2", "--points", "3001", "--out", "plane"];
    let mut command = place.command();
    let mut child = command.args(flags).args(SMALL).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    err.read_line(&mut line).unwrap();
    let points = place.path("plane/points.csv");
    let begun = std::time::Instant::now();
    while fs::metadata(&points).map_or(0, |m| m.len()) < 500 {
        assert!(begun.elapsed().as_secs() < 120, "no point was measured: {line}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let mut rest = String::new();
    err.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("the same command continues from plane"), "{rest}");
    assert!(fs::read_to_string(&points).unwrap().lines().count() > 2);
}

#[test]
fn results_are_drawn_and_a_wrong_end_is_refused_before_the_work() {
    let place = Place::new();
    for command in ["spectrum", "landscape"] {
        let run = place.small(command, &["--plot", "picture.pdf"]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(
            run.err.trim_end().lines().count() == 1 && run.err.contains("ends with .svg or .png, found .pdf"),
            "{run:?}"
        );
    }
    place.small("spectrum", &["--top", "3", "--bottom", "1", "--plot", "spectrum.svg"]).ok();
    let train = ["--epochs", "3", "--out", "run", "--plot", "training.svg", "--plot-theme", "dark"];
    place.run(["train"].iter().chain(&SMALL).chain(&train)).ok();
    let attack =
        ["--weights", "run/model.safetensors", "--attack", "fgsm,noise", "--eps", "0.1,0.2", "--plot", "attack.svg"];
    place.small("attack", &attack).ok();
    let read = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    assert!(read("spectrum.svg").contains("eigenvalue λ") && read("spectrum.svg").contains("smallest"));
    assert!(read("training.svg").contains("#16181d") && !read("training.svg").contains("<style"));
    let attack = read("attack.svg");
    assert!(["fgsm", "noise", "worst case", "accuracy / %"].iter().all(|t| attack.contains(t)), "{attack}");
}

#[test]
fn a_study_writes_a_report_that_can_be_made_again() {
    let place = Place::new();
    let flags = ["study", "large-batch", "--model", "mlp:hidden=none", "--data", "glyphs:train=64,test=32"];
    let more = ["--batch-sizes", "16,64", "--until-loss", "1.5", "--top", "2", "--threads", "1", "--out", "study"];
    let more =
        more.into_iter().chain(["--seeds", "1", "--plane-points", "3", "--line-points", "3"]).collect::<Vec<_>>();
    let run = place.run(flags.iter().chain(&more).chain(&["--plot", "lambda.svg"])).ok();
    assert!(
        run.out.contains("robust training leaves λ₁ at")
            && run.out.contains("report in study/report.html")
            && place.path("lambda.svg").exists(),
        "{run:?}"
    );
    let files = ["report.html", "report.md", "tables/large-batch.csv", "pictures/lambda1.svg", "pictures/lambda1.png"];
    let read = || files.map(|f| fs::read(place.path("study").join(f)).unwrap());
    let before = read();
    fs::remove_file(place.path("study/report.html")).unwrap();
    place.run(["report", "study"]).ok();
    assert!(before == read());
    let page = String::from_utf8(before[0].clone()).unwrap();
    assert!(page.contains("Spearman") && page.contains("largest eigenvalue λ₁") && !page.contains("<script"));
    let none = place.run(["report", "nowhere"]);
    assert!(none.code == Some(1) && none.err.contains("report.json"), "{none:?}");
}
