//! What makes no sense is refused with what would.

use crate::toy::toy;
use crate::{attack, names, norms};
use hesse_core::attack::driver::Queries;
use hesse_core::attack::{AttackError, AttackStep, Norm};
use hesse_core::eigen::Control;
use hesse_core::options::Options;
use hesse_core::registry::{self, AttackEntry};
use hesse_core::vectors::Precision;

#[test]
fn a_norm_without_a_form_is_refused_with_those_that_have_one() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(2), toy.samples(2));
    for name in names() {
        for norm in [Norm::Linf, Norm::L2, Norm::L1] {
            let result =
                attack(name).run(&oracle, &samples.request(norm, 0.1), &mut |_: AttackStep<'_>| Control::Continue);
            match result {
                Ok(_) => assert!(norms(name).contains(&norm), "{name} {norm}"),
                Err(AttackError::Norm { attack, known, .. }) => {
                    assert!(attack == name && !norms(name).contains(&norm), "{name} {norm}");
                    assert!(norms(name).iter().all(|n| known.contains(&n.to_string())), "{name}: {known}");
                }
                Err(error) => panic!("{name} {norm}: {error}"),
            }
        }
    }
}

#[test]
fn options_that_cannot_be_are_refused() {
    let cases = [
        ("fhsm:solver=lu", "closed, cg"),
        ("fhsm:iterations=0", "at least 1"),
        ("l2hess:damping=-1", "at least 0"),
        ("l2hess:negative_curvature=flip", "stop, continue"),
        ("l2hess:orientation=down", "published, ascent"),
        ("saddle-free:krylov=0", "at least 1"),
        ("trust-region:steps=0", "at least 1"),
        ("trust-region:radius=x", "2/255"),
        ("top-eigenvector:steps=3", "no option 'steps'"),
        ("linear-trust-region:rival=middle", "best, worst"),
    ];
    for (text, word) in cases {
        let (name, options) = Options::split(text).unwrap();
        let error = (registry::find::<AttackEntry>(&name).unwrap().make)(&options).err().map(|e| e.to_string());
        assert!(error.as_ref().is_some_and(|e| e.contains(word)), "{text}: {error:?}");
    }
}

#[test]
fn every_question_is_counted() {
    let relu = toy("relu", Precision::F64, 1.0);
    let tanh = toy("tanh", Precision::F64, 1.0);
    let count = |toy: &crate::toy::Toy, name: &str, norm| -> Queries {
        let (oracle, samples) = (toy.oracle(3), toy.samples(3));
        crate::drive(&oracle, &samples, name, norm, &[0.01]).queries
    };
    // Of three samples: the driver's two forward passes; then one gradient, one test for curvature, and the ten rows.
    let closed = count(&relu, "l2hess", Norm::L2);
    assert_eq!(closed, Queries { forward: 9, gradient: 3, hessian_product: 3, jacobian_product: 30 });
    let iterated = count(&relu, "l2hess:solver=cg,iterations=4,tolerance=0", Norm::L2);
    assert_eq!(iterated, Queries { forward: 6, gradient: 3, hessian_product: 12, jacobian_product: 0 });
    let krylov = count(&tanh, "saddle-free:krylov=5,random=2", Norm::L2);
    assert_eq!(krylov, Queries { forward: 6, gradient: 3, hessian_product: 3 + 21, jacobian_product: 0 });
}
