//! The crates that are linked in. A crate that nobody names is dropped by the linker, and its registry entries with
//! it; so each is named here, and the test below knows what they bring.

use hesse_autoattack as _;
use hesse_block_krylov as _;
use hesse_candle as _;
use hesse_chebyshev as _;
use hesse_convnet as _;
use hesse_density as _;
use hesse_gradient_attacks as _;
use hesse_krylov_schur as _;
use hesse_lanczos as _;
use hesse_lobpcg as _;
use hesse_minimal_attacks as _;
use hesse_mlp as _;
use hesse_power_iteration as _;
use hesse_resnet as _;
use hesse_score_attacks as _;
use hesse_second_order_attacks as _;
use hesse_trace as _;
use hesse_vit as _;

#[cfg(test)]
mod tests {
    use hesse_core::registry;

    #[test]
    fn every_built_in_entry_is_registered() {
        let models: Vec<&str> = registry::models().iter().map(|e| e.name).collect();
        let expected = [
            "c1",
            "c2",
            "c3",
            "fastcnn",
            "m1",
            "mlp",
            "resnet110",
            "resnet18",
            "resnet20",
            "resnet32",
            "resnet44",
            "resnet56",
            "smallcnn",
            "vit",
        ];
        assert_eq!(models, expected);
        assert_eq!(
            registry::solvers().iter().map(|e| e.name).collect::<Vec<_>>(),
            ["block-krylov", "chebyshev", "krylov-schur", "lanczos", "lobpcg", "power-iteration",]
        );
        let attacks: Vec<&str> = registry::attacks().iter().map(|e| e.name).collect();
        let expected = [
            "apgd",
            "apgd-t",
            "autoattack",
            "cw",
            "deepfool",
            "fab",
            "fgsm",
            "fhsm",
            "ifgsm",
            "l2grad",
            "l2hess",
            "linear-trust-region",
            "noise",
            "pgd",
            "saddle-free",
            "square",
            "top-eigenvector",
            "trust-region",
        ];
        assert_eq!(attacks, expected);
        let traces: Vec<&str> = registry::all::<registry::TraceEntry>().iter().map(|e| e.name).collect();
        assert_eq!(traces, ["hutch++", "hutchinson", "xtrace"]);
        let diagonals: Vec<&str> = registry::all::<registry::DiagonalEntry>().iter().map(|e| e.name).collect();
        assert_eq!(diagonals, ["hutchinson", "xdiag"]);
        let densities: Vec<&str> = registry::all::<registry::DensityEntry>().iter().map(|e| e.name).collect();
        assert_eq!(densities, ["slq"]);
        assert_eq!(registry::backends().iter().map(|e| e.name).collect::<Vec<_>>(), ["candle"]);
    }
}
