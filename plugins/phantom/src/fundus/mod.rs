//! A fundus photograph: light coming back from the retina, in three colours.

mod vessels;

use crate::canvas::{Frame, Plane, bell, smoothstep};
use crate::scene::{Scene, Structure};
use crate::stream::Stream;
use crate::texture::Texture;

/// Radius of the visible field on the film; outside, the film is black.
pub(crate) const FIELD: f32 = 0.95;

/// One eye.
pub(crate) struct Fundus {
    /// -1 where the disc lies to the viewer's left (a left eye), 1 where it lies to the right.
    side: f32,
    /// Disc: centre (distance from the middle, height), half-axes.
    disc: [f32; 4],
    /// Healthy cup-to-disc ratio, and where in the disc the cup lies.
    cup: f32,
    offset: (f32, f32),
    /// Reddish to brownish, and bright to dark.
    tint: f32,
    light: f32,
    /// How strongly the choroid's vessels shine through.
    choroid: f32,
    seeds: [u32; 2],
}

/// What disease does to a disc.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cupping {
    /// Added to the cup-to-disc ratio.
    pub(crate) wider: f32,
    /// 0 to 1: how much of the rim's pink is gone.
    pub(crate) pale: f32,
}

impl Fundus {
    pub(crate) fn new(s: &mut Stream) -> Self {
        let radius = s.around(0.185, 0.012);
        Self {
            side: if s.chance(0.5) { 1.0 } else { -1.0 },
            disc: [s.around(0.42, 0.03), s.around(0.0, 0.03), radius * s.around(0.94, 0.02), radius],
            cup: s.around(0.40, 0.07),
            offset: (s.around(0.06, 0.03), s.around(0.0, 0.04)),
            tint: s.around(0.0, 0.5),
            light: s.around(1.0, 0.08),
            choroid: s.around(0.5, 0.2).max(0.1),
            seeds: [s.bits(), s.bits()],
        }
    }

    /// Whether this is a right eye: its disc lies to the viewer's right.
    pub(crate) fn is_right(&self) -> bool {
        self.side > 0.0
    }

    /// The photograph before the camera: disc and cup as `cupping` leaves them.
    pub(crate) fn scene(&self, frame: Frame, cupping: Option<Cupping>) -> Scene {
        let n = frame.size;
        let mut planes = vec![Plane::new(n), Plane::new(n), Plane::new(n)];
        let mut depth = Plane::new(n);
        let mut masks = [Structure::new("disc", n), Structure::new("cup", n)];
        let vessels = vessels::paint(frame, self.side, (self.disc[0], self.disc[1]), self.seeds[0]);
        let texture = Texture::new(self.seeds[1], n);
        let edge = 2.0 / n as f32;
        for row in 0..n {
            for column in 0..n {
                let i = row * n + column;
                let (x, y) = frame.body(column, row);
                let (disc, cup) = self.rings(x, y, cupping);
                depth.at[i] = disc;
                let (film_x, film_y) =
                    (2.0 * (column as f32 + 0.5) / n as f32 - 1.0, 2.0 * (row as f32 + 0.5) / n as f32 - 1.0);
                let field = FIELD - (film_x * film_x + film_y * film_y).sqrt();
                if field < -edge {
                    continue;
                }
                masks[0].bits[i] = u8::from(disc > 0.0);
                masks[1].bits[i] = u8::from(cup > 0.0 && disc > 0.0);
                let seen = smoothstep(-edge, edge, field) * (0.62 + 0.38 * smoothstep(0.0, 0.75, field));
                let retina = self.retina(x, y, disc, texture);
                let head = self.nerve_head(x, y, cup, cupping, texture);
                let blend = smoothstep(-0.014 - frame.pixel(), 0.014, disc);
                for c in 0..3 {
                    let tissue = retina[c] + (head[c] - retina[c]) * blend;
                    planes[c].at[i] = (seen * self.light * tissue * vessels.pass(i, c)).clamp(0.0, 1.0);
                }
            }
        }
        Scene { planes, structures: masks.into(), depth, texture: self.seeds[1] }
    }

    /// Depth inside disc and inside cup.
    fn rings(&self, x: f32, y: f32, cupping: Option<Cupping>) -> (f32, f32) {
        let [across, height, a, b] = self.disc;
        let (dx, dy) = (x - self.side * across, y - height);
        let ring = |dx: f32, dy: f32, a: f32, b: f32| {
            (1.0 - ((dx / a).powi(2) + (dy / b).powi(2)).sqrt()) * (a * b).sqrt()
        };
        let ratio = (self.cup + cupping.map_or(0.0, |c| c.wider)).clamp(0.1, 0.92);
        // A cup grows towards the poles first, and stays inside the disc.
        let (wide, tall) = (a * ratio, b * (ratio * 1.04).min(0.94));
        let room = 1.0 - ratio;
        let cup = ring(dx + self.side * self.offset.0 * a * room, dy - self.offset.1 * b * room, wide, tall);
        (ring(dx, dy, a, b), cup)
    }

    /// Retina over choroid: orange-red, mottled, darker towards the fovea.
    fn retina(&self, x: f32, y: f32, disc: f32, texture: Texture) -> [f32; 3] {
        let broad = texture.at(x, y, 1.1, 3, 0.5);
        let fine = texture.at(x + 7.0, y, 9.0, 4, 0.65);
        // Choroidal vessels: ridges of a stretched noise.
        let weave = 1.0 - (texture.at(x - 3.0, 0.8 * y + 0.3 * x, 5.0, 2, 0.5) * 3.0).abs().min(1.0);
        let (mx, my) = (x + self.side * 0.42, y - self.disc[1] - 0.05);
        let away = (mx * mx + my * my).sqrt();
        let macula = 0.30 * bell(away, 0.13) + 0.12 * bell(away, 0.30);
        let reflex = 0.10 * bell(away, 0.014);
        let light = 1.0 + 0.07 * broad + 0.035 * fine - macula + reflex;
        // Pigment gathers at the disc's rim, unevenly.
        let rim = 0.12 * bell(disc + 0.02, 0.015) * (0.5 + broad);
        let choroid = self.choroid * 0.10 * (weave - 0.4);
        let t = 0.06 * self.tint;
        [
            (0.78 + t) * (light - 0.5 * rim) + 0.5 * choroid,
            (0.335 - t) * (light - rim - 0.12 * macula) + 0.45 * choroid,
            (0.135 - 0.6 * t) * (light - rim) + 0.2 * choroid,
        ]
    }

    /// The optic nerve's head: a pink-orange rim around a pale cup.
    fn nerve_head(&self, x: f32, y: f32, cup: f32, cupping: Option<Cupping>, texture: Texture) -> [f32; 3] {
        let pale = cupping.map_or(0.0, |c| c.pale).clamp(0.0, 1.0);
        let inside = smoothstep(-0.020, 0.022, cup);
        let fibre = 0.03 * texture.at(x + 3.0, y + 1.0, 12.0, 3, 0.6);
        // The nasal rim is thicker and redder than the temporal one.
        let nasal = 0.04 * self.side * (x - self.side * self.disc[0]) / self.disc[2];
        let rim = [0.93, 0.60 + 0.14 * pale - nasal, 0.34 + 0.20 * pale - nasal];
        let floor = [0.99, 0.86, 0.63];
        // Pores of the lamina cribrosa show on the floor of a deep cup.
        let pores = 0.05 * texture.at(x, y, 22.0, 2, 0.6) * smoothstep(0.02, 0.08, cup);
        std::array::from_fn(|c| rim[c] + (floor[c] + pores - rim[c]) * inside + fibre)
    }
}
