//! How people write the ten digits: the places a pen visits, two or three hands for each.
//!
//! The frame is about −0.6 to 0.6 across and −1 to 1 down. Variants are as different as those found on paper (a seven
//! with a bar, an open four), so that a class is no single template.

use super::curve::{
    Path::{self, Closed, Smooth, Straight},
    Point,
};

/// One line of the pen.
pub type Stroke = (Path, &'static [Point]);

/// The strokes of one way to write a digit.
pub type Shape = &'static [Stroke];

/// The ways to write `digit`, from 0 to 9.
pub fn of(digit: usize) -> &'static [Shape] {
    SHAPES.get(digit).copied().unwrap_or_default()
}

const SHAPES: [&[Shape]; 10] = [ZERO, ONE, TWO, THREE, FOUR, FIVE, SIX, SEVEN, EIGHT, NINE];

const ZERO: &[Shape] = &[
    &[(
        Closed,
        &[
            [0.0, -1.0],
            [0.45, -0.65],
            [0.58, 0.0],
            [0.45, 0.65],
            [0.0, 1.0],
            [-0.45, 0.65],
            [-0.58, 0.0],
            [-0.45, -0.65],
        ],
    )],
    // Begun and ended at the top with overlapping ends.
    &[(
        Smooth,
        &[
            [0.2, -0.85],
            [-0.15, -1.0],
            [-0.5, -0.5],
            [-0.5, 0.4],
            [-0.1, 1.0],
            [0.4, 0.7],
            [0.5, -0.1],
            [0.3, -0.8],
            [-0.1, -0.9],
        ],
    )],
];

const ONE: &[Shape] = &[
    &[(Straight, &[[0.0, -1.0], [0.0, 1.0]])],
    &[(Straight, &[[-0.35, -0.6], [0.0, -1.0], [0.0, 1.0]])],
    &[(Straight, &[[-0.3, -0.65], [0.0, -1.0], [0.0, 1.0]]), (Straight, &[[-0.4, 1.0], [0.4, 1.0]])],
];

const TWO: &[Shape] = &[
    &[
        (Smooth, &[[-0.5, -0.55], [-0.3, -0.9], [0.1, -1.0], [0.5, -0.7], [0.45, -0.25], [0.0, 0.35], [-0.55, 1.0]]),
        (Straight, &[[-0.55, 1.0], [0.6, 1.0]]),
    ],
    // With a loop at the foot.
    &[(
        Smooth,
        &[
            [-0.5, -0.6],
            [0.0, -1.0],
            [0.5, -0.55],
            [0.25, 0.1],
            [-0.3, 0.8],
            [-0.55, 0.85],
            [-0.45, 0.55],
            [-0.1, 0.7],
            [0.25, 0.95],
            [0.6, 0.8],
        ],
    )],
];

const THREE: &[Shape] = &[
    &[
        (Smooth, &[[-0.5, -0.75], [0.0, -1.0], [0.45, -0.65], [0.35, -0.2], [-0.1, -0.05]]),
        (Smooth, &[[-0.1, -0.05], [0.45, 0.15], [0.55, 0.55], [0.1, 1.0], [-0.55, 0.75]]),
    ],
    // With a flat top.
    &[
        (Straight, &[[-0.5, -1.0], [0.5, -1.0], [-0.05, -0.2]]),
        (Smooth, &[[-0.05, -0.2], [0.5, 0.1], [0.5, 0.65], [0.0, 1.0], [-0.55, 0.8]]),
    ],
];

const FOUR: &[Shape] = &[
    &[(Straight, &[[0.25, 1.0], [0.25, -1.0], [-0.6, 0.3], [0.6, 0.3]])],
    // Open at the top.
    &[(Straight, &[[-0.4, -0.95], [-0.5, 0.1], [0.55, 0.1]]), (Straight, &[[0.35, -0.9], [0.3, 1.0]])],
];

const FIVE: &[Shape] = &[
    &[
        (Straight, &[[0.5, -1.0], [-0.4, -1.0], [-0.45, -0.15]]),
        (Smooth, &[[-0.45, -0.15], [0.1, -0.3], [0.55, 0.1], [0.5, 0.65], [0.0, 1.0], [-0.55, 0.75]]),
    ],
    // In one sweep.
    &[(
        Smooth,
        &[[0.5, -0.95], [-0.2, -0.95], [-0.4, -0.4], [0.1, -0.25], [0.5, 0.2], [0.35, 0.8], [-0.1, 1.0], [-0.5, 0.85]],
    )],
];

const SIX: &[Shape] = &[
    &[(
        Smooth,
        &[
            [0.4, -0.95],
            [-0.1, -0.7],
            [-0.5, 0.0],
            [-0.5, 0.6],
            [-0.1, 1.0],
            [0.4, 0.8],
            [0.5, 0.4],
            [0.2, 0.05],
            [-0.2, 0.1],
            [-0.5, 0.5],
        ],
    )],
    // A straight stem on a small ring.
    &[
        (Straight, &[[0.25, -1.0], [-0.45, 0.35]]),
        (Closed, &[[0.0, 0.05], [0.45, 0.3], [0.4, 0.8], [0.0, 1.0], [-0.4, 0.8], [-0.45, 0.35]]),
    ],
];

const SEVEN: &[Shape] = &[
    &[(Straight, &[[-0.55, -1.0], [0.55, -1.0], [-0.15, 1.0]])],
    &[(Straight, &[[-0.55, -1.0], [0.55, -1.0], [-0.15, 1.0]]), (Straight, &[[-0.3, 0.05], [0.5, 0.05]])],
    // With a hook and a curved stem.
    &[
        (Straight, &[[-0.55, -0.75], [-0.5, -1.0], [0.55, -0.95]]),
        (Smooth, &[[0.55, -0.95], [0.2, -0.35], [0.0, 0.3], [-0.05, 1.0]]),
    ],
];

const EIGHT: &[Shape] = &[
    // In one line that crosses itself.
    &[(
        Closed,
        &[
            [0.0, -0.08],
            [0.42, -0.45],
            [0.32, -0.88],
            [0.0, -1.0],
            [-0.32, -0.88],
            [-0.42, -0.45],
            [0.0, -0.08],
            [0.48, 0.4],
            [0.4, 0.85],
            [0.0, 1.0],
            [-0.4, 0.85],
            [-0.48, 0.4],
        ],
    )],
    // Two rings.
    &[
        (Closed, &[[0.0, -1.0], [0.38, -0.75], [0.38, -0.3], [0.0, -0.05], [-0.38, -0.3], [-0.38, -0.75]]),
        (Closed, &[[0.0, -0.05], [0.48, 0.25], [0.46, 0.75], [0.0, 1.0], [-0.46, 0.75], [-0.48, 0.25]]),
    ],
];

const NINE: &[Shape] = &[
    &[
        (Closed, &[[0.1, -1.0], [-0.35, -0.85], [-0.48, -0.45], [-0.1, -0.08], [0.35, -0.3], [0.45, -0.75]]),
        (Smooth, &[[0.45, -0.75], [0.45, 0.1], [0.3, 1.0]]),
    ],
    // With a curled tail.
    &[
        (Closed, &[[0.0, -1.0], [-0.42, -0.8], [-0.42, -0.35], [0.0, -0.1], [0.42, -0.35], [0.45, -0.8]]),
        (Smooth, &[[0.46, -0.75], [0.5, 0.2], [0.3, 0.85], [-0.1, 1.0], [-0.45, 0.8]]),
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_has_variants_inside_the_frame() {
        for digit in 0..10 {
            assert!(of(digit).len() >= 2);
            for point in of(digit).iter().flat_map(|shape| shape.iter()).flat_map(|(_, points)| points.iter()) {
                assert!(point[0].abs() <= 0.6 && point[1].abs() <= 1.0, "{digit}: {point:?}");
            }
        }
        assert!(of(10).is_empty());
    }
}
