//! A small stroke font: letters as smooth lines, so that they can be drawn at any size.

use crate::canvas::curve;

/// Width from one letter to the next, and the part of it that is empty, in letter heights.
pub(super) const ADVANCE: f32 = 0.86;
pub(super) const GAP: f32 = 0.24;

/// The strokes of a letter in a box 0.62 wide and 1 high, y down; none for an unknown character.
pub(super) fn strokes(c: char) -> Vec<Vec<(f32, f32)>> {
    // Points on a grid 4 wide and 6 high, a letter pair each (column, row); `~` makes a stroke a smooth curve.
    let code = match c {
        'A' => "06 20 46|14 34",
        'B' => "06 00|~00 20 41 23 03|~03 23 44 26 06",
        'C' => "~41 20 01 05 26 45",
        'D' => "06 00|~00 20 42 44 26 06",
        'E' => "40 00 06 46|03 33",
        'F' => "40 00 06|03 33",
        'G' => "~41 20 01 05 26 45|45 43 23",
        'H' => "00 06|40 46|03 43",
        'I' => "20 26",
        'J' => "40 44|~44 26 04",
        'K' => "00 06|40 03 46",
        'L' => "00 06 46",
        'M' => "06 00 23 40 46",
        'N' => "06 00 46 40",
        'O' => "~20 01 03 05 26 45 43 41 20",
        'P' => "06 00|~00 20 41 23 03",
        'Q' => "~20 01 03 05 26 45 43 41 20|24 46",
        'R' => "06 00|~00 20 41 23 03|23 46",
        'S' => "~41 20 01 23 45 26 05",
        'T' => "00 40|20 26",
        'U' => "00 04|~04 26 44|44 40",
        'V' => "00 26 40",
        'W' => "00 16 23 36 40",
        'X' => "00 46|40 06",
        'Y' => "00 23 40|23 26",
        'Z' => "00 40 06 46",
        '0' => "~20 01 03 05 26 45 43 41 20",
        '1' => "11 20 26",
        '2' => "~01 20 41 33 06|06 46",
        '3' => "~01 20 41 23|~23 45 26 05",
        '4' => "36 30 04 44",
        '5' => "40 00 02|~02 22 44 26 05",
        '6' => "~41 20 03 05 26 45 23 04",
        '7' => "00 40 16",
        '8' => "~23 01 20 41 23 05 26 45 23",
        '9' => "~42 23 01 20 41 43 26 05",
        _ => "",
    };
    code.split('|').filter(|part| !part.is_empty()).map(points).collect()
}

fn points(code: &str) -> Vec<(f32, f32)> {
    let grid = |b: u8| f32::from(b - b'0');
    let smooth = code.starts_with('~');
    let points: Vec<(f32, f32)> = code
        .trim_start_matches('~')
        .split(' ')
        .map(|p| (grid(p.as_bytes()[0]) / 4.0 * (ADVANCE - GAP), grid(p.as_bytes()[1]) / 6.0))
        .collect();
    if smooth { curve(&points, 8) } else { points }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_and_digit_lies_in_its_box() {
        for c in ('A'..='Z').chain('0'..='9') {
            let strokes = strokes(c);
            assert!(!strokes.is_empty(), "{c}");
            for (x, y) in strokes.into_iter().flatten() {
                assert!((-0.1..=0.72).contains(&x) && (-0.1..=1.1).contains(&y), "{c}: {x} {y}");
            }
        }
        assert!(strokes('?').is_empty());
    }
}
