//! What makes a landscape this one: a hash of everything that its points depend on.

use super::{Along, LandscapeError, LandscapeOptions};
use crate::problem::{Session, Values};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The hash. Reads the files of other checkpoints.
pub(super) fn key(session: &Session, options: &LandscapeOptions) -> Result<String, LandscapeError> {
    let manifest = session.manifest(&[], options.params.as_deref(), &[]);
    let backend = session.backend_part();
    // One device of a kind computes what another does; cuda:0 and cuda:1 are one kind.
    let kind = backend.device.split(':').next().unwrap_or_default();
    let mut text = format!(
        "{} {} {} {:?} | {} {kind} {} | {} {:?} {} batch {} seed {} | {} {} dims {} points {} radius {}",
        manifest.graph_sha256,
        manifest.weights_sha256,
        manifest.data_sha256,
        manifest.params,
        backend.name,
        backend.dtype,
        manifest.loss,
        manifest.normalize,
        manifest.batch_norm,
        manifest.batch_size,
        manifest.seed,
        options.along,
        options.target,
        options.dims,
        options.points,
        options.radius(),
    );
    if let Along::Checkpoints(files) = &options.along {
        for file in files {
            let values = Values::read(session.graph(), file)?;
            let _ = write!(text, " {}", values.hash()); // writing to a String cannot fail, here and below
        }
    }
    if options.along == Along::Eigenvectors {
        let LandscapeOptions { tolerance, max_products, solver, .. } = options;
        let _ = write!(text, " tolerance {tolerance} products {max_products} solver {solver}");
    }
    Ok(Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}
