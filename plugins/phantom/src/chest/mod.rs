//! A chest film: attenuation summed along the beam, as on a real one.

mod bones;
mod outline;
mod vessels;

use self::bones::Skeleton;
use self::outline::Outline;
use crate::canvas::{Frame, Plane, bell, smoothstep};
use crate::scene::{Scene, Structure};
use crate::stream::Stream;
use crate::texture::{Texture, Walk};

/// What differs between one visit and the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    /// Anteroposterior: taken lying, the heart magnified, the breath shallow, the scapulae over the lungs.
    pub(crate) supine: bool,
    /// How much higher than in full inspiration the diaphragm stands, in body units.
    pub(crate) breath_out: f32,
    /// What disease changed in the anatomy.
    pub(crate) change: Change,
}

/// A change of anatomy by disease; the default is none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Change {
    /// By what share the heart's axes grew.
    pub(crate) heart: f32,
    /// How much lower the diaphragm stands while the heart stays, in body units.
    pub(crate) lower: f32,
    /// By what share more air is in the lungs.
    pub(crate) air: f32,
}

/// One patient's chest: everything that stays from visit to visit.
pub(crate) struct Chest {
    outline: Outline,
    skeleton: Skeleton,
    /// Seeds of vessel tree, lung texture and soft-tissue texture.
    seeds: [u32; 3],
    /// Air in the lungs relative to the average.
    lucency: f32,
    /// Soft tissue relative to the average.
    girth: f32,
    /// Density of the breast shadows; 0 for men.
    breast: f32,
    /// Where the stomach bubble lies and how large it is.
    bubble: (f32, f32, f32),
}

impl Chest {
    /// Draws a patient. `age` in years.
    pub(crate) fn new(stream: &mut Stream, male: bool, age: f32) -> Self {
        let girth = stream.around(1.0, 0.07);
        Self {
            outline: Outline::new(stream, male, age, girth),
            skeleton: Skeleton::new(stream, age),
            seeds: [stream.bits(), stream.bits(), stream.bits()],
            lucency: stream.around(1.0, 0.05),
            girth,
            breast: if male { 0.0 } else { stream.around(0.12, 0.04) },
            bubble: (stream.around(0.36, 0.05), stream.around(0.13, 0.02), stream.around(0.10, 0.025)),
        }
    }

    /// The film before any disease: one plane of attenuation, with its structures.
    pub(crate) fn scene(&self, frame: Frame, visit: Visit) -> Scene {
        let n = frame.size;
        let shape = self.outline.at_visit(visit);
        let mut film = Plane::new(n);
        let mut air = Plane::new(n);
        let mut depth = Plane::new(n);
        let mut masks =
            [Structure::new("right_lung", n), Structure::new("left_lung", n), Structure::new("heart", n)];
        let mut soft = Walk::new(Texture::new(self.seeds[1], n));
        let mut grain = Walk::new(Texture::new(self.seeds[2], n));
        let edge = frame.pixel().max(0.012) * 0.6;
        let lucency = self.lucency * (1.0 + visit.change.air);
        for row in 0..n {
            for column in 0..n {
                let i = row * n + column;
                let (x, y) = frame.body(column, row);
                let body = shape.body(x, y);
                // The viewer's left is the patient's right.
                let side = usize::from(x >= 0.0);
                let heart = shape.heart(x, y);
                let below = shape.below_diaphragm(x, y);
                let middle = shape.middle_half_width(x, y);
                let (lung, wall) = shape.lung(x, y, middle, heart, below);
                depth.at[i] = lung;
                masks[side].bits[i] = u8::from(lung > 0.0);
                masks[2].bits[i] = u8::from(heart > 0.0 && below < 0.0 && lung <= 0.0);
                if body < -0.06 {
                    continue;
                }
                let inside = smoothstep(-edge, edge, lung);
                // Thickness of air along the beam: it grows fast behind the edge, then slowly.
                if inside > 0.0 {
                    air.at[i] = inside * (0.45 + 0.55 * (1.0 - (-lung.max(0.0) / 0.10).exp()));
                    let uneven = 0.06 * grain.at(x, y, 4.0, 5, 0.75);
                    film.at[i] -= air.at[i] * lucency * (0.57 + uneven);
                }
                film.at[i] += self.soft_tissue(x, y, body, &mut soft)
                    + self.middle(x, y, middle, heart, below, edge)
                    + self.breasts(x, y)
                    + 0.24 * abdomen(below, wall, edge) * smoothstep(0.0, 0.1, body)
                    - self.stomach(x, y, &shape);
            }
        }
        self.skeleton.paint(frame, &shape, visit, &mut film, &air);
        vessels::paint(frame, self.seeds[0], &mut film, &air, &depth);
        film.at.iter_mut().for_each(|v| *v = v.max(0.0));
        Scene { planes: vec![film], structures: masks.into(), depth, texture: self.seeds[1] }
    }

    /// Depth inside the lungs alone, as in [`Chest::scene`].
    pub(crate) fn depth(&self, frame: Frame, visit: Visit) -> Plane {
        let n = frame.size;
        let shape = self.outline.at_visit(visit);
        let mut depth = Plane::new(n);
        for (i, depth) in depth.at.iter_mut().enumerate() {
            let (x, y) = frame.body(i % n, i / n);
            let (heart, below) = (shape.heart(x, y), shape.below_diaphragm(x, y));
            *depth = shape.lung(x, y, shape.middle_half_width(x, y), heart, below).0;
        }
        depth
    }

    /// Muscle and fat: thick in the middle, thin at the skin, uneven throughout.
    fn soft_tissue(&self, x: f32, y: f32, body: f32, texture: &mut Walk) -> f32 {
        let thickness = 1.0 - (-body.max(0.0) / 0.16).exp();
        let uneven = 0.07 * texture.at(x, y, 1.2, 3, 0.55);
        let lower = 0.10 * smoothstep(-0.6, 0.6, y);
        self.girth * thickness * (0.74 + uneven + lower)
    }

    /// Mediastinum of half-width `middle`, heart, great vessels and the trachea's air.
    fn middle(&self, x: f32, y: f32, middle: f32, heart: f32, below: f32, edge: f32) -> f32 {
        let band = smoothstep(-0.05, 0.05, middle - x.abs());
        let fade = smoothstep(-0.95, -0.55, y);
        let heart = smoothstep(-edge, 0.10, heart) * (1.0 - smoothstep(-0.02, 0.05, below));
        0.17 * band * fade * (1.0 - 0.8 * smoothstep(0.0, 0.25, below)) + 0.09 * heart
            - self.skeleton.trachea(x, y)
    }

    fn breasts(&self, x: f32, y: f32) -> f32 {
        if self.breast <= 0.0 {
            return 0.0;
        }
        let (dx, dy) = ((x.abs() - 0.46) / 0.36, (y - 0.16) / 0.34);
        let r = (dx * dx + dy * dy).sqrt();
        // Fuller below: the fold is seen, the upper border is not.
        self.breast * (1.0 - smoothstep(0.82, 1.02, r)) * (0.5 + 0.5 * (dy + 0.4).clamp(-0.5, 1.0))
    }

    fn stomach(&self, x: f32, y: f32, shape: &Outline) -> f32 {
        let (across, under, size) = self.bubble;
        let top = shape.dome(across, true) + under;
        let wide = (x - across) / (1.5 * size);
        let high = (y - top) / size;
        0.16 * bell((wide * wide + high * high).sqrt() * 1.2, 0.75)
    }
}

/// Liver, spleen and bowels: sharp against the lung, without a border where no lung lies above.
fn abdomen(below: f32, wall: f32, edge: f32) -> f32 {
    let beyond = (0.03 - wall).clamp(0.0, 0.25);
    smoothstep(-edge - 1.6 * beyond, 0.02 + edge + 1.6 * beyond, below)
}
