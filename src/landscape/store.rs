//! The folder of a landscape: every point is on the disk as soon as it is known.
//!
//! `begun.json` and `directions.safetensors` are written whole before the first point; `points.csv` grows by a line for
//! each point, and is the result for spreadsheets at the same time. A line that was cut off is measured again.

use super::begun::Begun;
use super::direction::Direction;
use super::surface::Height;
use super::{Grid, LandscapeError};
use crate::report::write_json;
use crate::weights::{self, StateDict, TensorData, Values, write_safetensors};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const BEGUN: &str = "begun.json";
const DIRECTIONS: &str = "directions.safetensors";
const POINTS: &str = "points.csv";
const HEADER: &str = "row,column,step_1,step_2,loss,accuracy,correct,model";

/// Where points go.
pub(super) struct Store {
    folder: Option<PathBuf>,
    file: Option<File>,
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> LandscapeError {
    let path = path.to_owned();
    move |source| LandscapeError::Io { operation, path: path.clone(), source }
}

/// What an earlier call began, with its directions.
pub(super) type Earlier = Option<(Begun, Vec<Direction>)>;

impl Store {
    /// Opens the folder, or memory alone. Also returns what was begun there with the same key.
    pub fn open(folder: Option<&Path>, key: &str, force: bool) -> Result<(Self, Earlier), LandscapeError> {
        let Some(folder) = folder else { return Ok((Store { folder: None, file: None }, None)) };
        fs::create_dir_all(folder).map_err(failed("making the folder", folder))?;
        let store = Store { folder: Some(folder.to_owned()), file: None };
        let begun = folder.join(BEGUN);
        if force {
            for name in [BEGUN, DIRECTIONS, POINTS] {
                let file = folder.join(name);
                match fs::remove_file(&file) {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed("removing", &file)(e)),
                    _ => {}
                }
            }
        }
        if !begun.exists() {
            // Points without a beginning are those of a run that was killed before it, or not ours.
            let other = folder.join(POINTS).exists();
            return if other { Err(LandscapeError::Occupied { folder: folder.to_owned() }) } else { Ok((store, None)) };
        }
        let text = fs::read_to_string(&begun).map_err(failed("reading", &begun))?;
        let parsed: Begun = serde_json::from_str(&text).map_err(|cause| LandscapeError::Damaged {
            path: begun.clone(),
            expected: "what was begun".to_string(),
            found: cause.to_string(),
        })?;
        if parsed.key != key {
            return Err(LandscapeError::Occupied { folder: folder.to_owned() });
        }
        let directions = read_directions(&folder.join(DIRECTIONS), parsed.directions.len())?;
        Ok((store, Some((parsed, directions))))
    }

    /// Where it is.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Keeps what is known before the first point.
    pub fn begin(&mut self, begun: &Begun, directions: &[Direction]) -> Result<(), LandscapeError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let mut tensors = StateDict::new();
        for (i, d) in directions.iter().enumerate() {
            let mut insert = |name: String, values: &[f64]| {
                tensors.insert(name, TensorData { shape: vec![values.len()], values: Values::F64(values.to_vec()) });
            };
            insert(format!("direction_{}", i + 1), &d.parameters);
            if !d.buffers.is_empty() {
                insert(format!("direction_{}.buffers", i + 1), &d.buffers);
            }
        }
        write_safetensors(&folder.join(DIRECTIONS), &tensors, &BTreeMap::new())?;
        // Last, because it says that the rest is there.
        let path = folder.join(BEGUN);
        write_json(&path, begun).map_err(|cause| failed("writing", &path)(io::Error::other(cause.to_string())))
    }

    /// The points that are there, in whole groups; what follows is cut off.
    pub fn resume(&mut self, grid: &Grid, group: usize) -> Result<Vec<Height>, LandscapeError> {
        let Some(folder) = &self.folder else { return Ok(Vec::new()) };
        let path = folder.join(POINTS);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed("reading", &path)(error)),
        };
        let mut heights = Vec::new();
        let mut ends = Vec::new();
        let mut end = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            if !line.ends_with('\n') {
                break;
            }
            end += line.len();
            if number == 0 && line.trim_end() == HEADER {
                continue;
            }
            let place = grid.place(heights.len());
            let height = (heights.len() < grid.len()).then(|| parse(line.trim_end(), place)).flatten();
            heights.push(height.ok_or_else(|| LandscapeError::Damaged {
                path: path.clone(),
                expected: format!("the point in row {} and column {}", place[0], place[1]),
                found: format!("`{}` in line {}", line.trim_end().escape_debug(), number + 1),
            })?);
            ends.push(end);
        }
        let whole =
            if heights.len() == grid.len() { heights.len() } else { heights.len() / group.max(1) * group.max(1) };
        heights.truncate(whole);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed("opening", &path))?;
        match whole.checked_sub(1).and_then(|last| ends.get(last)) {
            Some(end) => file.set_len(*end as u64).map_err(failed("writing", &path))?,
            None => {
                file.set_len(0).map_err(failed("writing", &path))?;
                file.write_all(format!("{HEADER}\n").as_bytes()).map_err(failed("writing", &path))?;
            }
        }
        use std::io::Seek as _;
        file.seek(io::SeekFrom::End(0)).map_err(failed("writing", &path))?;
        self.file = Some(file);
        Ok(heights)
    }

    /// Keeps a group of points.
    pub fn add(
        &mut self,
        grid: &Grid,
        first: usize,
        heights: &[Height],
        samples: usize,
        model: &dyn Fn([f64; 2]) -> f64,
    ) -> Result<(), LandscapeError> {
        let (Some(folder), Some(file)) = (&self.folder, &mut self.file) else { return Ok(()) };
        let mut text = String::new();
        for (i, height) in heights.iter().enumerate() {
            let ([row, column], [a, b]) = (grid.place(first + i), grid.steps(first + i));
            let Height { loss, correct } = height;
            let share = *correct as f64 / samples.max(1) as f64;
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{row},{column},{a},{b},{loss},{share},{correct},{}", model([a, b]));
        }
        file.write_all(text.as_bytes()).map_err(failed("writing", &folder.join(POINTS)))
    }
}

/// A line of the file; nothing where it is not the one for this place.
fn parse(line: &str, [row, column]: [usize; 2]) -> Option<Height> {
    let cells: Vec<&str> = line.split(',').collect();
    let [r, c, _, _, loss, _, correct, _] = cells.as_slice() else { return None };
    let here = r.parse() == Ok(row) && c.parse() == Ok(column);
    here.then_some(Height { loss: loss.parse().ok()?, correct: correct.parse().ok()? })
}

fn read_directions(path: &Path, count: usize) -> Result<Vec<Direction>, LandscapeError> {
    let tensors = weights::read(path)?;
    let get = |name: String| tensors.get(&name).map(|t| t.values.to_f64());
    (1..=count)
        .map(|i| {
            let name = format!("direction_{i}");
            let parameters = get(name.clone()).ok_or_else(|| LandscapeError::Damaged {
                path: path.to_owned(),
                expected: format!("a tensor {name}"),
                found: "none".to_string(),
            })?;
            Ok(Direction { parameters, buffers: get(format!("{name}.buffers")).unwrap_or_default() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_only_in_its_place_and_numbers_come_back_to_the_bit() {
        let value = 0.1 + 0.2;
        let line = format!("3,4,0.5,-0.5,{value},0.97,970,1.5");
        assert_eq!(parse(&line, [3, 4]), Some(Height { loss: value, correct: 970 }));
        assert_eq!(parse(&line, [4, 3]), None);
        assert!(parse("3,4,0,0,NaN,0,0,0", [3, 4]).unwrap().loss.is_nan());
        assert_eq!(parse("3,4,0,0", [3, 4]), None);
    }

    #[test]
    fn what_was_cut_off_is_measured_again() {
        let folder = tempfile::tempdir().unwrap();
        let grid = Grid::centred(3, 1.0, 2);
        let (mut store, begun) = Store::open(Some(folder.path()), "k", false).unwrap();
        assert!(begun.is_none());
        assert!(store.resume(&grid, 1).unwrap().is_empty());
        let heights: Vec<Height> =
            (0..5).map(|i| Height { loss: 1.0 / (1.0 + f64::from(i)), correct: i as usize }).collect();
        store.add(&grid, 0, &heights, 10, &|_| 0.0).unwrap();
        let path = folder.path().join(POINTS);
        let mut text = fs::read_to_string(&path).unwrap();
        text.push_str("1,2,0.5");
        fs::write(&path, text).unwrap();
        let mut again = Store { folder: Some(folder.path().to_owned()), file: None };
        assert_eq!(again.resume(&grid, 1).unwrap(), heights);
        assert_eq!(again.resume(&grid, 2).unwrap(), heights[..4]);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 5);
    }
}
