//! A picture in red, green and blue on which samples and type are put.

use super::font;

pub(super) struct Canvas {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

const PAPER: [u8; 3] = [255, 255, 255];
const INK: [u8; 3] = [30, 30, 30];

impl Canvas {
    pub fn new(width: usize, height: usize) -> Self {
        Canvas { width, height, bytes: PAPER.repeat(width * height) }
    }

    fn set(&mut self, x: usize, y: usize, color: [u8; 3]) {
        // What lies outside is cut off: long titles.
        if x < self.width && y < self.height {
            let at = 3 * (y * self.width + x);
            self.bytes[at..at + 3].copy_from_slice(&color);
        }
    }

    fn block(&mut self, (left, top): (usize, usize), side: usize, color: [u8; 3]) {
        for y in top..top + side {
            for x in left..left + side {
                self.set(x, y, color);
            }
        }
    }

    pub fn text(&mut self, left: usize, top: usize, dot: usize, text: &str) {
        font::dots(text, |x, y| self.block((left + x * dot, top + y * dot), dot, INK));
    }

    /// A sample of one channel in grey, of three in colour (of others the first is shown), each pixel `zoom` elements
    /// wide; values from 0 to 1, others are clipped.
    pub fn picture(&mut self, (left, top): (usize, usize), zoom: usize, shape: (usize, usize, usize), values: &[f64]) {
        let (channels, rows, columns) = shape;
        let level = |channel: usize, r: usize, c: usize| {
            let value = values.get((channel * rows + r) * columns + c).copied().unwrap_or(0.0);
            (value.clamp(0.0, 1.0) * 255.0).round() as u8
        };
        for r in 0..rows {
            for c in 0..columns {
                let color = if channels == 3 { [0, 1, 2].map(|k| level(k, r, c)) } else { [level(0, r, c); 3] };
                self.block((left + c * zoom, top + r * zoom), zoom, color);
            }
        }
    }

    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.bytes)?;
        writer.finish()?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_that_is_written_can_be_read_and_shows_what_was_put_on_it() {
        let mut canvas = Canvas::new(12, 9);
        canvas.picture((1, 2), 2, (3, 1, 2), &[1.0, 0.0, 0.0, 0.5, 0.0, 7.0]);
        canvas.text(8, 0, 1, "1");
        let bytes = canvas.png().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (12, 9));
        let at = |x: usize, y: usize| &pixels[3 * (12 * y + x)..3 * (12 * y + x) + 3];
        assert_eq!(
            (at(1, 2), at(2, 3), at(3, 2), at(5, 2)),
            (&[255, 0, 0][..], &[255, 0, 0][..], &[0, 128, 255][..], &[255; 3][..])
        );
        assert_eq!((at(9, 0), at(8, 0), at(8, 4)), (&INK[..], &PAPER[..], &INK[..]));
    }
}
