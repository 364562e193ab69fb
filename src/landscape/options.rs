//! What a landscape may be told.

use super::LandscapeError;
use std::path::PathBuf;

/// Along what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Along {
    /// Those of the largest eigenvalues of the Hessian, of unit length.
    Eigenvectors,
    /// Normal random numbers: in weights each filter as long as the weights' own, in pixels of unit length.
    Random,
    /// The gradient, of unit length; the second direction is random, at right angles to it and of unit length.
    Gradient,
    /// From the weights to those of other files: position 1 is the file itself.
    Checkpoints(Vec<PathBuf>),
}

impl std::str::FromStr for Along {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "eigenvectors" => Ok(Along::Eigenvectors),
            None if text == "random" => Ok(Along::Random),
            None if text == "gradient" => Ok(Along::Gradient),
            Some(("checkpoint", files)) if !files.is_empty() && files.split(',').all(|f| !f.is_empty()) => {
                Ok(Along::Checkpoints(files.split(',').map(PathBuf::from).collect()))
            }
            _ => {
                let found = text.escape_debug();
                Err(format!("expected eigenvectors, random, gradient or checkpoint:FILE[,FILE], found `{found}`"))
            }
        }
    }
}

impl std::fmt::Display for Along {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Along::Eigenvectors => f.write_str("eigenvectors"),
            Along::Random => f.write_str("random"),
            Along::Gradient => f.write_str("gradient"),
            Along::Checkpoints(files) => {
                let files: Vec<String> = files.iter().map(|p| p.display().to_string()).collect();
                write!(f, "checkpoint:{}", files.join(","))
            }
        }
    }
}

/// What is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Target {
    /// The network's weights; the loss is the mean over all samples.
    #[default]
    Weights,
    /// The pixels of one sample; the loss is that of this sample.
    Input,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Target::Weights => "weights",
            Target::Input => "inputs",
        })
    }
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "weights" => Ok(Target::Weights),
            "inputs" => Ok(Target::Input),
            other => Err(format!("expected weights or inputs, found `{}`", other.escape_debug())),
        }
    }
}

/// What is wanted of a landscape.
#[derive(Debug, Clone, PartialEq)]
pub struct LandscapeOptions {
    /// Along what.
    pub along: Along,
    /// What is moved.
    pub target: Target,
    /// One direction, or the plane of two.
    pub dims: usize,
    /// Points along each direction.
    pub points: usize,
    /// From −radius to radius in multiples of the direction; between checkpoints, how far beyond both ends. The
    /// default depends on the directions.
    pub radius: Option<f64>,
    /// Which parameters are moved, as a glob; none for all.
    pub params: Option<String>,
    /// Bound on the residuals of eigenvectors.
    pub tolerance: f64,
    /// The most products for them.
    pub max_products: usize,
    /// Their solver, `name:key=value,…`.
    pub solver: String,
    /// Where every point is kept as it is found; none for memory alone.
    pub out: Option<PathBuf>,
    /// Replace another landscape there.
    pub force: bool,
}

impl Default for LandscapeOptions {
    fn default() -> Self {
        LandscapeOptions {
            along: Along::Eigenvectors,
            target: Target::Weights,
            dims: 1,
            points: 21,
            radius: None,
            params: None,
            tolerance: 1e-3,
            max_products: 1000,
            solver: "lanczos".to_string(),
            out: None,
            force: false,
        }
    }
}

impl LandscapeOptions {
    /// The radius given, or the usual one.
    pub fn radius(&self) -> f64 {
        self.radius.unwrap_or(match (&self.along, self.target) {
            (_, Target::Input) => 2.0,
            (Along::Random, _) => 1.0,
            (Along::Checkpoints(_), _) => 0.25,
            _ => 0.5,
        })
    }

    /// Refuses what cannot be carried out.
    ///
    /// # Errors
    /// [`LandscapeError::Option`].
    pub fn check(&self) -> Result<(), LandscapeError> {
        let refuse = |what, expected: &str, found: String| {
            Err(LandscapeError::Option { what, expected: expected.to_string(), found })
        };
        if !(1..=2).contains(&self.dims) {
            return refuse("--dims", "1 or 2", self.dims.to_string());
        }
        if !(2..=100_000).contains(&self.points) || self.points.pow(self.dims as u32) > 10_000_000 {
            return refuse("--points", "from 2 on, and at most ten million in all", self.points.to_string());
        }
        let radius = self.radius();
        let least = if matches!(self.along, Along::Checkpoints(_)) { 0.0 } else { f64::MIN_POSITIVE };
        if !(radius >= least && radius.is_finite()) {
            return refuse("--radius", "a number above 0", radius.to_string());
        }
        if let Along::Checkpoints(files) = &self.along {
            if self.target == Target::Input {
                return refuse("--along", "eigenvectors, random or gradient with --wrt inputs", self.along.to_string());
            }
            if files.len() != self.dims {
                let expected = if self.dims == 1 { "one file with --dims 1" } else { "two files with --dims 2" };
                return refuse("--along checkpoint", expected, files.len().to_string());
            }
        }
        if self.target == Target::Input && self.params.is_some() {
            return refuse("--params", "none with --wrt inputs, where no parameter moves", "a selection".to_string());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_written_as_they_are_read() {
        for text in ["eigenvectors", "random", "gradient", "checkpoint:a.pt", "checkpoint:a.pt,b.pt"] {
            assert_eq!(text.parse::<Along>().unwrap().to_string(), text);
        }
        for text in ["", "eigen", "checkpoint", "checkpoint:", "checkpoint:a,,b"] {
            assert!(text.parse::<Along>().unwrap_err().starts_with("expected eigenvectors"), "{text}");
        }
    }

    #[test]
    fn senseless_options_are_refused_with_their_value() {
        let said = |options: LandscapeOptions| options.check().unwrap_err().to_string();
        let quick = LandscapeOptions::default;
        assert_eq!(said(LandscapeOptions { dims: 3, ..quick() }), "--dims: expected 1 or 2, found 3");
        assert!(said(LandscapeOptions { points: 1, ..quick() }).starts_with("--points"));
        assert!(said(LandscapeOptions { radius: Some(f64::NAN), ..quick() }).starts_with("--radius"));
        let files = Along::Checkpoints(vec!["a".into()]);
        assert!(said(LandscapeOptions { along: files, dims: 2, ..quick() }).contains("two files"));
    }
}
