//! Random changes of training pictures: a crop out of the padded picture, and a mirror image.
//!
//! Each picture of each epoch has its own random stream, so a run does not depend on the batch size, and a resumed run
//! draws what the undisturbed one would have drawn. The border is black (zero) before normalisation, as torchvision
//! pads. Colour changes were decided against: the paper uses none, and pixels stay 8-bit this way.

use hesse_core::random::{Purpose, Stream};

/// What is done to a picture, at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Augmentation {
    /// Pixels of black border on each side, out of which a picture of the old size is cut; zero for no crop.
    pub crop: usize,
    /// Whether half of the pictures are mirrored left to right.
    pub flip: bool,
}

impl Augmentation {
    /// Whether pictures stay as they are.
    pub fn is_none(&self) -> bool {
        *self == Augmentation::default()
    }

    /// The stream of a sample (by its number in file order) in an epoch.
    pub(super) fn stream(seed: u64, epoch: usize, sample: usize) -> Stream {
        // The high half is the epoch: see `Purpose::Augmentation`.
        Stream::new(seed, Purpose::Augmentation, ((epoch as u64) << 32) | (sample as u64 & 0xffff_ffff))
    }

    /// Appends the changed picture; `[planes, rows, columns]` is its shape.
    pub(super) fn append(&self, picture: &[u8], shape: [usize; 3], stream: &mut Stream, to: &mut Vec<u8>) {
        let [_, rows, columns] = shape;
        let mut shift = || {
            let span = 2 * self.crop as u64 + 1;
            if self.crop == 0 { 0 } else { stream.below(span) as isize - self.crop as isize }
        };
        let (down, right) = (shift(), shift());
        let mirrored = self.flip && stream.below(2) == 1;
        for plane in picture.chunks_exact((rows * columns).max(1)) {
            for row in 0..rows {
                let from = row.checked_add_signed(down).and_then(|r| plane.chunks_exact(columns).nth(r));
                let start = to.len();
                match from {
                    None => to.resize(start + columns, 0),
                    Some(from) => to.extend((0..columns).map(|column| {
                        column.checked_add_signed(right).and_then(|c| from.get(c)).copied().unwrap_or(0)
                    })),
                }
                if mirrored && let Some(line) = to.get_mut(start..) {
                    line.reverse();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(how: Augmentation, picture: &[u8], shape: [usize; 3], sample: usize) -> Vec<u8> {
        let mut to = Vec::new();
        how.append(picture, shape, &mut Augmentation::stream(3, 1, sample), &mut to);
        to
    }

    #[test]
    fn without_options_a_picture_stays_as_it_is() {
        let picture: Vec<u8> = (0..12).collect();
        assert_eq!(changed(Augmentation::default(), &picture, [2, 2, 3], 0), picture);
    }

    #[test]
    fn a_flip_mirrors_every_row_of_about_half_the_pictures() {
        let picture: Vec<u8> = (0..12).collect();
        let flip = Augmentation { crop: 0, flip: true };
        let mirrored = [2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9];
        let all: Vec<_> = (0..200).map(|sample| changed(flip, &picture, [2, 2, 3], sample)).collect();
        assert!(all.iter().all(|p| *p == picture || p[..] == mirrored[..]));
        let flipped = all.iter().filter(|p| p[..] == mirrored[..]).count();
        assert!((70..130).contains(&flipped), "{flipped}");
    }

    #[test]
    fn a_crop_shifts_by_at_most_the_border_and_fills_with_black() {
        let (rows, columns) = (5, 7);
        let mut picture = vec![0u8; rows * columns];
        picture[2 * columns + 3] = 200;
        let crop = Augmentation { crop: 2, flip: false };
        let mut places = std::collections::BTreeSet::new();
        for sample in 0..400 {
            let p = changed(crop, &picture, [1, rows, columns], sample);
            let bright: Vec<usize> = (0..p.len()).filter(|&i| p[i] == 200).collect();
            assert_eq!((p.len(), bright.len()), (rows * columns, 1));
            places.insert((bright[0] / columns, bright[0] % columns));
        }
        let expected: std::collections::BTreeSet<_> = (0..5).flat_map(|r| (1..6).map(move |c| (r, c))).collect();
        assert_eq!(places, expected);
    }

    #[test]
    fn an_epoch_and_a_sample_always_draw_the_same() {
        let draw = |epoch, sample| Augmentation::stream(3, epoch, sample).bits();
        assert_eq!(draw(4, 7), draw(4, 7));
        assert!(draw(4, 7) != draw(5, 7) && draw(4, 7) != draw(4, 8));
    }
}
