use serde::{Deserialize, Serialize};

use super::{Plant, Target};
use crate::canvas::{Frame, Knot, Plane, Profile, curve, stroke};
use crate::scene::Scene;
use crate::stream::Stream;
use crate::{Anatomy, Error, Sign};

/// The way a tube takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// A gastric tube: down the midline into the stomach. Lung pixels stay as they are; it crosses the heart.
    Gastric,
    /// A chest drain: through the chest wall into the right lung. It changes pixels inside the ROI.
    Drain,
}

/// A thin tube with a radio-opaque line, in front of or behind the body. Chest only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tube {
    /// Its way.
    pub route: Route,
    /// Its width as a share of the image's width, 0.004 to 0.03.
    pub width: f32,
    /// How dense it is; 1 is about as dense as a rib, 0.1 to 5.
    pub density: f32,
}

impl Default for Tube {
    fn default() -> Self {
        Self { route: Route::Gastric, width: 0.011, density: 2.0 }
    }
}

impl Plant for Tube {
    fn column(&self) -> &str {
        "tube"
    }

    fn reaches_region(&self) -> bool {
        self.route == Route::Drain
    }

    fn describe(&self) -> String {
        match self.route {
            Route::Gastric => "a gastric tube down the midline, outside the lungs, across the heart".into(),
            Route::Drain => "a chest drain, partly inside the right lung".into(),
        }
    }

    fn check(&self, target: Target) -> Result<(), Error> {
        if target.anatomy != Anatomy::Chest {
            return Err(Error::Combination("a tube can be planted in a chest only".into()));
        }
        if target.sign == Sign::LargeHeart {
            return Err(Error::Combination(
                "a tube crosses the heart, where the sign `large_heart` lies".into(),
            ));
        }
        if !(0.004..=0.03).contains(&self.width) {
            return Err(Error::range("tube.width", self.width, "0.004 to 0.03"));
        }
        if !(0.1..=5.0).contains(&self.density) {
            return Err(Error::range("tube.density", self.density, "0.1 to 5"));
        }
        Ok(())
    }

    fn is_in_scene(&self) -> bool {
        true
    }

    fn place(&self, scene: &mut Scene, frame: Frame, s: &mut Stream) {
        let mut sway = |x: f32, y: f32, sd: f32| (x + s.around(0.0, sd), y + s.around(0.0, sd));
        let control: Vec<(f32, f32)> = match self.route {
            Route::Gastric => vec![
                sway(0.02, -1.15, 0.015),
                sway(0.025, -0.75, 0.010),
                sway(0.01, -0.35, 0.010),
                sway(0.02, 0.0, 0.012),
                sway(0.05, 0.32, 0.012),
                sway(0.13, 0.54, 0.02),
                sway(0.30, 0.66, 0.03),
                sway(0.42, 0.60, 0.03),
            ],
            Route::Drain => vec![
                sway(-1.1, 0.42, 0.03),
                sway(-0.72, 0.26, 0.02),
                sway(-0.58, 0.08, 0.02),
                sway(-0.50, -0.16, 0.02),
                sway(-0.40, -0.36, 0.02),
            ],
        };
        let points = curve(&control, 12);
        // On a coarse film a tube is still a line, not a rumour.
        let half = self.width.max(1.1 * frame.pixel());
        let mut layer = Plane::new(scene.size());
        let wall: Vec<Knot> = points.iter().map(|p| frame.knot(*p, half, 0.55)).collect();
        let line: Vec<Knot> =
            points.iter().map(|(x, y)| frame.knot((x - 0.45 * half, *y), 0.3 * half, 1.0)).collect();
        stroke(&mut layer, &wall, Profile::Cortical);
        stroke(&mut layer, &line, Profile::Cylinder);
        for (to, tube) in scene.planes[0].at.iter_mut().zip(&layer.at) {
            *to += 0.13 * self.density * tube;
        }
    }
}
