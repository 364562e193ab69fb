//! A drawing as PNG: the same shapes, rasterised with the embedded font, so that no font need be installed.

use super::canvas::{Anchor, Canvas, Dash, Ink, Letters, Paint, Path, Pixels, Rect, Shape, Stroke};
use super::theme::Theme;
use super::{PlotError, font};
use tiny_skia as skia;

/// Pixels for each CSS pixel: sharp on paper at the printed size of a column.
const DENSITY: f64 = 2.0;

/// The largest side, in pixels.
const LARGEST: f64 = 16_384.0;

impl Canvas {
    /// The drawing as the bytes of a PNG, twice as many pixels as CSS pixels in each direction. The automatic theme is
    /// the light one here.
    ///
    /// # Errors
    /// Where the page has no area or is too large.
    pub fn to_png(&self, theme: Theme) -> Result<Vec<u8>, PlotError> {
        let size = [self.width * DENSITY, self.height * DENSITY];
        let fits = size.iter().all(|s| (1.0..=LARGEST).contains(s));
        let map = fits.then(|| skia::Pixmap::new(size[0].round() as u32, size[1].round() as u32)).flatten();
        let mut map = map.ok_or(PlotError::Size { width: self.width, height: self.height })?;
        let dark = theme == Theme::Dark;
        let [r, g, b] = Ink::Ground.rgb(dark);
        map.fill(skia::Color::from_rgba8(r, g, b, 255));
        let mut page = Page { map, dark, mask: None };
        for shape in &self.shapes {
            page.shape(shape);
        }
        page.map.encode_png().map_err(|cause| PlotError::Encoding(cause.to_string()))
    }
}

/// Pixels as the bytes of a PNG.
pub(super) fn encode_rgb(rgb: &[u8], columns: usize) -> Result<Vec<u8>, PlotError> {
    pixmap(rgb, columns)
        .ok_or(PlotError::Size { width: columns as f64, height: (rgb.len() / 3) as f64 / columns.max(1) as f64 })?
        .encode_png()
        .map_err(|cause| PlotError::Encoding(cause.to_string()))
}

fn pixmap(rgb: &[u8], columns: usize) -> Option<skia::Pixmap> {
    let rows = (rgb.len() / 3).checked_div(columns)?;
    let rgba: Vec<u8> = rgb.chunks_exact(3).take(rows * columns).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
    let size = skia::IntSize::from_wh(u32::try_from(columns).ok()?, u32::try_from(rows).ok()?)?;
    skia::Pixmap::from_vec(rgba, size)
}

struct Page {
    map: skia::Pixmap,
    dark: bool,
    /// The last one used: a chart clips everything to the same place.
    mask: Option<(Rect, skia::Mask)>,
}

impl Page {
    fn scaling() -> skia::Transform {
        skia::Transform::from_scale(DENSITY as f32, DENSITY as f32)
    }

    fn paint(&self, paint: Paint) -> skia::Paint<'static> {
        let [r, g, b] = paint.ink.rgb(self.dark);
        let mut out = skia::Paint::default();
        out.set_color_rgba8(r, g, b, (paint.opacity.clamp(0.0, 1.0) * 255.0).round() as u8);
        out.anti_alias = true;
        out
    }

    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Path(Path { lines, closed, fill, stroke, clip }) => {
                let mut builder = skia::PathBuilder::new();
                for line in lines {
                    for (i, [x, y]) in line.iter().enumerate() {
                        let (x, y) = (*x as f32, *y as f32);
                        if i == 0 { builder.move_to(x, y) } else { builder.line_to(x, y) }
                    }
                    if *closed {
                        builder.close();
                    }
                }
                self.painted(builder, *fill, *stroke, *clip);
            }
            Shape::Circle(at, radius, fill, stroke) => {
                let mut builder = skia::PathBuilder::new();
                builder.push_circle(at[0] as f32, at[1] as f32, *radius as f32);
                self.painted(builder, *fill, *stroke, None);
            }
            Shape::Letters(letters) => self.letters(letters),
            Shape::Pixels(pixels) => self.pixels(pixels),
        }
    }

    fn painted(&mut self, path: skia::PathBuilder, fill: Option<Paint>, stroke: Option<Stroke>, clip: Option<Rect>) {
        // A path without extent has nothing to show.
        let Some(path) = path.finish() else { return };
        let reach = stroke.map_or(0.0, |s| s.width as f32);
        let within = |c: Rect| {
            let b = path.bounds();
            b.left() - reach >= c.x as f32
                && b.top() - reach >= c.y as f32
                && b.right() + reach <= c.right() as f32
                && b.bottom() + reach <= c.bottom() as f32
        };
        let clip = clip.filter(|c| !within(*c));
        if let Some(clip) = clip.filter(|c| self.mask.as_ref().is_none_or(|m| m.0 != *c)) {
            self.mask = self.new_mask(clip).map(|mask| (clip, mask));
        }
        let mask = clip.and(self.mask.take());
        let painted = mask.as_ref().map(|m| &m.1);
        if let Some(paint) = fill {
            self.map.fill_path(&path, &self.paint(paint), skia::FillRule::EvenOdd, Self::scaling(), painted);
        }
        if let Some(Stroke { paint, width, dash }) = stroke {
            let lengths = dash.pattern(width).map(|p| p.into_iter().map(|v| v as f32).collect());
            let stroke = skia::Stroke {
                width: width as f32,
                line_cap: if dash == Dash::Solid { skia::LineCap::Round } else { skia::LineCap::Butt },
                line_join: skia::LineJoin::Round,
                dash: lengths.and_then(|l| skia::StrokeDash::new(l, 0.0)),
                ..skia::Stroke::default()
            };
            self.map.stroke_path(&path, &self.paint(paint), &stroke, Self::scaling(), painted);
        }
        if mask.is_some() {
            self.mask = mask;
        }
    }

    fn new_mask(&self, clip: Rect) -> Option<skia::Mask> {
        let mut mask = skia::Mask::new(self.map.width(), self.map.height())?;
        let [x, y, w, h] = [clip.x, clip.y, clip.width, clip.height].map(|v| v as f32);
        let path = skia::PathBuilder::from_rect(skia::Rect::from_xywh(x, y, w, h)?);
        mask.fill_path(&path, skia::FillRule::Winding, true, Self::scaling());
        Some(mask)
    }

    fn letters(&mut self, letters: &Letters) {
        let mut builder = skia::PathBuilder::new();
        font::outline(&letters.text, letters.size, &mut builder);
        let Some(path) = builder.finish() else { return };
        let width = font::width(&letters.text, letters.size);
        let shift = match letters.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -width / 2.0,
            Anchor::End => -width,
        };
        let mut place = skia::Transform::from_translate(shift as f32, 0.0);
        if letters.upright {
            place = place.post_rotate(-90.0);
        }
        let place = place.post_translate(letters.at[0] as f32, letters.at[1] as f32).post_concat(Self::scaling());
        self.map.fill_path(&path, &self.paint(letters.ink.into()), skia::FillRule::Winding, place, None);
    }

    fn pixels(&mut self, pixels: &Pixels) {
        let Some(picture) = pixmap(&pixels.rgb, pixels.columns) else { return };
        let Rect { x, y, width, height } = pixels.area;
        let (sx, sy) = (width / f64::from(picture.width()), height / f64::from(picture.height()));
        let place = skia::Transform::from_scale(sx as f32, sy as f32)
            .post_translate(x as f32, y as f32)
            .post_concat(Self::scaling());
        let paint = skia::PixmapPaint { quality: skia::FilterQuality::Nearest, ..skia::PixmapPaint::default() };
        self.map.draw_pixmap(0, 0, picture.as_ref(), &paint, place, None);
    }
}
