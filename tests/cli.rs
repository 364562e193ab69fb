//! The commands at work, each on a problem that takes a moment.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

mod cli_common;

use cli_common::{Place, SMALL};
use std::fs;
use std::io::Read;
use std::process::Stdio;
#[cfg(unix)]
use std::time::Duration;

#[test]
fn the_version_and_every_help_are_printed() {
    let place = Place::new();
    assert_eq!(place.run(["--version"]).ok().out, format!("hesse {}\n", env!("CARGO_PKG_VERSION")));
    for command in [
        "train",
        "spectrum",
        "check",
        "models",
        "backends",
        "solvers",
        "estimators",
        "data",
        "study",
        "attack",
        "attacks",
        "landscape",
        "report",
    ] {
        let help = place.run([command, "--help"]).ok();
        assert!(help.out.contains("Usage: hesse") && help.err.is_empty(), "{help:?}");
    }
    let none = place.run([] as [&str; 0]);
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("Usage: hesse"), "{none:?}");
}

#[test]
fn models_are_listed_with_the_sizes_that_are_published() {
    let place = Place::new();
    let models = place.run(["models", "--json", "-"]).ok().json();
    let size = |name: &str, input: &str| {
        let model = models["models"].as_array().unwrap().iter().find(|m| m["name"] == name).unwrap();
        let size = model["sizes"].as_array().unwrap().iter().find(|s| s["input"] == input).unwrap();
        size["parameters"].as_u64().unwrap()
    };
    assert_eq!(size("m1", "1x28x28"), 431_080);
    assert_eq!(size("smallcnn", "1x28x28"), 312_202);
    assert_eq!(size("c1", "3x32x32"), 1_756_682);
    assert_eq!(size("c2", "3x32x32"), 1_148_746);
    assert_eq!(size("c3", "3x32x32"), 1_147_978);
    assert_eq!(size("resnet20", "3x32x32"), 269_722);
    let table = place.run(["models"]).ok().out;
    assert!(table.contains("431,080") && table.contains("activation"), "{table}");
}

#[test]
fn solvers_and_backends_are_listed() {
    let place = Place::new();
    assert!(place.run(["solvers"]).ok().out.contains("lanczos"));
    assert!(place.run(["backends"]).ok().out.contains("cpu"));
    assert_eq!(place.run(["backends", "--json", "-"]).ok().json()["backends"][0]["name"], "candle");
}

#[test]
fn attacks_are_listed_with_their_options() {
    let place = Place::new();
    let json = place.run(["attacks", "--json", "-"]).ok().json();
    assert_eq!(json["schema"], "hesse.attacks/1");
    let names: Vec<&str> = json["attacks"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
    for name in [
        "apgd",
        "autoattack",
        "cw",
        "deepfool",
        "fab",
        "fgsm",
        "fhsm",
        "ifgsm",
        "l2hess",
        "noise",
        "pgd",
        "saddle-free",
        "trust-region",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
    let text = place.run(["attacks"]).ok().out;
    assert!(text.contains("random_start") && text.contains("--attack NAME"), "{text}");
}

/// A trained linear network, and the flags that attack it.
fn attack(place: &Place, more: &[&str]) -> cli_common::Run {
    if !place.path("run").exists() {
        place.run(["train"].iter().chain(&SMALL).chain(&["--epochs", "20", "--out", "run"])).ok();
    }
    place.small("attack", &[&["--weights", "run/model.safetensors", "--split", "train"], more].concat())
}

#[test]
fn an_evaluation_has_the_promised_fields_and_a_table_to_match() {
    let place = Place::new();
    let flags = ["--attack", "noise,fgsm,pgd:steps=5,step=2/255", "--eps", "4/255,0,16/255", "--json", "out.json"];
    let run = attack(&place, &flags);
    let run = run.ok();
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(place.path("out.json")).unwrap()).unwrap();
    assert_eq!((&json["schema"], &json["norm"]), (&"hesse.attack/1".into(), &"linf".into()));
    let results = json["results"].as_array().unwrap();
    assert_eq!(results.len(), 9);
    let robust = |r: &serde_json::Value| r["robust_accuracy"].as_f64().unwrap();
    for r in results {
        assert_eq!((&r["samples"], &r["norm"]), (&64.into(), &"linf".into()));
        assert!(robust(r) <= r["clean_accuracy"].as_f64().unwrap() && r["eps"].is_f64(), "{r}");
    }
    for three in results.chunks(3) {
        assert_eq!(three[0]["eps"], 0.0);
        assert_eq!(robust(&three[0]), json["clean_accuracy"].as_f64().unwrap());
        assert!(robust(&three[1]) >= robust(&three[2]), "{three:?}");
    }
    let worst = json["worst_case"].as_array().unwrap();
    for (k, w) in worst.iter().enumerate() {
        let lowest = results.iter().skip(k).step_by(3).map(robust).fold(1.0, f64::min);
        assert!(robust(w) <= lowest, "{w}");
        let standing = json["per_sample"].as_array().unwrap().iter();
        let standing = standing.filter(|s| s["correct"] == true && s["fooled_by"][k].is_null()).count();
        assert_eq!((robust(w) * 64.0).round() as usize, standing);
    }
    assert!(robust(&worst[2]) < robust(&worst[0]), "{worst:?}");
    assert!(run.out.contains("worst case per sample") && run.out.contains("pgd:steps=5,step=2/255"), "{}", run.out);
    for field in ["version", "seed", "data_sha256", "weights_sha256", "notices"] {
        assert!(!json["manifest"][field].is_null(), "{field} in {json}");
    }
}

#[test]
fn neither_batches_nor_the_place_in_the_range_change_an_evaluation() {
    let place = Place::new();
    let verdicts = |more: &[&str]| {
        let flags = ["--attack", "pgd:steps=4", "--eps", "0.05", "--dtype", "f64", "--json", "-"];
        attack(&place, &[&flags, more].concat()).ok().json()["per_sample"].as_array().unwrap().clone()
    };
    let whole = verdicts(&[]);
    assert_eq!(whole, verdicts(&["--batch-size", "20"]));
    assert_eq!(whole[40..], verdicts(&["--samples", "40..64"]));
}

#[test]
fn targets_are_reached_or_not_and_counted() {
    let place = Place::new();
    let run = |rule: &str| {
        let flags = ["--attack", "pgd:steps=10", "--eps", "0.1", "--targeted", rule, "--json", "-"];
        attack(&place, &[&flags[..], &["--samples", "0..32"]].concat()).ok().json()
    };
    let share = |json: &serde_json::Value| json["results"][0]["target_success"].as_f64().unwrap();
    let (next, all, least) = (run("next"), run("all"), run("least-likely"));
    assert_eq!(next["targeted"], "next");
    // Any of nine targets fools no fewer samples than one of them; the least likely is the hardest.
    let robust = |json: &serde_json::Value| json["results"][0]["robust_accuracy"].as_f64().unwrap();
    assert!(robust(&all) <= robust(&next) && robust(&all) < all["clean_accuracy"].as_f64().unwrap(), "{all}");
    assert!(share(&least) <= share(&all), "{} {}", share(&least), share(&all));
    assert_eq!(share(&run("random")), share(&run("random")));
}

#[test]
fn attacked_samples_a_sheet_and_a_trace_are_written() {
    let place = Place::new();
    let flags = ["--attack", "pgd:steps=10,fgsm", "--eps", "0.05,0.1", "--save", "a.safetensors", "--sheet", "a.png"];
    let run = attack(&place, &[&flags[..], &["--trace", "a.csv", "--indicators", "--json", "out.json"]].concat());
    let json: serde_json::Value = {
        run.ok();
        serde_json::from_str(&fs::read_to_string(place.path("out.json")).unwrap()).unwrap()
    };
    let tensors = hesse::weights::read(&place.path("a.safetensors")).unwrap();
    let metadata = hesse::weights::read_metadata(&place.path("a.safetensors")).unwrap();
    assert_eq!((metadata["attacks"].as_str(), metadata["eps"].as_str()), ("pgd:steps=10;fgsm", "0.05;0.1"));
    for (a, e) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let get = |what: &str| tensors.get(&format!("{a}.{e}.{what}")).unwrap().values.to_f64();
        let (fooled, predictions) = (get("fooled"), get("predictions"));
        let labels = tensors.get("labels").unwrap().values.to_f64();
        let result = &json["results"][2 * a + e];
        assert_eq!(fooled.iter().sum::<f64>(), result["fooled"].as_f64().unwrap());
        assert!(fooled.iter().zip(predictions.iter().zip(&labels)).all(|(f, (p, l))| *f == 0.0 || p != l));
        let x = tensors.get(&format!("{a}.{e}.adversarial")).unwrap();
        assert_eq!(x.shape[0], 64);
        assert!(x.values.to_f64().iter().all(|v| (0.0..=1.0).contains(v)));
        let budget = if e == 0 { 0.05 } else { 0.1 };
        assert!(get("distances").iter().all(|d| *d <= budget));
        let interval = &result["interval"];
        let robust = result["robust_accuracy"].as_f64().unwrap();
        let (low, high) = (interval[0].as_f64().unwrap(), interval[1].as_f64().unwrap());
        assert!(low < high && low <= robust + 1e-12 && robust <= high + 1e-12, "{result}");
    }
    assert!(fs::read(place.path("a.png")).unwrap().starts_with(b"\x89PNG"));
    let trace = fs::read_to_string(place.path("a.csv")).unwrap();
    assert_eq!(trace.lines().count(), 1 + 2 * 10 + 2);
    assert_eq!(json["flags"]["random"], false);
    assert_eq!(json["flags"]["indicators"]["unconstrained"].as_array().unwrap().len(), 2, "{}", json["flags"]);
}

#[test]
fn a_composed_attack_says_what_each_part_added() {
    let place = Place::new();
    let flags = ["--attack", "autoattack:steps=5,targets=2,queries=10", "--eps", "0.05", "--json", "-"];
    let json = attack(&place, &flags).ok().json();
    let stages = json["results"][0]["stages"].as_array().unwrap();
    assert_eq!(stages[0]["name"], "apgd-ce");
    let added: u64 = stages.iter().map(|s| s["fooled"].as_u64().unwrap()).sum();
    assert_eq!(added, json["results"][0]["fooled"].as_u64().unwrap());
    assert_eq!(json["flags"]["only_without_gradients"].as_array().unwrap().len(), 1);
}

#[test]
fn every_norm_is_measured() {
    let place = Place::new();
    for (norm, eps) in [("l2", 1.0), ("l1", 8.0)] {
        let attacks = ["--attack", "pgd:steps=10;fgsm", "--norm", norm, "--eps", &eps.to_string(), "--json", "-"];
        let json = attack(&place, &attacks).ok().json();
        for r in json["results"].as_array().unwrap() {
            let (largest, fooled) = (r["largest_norm"].as_f64().unwrap(), r["fooled"].as_u64().unwrap());
            assert!(largest <= eps * (1.0 + 1e-6) && fooled > 0, "{r}");
        }
    }
}

#[test]
fn a_spectrum_has_the_promised_fields_and_a_table_to_match() {
    let place = Place::new();
    let run = place.small("spectrum", &["--top", "3", "--bottom", "1", "--dtype", "f64", "--json", "out.json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(place.path("out.json")).unwrap()).unwrap();
    assert_eq!(json["schema"], "hesse.spectrum/1");
    assert_eq!(json["model"]["parameters"], 7850);
    assert_eq!((&json["data"]["name"], &json["data"]["split"]), (&"glyphs".into(), &"train".into()));
    assert_eq!(json["data"]["samples"], 64);
    assert_eq!((&json["backend"]["device"], &json["backend"]["dtype"]), (&"cpu".into(), &"f64".into()));
    for field in ["loss", "accuracy", "gradient_norm", "seconds", "seconds_per_product"] {
        assert!(json[field].is_f64(), "{field} in {json}");
    }
    assert!(json["products"].as_u64().unwrap() > 3);
    for field in ["version", "seed", "threads", "data_sha256", "weights_sha256", "batch_norm", "notices"] {
        assert!(!json["manifest"][field].is_null(), "{field} in {json}");
    }
    let values: Vec<f64> = json["largest"].as_array().unwrap().iter().map(|p| p["value"].as_f64().unwrap()).collect();
    assert!(values.len() == 3 && values.is_sorted_by(|a, b| a >= b), "{values:?}");
    // The softmax loss of a linear network is convex: its smallest eigenvalue is zero, to the default tolerance.
    assert!(json["smallest"][0]["value"].as_f64().unwrap().abs() < 1e-3 * values[0], "{json}");
    for pair in json["largest"].as_array().unwrap() {
        assert!(pair["residual"].as_f64().unwrap() <= 1e-3 && pair["converged"] == true, "{pair}");
    }
    assert!(run.out.contains("all converged") && run.out.contains("noise floor"), "{}", run.out);
    assert!(run.err.contains("initial weights of seed 0"), "{}", run.err);
}

#[test]
fn json_on_standard_output_stands_alone() {
    let run = Place::new().small("spectrum", &["--json", "-"]).ok();
    assert_eq!(run.json()["schema"], "hesse.spectrum/1");
}

#[test]
fn neither_batches_nor_memory_nor_threads_change_a_spectrum() {
    let place = Place::new();
    let value = |more: &[&str]| {
        let flags = [&["--dtype", "f64", "--tol", "1e-9", "--json", "-"], more].concat();
        place.small("spectrum", &flags).ok().json()["largest"][0]["value"].as_f64().unwrap()
    };
    let whole = value(&[]);
    for other in
        [value(&["--batch-size", "24"]), value(&["--batch-size", "24", "--memory", "0"]), value(&["--no-self-test"])]
    {
        assert!((other / whole - 1.0).abs() < 1e-10, "{other} against {whole}");
    }
}

#[test]
fn a_subset_of_parameters_has_a_spectrum_of_its_own() {
    let run =
        Place::new().small("spectrum", &["--params", "*.bias", "--top", "9", "--bottom", "1", "--json", "-"]).ok();
    let json = run.json();
    assert_eq!((&json["dimension"], &json["manifest"]["params"]), (&10.into(), &"*.bias".into()));
    // Adding the same number to every bias changes nothing.
    assert!(json["smallest"][0]["value"].as_f64().unwrap().abs() < 1e-6, "{json}");
}

#[test]
fn what_did_not_converge_is_marked_and_strict_says_so() {
    let place = Place::new();
    let flags = ["--top", "5", "--tol", "1e-12", "--dtype", "f64", "--max-products", "6"];
    let run = place.small("spectrum", &flags).ok();
    assert!(run.out.contains("NOT"), "{}", run.out);
    assert_eq!(place.small("spectrum", &[&flags[..], &["--strict"]].concat()).code, Some(3));
}

#[test]
fn the_derivatives_of_a_small_network_pass_their_check() {
    let place = Place::new();
    let tanh = ["--model", "mlp:hidden=8,activation=tanh", "--data", "glyphs:train=64,test=32", "--threads", "1"];
    let check = |more: &[&str]| place.run(["check"].iter().chain(&tanh).chain(more));
    let json = check(&["--dtype", "f64", "--json", "-"]).ok().json();
    assert_eq!((&json["schema"], &json["passed"]), (&"hesse.check/1".into(), &true.into()));
    assert!(json["self_test"]["finite_difference"].as_f64().unwrap() < 1e-6, "{json}");
    assert!((json["self_test"]["finite_difference_order"].as_f64().unwrap() - 2.0).abs() < 0.5, "{json}");
    let single = check(&["--json", "out.json"]).ok();
    assert!(single.out.contains("self-test passed"), "{}", single.out);
    let json32: serde_json::Value = serde_json::from_str(&fs::read_to_string(place.path("out.json")).unwrap()).unwrap();
    for figure in ["vHv", "norm_Hv"] {
        let (a, b) = (json["sin_probe"][figure].as_f64().unwrap(), json32["sin_probe"][figure].as_f64().unwrap());
        assert!((a / b - 1.0).abs() < 1e-4, "{figure}: {a} and {b}");
    }
}

#[test]
fn a_network_is_trained_and_then_measured() {
    let place = Place::new();
    let train = ["train"].iter().chain(&SMALL).chain(&["--epochs", "3", "--out", "run", "--json", "-"]);
    let json = place.run(train).ok().json();
    assert_eq!(json["schema"], "hesse.train/1");
    let run = place.small("spectrum", &["--weights", "run/model.safetensors", "--json", "-"]).ok();
    assert!(run.err.is_empty(), "{}", run.err);
    let loss = run.json()["loss"].as_f64().unwrap();
    assert!((loss / json["train_loss"].as_f64().unwrap() - 1.0).abs() < 1e-5, "{loss} after {json}");
}

#[test]
fn a_missed_target_is_told_by_strict() {
    let place = Place::new();
    let more = ["--epochs", "1", "--until-loss", "1e-9", "--out", "run"];
    let train = |strict: &[&'static str]| place.run(["train"].iter().chain(&SMALL).chain(&more).chain(strict));
    assert_eq!((train(&[]).code, train(&["--strict"]).code), (Some(0), Some(3)));
}

#[test]
fn a_data_set_is_described() {
    let place = Place::new();
    let json = place.run(["data", "info", "glyphs:train=64,test=32", "--json", "-"]).ok().json();
    assert_eq!(json["splits"][1]["samples"], 32);
    assert_eq!(json["splits"][0]["sha256"].as_str().unwrap().len(), 64);
    let text = place.run(["data", "info", "glyphs:train=64,test=32", "--split", "test"]).ok().out;
    assert!(text.contains("1×28×28") && !text.contains("train "), "{text}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let place = Place::new();
    let mut child = place.command().arg("models").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success() && text.is_empty(), "{text}");
}

/// Starts a command, interrupts it after a while, and returns what it then said; it must end with 130.
#[cfg(unix)]
fn interrupted(place: &Place, flags: &[&str], more: &[&str], after: Duration) -> String {
    use std::io::{BufRead, BufReader};
    let mut command = place.command();
    let mut child = command.args(flags).args(more).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    // The first notice comes when the problem has been read and the listener is in place.
    err.read_line(&mut line).unwrap();
    std::thread::sleep(after);
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let mut rest = String::new();
    err.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{line}{rest}");
    rest
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_prints_what_it_has_and_ends_with_130() {
    let place = Place::new();
    // Far more products than a moment allows.
    let flags = ["spectrum", "--model", "m1", "--data", "glyphs:train=512,test=32", "--top", "60", "--tol", "1e-14"];
    let rest = interrupted(
        &place,
        &flags,
        &["--max-products", "1000000", "--no-self-test", "--threads", "1"],
        Duration::from_millis(1500),
    );
    assert!(rest.contains("stopping"), "{rest}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_evaluation_keeps_the_batches_that_are_done() {
    let place = Place::new();
    let flags =
        ["attack", "--model", "mlp:hidden=64", "--data", "glyphs:train=32,test=4000", "--attack", "pgd:steps=600"];
    let rest = interrupted(
        &place,
        &flags,
        &["--eps", "0.1", "--batch-size", "1", "--threads", "1", "--json", "out.json"],
        Duration::from_millis(4000),
    );
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(place.path("out.json")).unwrap()).unwrap();
    let done = json["samples"].as_u64().unwrap();
    assert!(json["interrupted"] == true && (1..4000).contains(&done), "{done} samples");
    assert_eq!(json["results"][0]["samples"], done);
    assert!(rest.contains("interrupted: the figures are of the first"), "{rest}");
}

#[test]
fn input_hessians_are_printed_and_written_for_every_sample() {
    let place = Place::new();
    let run =
        place.small("spectrum", &["--wrt", "inputs", "--samples", "2..10", "--top", "2", "--json", "out.json"]).ok();
    assert!(run.out.contains("by the closed form") && run.out.contains("all converged"), "{run:?}");
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(place.path("out.json")).unwrap()).unwrap();
    assert_eq!((json["wrt"].as_str(), json["method"].as_str()), (Some("inputs"), Some("logits")));
    let samples = json["samples"].as_array().unwrap();
    assert_eq!((samples.len(), samples[0]["index"].as_u64()), (8, Some(2)));
    assert_eq!(samples[0]["eigenvalues"].as_array().unwrap().len(), 9);
    let lanczos = place.small("spectrum", &["--wrt", "inputs", "--samples", "2..10", "--bottom", "1", "--json", "-"]);
    let lanczos = lanczos.ok().json();
    assert_eq!(lanczos["method"], "lanczos");
    for (a, b) in samples.iter().zip(lanczos["samples"].as_array().unwrap()) {
        let value = |s: &serde_json::Value| s["eigenvalues"][0].as_f64().unwrap();
        assert!((value(a) / value(b) - 1.0).abs() < 1e-4, "{a} {b}");
        assert!(b["smallest"][0].as_f64().unwrap() > -1e-5 * value(b));
    }
    let refused = place.small("spectrum", &["--wrt", "inputs", "--params", "fc*"]);
    assert!(refused.code == Some(2) && refused.err.contains("--params"), "{refused:?}");
    let drawn = place.small("spectrum", &["--wrt", "inputs", "--samples", "2..10", "--plot", "inputs.svg"]);
    assert!(
        drawn.code == Some(0)
            && std::fs::read_to_string(place.path("inputs.svg")).unwrap().contains("curvature against slope"),
        "{drawn:?}"
    );
    for flags in [&["--density"][..], &["--trace"], &["--complete"], &["--per-layer"], &["--solver", "lobpcg"]] {
        let refused = place.small("spectrum", &[&["--wrt", "inputs"], flags].concat());
        assert!(refused.code == Some(2) && refused.err.contains(flags[0]), "{refused:?}");
    }
    let refused = place.small("spectrum", &["--wrt", "inputs", "--label-smoothing", "0.1"]);
    assert!(refused.code == Some(2) && refused.err.contains("plain cross-entropy"), "{refused:?}");
}

#[test]
fn the_saddle_free_study_ends_with_its_answer() {
    let place = Place::new();
    let arguments = [
        "study",
        "saddle-free",
        "--model",
        "mlp:hidden=8",
        "--model",
        "mlp:hidden=8,activation=tanh",
        "--data",
        "glyphs:train=60,test=10",
        "--epochs",
        "1",
        "--landscape",
        "3",
        "--out",
        "runs",
        "--threads",
        "1",
        "--strict",
    ];
    let run = place.run(arguments).ok();
    assert!(run.out.contains("Yes: at 10 of 10 samples of 1 piecewise-linear networks"), "{run:?}");
    assert!(run.out.contains("mlp:hidden=8,activation=tanh is indefinite at"), "{run:?}");
    assert!(
        ["study.json", "table.csv", "report.html", "report.md", "pictures/landscapes.png"]
            .iter()
            .all(|f| place.path(&format!("runs/{f}")).is_file())
    );
}
