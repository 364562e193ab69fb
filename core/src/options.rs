//! Options of the form `name:key=value,…`, checked against what an entry declares.
//!
//! Every registered model, solver and attack lists its options with kind, default and help text; listings, help, errors
//! and JSON schemas come from that one list. A full schema language was decided against: the few kinds that are needed
//! fit into one line of text, which also crosses a library boundary.

use std::collections::BTreeMap;
use std::str::FromStr;
use thiserror::Error;

/// One option that an entry accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionSpec {
    /// The key.
    pub name: &'static str,
    /// What values are.
    pub kind: OptionKind,
    /// What holds when it is not given, for people to read.
    pub default: &'static str,
    /// One line of explanation.
    pub help: &'static str,
}

/// What the values of an option are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionKind {
    /// Anything; the entry reads it itself.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number of at least so many.
    Integer(usize),
    /// A finite number, also as a fraction such as `8/255`.
    Real,
    /// One of these.
    Choice(&'static [&'static str]),
    /// The path of a file. The first option of this kind may be given without its key: `torchscript:net.pt`.
    File,
}

impl std::fmt::Display for OptionKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OptionKind::Text => f.write_str("text"),
            OptionKind::Bool => f.write_str("bool"),
            OptionKind::Integer(least) => write!(f, "integer>={least}"),
            OptionKind::Real => f.write_str("real"),
            OptionKind::Choice(choices) => write!(f, "one of {}", choices.join("|")),
            OptionKind::File => f.write_str("file"),
        }
    }
}

impl OptionKind {
    /// Reads what [`Display`](std::fmt::Display) writes. A kind of a later version is taken for text: the entry checks
    /// its values in any case. The choices are leaked: entries live as long as the process.
    pub fn parse(text: &str) -> OptionKind {
        if let Some(least) = text.strip_prefix("integer>=").and_then(|n| n.parse().ok()) {
            return OptionKind::Integer(least);
        }
        if let Some(choices) = text.strip_prefix("one of ") {
            let choices: Vec<&'static str> =
                choices.split('|').map(|c| &*Box::leak(c.to_string().into_boxed_str())).collect();
            return OptionKind::Choice(Box::leak(choices.into_boxed_slice()));
        }
        match text {
            "bool" => OptionKind::Bool,
            "real" => OptionKind::Real,
            "file" => OptionKind::File,
            _ => OptionKind::Text,
        }
    }

    /// Whether a value is of this kind.
    pub fn accepts(&self, value: &str) -> bool {
        match self {
            OptionKind::Text => true,
            OptionKind::Bool => matches!(value, "true" | "false"),
            OptionKind::Integer(least) => value.parse::<usize>().is_ok_and(|n| n >= *least),
            OptionKind::Real => parse_number(value).is_some(),
            OptionKind::Choice(choices) => choices.contains(&value),
            OptionKind::File => !value.is_empty(),
        }
    }

    /// What would be accepted, for a message.
    pub fn expected(&self) -> String {
        match self {
            OptionKind::Text => "text".into(),
            OptionKind::Bool => "true or false".into(),
            OptionKind::Integer(least) => format!("a whole number of at least {least}"),
            OptionKind::Real => "a finite number, such as 0.01 or 2/255".into(),
            OptionKind::Choice(choices) => format!("one of {}", choices.join(", ")),
            OptionKind::File => "the path of a file".into(),
        }
    }
}

/// An option that does not exist or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OptionError {
    /// Not `key=value`.
    #[error("option '{0}': expected key=value")]
    Syntax(String),
    /// The entry has no such key.
    #[error("{entry} has no option '{key}'; it has {known}")]
    Unknown {
        /// Whose options.
        entry: String,
        /// What was given.
        key: String,
        /// What exists.
        known: String,
    },
    /// The value is not of the right kind or out of range.
    #[error("option {key}={value}: expected {expected}")]
    Value {
        /// The key.
        key: String,
        /// What was given.
        value: String,
        /// What would have been accepted.
        expected: String,
    },
    /// A library refused an option in words of its own.
    #[error("{0}")]
    Foreign(String),
}

/// Given options, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options(BTreeMap<String, String>);

impl Options {
    /// Splits `name:key=value,…` into the name and the options.
    ///
    /// # Errors
    /// Where a part is not `key=value`.
    pub fn split(text: &str) -> Result<(String, Options), OptionError> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        Ok((name.to_string(), rest.parse()?))
    }

    /// Reads options that an entry declares: as [`from_str`](FromStr::from_str), and a file may be given without its key.
    ///
    /// # Errors
    /// Where a part is not `key=value`, or the file's path holds a comma, which separates options.
    pub fn declared(text: &str, specs: &[OptionSpec]) -> Result<Options, OptionError> {
        let known = |part: &str| part.split_once('=').is_some_and(|(k, _)| specs.iter().any(|s| s.name == k.trim()));
        let parts: Vec<&str> = text.split(',').collect();
        let bare = parts.iter().position(|p| known(p)).unwrap_or(parts.len());
        let Some(file) = specs.iter().find(|s| s.kind == OptionKind::File).filter(|_| bare > 0 && !text.is_empty())
        else {
            return text.parse();
        };
        if bare > 1 {
            return Err(OptionError::Value {
                key: file.name.to_string(),
                value: parts[..bare].join(","),
                expected: "a path without commas".to_string(),
            });
        }
        let mut options: Options = parts[bare..].join(",").parse()?;
        options.0.insert(file.name.to_string(), parts[0].trim().to_string());
        Ok(options)
    }

    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key was given.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The given pairs, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// Refuses keys that are not declared, and values that are not of the declared kind.
    ///
    /// # Errors
    /// Naming the first unknown key and all known ones, or the value and what would have been accepted.
    pub fn check(&self, entry: &str, specs: &[OptionSpec]) -> Result<(), OptionError> {
        match self.0.keys().find(|k| !specs.iter().any(|s| s.name == **k)) {
            None => self.check_values(specs),
            Some(key) => {
                let known: Vec<&str> = specs.iter().map(|s| s.name).collect();
                let known = if known.is_empty() { "none".to_string() } else { known.join(", ") };
                Err(OptionError::Unknown { entry: entry.to_string(), key: key.clone(), known })
            }
        }
    }

    fn check_values(&self, specs: &[OptionSpec]) -> Result<(), OptionError> {
        let wrong = specs.iter().find(|s| self.text(s.name).is_some_and(|value| !s.kind.accepts(value)));
        wrong.map_or(Ok(()), |s| Err(self.bad(s.name, &s.kind.expected())))
    }

    /// The text of an option.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// A parsed option, or the default.
    ///
    /// # Errors
    /// Where the text does not parse; `expected` says what would.
    pub fn value<T: FromStr>(&self, key: &str, default: T, expected: &str) -> Result<T, OptionError> {
        match self.text(key) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| self.bad(key, expected)),
        }
    }

    /// A whole number of at least `least`, or the default.
    ///
    /// # Errors
    /// Where the text is something else.
    pub fn count(&self, key: &str, default: usize, least: usize) -> Result<usize, OptionError> {
        let expected = format!("a whole number of at least {least}");
        let n: usize = self.value(key, default, &expected)?;
        // The upper bound keeps products of sizes representable.
        if (least..=1 << 20).contains(&n) { Ok(n) } else { Err(self.bad(key, &expected)) }
    }

    /// A number, also as a fraction such as `2/255`, or nothing where it is not given.
    ///
    /// # Errors
    /// Where the text is no finite number of at least `least`.
    pub fn number(&self, key: &str, least: f64) -> Result<Option<f64>, OptionError> {
        let Some(text) = self.text(key) else { return Ok(None) };
        match parse_number(text).filter(|v| *v >= least) {
            Some(v) => Ok(Some(v)),
            None => Err(self.bad(key, &format!("a number of at least {least}, such as 0.01 or 2/255"))),
        }
    }

    /// `true` or `false`, or the default.
    ///
    /// # Errors
    /// Where the text is something else.
    pub fn flag(&self, key: &str, default: bool) -> Result<bool, OptionError> {
        Ok(self.choice(key, if default { "true" } else { "false" }, &["false", "true"])? == "true")
    }

    /// The position of the given text among `choices`, or the default's.
    ///
    /// # Errors
    /// Where the text is none of them.
    pub fn choice<'a>(&self, key: &str, default: &'a str, choices: &[&'a str]) -> Result<&'a str, OptionError> {
        match self.text(key) {
            None => Ok(default),
            Some(text) => choices
                .iter()
                .find(|c| **c == text)
                .copied()
                .ok_or_else(|| self.bad(key, &format!("one of {}", choices.join(", ")))),
        }
    }

    fn bad(&self, key: &str, expected: &str) -> OptionError {
        OptionError::Value {
            key: key.to_string(),
            value: self.text(key).unwrap_or_default().to_string(),
            expected: expected.to_string(),
        }
    }
}

/// Reads a finite number: a decimal, or a fraction of two such as `8/255`.
pub fn parse_number(text: &str) -> Option<f64> {
    let decimal = |t: &str| t.trim().parse::<f64>().ok();
    let value = match text.split_once('/') {
        Some((above, below)) => decimal(above)? / decimal(below)?,
        None => decimal(text)?,
    };
    value.is_finite().then_some(value)
}

impl FromStr for Options {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut map = BTreeMap::new();
        for part in text.split(',').filter(|p| !p.is_empty()) {
            match part.split_once('=') {
                Some((k, v)) if !k.is_empty() => map.insert(k.trim().to_string(), v.trim().to_string()),
                _ => return Err(OptionError::Syntax(part.to_string())),
            };
        }
        Ok(Options(map))
    }
}

impl std::fmt::Display for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pairs: Vec<String> = self.iter().map(|(k, v)| format!("{k}={v}")).collect();
        f.write_str(&pairs.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_be_given_without_its_key() {
        let file = OptionSpec { name: "file", kind: OptionKind::File, default: "", help: "" };
        let specs = [file, OptionSpec { name: "mode", kind: OptionKind::Text, default: "", help: "" }];
        let read = |text: &str| Options::declared(text, &specs).map(|o| o.to_string());
        assert_eq!(read("a b/net.pt").unwrap(), "file=a b/net.pt");
        assert_eq!(read("a=b.pt,mode=x").unwrap(), "file=a=b.pt,mode=x");
        assert_eq!(read("mode=x,file=net.pt").unwrap(), "file=net.pt,mode=x");
        assert_eq!(read("").unwrap(), "");
        assert!(read("a,b.pt").unwrap_err().to_string().contains("a path without commas"));
        assert!(Options::declared("net.pt", &specs[1..]).is_err());
        assert_eq!(OptionKind::parse(&OptionKind::File.to_string()), OptionKind::File);
    }

    const SPECS: &[OptionSpec] =
        &[OptionSpec { name: "width", kind: OptionKind::Integer(1), default: "8", help: "units" }];

    #[test]
    fn an_unknown_key_is_named_with_the_known_ones() {
        let (name, options) = Options::split("mlp:widht=3").unwrap();
        let error = options.check(&name, SPECS).unwrap_err().to_string();
        assert_eq!(error, "mlp has no option 'widht'; it has width");
    }

    #[test]
    fn a_value_of_another_kind_is_refused_before_anything_is_made() {
        let (name, options) = Options::split("mlp:width=0").unwrap();
        let error = options.check(&name, SPECS).unwrap_err().to_string();
        assert_eq!(error, "option width=0: expected a whole number of at least 1");
    }

    #[test]
    fn a_kind_is_written_as_it_is_read() {
        let kinds = [OptionKind::Text, OptionKind::Bool, OptionKind::Integer(3), OptionKind::Real];
        for kind in kinds.into_iter().chain([OptionKind::Choice(&["a", "b"])]) {
            assert_eq!(OptionKind::parse(&kind.to_string()), kind);
        }
        assert_eq!(OptionKind::parse("matrix"), OptionKind::Text);
    }

    #[test]
    fn numbers_are_read_as_decimals_and_fractions() {
        assert_eq!((parse_number("8/255"), parse_number("1e-3")), (Some(8.0 / 255.0), Some(1e-3)));
        for text in ["", "1/0", "0/0", "nan", "1/2/3", "inf", "x"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
        let (_, options) = Options::split("pgd:step=-1").unwrap();
        assert!(options.number("step", 0.0).unwrap_err().to_string().contains("at least 0"));
    }

    #[test]
    fn a_value_that_does_not_parse_says_what_would() {
        let (_, options) = Options::split("mlp:width=many").unwrap();
        let error = options.count("width", 8, 1).unwrap_err().to_string();
        assert_eq!(error, "option width=many: expected a whole number of at least 1");
        assert!(Options::split("mlp:width").is_err());
    }
}
