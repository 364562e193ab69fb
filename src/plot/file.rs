//! Picture files: the kind follows from the end of the name; a place that cannot hold one is found before the work.

use super::{Figure, PlotError, Theme};
use crate::report::write_bytes;
use crate::weights::folder_of;
use std::path::{Path, PathBuf};

/// A kind of picture file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines and letters, for any size.
    Svg,
    /// Pixels.
    Png,
}

/// Where a picture goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFile {
    path: PathBuf,
    format: Format,
    theme: Theme,
}

impl PictureFile {
    /// Checks name and place.
    ///
    /// # Errors
    /// Where the name does not end with `.svg` or `.png`, or no file can be made there.
    pub fn prepare(path: &Path, theme: Theme) -> Result<Self, PlotError> {
        let end = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let format = match end.as_deref() {
            Some("svg") => Format::Svg,
            Some("png") => Format::Png,
            other => {
                let found = other.map_or("no such end".to_string(), |e| format!(".{e}"));
                return Err(PlotError::Extension { path: path.to_owned(), found });
            }
        };
        let refuse = |found: String| Err(PlotError::Place { path: path.to_owned(), found });
        if path.is_dir() {
            return refuse("a folder".to_string());
        }
        let folder = folder_of(path);
        if !folder.is_dir() {
            return refuse(format!("no folder {}", folder.display()));
        }
        Ok(PictureFile { path: path.to_owned(), format, theme })
    }

    /// Where it goes.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Draws a figure and puts the file in its place when it is whole.
    ///
    /// # Errors
    /// Where the picture is too large for pixels, or the system refuses.
    pub fn write(&self, figure: &Figure) -> Result<(), PlotError> {
        let canvas = figure.draw();
        let bytes = match self.format {
            Format::Svg => canvas.to_svg(self.theme).into_bytes(),
            Format::Png => canvas.to_png(self.theme)?,
        };
        write_bytes(&self.path, &bytes).map_err(|source| PlotError::Io { path: self.path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Chart;

    #[test]
    fn the_end_of_the_name_decides_and_others_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let prepare = |name: &str| PictureFile::prepare(&folder.path().join(name), Theme::Light);
        for name in ["a.svg", "a.PNG"] {
            let file = prepare(name).unwrap();
            file.write(&Figure::from(Chart::default())).unwrap();
            assert!(std::fs::metadata(file.path()).unwrap().len() > 500, "{name}");
        }
        for name in ["a.pdf", "a", "a.svg.gz"] {
            let error = prepare(name).unwrap_err().to_string();
            assert!(error.contains("expected a file name that ends with .svg or .png"), "{error}");
        }
        assert!(prepare("none/a.svg").unwrap_err().to_string().contains("found no folder"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside");
    }
}
