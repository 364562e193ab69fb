//! Gives a file's tensors to a model by name, and says everything that does not fit at once.

use super::error::{Mismatch, Misshapen, WeightsError};
use super::prefix;
use super::state_dict::StateDict;
use super::values::TensorData;
use std::collections::HashMap;
use std::path::Path;

/// A tensor that a model wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Its name in the model.
    pub name: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
    /// Whether the model can do without it.
    pub required: bool,
}

/// Batch norm's count of batches, which no computation of an evaluated network uses.
const COUNTER: &str = "num_batches_tracked";

/// Finds the tensor for each of `wanted`, in that order; `None` only for one that is not required and absent.
///
/// A prefix that most of the dictionary's names share, such as `module.`, is taken away if more names match without
/// it. Batch norm's `num_batches_tracked` is ignored unless wanted.
///
/// # Errors
/// [`WeightsError::Mismatch`] with every tensor that is missing, left over or misshapen.
pub fn assign<'d>(dict: &'d StateDict, wanted: &[Wanted<'_>]) -> Result<Vec<Option<&'d TensorData>>, WeightsError> {
    let places: HashMap<&str, usize> = wanted.iter().enumerate().map(|(at, wanted)| (wanted.name, at)).collect();
    let names: Vec<&str> = dict.iter().map(|(name, _)| name).filter(|name| !is_counter(name)).collect();
    let prefix = prefix::find(&names, |name| places.contains_key(name));

    let mut found: Vec<Option<&TensorData>> = vec![None; wanted.len()];
    let mut mismatch = Mismatch::default();
    for (name, tensor) in dict.iter() {
        let place = places.get(name.strip_prefix(prefix).unwrap_or(name));
        match place.and_then(|&at| found.get_mut(at)) {
            // Two names may become one when a prefix goes; the second has no place.
            Some(slot) if slot.is_none() => *slot = Some(tensor),
            _ if is_counter(name) => {}
            _ => mismatch.extra.push((name.to_owned(), tensor.shape.clone())),
        }
    }
    for (wanted, found) in wanted.iter().zip(&found) {
        match found {
            Some(tensor) if tensor.shape != wanted.shape => mismatch.misshapen.push(Misshapen {
                name: wanted.name.to_owned(),
                expected: wanted.shape.to_vec(),
                found: tensor.shape.clone(),
            }),
            None if wanted.required => mismatch.missing.push((wanted.name.to_owned(), wanted.shape.to_vec())),
            _ => {}
        }
    }
    if mismatch.is_empty() {
        Ok(found)
    } else {
        let path = dict.source().map(Path::to_owned);
        Err(WeightsError::Mismatch { path, mismatch: Box::new(mismatch) })
    }
}

fn is_counter(name: &str) -> bool {
    name.strip_suffix(COUNTER).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::super::values::Values;
    use super::*;

    fn tensor(shape: &[usize]) -> TensorData {
        TensorData { shape: shape.to_vec(), values: Values::F32(vec![0.5; shape.iter().product()]) }
    }

    fn dict(tensors: &[(&str, &[usize])]) -> StateDict {
        tensors.iter().map(|(name, shape)| ((*name).to_owned(), tensor(shape))).collect()
    }

    fn want<'a>(name: &'a str, shape: &'a [usize]) -> Wanted<'a> {
        Wanted { name, shape, required: true }
    }

    #[test]
    fn values_come_in_the_order_of_the_model() {
        let dict = dict(&[("module.b", &[2]), ("module.a", &[3]), ("module.bn.num_batches_tracked", &[])]);
        let found = assign(&dict, &[want("a", &[3]), want("b", &[2])]).unwrap();
        let lengths: Vec<_> = found.iter().map(|tensor| tensor.unwrap().values.len()).collect();
        assert_eq!(lengths, [3, 2]);
    }

    #[test]
    fn an_optional_tensor_may_be_absent_and_a_wanted_counter_is_given() {
        let dict = dict(&[("a", &[3]), ("bn.num_batches_tracked", &[])]);
        let optional = Wanted { name: "b", shape: &[2], required: false };
        let found = assign(&dict, &[want("a", &[3]), optional, want("bn.num_batches_tracked", &[])]).unwrap();
        assert!(found[0].is_some() && found[1].is_none() && found[2].is_some());
    }

    #[test]
    fn every_tensor_that_does_not_fit_is_named() {
        let dict = dict(&[("a", &[3]), ("c", &[4, 5])]);
        let error = assign(&dict, &[want("a", &[3, 1]), want("b", &[2])]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the weights do not fit the model:\n  1 missing tensor: b [2]\n  1 extra tensor: c [4, 5]\n  \
             1 misshapen tensor: a expected [3, 1], found [3]"
        );
    }

    #[test]
    fn a_long_list_is_cut_after_ten_and_counted() {
        let names: Vec<String> = (0..25).map(|at| format!("layer{at}")).collect();
        let wanted: Vec<_> = names.iter().map(|name| want(name, &[1])).collect();
        let message = assign(&StateDict::new(), &wanted).unwrap_err().to_string();
        assert!(message.contains("25 missing tensors: layer0 [1]; "), "{message}");
        assert!(message.ends_with("layer9 [1]; and 15 more"), "{message}");
    }

    #[test]
    fn names_that_become_equal_without_their_prefix_are_reported() {
        let dict = dict(&[("module.a", &[1]), ("module.b", &[1]), ("a", &[1])]);
        let WeightsError::Mismatch { mismatch, .. } = assign(&dict, &[want("a", &[1]), want("b", &[1])]).unwrap_err()
        else {
            panic!("expected a mismatch")
        };
        assert_eq!(mismatch.extra, [("a".to_owned(), vec![1])]);
    }
}
