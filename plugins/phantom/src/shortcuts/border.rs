use serde::{Deserialize, Serialize};

use super::{Film, Plant, Target};
use crate::Error;
use crate::stream::Stream;

/// A frame around the film, as collimators and digitisers leave it. It never covers a structure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Border {
    /// Mean width as a share of the image's width, 0.005 to 0.15; each side varies by a third.
    pub width: f32,
    /// Grey level: 0 black, 255 white.
    pub level: u8,
}

impl Default for Border {
    fn default() -> Self {
        Self { width: 0.04, level: 0 }
    }
}

impl Plant for Border {
    fn column(&self) -> &str {
        "border"
    }

    fn describe(&self) -> String {
        format!("a frame of {:.1} % of the width, grey level {}", 100.0 * self.width, self.level)
    }

    fn check(&self, _: Target) -> Result<(), Error> {
        if !(0.005..=0.15).contains(&self.width) {
            return Err(Error::range("border.width", self.width, "0.005 to 0.15"));
        }
        Ok(())
    }

    fn print(&self, film: &mut Film<'_>, s: &mut Stream) {
        let n = film.size;
        let mut side = || self.width * n as f32 * s.range(0.67, 1.33);
        let [left, right, top, bottom] = [side(), side(), side(), side()];
        let far = n as f32;
        for row in 0..n {
            for column in 0..n {
                let (x, y) = (column as f32 + 0.5, row as f32 + 0.5);
                let depth = (x - left).min(far - right - x).min(y - top).min(far - bottom - y);
                film.mix(row * n + column, self.level, (0.5 - depth).clamp(0.0, 1.0));
            }
        }
    }
}
