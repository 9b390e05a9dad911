//! Shapes of the chest as smooth implicit functions in body units: positive inside, roughly a distance.

use super::Visit;
use crate::canvas::{bell, smoothstep, soft_max, soft_min};
use crate::stream::Stream;

/// Steps of the table that holds a lung's lateral border over height.
const STEPS: usize = 256;
const TOP: f32 = -0.9;
const BOTTOM: f32 = 0.9;

/// A patient's outlines.
#[derive(Clone)]
pub(crate) struct Outline {
    /// Half-width of the trunk, and where the shoulders stand.
    trunk: f32,
    shoulder: f32,
    /// Per side (patient's right, left): widest lung border, apex, dome of the diaphragm.
    wide: [f32; 2],
    apex: [f32; 2],
    dome: [f32; 2],
    /// Fullness of the lung's upper corner.
    round: f32,
    /// Half-width of the mediastinum, bulge of the aortic knob, bulge of the right heart border.
    middle: f32,
    knob: f32,
    atrium: f32,
    /// Heart: centre, half-axes, tilt.
    heart: [f32; 5],
    /// Sine and cosine of the heart's tilt.
    tilt: (f32, f32),
    /// Lateral border over height and its slope, per side.
    border: [Vec<(f32, f32)>; 2],
}

impl Outline {
    pub(crate) fn new(s: &mut Stream, male: bool, age: f32, girth: f32) -> Self {
        let wide = s.around(if male { 0.68 } else { 0.65 }, 0.022);
        let apex = s.around(-0.64, 0.03);
        let dome = s.around(0.36, 0.04);
        let mut skew = |sd| s.around(0.0, sd);
        let wide = [wide + skew(0.012), wide + skew(0.012)];
        let apex = [apex + skew(0.012), apex + skew(0.012)];
        // The liver holds the right dome higher.
        let dome = [dome, dome + 0.045 + skew(0.015)];
        let older = (age - 50.0) / 40.0;
        let size = s.around(1.0, 0.05) + 0.04 * older;
        let mut outline = Self {
            trunk: wide[0].max(wide[1]) + 0.10 + 0.5 * (girth - 1.0).max(-0.1) + s.around(0.04, 0.01),
            shoulder: s.around(-0.62, 0.03),
            wide,
            apex,
            dome,
            round: s.around(1.95, 0.12),
            middle: s.around(0.125, 0.010),
            knob: 0.045 + 0.015 * older + s.around(0.0, 0.008),
            atrium: s.around(0.05, 0.012),
            heart: [
                s.around(0.115, 0.015),
                s.around(0.215, 0.02),
                0.33 * size,
                0.245 * size,
                s.around(0.62, 0.06),
            ],
            tilt: (0.0, 1.0),
            border: [Vec::new(), Vec::new()],
        };
        outline.tilt = outline.heart[4].sin_cos();
        outline.tabulate();
        outline
    }

    /// The outlines on one film: breath and view move diaphragm and heart.
    pub(crate) fn at_visit(&self, visit: Visit) -> Self {
        let mut o = self.clone();
        let up = visit.breath_out + if visit.supine { 0.06 } else { 0.0 };
        o.dome.iter_mut().for_each(|d| *d -= up);
        o.heart[1] -= 0.6 * up;
        if visit.supine {
            o.heart[2] *= 1.09;
            o.heart[3] *= 1.07;
            o.middle *= 1.10;
        }
        o.dome.iter_mut().for_each(|d| *d += visit.change.lower);
        o.heart[2..4].iter_mut().for_each(|axis| *axis *= 1.0 + visit.change.heart);
        o
    }

    fn tabulate(&mut self) {
        for side in 0..2 {
            let at = |y: f32| self.lateral_exact(side, y);
            self.border[side] = (0..=STEPS)
                .map(|k| {
                    let y = TOP + (BOTTOM - TOP) * k as f32 / STEPS as f32;
                    let slope = (at(y + 0.004) - at(y - 0.004)) / 0.008;
                    (at(y), 1.0 / (1.0 + slope * slope).sqrt())
                })
                .collect();
        }
    }

    /// The chest wall's inner border: a superellipse from the apex to the widest point, then slightly inwards.
    fn lateral_exact(&self, side: usize, y: f32) -> f32 {
        let (wide, apex) = (self.wide[side], self.apex[side]);
        let widest = 0.34;
        let inner = 0.24;
        let t = (widest - y) / (widest - apex);
        if t <= 0.0 {
            return wide - 0.30 * (y - widest).powi(2);
        }
        let t = t.min(1.0);
        inner + (wide - inner) * (1.0 - t.powf(self.round)).powf(0.52)
    }

    /// Lateral border at height `y` on a side, and the cosine that turns a horizontal gap into a distance.
    pub(crate) fn lateral(&self, left: bool, y: f32) -> (f32, f32) {
        let place = ((y - TOP) / (BOTTOM - TOP)).clamp(0.0, 0.999) * STEPS as f32;
        let (k, t) = (place as usize, place.fract());
        let table = &self.border[usize::from(left)];
        let (a, b) = (table[k], table[k + 1]);
        (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1))
    }

    /// Height of the diaphragm's dome.
    pub(crate) fn dome(&self, x: f32, left: bool) -> f32 {
        let away = x.abs() - 0.34;
        let bend = if away < 0.0 { 0.75 } else { 1.9 };
        self.dome[usize::from(left)] + bend * away * away
    }

    /// How far below the diaphragm; negative above.
    pub(crate) fn below_diaphragm(&self, x: f32, y: f32) -> f32 {
        // Both domes run into one another behind the heart.
        let t = smoothstep(-0.12, 0.12, x);
        let dome = self.dome(x, false) * (1.0 - t) + self.dome(x, true) * t;
        let slope = 2.0 * if x.abs() < 0.34 { 0.75 } else { 1.9 } * (x.abs() - 0.34);
        (y - dome) / (1.0 + slope * slope).sqrt()
    }

    /// Half-width of the shadow between the lungs, on the side of `x`.
    pub(crate) fn middle_half_width(&self, x: f32, y: f32) -> f32 {
        let waist = self.middle + 0.05 * smoothstep(-0.45, -0.75, y) + 0.02 * bell(y - 0.02, 0.10);
        if x < 0.0 {
            // Superior vena cava, then the right atrium.
            waist + 0.012 * bell(y + 0.30, 0.16) + self.atrium * bell(y - 0.20, 0.15)
        } else {
            waist
                + self.knob * bell(y + 0.27, 0.065)
                + 0.02 * bell(y + 0.10, 0.06)
                + 0.10 * smoothstep(-0.14, 0.16, y)
        }
    }

    /// The heart: an egg lying on the left dome, its tip to the viewer's right and down.
    pub(crate) fn heart(&self, x: f32, y: f32) -> f32 {
        let [cx, cy, a, b, _] = self.heart;
        let (sin, cos) = self.tilt;
        let (dx, dy) = (x - cx, y - cy);
        let (u, v) = (cos * dx + sin * dy, cos * dy - sin * dx);
        // Blunter towards the tip.
        let b = b * (1.0 + 0.10 * (u / a).clamp(-1.0, 1.0));
        let egg = (1.0 - ((u / a).powi(2) + (v / b).powi(2)).sqrt()) * (a * b).sqrt();
        let (dx, dy) = ((x + 0.045) / (0.13 + self.atrium), (y - cy - 0.02) / 0.20);
        let atrium = (1.0 - (dx * dx + dy * dy).sqrt()) * 0.17;
        soft_max(egg, atrium, 0.05)
    }

    /// Depth inside the lung on the side of `x`, and distance from the chest wall; `middle`, `heart` and `below` are
    /// what [`Outline::middle_half_width`], [`Outline::heart`] and [`Outline::below_diaphragm`] say there.
    pub(crate) fn lung(&self, x: f32, y: f32, middle: f32, heart: f32, below: f32) -> (f32, f32) {
        let left = x >= 0.0;
        let ax = x.abs();
        let (lateral, cosine) = self.lateral(left, y);
        let wall = (lateral - ax) * cosine;
        let medial = ax - middle;
        let upper = soft_min(wall, medial, 0.07);
        let upper = soft_min(upper, y - self.apex[usize::from(left)], 0.06);
        let upper = soft_min(upper, -heart, 0.09);
        (soft_min(upper, -below, 0.015), wall)
    }

    /// Depth inside the body: trunk, shoulders, neck and arms in one outline.
    pub(crate) fn body(&self, x: f32, y: f32) -> f32 {
        let ax = x.abs();
        let flank = self.trunk + 0.22 * (1.0 - smoothstep(-0.55, -0.05, y)) + 0.06 * smoothstep(0.1, 0.9, y);
        // From the neck down the trapezius to the top of the shoulder.
        let slope =
            self.shoulder - 0.36 * (1.0 - smoothstep(0.12, 0.72, ax)) + 0.55 * (ax - 0.78).max(0.0).powi(2);
        let trunk = soft_min(flank - ax, 0.85 * (y - slope), 0.12);
        let neck = 0.24 - ax;
        let (px, py) = (ax - 0.96, y - self.shoulder - 0.17);
        let along = ((px * 0.16 + py * 0.98) / 1.0).clamp(0.0, 1.6);
        let arm = 0.135 - ((px - 0.16 * along).powi(2) + (py - 0.98 * along).powi(2)).sqrt();
        soft_max(soft_max(trunk, neck, 0.16), arm, 0.06)
    }

    /// Apex of a lung, for the ribs to start from.
    pub(crate) fn apex(&self, left: bool) -> f32 {
        self.apex[usize::from(left)]
    }
}
