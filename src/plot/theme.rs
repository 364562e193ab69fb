//! Colours: a light page, a dark page, or whichever the reader has.
//!
//! The series' colours have a contrast of at least 3 to 1 with their page; dashes and markers tell them apart without
//! colour.

use super::canvas::Ink;

/// The page that a picture is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Dark on light, as on paper.
    Light,
    /// Light on dark.
    Dark,
    /// Light, and dark where the reader's screen asks for it (SVG only; a PNG is light then).
    #[default]
    Auto,
}

impl std::str::FromStr for Theme {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "light" => Ok(Theme::Light),
            "dark" => Ok(Theme::Dark),
            "auto" => Ok(Theme::Auto),
            other => Err(format!("expected light, dark or auto, found `{}`", other.escape_debug())),
        }
    }
}

impl std::fmt::Display for Theme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
            Theme::Auto => "auto",
        })
    }
}

/// How many colours series have before they repeat.
pub(super) const SERIES: usize = 8;

const LIGHT: [[u8; 3]; SERIES] = [
    [0x1f, 0x5f, 0xa8],
    [0xc8, 0x50, 0x1e],
    [0x1b, 0x7f, 0x5c],
    [0x8a, 0x4f, 0x9e],
    [0x96, 0x70, 0x00],
    [0xb8, 0x33, 0x6a],
    [0x2a, 0x86, 0xb5],
    [0x5b, 0x63, 0x70],
];
const DARK: [[u8; 3]; SERIES] = [
    [0x7f, 0xb3, 0xf0],
    [0xf2, 0x94, 0x6b],
    [0x5f, 0xcf, 0xa6],
    [0xc9, 0x9a, 0xe0],
    [0xe0, 0xbb, 0x4e],
    [0xf0, 0x7f, 0xab],
    [0x7c, 0xd3, 0xea],
    [0xaa, 0xb2, 0xbf],
];

impl Ink {
    /// Red, green and blue.
    pub(super) fn rgb(self, dark: bool) -> [u8; 3] {
        match (self, dark) {
            (Ink::Ground, false) => [0xff, 0xff, 0xff],
            (Ink::Ground, true) => [0x16, 0x18, 0x1d],
            (Ink::Text, false) => [0x1c, 0x1f, 0x24],
            (Ink::Text, true) => [0xe6, 0xe8, 0xec],
            (Ink::Muted, false) => [0x50, 0x57, 0x62],
            (Ink::Muted, true) => [0xab, 0xb1, 0xbc],
            (Ink::Axis, false) => [0x6b, 0x72, 0x7d],
            (Ink::Axis, true) => [0x8a, 0x91, 0x9d],
            (Ink::Grid, false) => [0xe3, 0xe6, 0xea],
            (Ink::Grid, true) => [0x2e, 0x32, 0x3a],
            (Ink::Series(i), false) => LIGHT[i % SERIES],
            (Ink::Series(i), true) => DARK[i % SERIES],
            (Ink::Fixed(rgb), _) => rgb,
        }
    }
}

/// The colour as CSS writes it.
pub(super) fn css([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(rgb: [u8; 3]) -> f64 {
        let part = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(rgb[0]) + 0.7152 * part(rgb[1]) + 0.0722 * part(rgb[2])
    }

    #[test]
    fn everything_that_carries_meaning_stands_out_from_its_page() {
        for dark in [false, true] {
            let page = luminance(Ink::Ground.rgb(dark));
            let contrast = |ink: Ink| {
                let l = luminance(ink.rgb(dark));
                (l.max(page) + 0.05) / (l.min(page) + 0.05)
            };
            assert!([Ink::Text, Ink::Muted].iter().all(|&ink| contrast(ink) >= 4.5), "{dark}");
            assert!((0..SERIES).all(|i| contrast(Ink::Series(i)) >= 3.0), "{dark}");
        }
    }
}
