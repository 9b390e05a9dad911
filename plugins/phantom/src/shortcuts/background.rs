use serde::{Deserialize, Serialize};

use super::{Film, Plant, Recorded, Target};
use crate::Error;
use crate::stream::Stream;

/// A site whose films show a faint weave behind the patient: lines of an anti-scatter grid, and the grain of a
/// digitised film. It lies outside of every structure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Background {
    /// Height of the lines, and standard deviation of the grain times two, in grey levels, 0.5 to 40.
    pub amplitude: f32,
    /// From line to line as a share of the image's width, 0.01 to 0.2, and at least two pixels.
    pub period: f32,
    /// Its name in the metadata column `site`.
    pub site: String,
}

impl Default for Background {
    fn default() -> Self {
        Self { amplitude: 5.0, period: 0.055, site: "east".into() }
    }
}

impl Plant for Background {
    fn column(&self) -> &str {
        "background"
    }

    fn recorded(&self) -> Recorded<'_> {
        Recorded::Site(&self.site)
    }

    fn describe(&self) -> String {
        format!(
            "site `{}` with a weave of {} grey levels, outside every structure",
            self.site, self.amplitude
        )
    }

    fn check(&self, target: Target) -> Result<(), Error> {
        if !(0.5..=40.0).contains(&self.amplitude) {
            return Err(Error::range("background.amplitude", self.amplitude, "0.5 to 40"));
        }
        let least = (2.0 / target.size as f32).max(0.01);
        if !(least..=0.2).contains(&self.period) {
            let allowed = format!("{least:.3} to 0.2 at {} px", target.size);
            return Err(Error::range("background.period", self.period, allowed));
        }
        Ok(())
    }

    fn print(&self, film: &mut Film<'_>, s: &mut Stream) {
        let n = film.size;
        // The grid is never put in quite the same way; its lines run from head to foot.
        let phase = s.range(0.0, std::f32::consts::TAU);
        let (sin, cos) = s.around(0.0, 0.03).sin_cos();
        let wave = std::f32::consts::TAU / (self.period * n as f32);
        for row in 0..n {
            for column in 0..n {
                let across = cos * column as f32 + sin * row as f32;
                let weave = (wave * across + phase).sin() + 0.5 * s.grain();
                film.add(row * n + column, self.amplitude * weave);
            }
        }
    }
}
