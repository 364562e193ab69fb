//! What is to be estimated.

use super::data_error::DataErrorOptions;
use super::exact;
use crate::problem::{Session, lookup};
use crate::spectrum::{MatrixName, SpectrumError};
use hesse_core::estimate::{EstimateError, Goal};
use hesse_core::graph::Mode;
use hesse_core::program::Wrt;
use std::path::{Path, PathBuf};

/// A trace or a norm.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalarOptions {
    /// `name:key=value,…`, or `exact`; without one, `exact` where that can be done, else `hutchinson` where eigenpairs are
    /// known, and else `xtrace`. A norm is never exact.
    pub method: Option<String>,
    /// When it is good enough.
    pub goal: Goal,
    /// The most products.
    pub max_products: usize,
}

/// A diagonal.
#[derive(Debug, Clone, PartialEq)]
pub struct DiagonalOptions {
    /// Where it is written, as safetensors.
    pub file: PathBuf,
    /// `name:key=value,…`, or `exact`; without one, `exact` where that can be done, else `xdiag`.
    pub method: Option<String>,
    /// When it is good enough.
    pub goal: Goal,
    /// The most products.
    pub max_products: usize,
}

/// A density.
#[derive(Debug, Clone, PartialEq)]
pub struct DensityOptions {
    /// `name:key=value,…`.
    pub method: String,
    /// Lanczos steps of each probe.
    pub steps: usize,
    /// Probes.
    pub probes: usize,
    /// Confidence of the bands.
    pub confidence: f64,
}

/// Everything that may be wanted; nothing by default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EstimateOptions {
    /// The density of eigenvalues.
    pub density: Option<DensityOptions>,
    /// tr H.
    pub trace: Option<ScalarOptions>,
    /// ‖H‖_F.
    pub frobenius: Option<ScalarOptions>,
    /// diag H.
    pub diagonal: Option<DiagonalOptions>,
    /// The error of data sampling.
    pub data_error: Option<DataErrorOptions>,
    /// Columns multiplied at once.
    pub block: usize,
}

impl EstimateOptions {
    /// Whether anything is wanted.
    pub fn any(&self) -> bool {
        self.density.is_some()
            || self.trace.is_some()
            || self.frobenius.is_some()
            || self.diagonal.is_some()
            || self.data_error.is_some()
    }

    /// Refuses names and options that do not exist, a file that cannot be written, and groups of samples that are not
    /// independent, before anything is computed.
    ///
    /// # Errors
    /// As it says.
    pub fn check(&self, session: &Session, matrix: MatrixName, wrt: &Wrt) -> Result<(), SpectrumError> {
        match self.trace.as_ref().and_then(|o| o.method.as_deref()) {
            Some(exact::EXACT) => exact::check(session, matrix, wrt, "--trace-method")?,
            Some(method) => lookup::trace(method).map(|_| ())?,
            None => {}
        }
        if let Some(method) = self.frobenius.as_ref().and_then(|o| o.method.as_ref()) {
            lookup::trace(method)?;
        }
        if let Some(options) = &self.diagonal {
            match options.method.as_deref() {
                Some(exact::EXACT) => exact::check(session, matrix, wrt, "--diagonal-method")?,
                Some(method) => lookup::diagonal(method).map(|_| ())?,
                None => {}
            }
            let folder = options.file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if !folder.is_dir() || options.file.is_dir() || options.file.file_name().is_none() {
                let found = options.file.display();
                return Err(EstimateError::request("--diagonal", "a file in a folder that exists", found).into());
            }
        }
        if let Some(options) = &self.density {
            lookup::density(&options.method)?;
        }
        if self.data_error.is_some() {
            let coupled = session.spec().mode == Mode::Train && !session.graph().buffers().is_empty();
            if coupled {
                let found = "batch norm in train mode, which couples the samples of a batch";
                return Err(EstimateError::request("--data-error", "samples that are independent", found).into());
            }
            if session.source().len() < 2 {
                return Err(EstimateError::request("--data-error", "at least two samples", 1).into());
            }
        }
        Ok(())
    }
}
