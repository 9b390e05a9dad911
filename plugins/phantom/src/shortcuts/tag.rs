use serde::{Deserialize, Serialize};

use super::{Film, Plant, Target, glyphs};
use crate::Error;
use crate::canvas::{Knot, Plane, Profile, stroke};
use crate::stream::Stream;

/// A corner of the film, as the viewer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Corner {
    /// Above, to the viewer's left.
    TopLeft,
    /// Above, to the viewer's right.
    TopRight,
    /// Below, to the viewer's left.
    BottomLeft,
    /// Below, to the viewer's right.
    BottomRight,
}

/// Writing burnt into a corner, like `PORTABLE` or the side letter of a lead marker. It is printed on the finished
/// film, never on a structure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tag {
    /// Letters A to Z, digits and spaces; lines are parted by `\n`. 1 to 24 characters.
    pub text: String,
    /// Height of a letter as a share of the image's height, 0.02 to 0.3.
    pub height: f32,
    /// Where it stands.
    pub corner: Corner,
    /// Grey level of the letters.
    pub level: u8,
}

impl Default for Tag {
    fn default() -> Self {
        Self { text: "PORTABLE".into(), height: 0.06, corner: Corner::TopLeft, level: 245 }
    }
}

impl Tag {
    /// The lead marker of a side: one large letter in the upper corner of the patient's left.
    #[must_use]
    pub fn marker(letter: char) -> Self {
        Self { text: letter.into(), height: 0.11, corner: Corner::TopRight, ..Self::default() }
    }

    /// Width and height of the writing in pixels.
    fn extent(&self, letter: f32) -> (f32, f32) {
        let longest = self.text.lines().map(|l| l.chars().count()).max().unwrap_or(0) as f32;
        let lines = self.text.lines().count() as f32;
        (letter * (longest * glyphs::ADVANCE - glyphs::GAP), letter * (lines + 0.5 * (lines - 1.0)))
    }
}

impl Plant for Tag {
    fn column(&self) -> &str {
        "tag"
    }

    fn describe(&self) -> String {
        format!("the writing {:?} in a corner, outside every structure", self.text)
    }

    fn check(&self, _: Target) -> Result<(), Error> {
        if let Some(c) = self.text.chars().find(|c| *c != '\n' && *c != ' ' && glyphs::strokes(*c).is_empty())
        {
            return Err(Error::range(
                "tag.text",
                format!("{:?} with {c:?}", self.text),
                "A to Z, 0 to 9, space",
            ));
        }
        if !(1..=24).contains(&self.text.trim().chars().count()) {
            return Err(Error::range("tag.text", format!("{:?}", self.text), "1 to 24 characters"));
        }
        if !(0.02..=0.3).contains(&self.height) {
            return Err(Error::range("tag.height", self.height, "0.02 to 0.3"));
        }
        Ok(())
    }

    fn print(&self, film: &mut Film<'_>, s: &mut Stream) {
        let n = film.size as f32;
        let letter = self.height * n;
        let (wide, high) = self.extent(letter);
        // Never quite in the same place, never quite straight.
        let margin = (s.range(0.025, 0.06) * n, s.range(0.025, 0.06) * n);
        let (sin, cos) = s.around(0.0, 0.02).sin_cos();
        let (right, bottom) = match self.corner {
            Corner::TopLeft => (false, false),
            Corner::TopRight => (true, false),
            Corner::BottomLeft => (false, true),
            Corner::BottomRight => (true, true),
        };
        let x0 = if right { n - margin.0 - wide } else { margin.0 };
        let y0 = if bottom { n - margin.1 - high } else { margin.1 };
        let mut ink = Plane::new(film.size);
        for (l, line) in self.text.lines().enumerate() {
            for (k, c) in line.chars().enumerate() {
                for points in glyphs::strokes(c) {
                    let knot = |(gx, gy): (f32, f32)| {
                        let (x, y) =
                            (letter * (gx + k as f32 * glyphs::ADVANCE), letter * (gy + 1.5 * l as f32));
                        Knot {
                            x: x0 + cos * x - sin * y,
                            y: y0 + cos * y + sin * x,
                            r: (0.075 * letter).max(0.62),
                            value: 1.0,
                        }
                    };
                    let knots: Vec<Knot> = points.into_iter().map(knot).collect();
                    stroke(&mut ink, &knots, Profile::Flat);
                }
            }
        }
        for (i, cover) in ink.at.iter().enumerate() {
            film.mix(i, self.level, *cover);
        }
    }
}
