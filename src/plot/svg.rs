//! A drawing as SVG.
//!
//! Colours are attributes, which every viewer understands; the automatic theme adds a style sheet that replaces them on a
//! dark screen. Clipping uses nested pages instead of named clip paths, so that many pictures can stand in one HTML page
//! without their names meeting. Numbers have two decimals and the order is that of painting: the same drawing is the
//! same text.

use super::canvas::{Anchor, Canvas, Ink, Letters, Paint, Path, Pixels, Rect, Shape, Stroke};
use super::theme::{SERIES, Theme, css};
use super::{base64::base64, png};
use std::fmt::Write as _;

/// Fonts in the order of preference; the first is the one that the layout measures with.
const FONTS: &str = "'DejaVu Sans', Verdana, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif";

impl Canvas {
    /// The drawing as a whole SVG document, or to be put into an HTML page.
    pub fn to_svg(&self, theme: Theme) -> String {
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" \
             font-family=\"{FONTS}\">\n<title>{}</title>\n",
            escaped(&self.description),
            w = number(self.width),
            h = number(self.height)
        );
        if theme == Theme::Auto {
            text.push_str(&style_sheet());
        }
        let mut writer = Writer { text, dark: theme == Theme::Dark, classes: theme == Theme::Auto };
        let page = Rect { x: 0.0, y: 0.0, width: self.width, height: self.height };
        let mut whole = Canvas::new(self.width, self.height, "");
        whole.rect(page, Some(Ink::Ground.into()), None);
        for shape in whole.shapes.iter().chain(&self.shapes) {
            writer.shape(shape);
        }
        writer.text.push_str("</svg>\n");
        writer.text
    }
}

/// Colours for a dark screen. On paper the light ones stay.
fn style_sheet() -> String {
    let mut text = "<style>@media screen and (prefers-color-scheme: dark) {".to_string();
    let roles = [Ink::Ground, Ink::Text, Ink::Muted, Ink::Axis, Ink::Grid];
    for ink in roles.into_iter().chain((0..SERIES).map(Ink::Series)) {
        let (name, color) = (class(ink).unwrap_or_default(), css(ink.rgb(true)));
        // Writing to a String cannot fail, here and below.
        let _ = write!(text, " .hf-{name}{{fill:{color}}} .hs-{name}{{stroke:{color}}}");
    }
    text.push_str(" }</style>\n");
    text
}

fn class(ink: Ink) -> Option<String> {
    Some(match ink {
        Ink::Ground => "ground".to_string(),
        Ink::Text => "text".to_string(),
        Ink::Muted => "muted".to_string(),
        Ink::Axis => "axis".to_string(),
        Ink::Grid => "grid".to_string(),
        Ink::Series(i) => format!("s{}", i % SERIES),
        Ink::Fixed(_) => return None,
    })
}

struct Writer {
    text: String,
    dark: bool,
    classes: bool,
}

impl Writer {
    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Path(path) => self.path(path),
            Shape::Circle(at, radius, fill, stroke) => {
                let _ = write!(
                    self.text,
                    "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"",
                    number(at[0]),
                    number(at[1]),
                    number(*radius)
                );
                self.painted(fill.as_ref(), stroke.as_ref());
                self.text.push_str("/>\n");
            }
            Shape::Letters(letters) => self.letters(letters),
            Shape::Pixels(pixels) => self.pixels(pixels),
        }
    }

    fn path(&mut self, path: &Path) {
        let mut d = String::new();
        for line in path.lines.iter().filter(|l| !l.is_empty()) {
            for (i, [x, y]) in line.iter().enumerate() {
                let _ = write!(d, "{}{} {}", if i == 0 { 'M' } else { 'L' }, number(*x), number(*y));
            }
            if path.closed {
                d.push('Z');
            }
        }
        if d.is_empty() {
            return;
        }
        if let Some(clip) = path.clip {
            let [x, y, w, h] = [clip.x, clip.y, clip.width, clip.height].map(number);
            let _ = writeln!(
                self.text,
                "<svg x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" viewBox=\"{x} {y} {w} {h}\" overflow=\"hidden\">"
            );
        }
        let _ = write!(self.text, "<path d=\"{d}\"");
        if path.fill.is_some() && path.lines.len() > 1 {
            self.text.push_str(" fill-rule=\"evenodd\"");
        }
        self.painted(path.fill.as_ref(), path.stroke.as_ref());
        self.text.push_str("/>\n");
        if path.clip.is_some() {
            self.text.push_str("</svg>\n");
        }
    }

    /// Attributes of area and line.
    fn painted(&mut self, fill: Option<&Paint>, stroke: Option<&Stroke>) {
        let mut classes = Vec::new();
        match fill {
            Some(paint) => {
                self.colored("fill", *paint);
                classes.extend(class(paint.ink).map(|c| format!("hf-{c}")));
            }
            None => self.text.push_str(" fill=\"none\""),
        }
        if let Some(Stroke { paint, width, dash }) = stroke {
            self.colored("stroke", *paint);
            let _ = write!(self.text, " stroke-width=\"{}\" stroke-linejoin=\"round\"", number(*width));
            if let Some(pattern) = dash.pattern(*width) {
                let pattern: Vec<String> = pattern.into_iter().map(number).collect();
                let _ = write!(self.text, " stroke-dasharray=\"{}\"", pattern.join(" "));
            } else {
                self.text.push_str(" stroke-linecap=\"round\"");
            }
            classes.extend(class(paint.ink).map(|c| format!("hs-{c}")));
        }
        self.class(&classes);
    }

    fn colored(&mut self, attribute: &str, paint: Paint) {
        let _ = write!(self.text, " {attribute}=\"{}\"", css(paint.ink.rgb(self.dark)));
        if paint.opacity < 1.0 {
            let _ = write!(self.text, " {attribute}-opacity=\"{}\"", number(paint.opacity));
        }
    }

    fn class(&mut self, names: &[String]) {
        if self.classes && !names.is_empty() {
            let _ = write!(self.text, " class=\"{}\"", names.join(" "));
        }
    }

    fn letters(&mut self, letters: &Letters) {
        let [x, y] = letters.at.map(number);
        let _ = write!(self.text, "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"", number(letters.size));
        match letters.anchor {
            Anchor::Start => {}
            Anchor::Middle => self.text.push_str(" text-anchor=\"middle\""),
            Anchor::End => self.text.push_str(" text-anchor=\"end\""),
        }
        if letters.upright {
            let _ = write!(self.text, " transform=\"rotate(-90 {x} {y})\"");
        }
        self.colored("fill", letters.ink.into());
        self.class(&class(letters.ink).map(|c| format!("hf-{c}")).into_iter().collect::<Vec<_>>());
        let _ = writeln!(self.text, ">{}</text>", escaped(&letters.text));
    }

    fn pixels(&mut self, pixels: &Pixels) {
        // Too small a picture to fail; an empty place is better than no page.
        let Ok(bytes) = png::encode_rgb(&pixels.rgb, pixels.columns) else { return };
        let Rect { x, y, width, height } = pixels.area;
        let [x, y, w, h] = [x, y, width, height].map(number);
        let _ = writeln!(
            self.text,
            "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>",
            base64(&bytes)
        );
    }
}

/// Two decimals, without zeros at the end.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_string() } else { text.to_string() }
}

/// Text for XML: markup escaped, control characters left out.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_cannot_break_out_of_the_markup() {
        let mut canvas = Canvas::new(10.0, 10.0, "a <b> & \"c\"");
        canvas.text([0.0, 0.0], "</text><script>", 10.0, Anchor::Start, Ink::Text);
        let svg = canvas.to_svg(Theme::Light);
        assert!(!svg.contains("<script>") && svg.contains("a &lt;b&gt; &amp; &quot;c&quot;"), "{svg}");
    }

    #[test]
    fn only_the_automatic_theme_carries_a_style_sheet() {
        let canvas = Canvas::new(10.0, 10.0, "");
        assert!(canvas.to_svg(Theme::Auto).contains("prefers-color-scheme"));
        assert!(!canvas.to_svg(Theme::Light).contains("style") && canvas.to_svg(Theme::Dark).contains("#16181d"));
    }

    #[test]
    fn numbers_are_short_and_never_minus_zero() {
        assert_eq!([1.0, 0.126, -0.001, 12.5, -3.456].map(number), ["1", "0.13", "0", "12.5", "-3.46"]);
    }
}
