//! The points, one function each; a verdict is printed for every one.

mod blocks;
mod closed_forms;
mod curvature;
mod data_sets;
mod derivatives;
mod fisher_forms;
mod functions;
mod input_errors;
mod keeping;
mod memory;
mod not_finite;
mod objectives;
mod saturated_outputs;
mod saturation;
mod single_precision;
mod slopes;
mod values;
mod vector_space;

pub use blocks::*;
pub use closed_forms::*;
pub use curvature::*;
pub use data_sets::*;
pub use derivatives::*;
pub use fisher_forms::*;
pub use functions::*;
pub use input_errors::*;
pub use keeping::*;
pub use memory::*;
pub use not_finite::*;
pub use objectives::*;
pub use saturated_outputs::*;
pub use saturation::*;
pub use single_precision::*;
pub use slopes::*;
pub use values::*;
pub use vector_space::*;

use super::truth::{By, CASES, Truth, truth};
use hesse_core::SecondOrderBackend;
use hesse_core::vectors::Precision;
use std::sync::Arc;

/// Opens the backend under test.
pub type Open<'a> = &'a dyn Fn(Precision) -> Box<dyn SecondOrderBackend>;

/// Every case at these batch sizes, with a name for messages.
fn each(batches: &[usize], bys: &[By]) -> impl Iterator<Item = (String, Arc<Truth>)> {
    let combinations: Vec<(usize, By)> = batches.iter().flat_map(|&b| bys.iter().map(move |&by| (b, by))).collect();
    CASES.iter().flat_map(move |case| {
        let combinations = combinations.clone();
        combinations.into_iter().filter_map(move |(batch, by)| {
            truth(case, batch, by).map(|t| (format!("{}, batch {batch}, by {by:?}", case.name), t))
        })
    })
}

const EVERY_BATCH: &[usize] = &[1, 3, 5];
const EVERYTHING: &[By] = &[By::Parameters, By::Weights, By::Samples];

/// Relative agreement asked of f64: what the conditioning of these small networks leaves of the rounding.
pub const DOUBLE: f64 = 1e-11;
/// Relative agreement asked of f32 with f64.
pub const SINGLE: f64 = 1e-4;

/// One `#[test]` for every point; `$run` is called with the point and its name.
macro_rules! test_every_point {
    ($run:path: $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                $run(&|open| $crate::suite::points::$name(open));
            }
        )*
    };
    ($run:path) => {
        $crate::suite::points::test_every_point! { $run:
            the_loss_and_its_weight_are_as_defined
            the_running_statistics_move_as_defined
            gradients_agree_with_dual_numbers
            hessian_products_agree_with_dual_numbers
            every_column_of_the_hessian_agrees_with_dual_numbers
            gauss_newton_products_agree_with_dual_numbers
            jacobian_products_agree_with_dual_numbers
            transposed_jacobian_products_agree_with_dual_numbers
            empirical_fisher_products_agree_with_outer_products
            block_diagonal_products_agree_with_dual_numbers
            sampled_fisher_products_are_those_of_their_roots
            mixed_products_agree_with_dual_numbers
            the_diagonals_of_hessian_and_gauss_newton_agree_where_the_network_is_piecewise_linear
            fisher_matrices_of_a_softmax_regression_are_their_outer_products
            the_sum_of_eigenvalues_is_the_trace_and_no_fisher_matrix_has_a_negative_one
            hessian_products_are_the_slope_of_the_gradient
            the_objective_of_trades_and_its_gradient_agree_with_dual_numbers
            curvature_regularised_gradients_are_the_slope_of_the_objective
            linear_regression_has_its_closed_form
            logistic_regression_has_its_closed_form
            softmax_regression_has_its_closed_form
            kept_and_recomputed_batches_give_the_same_bits
            a_data_set_without_weight_is_an_error
            a_block_of_three_directions_is_three_single_ones
            a_kept_primal_part_gives_the_same_bits_every_time
            results_are_added_to_what_is_there
            gradients_in_single_precision_agree
            products_in_single_precision_agree
            saturated_cross_entropy_keeps_five_digits_in_single_precision
            outputs_far_apart_give_the_limits_and_no_nan
            functions_of_one_number_are_accurate_everywhere
            at_a_kink_the_slope_is_pytorchs
            vectors_are_written_read_and_combined
            vectors_are_copied_across_precisions
            wrong_sizes_of_vectors_are_errors
            a_label_out_of_range_is_an_error
            a_missing_or_misshapen_input_is_an_error
            a_not_finite_number_is_reported_with_the_first_primitive
            memory_stays_flat_over_a_hundred_products
        }
    };
}
pub(crate) use test_every_point;
