//! Which dictionary of a checkpoint holds the weights.
//!
//! `torch.save` takes any object, and people save the state dictionary itself, or beside an epoch, an optimizer and an
//! accuracy, or within a dictionary within a dictionary.

use super::names::{self, Name};
use super::tensor::is_tensor;
use crate::pickle::{MAX_OPERATIONS, Node, NodeId, Tree, shown};
use crate::weights::error::Fault;
use std::collections::HashSet;

/// Keys under which checkpoints keep their weights, the most telling first.
const WRAPPERS: [&str; 8] =
    ["state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params"];

/// Dictionaries within dictionaries; real checkpoints have two or three.
const MAX_DEPTH: usize = 5;

/// Longest name of a tensor: names are hashed at each mention, so a long one would cost its length every time.
const MAX_NAME: usize = 4096;

/// Pairs looked at in all. A few objects may share one long list of pairs, so visits could outgrow the file.
const MAX_PAIRS: usize = 2 * MAX_OPERATIONS;

type Named<'t> = Vec<(&'t str, NodeId)>;

/// The named tensors of the dictionary that holds the weights, in file order; other values in it are passed over.
pub(super) fn named_tensors<'t>(tree: &'t Tree<'_>) -> Result<Named<'t>, Fault> {
    let root = tree.root();
    if !is_mapping(tree, root) {
        let found = if is_tensor(tree, root) { "a tensor alone" } else { tree.get(root).kind() };
        return Err(Fault::new("a dictionary of named tensors", found));
    }
    let mut search = Search { tree, seen: HashSet::new(), left: MAX_PAIRS };
    let Some(tensors) = search.tensors(root, MAX_DEPTH)? else {
        let keys = search.pairs(root)?;
        let found = if keys.is_empty() { "none".to_owned() } else { format!("none under {}", listed(keys)) };
        return Err(Fault::new(format!("named tensors, perhaps under one of {}", WRAPPERS.join(", ")), found));
    };
    match tensors.iter().find(|(name, _)| name.len() > MAX_NAME) {
        Some((name, _)) => {
            Err(Fault::new(format!("names of at most {MAX_NAME} bytes"), format!("one of {} bytes", name.len())))
        }
        None => Ok(tensors),
    }
}

fn listed<T>(named: impl IntoIterator<Item = (impl AsRef<str>, T)>) -> String {
    let keys = named.into_iter().take(10).map(|(key, _)| format!("`{}`", shown(key.as_ref())));
    keys.collect::<Vec<_>>().join(", ")
}

struct Search<'t, 'a> {
    tree: &'t Tree<'a>,
    /// Dictionaries that were searched: each is worth one look, however often the file mentions it.
    seen: HashSet<NodeId>,
    left: usize,
}

impl<'t> Search<'t, '_> {
    /// The tensors below this dictionary: those under a known key first, then its own, then those of its only
    /// dictionary that has any.
    fn tensors(&mut self, id: NodeId, depth: usize) -> Result<Option<Named<'t>>, Fault> {
        if depth == 0 || !is_mapping(self.tree, id) || !self.seen.insert(id) {
            return Ok(None);
        }
        let named = self.pairs(id)?;
        for wrapper in WRAPPERS {
            if let Some(&(_, value)) = named.iter().rev().find(|(key, _)| *key == wrapper)
                && let Some(found) = self.tensors(value, depth - 1)?
            {
                return Ok(Some(found));
            }
        }
        let own = self.only_tensors(&named);
        if !own.is_empty() {
            return Ok(Some(own));
        }
        let mut inner: Vec<(&str, Named<'t>)> = Vec::new();
        for &(key, value) in &named {
            // Only tensors of the dictionary itself count: an optimizer keeps its own deeper down.
            if is_mapping(self.tree, value) && self.seen.insert(value) {
                let tensors = self.pairs(value)?;
                let tensors = self.only_tensors(&tensors);
                if !tensors.is_empty() {
                    inner.push((key, tensors));
                }
            }
        }
        if inner.len() > 1 {
            let expected = format!("weights under one key (or under one of {})", WRAPPERS.join(", "));
            return Err(Fault::new(expected, format!("tensors under {}", listed(inner))));
        }
        Ok(inner.pop().map(|(_, tensors)| tensors))
    }

    fn only_tensors(&self, named: &Named<'t>) -> Named<'t> {
        named.iter().copied().filter(|&(_, value)| is_tensor(self.tree, value)).collect()
    }

    /// The pairs with a string for a key, including those that Python 2 passes to an `OrderedDict` as the argument.
    fn pairs(&mut self, id: NodeId) -> Result<Named<'t>, Fault> {
        let tree = self.tree;
        let argument = tree.call(id).and_then(|(_, args)| args.first()).map(|&first| tree.get(first));
        let (listed, nested): (&[NodeId], &[(NodeId, NodeId)]) = match argument {
            Some(Node::List(items) | Node::Tuple(items)) => (items, &[]),
            Some(Node::Dict(entries)) => (&[], entries),
            _ => (&[], &[]),
        };
        let entries = tree.entries(id).unwrap_or_default();
        self.left = self
            .left
            .checked_sub(listed.len() + nested.len() + entries.len())
            .ok_or_else(|| Fault::new(format!("dictionaries of at most {MAX_PAIRS} pairs in all"), "more"))?;
        let listed = listed.iter().filter_map(|&item| match tree.sequence(item) {
            Some(&[key, value]) => Some((key, value)),
            _ => None,
        });
        let pairs = listed.chain(nested.iter().copied()).chain(entries.iter().copied());
        Ok(pairs.filter_map(|(key, value)| Some((tree.text(key)?, value))).collect())
    }
}

/// Whether the value is a dictionary or `OrderedDict`.
fn is_mapping(tree: &Tree<'_>, id: NodeId) -> bool {
    match tree.get(id) {
        Node::Dict(_) => true,
        _ => tree.call(id).is_some_and(|(class, _)| names::lookup(class) == Some(Name::Mapping)),
    }
}
