//! `--data`: which set, and where its files are.
//!
//! The folder is an option of the set and not a flag of its own, so that one word names the data in a manifest.
//! Without a folder the files are looked for under `$HESSE_DATA`, or else under `./data`: where `hesse data fetch`
//! puts them.

use super::{DataError, DataKind, Dataset, GlyphOptions, Split, cifar, glyphs, mnist};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A data set and the place of its files, as written on the command line: `glyphs`, `glyphs:seed=7,noise=0.2`,
/// `mnist[:DIR]`, `cifar10[:DIR]`, `cifar100[:DIR]`.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSpec {
    /// Which set.
    pub kind: DataKind,
    /// The folder of its files; without one, see [`DataSpec::folder`].
    pub dir: Option<PathBuf>,
}

impl DataSpec {
    /// The folder that is searched: `dir`, else `$HESSE_DATA/<name>`, else `data/<name>`.
    pub fn folder(&self) -> PathBuf {
        match &self.dir {
            Some(dir) => dir.clone(),
            None => match std::env::var_os("HESSE_DATA").filter(|root| !root.is_empty()) {
                Some(root) => Path::new(&root).join(self.kind.name()),
                None => Path::new("data").join(self.kind.name()),
            },
        }
    }

    /// Reads or generates a split.
    ///
    /// # Errors
    /// [`DataError::Missing`] if the files are not there, [`DataError::Format`] if they are damaged or foreign,
    /// [`DataError::Io`] if they cannot be read.
    pub fn load(&self, split: Split) -> Result<Dataset, DataError> {
        match self.kind {
            DataKind::Glyphs(options) => Ok(glyphs::generate(&options, split)),
            DataKind::Mnist => mnist::load(&self.folder(), split),
            DataKind::Cifar10 => cifar::load(cifar::Variant::Ten, &self.folder(), split),
            DataKind::Cifar100 => cifar::load(cifar::Variant::Hundred, &self.folder(), split),
        }
    }
}

impl From<DataKind> for DataSpec {
    fn from(kind: DataKind) -> Self {
        Self { kind, dir: None }
    }
}

impl fmt::Display for DataSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind.name())?;
        match (&self.kind, &self.dir) {
            (DataKind::Glyphs(options), _) if *options != GlyphOptions::default() => write!(f, ":{options}"),
            (DataKind::Glyphs(_), _) | (_, None) => Ok(()),
            (_, Some(dir)) => write!(f, ":{}", dir.display()),
        }
    }
}

impl FromStr for DataSpec {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let (name, rest) = match text.split_once(':') {
            Some((name, rest)) => (name, Some(rest)),
            None => (text, None),
        };
        let kind = match name {
            "glyphs" => DataKind::Glyphs(rest.unwrap_or_default().parse()?),
            "mnist" => DataKind::Mnist,
            "cifar10" => DataKind::Cifar10,
            "cifar100" => DataKind::Cifar100,
            other => {
                return Err(DataError::Option {
                    operation: "reading the name of a data set",
                    expected: "`glyphs[:OPTIONS]`, `mnist[:DIR]`, `cifar10[:DIR]` or `cifar100[:DIR]`".into(),
                    found: format!("`{}`", other.escape_debug()),
                });
            }
        };
        let dir = match (kind, rest) {
            (DataKind::Glyphs(_), _) | (_, None) => None,
            (_, Some("")) => {
                return Err(DataError::Option {
                    operation: "reading the folder of a data set",
                    expected: format!("`{name}` or `{name}:DIR`"),
                    found: format!("`{name}:` without a folder"),
                });
            }
            (_, Some(dir)) => Some(PathBuf::from(dir)),
        };
        Ok(Self { kind, dir })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> DataSpec {
        text.parse().unwrap()
    }

    #[test]
    fn a_folder_may_hold_colons() {
        assert_eq!(parse(r"mnist:C:\data").dir, Some(PathBuf::from(r"C:\data")));
    }

    #[test]
    fn a_spec_is_written_as_it_is_read() {
        for text in ["glyphs", "mnist", "cifar10:some/where", "cifar100", "glyphs:seed=7,train=30,test=20,noise=0.5"] {
            assert_eq!(parse(text).to_string(), text);
        }
    }

    #[test]
    fn an_unknown_set_is_answered_with_the_known_ones() {
        let error = "cifar".parse::<DataSpec>().unwrap_err().to_string();
        assert!(error.contains("`cifar100[:DIR]`") && error.ends_with("found `cifar`"), "{error}");
    }

    #[test]
    fn a_colon_without_a_folder_is_refused() {
        let error = "mnist:".parse::<DataSpec>().unwrap_err().to_string();
        assert!(error.ends_with("expected `mnist` or `mnist:DIR`, found `mnist:` without a folder"), "{error}");
    }

    #[test]
    fn without_a_folder_the_set_has_one_of_its_own() {
        assert!(parse("cifar10").folder().ends_with("cifar10"));
        assert_eq!(parse("cifar10:x").folder(), Path::new("x"));
    }
}
