//! `hesse spectrum` with estimates, as a person would run it.

mod cli_common;

use cli_common::Place;
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn every_estimate_is_in_the_json_with_its_error_and_in_the_text_with_its_name() {
    let place = Place::new();
    let flags = [
        "--top",
        "4",
        "--density",
        "--density-steps",
        "12",
        "--probes",
        "4",
        "--trace",
        "--trace-error",
        "0.05",
        "--trace-method",
        "hutchinson",
        "--frobenius",
        "--diagonal",
        "diagonal.safetensors",
        "--diagonal-method",
        "xdiag",
        "--diagonal-products",
        "24",
        "--data-error",
        "jackknife",
        "--data-groups",
        "8",
        "--json",
        "out.json",
        "--plot",
        "out.svg",
    ];
    let run = place.small("spectrum", &flags).ok();
    let drawn = std::fs::read_to_string(place.path("out.svg")).unwrap();
    for chart in ["eigenvalues at the ends", "95 % over 4 probes", "both sides of zero", "cumulative distribution"] {
        assert!(drawn.contains(chart), "no {chart}");
    }
    let json: Value = serde_json::from_str(&std::fs::read_to_string(place.path("out.json")).unwrap()).unwrap();
    let trace = &json["trace"];
    assert_eq!((&trace["known_pairs"], &trace["method"]), (&4.into(), &"hutchinson".into()));
    for field in ["estimate", "standard_error", "data_standard_error", "half_width", "relative_error"] {
        assert!(number(&trace[field]) > 0.0, "{field} in {trace}");
    }
    let density = &json["density"];
    assert_eq!(density["sticks"].as_array().unwrap().len(), 4);
    assert_eq!(density["quadratures"].as_array().unwrap().len(), 4);
    assert_eq!(density["products"], 48);
    for (stick, pair) in density["sticks"].as_array().unwrap().iter().rev().zip(json["largest"].as_array().unwrap()) {
        assert_eq!(stick["value"], pair["value"]);
    }
    for curve in ["linear", "symmetric_log"] {
        let lost = number(&density[curve]["lost_mass"]);
        assert!(lost.abs() < 0.1, "{curve} loses {lost}");
        assert_eq!(density[curve]["density"].as_array().unwrap().len(), 256);
    }
    let total: f64 = ["below", "around", "above"].iter().map(|m| number(&density["masses"][m]["mass"])).sum();
    assert!((total - 1.0).abs() < 1e-12, "{total}");
    // Two estimators with probes of their own agree within their errors.
    let apart = (number(&density["trace"]) - number(&trace["estimate"])).abs();
    let error = number(&density["trace_standard_error"]).hypot(number(&trace["standard_error"]));
    assert!(apart < 5.0 * error, "{apart} {error}");
    let norm = number(&json["frobenius_norm"]["estimate"]);
    let known: f64 = json["largest"].as_array().unwrap().iter().map(|p| number(&p["value"]).powi(2)).sum();
    assert!(norm * norm > known, "{norm} {known}");
    let diagonal = &json["diagonal"];
    assert!((number(&diagonal["sum"]) / number(&trace["estimate"]) - 1.0).abs() < 0.3, "{diagonal}");
    assert!(std::fs::metadata(place.path("diagonal.safetensors")).unwrap().len() > 2 * 8 * 7850);
    let figures = json["data_error"]["figures"].as_array().unwrap();
    let names: Vec<&str> = figures.iter().map(|f| f["quantity"].as_str().unwrap()).collect();
    for name in ["loss", "accuracy", "gradient_norm", "largest", "trace"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let first = figures.iter().find(|f| f["quantity"] == "largest" && f["index"] == 0).unwrap();
    assert!((number(&first["value"]) / number(&json["largest"][0]["value"]) - 1.0).abs() < 1e-3, "{first}");
    assert!((number(&figures[0]["value"]) / number(&json["loss"]) - 1.0).abs() < 1e-5);
    for text in ["s.e. (probes)", "s.e. (data)", "residual", "jackknife over 8 groups", "by quadrature", "exact sticks"]
    {
        assert!(run.out.contains(text), "{text} in {}", run.out);
    }
}

#[test]
fn a_trace_needs_no_eigenvalue_and_repeats_itself() {
    let place = Place::new();
    let of = |more: &[&str]| {
        let flags = ["--top", "0", "--trace", "--dtype", "f64", "--no-self-test", "--json", "-"];
        place.small("spectrum", &[&flags, more].concat()).ok().json()
    };
    let sketched = ["--trace-error", "0.2", "--trace-method", "xtrace"];
    let json = of(&sketched);
    assert_eq!((&json["trace"]["method"], &json["largest"]), (&"xtrace".into(), &Value::Array(Vec::new())));
    assert!(json["density"].is_null() && json["data_error"].is_null());
    assert_eq!(json["trace"], of(&sketched)["trace"]);
    let other = of(&["--trace-error", "0.2", "--trace-method", "hutch++:sketch=6", "--seed", "1"]);
    assert_eq!(other["trace"]["method"], "hutch++:sketch=6");
    let bootstrap = of(&["--data-error", "bootstrap"]);
    assert_eq!(bootstrap["data_error"]["method"], "bootstrap");
    assert!(number(&bootstrap["trace"]["data_standard_error"]) > 0.0);
}

#[test]
fn a_goal_that_is_out_of_reach_is_said_and_is_exit_code_3_when_strict() {
    let place = Place::new();
    let flags = ["--trace", "--trace-method", "hutchinson", "--trace-error", "1e-9", "--trace-products", "20"];
    let run = place.small("spectrum", &[&flags[..], &["--strict", "--json", "out.json"]].concat());
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.out.contains("NOT within"), "{}", run.out);
}

#[test]
fn where_the_network_is_piecewise_linear_trace_and_diagonal_are_exact_and_probes_agree() {
    let place = Place::new();
    let of = |model: &str, more: &[&str]| {
        let command = ["spectrum", "--model", model, "--data", "glyphs:train=64,test=32", "--threads", "1"];
        let flags = ["--trace", "--diagonal", "d.safetensors", "--dtype", "f64", "--json", "-", "--top", "2"];
        place.run([&command[..], &flags, more].concat())
    };
    let run = of("mlp:hidden=4", &[]).ok();
    let json = run.json();
    let (trace, diagonal) = (&json["trace"], &json["diagonal"]);
    assert_eq!((&trace["method"], &diagonal["method"]), (&"exact".into(), &"exact".into()));
    assert_eq!((number(&trace["standard_error"]), number(&diagonal["standard_error"])), (0.0, 0.0));
    let (trace, sum) = (number(&trace["estimate"]), number(&diagonal["sum"]));
    assert!((trace / sum - 1.0).abs() < 1e-10, "{trace} {sum}");
    let probed = of("mlp:hidden=4", &["--trace-method", "hutchinson", "--trace-products", "100"]).ok().json();
    let probed = &probed["trace"];
    let (value, error) = (number(&probed["estimate"]), number(&probed["standard_error"]));
    assert!(error > 0.0 && (value - trace).abs() < 4.0 * error, "{trace} against {probed}");
    let smooth = "mlp:hidden=4,activation=tanh";
    assert_eq!(of(smooth, &["--trace-error", "0.5"]).ok().json()["trace"]["method"], "hutchinson");
    assert_eq!(of(smooth, &["--matrix", "gauss-newton"]).ok().json()["trace"]["method"], "exact");
    let run = of(smooth, &["--trace-method", "exact"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("piecewise linear"), "{}", run.err);
}

#[test]
fn wrong_names_and_places_are_refused_before_anything_is_computed() {
    let place = Place::new();
    for (flags, words) in [
        (&["--trace", "--trace-method", "hutchinsen"][..], "did you mean `hutchinson`?"),
        (&["--density", "--density-method", "slq:steps=3"], "no option 'steps'"),
        (&["--diagonal", "none/here.safetensors"], "a folder that exists"),
        (&["--trace", "--confidence", "1"], "between 0 and 1"),
        (&["--trace", "--trace-method", "hutch++:sketch=200"], "at most"),
        (&["--data-error", "cross-validation"], "jackknife"),
        (&["--data-error", "jackknife", "--samples", "0..1"], "at least two samples"),
    ] {
        let run = place.small("spectrum", flags);
        assert_eq!(run.code, Some(2), "{flags:?}: {run:?}");
        assert!(run.err.contains(words), "{flags:?}: {}", run.err);
    }
    let listed = place.run(["estimators", "--json", "-"]).ok().json();
    assert_eq!(listed["estimators"].as_array().unwrap().len(), 6);
    assert!(place.run(["estimators"]).ok().out.contains("reorthogonalize"));
}
