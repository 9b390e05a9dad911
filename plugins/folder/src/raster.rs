//! From boxes, polygons and run lengths to pixels. A pixel is inside where its centre is.

use serde::Serialize;

/// An outline in pixels of the stored image: x to the right, y down, (0, 0) the upper left corner of the image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) enum Shape {
    /// Left, top, right, bottom; the right and lower edges are outside.
    Box([f64; 4]),
    /// Corners; the last is joined to the first. Crossing lines follow the even-odd rule.
    Polygon(Vec<(f64, f64)>),
    /// COCO's run lengths: columns first, runs outside and inside in turn. They add up to `height * width`.
    Runs { counts: Vec<usize>, height: usize, width: usize },
}

impl Shape {
    /// Sets its pixels in a mask of `height` x `width` bytes, rows first. What lies beyond the image is cut off.
    pub(crate) fn draw(&self, bytes: &mut [u8], width: usize, height: usize) {
        match self {
            Self::Box([left, top, right, bottom]) => {
                let corners = [(*left, *top), (*right, *top), (*right, *bottom), (*left, *bottom)];
                polygon(&corners, bytes, width, height);
            }
            Self::Polygon(corners) => polygon(corners, bytes, width, height),
            Self::Runs { counts, .. } => runs(counts, bytes, width, height),
        }
    }
}

/// For each row of pixel centres, the crossings with the polygon's sides, sorted and filled in pairs.
fn polygon(corners: &[(f64, f64)], bytes: &mut [u8], width: usize, height: usize) {
    let mut crossings = Vec::new();
    for row in 0..height {
        let y = row as f64 + 0.5;
        crossings.clear();
        for (i, &(x1, y1)) in corners.iter().enumerate() {
            let (x2, y2) = corners[(i + 1) % corners.len()];
            if (y1 <= y) != (y2 <= y) {
                crossings.push(x1 + (y - y1) / (y2 - y1) * (x2 - x1));
            }
        }
        crossings.sort_by(f64::total_cmp);
        for pair in crossings.chunks_exact(2) {
            let (start, end) = (first_centre(pair[0], width), first_centre(pair[1], width));
            bytes[row * width + start..row * width + end.max(start)].fill(1);
        }
    }
}

/// The first pixel whose centre is at `x` or to its right, at most `width`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the image")]
fn first_centre(x: f64, width: usize) -> usize {
    (x - 0.5).ceil().clamp(0.0, width as f64) as usize
}

fn runs(counts: &[usize], bytes: &mut [u8], width: usize, height: usize) {
    let mut at = 0;
    for (i, &count) in counts.iter().enumerate() {
        if i % 2 == 1 {
            (at..at + count).for_each(|p| bytes[p % height * width + p / height] = 1);
        }
        at += count;
    }
}

/// Reads COCO's compressed run lengths (`rleFrString` of its `maskApi.c`): 5 bits a character, least significant
/// first, a sixth says whether more follow; from the third run on, differences to the run before the last.
pub(crate) fn decompress(text: &str) -> Result<Vec<usize>, String> {
    let mut counts: Vec<i64> = Vec::new();
    let mut bytes = text.bytes();
    while let Some(first) = bytes.next() {
        let (mut value, mut shift, mut byte) = (0i64, 0, first);
        loop {
            if !(48..112).contains(&byte) || shift > 40 {
                return Err("its compressed run lengths are damaged".into());
            }
            let bits = i64::from(byte - 48);
            value |= (bits & 0x1f) << shift;
            shift += 5;
            if bits & 0x20 == 0 {
                if bits & 0x10 != 0 {
                    value |= -1 << shift;
                }
                break;
            }
            byte = bytes.next().ok_or("its compressed run lengths end too early")?;
        }
        if counts.len() > 2 {
            value += counts[counts.len() - 2];
        }
        counts.push(value);
    }
    counts
        .into_iter()
        .map(|c| usize::try_from(c).map_err(|_| "it has a negative run length".into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The slow, obvious twin: a point is inside where an odd number of sides lies to its left.
    fn inside(corners: &[(f64, f64)], x: f64, y: f64) -> bool {
        let mut odd = false;
        for i in 0..corners.len() {
            let ((x1, y1), (x2, y2)) = (corners[i], corners[(i + 1) % corners.len()]);
            if (y1 <= y) != (y2 <= y) && x1 + (y - y1) / (y2 - y1) * (x2 - x1) <= x {
                odd = !odd;
            }
        }
        odd
    }

    proptest! {
        #[test]
        fn polygons_hold_the_centres_that_are_inside(
            corners in prop::collection::vec((-4.0..20.0, -4.0..20.0), 3..9), width in 1usize..14, height in 1usize..14,
        ) {
            let mut bytes = vec![0; width * height];
            Shape::Polygon(corners.clone()).draw(&mut bytes, width, height);
            for (p, &b) in bytes.iter().enumerate() {
                let (x, y) = ((p % width) as f64 + 0.5, (p / width) as f64 + 0.5);
                prop_assert_eq!(b == 1, inside(&corners, x, y), "{} {}", x, y);
            }
        }

        #[test]
        fn boxes_of_whole_pixels_are_exact(left in 0usize..6, top in 0usize..6, w in 0usize..6, h in 0usize..6) {
            let mut bytes = vec![0; 100];
            let edges = [left, top, left + w, top + h].map(|v| v as f64);
            Shape::Box(edges).draw(&mut bytes, 10, 10);
            for (p, &b) in bytes.iter().enumerate() {
                let (x, y) = (p % 10, p / 10);
                let expected = (left..(left + w)).contains(&x) && (top..(top + h)).contains(&y);
                prop_assert_eq!(b == 1, expected);
            }
        }
    }

    #[test]
    fn runs_go_down_the_columns() {
        let mut bytes = vec![0; 6];
        Shape::Runs { counts: vec![1, 2, 3], height: 2, width: 3 }.draw(&mut bytes, 3, 2);
        assert_eq!(bytes, [0, 1, 0, 1, 0, 0]);
    }

    #[test]
    fn damaged_runs_are_named() {
        assert!(decompress("o").unwrap_err().contains("too early"));
        assert!(decompress("é").unwrap_err().contains("damaged"));
        assert!(decompress("O").unwrap_err().contains("negative"));
        assert_eq!(decompress("?").unwrap(), [15]);
    }
}
