//! Ribs, spine, clavicles, shoulder blades and upper arms; and the airway, which is built around them.

use super::Visit;
use super::outline::Outline;
use crate::canvas::{Frame, Knot, Plane, Profile, bell, curve, smoothstep, stroke};
use crate::stream::Stream;

const RIBS: usize = 9;

/// One patient's bones.
pub(crate) struct Skeleton {
    /// Mineral density: 1 in the young, less with age.
    density: f32,
    /// Distance of one rib to the next, slope of the ribs, half-width of a rib.
    spacing: f32,
    slope: f32,
    width: f32,
    /// Small per-rib irregularity, per side.
    jitter: [[f32; RIBS]; 2],
    /// Height of a vertebra, and where the first one starts.
    vertebra: f32,
    start: f32,
    clavicle: [f32; 2],
    blade: f32,
    /// Sideways bow of the airway and of the spine.
    bow: f32,
}

impl Skeleton {
    pub(crate) fn new(s: &mut Stream, age: f32) -> Self {
        Self {
            density: s.around(1.0, 0.10) - 0.25 * ((age - 55.0) / 40.0).clamp(0.0, 1.0),
            spacing: s.around(0.122, 0.006),
            slope: s.around(0.13, 0.03),
            width: s.around(0.0195, 0.0015),
            jitter: std::array::from_fn(|_| std::array::from_fn(|_| s.around(0.0, 0.006))),
            vertebra: s.around(0.125, 0.006),
            start: s.range(0.0, 0.12),
            clavicle: [s.around(-0.475, 0.02), s.around(-0.475, 0.02)],
            blade: s.around(0.70, 0.02),
            bow: s.around(0.0, 0.012),
        }
    }

    /// Adds the bones to the film. Over the lungs they stand out, in front of solid tissue they are faint.
    pub(crate) fn paint(&self, frame: Frame, shape: &Outline, visit: Visit, film: &mut Plane, air: &Plane) {
        let n = film.size;
        let mut layer = Plane::new(n);
        let add = |layer: &mut Plane, film: &mut Plane, over_air: f32, elsewhere: f32| {
            for ((to, from), air) in film.at.iter_mut().zip(&mut layer.at).zip(&air.at) {
                // No bone without flesh around it.
                let flesh = (*to * 4.0).min(1.0).max(*air);
                *to +=
                    std::mem::take(from) * self.density * flesh * (elsewhere + (over_air - elsewhere) * air);
            }
        };
        for left in [false, true] {
            for k in 0..RIBS {
                stroke(&mut layer, &self.rib_behind(frame, shape, left, k), Profile::Cortical);
            }
        }
        add(&mut layer, film, 0.17, 0.05);
        for left in [false, true] {
            for k in 0..RIBS - 2 {
                stroke(&mut layer, &self.rib_in_front(frame, shape, left, k), Profile::Cortical);
            }
        }
        add(&mut layer, film, 0.10, 0.02);
        for left in [false, true] {
            stroke(&mut layer, &self.clavicle(frame, left, visit), Profile::Cortical);
            for part in self.shoulder(frame, left, visit) {
                stroke(&mut layer, &part, Profile::Cortical);
            }
        }
        add(&mut layer, film, 0.19, 0.12);
        self.spine(frame, film);
    }

    /// The back part: from the spine up and outwards, then down along the wall.
    fn rib_behind(&self, frame: Frame, shape: &Outline, left: bool, k: usize) -> Vec<Knot> {
        let (sign, start, end, wall) = self.rib_ends(shape, left, k);
        let points = [
            (0.06, start + 0.015),
            (0.18, start - 0.02),
            (0.55 * wall, start + 0.10 * (end - start) - 0.02),
            (0.84 * wall, start + 0.45 * (end - start)),
            (wall, end),
            (wall + 0.006, end + 0.05),
        ];
        let width = self.width * (0.85 + 0.02 * k as f32);
        curve(&points, 8).into_iter().map(|(x, y)| frame.knot((sign * x, y), width, 1.0)).collect()
    }

    /// The front part: wider, flatter, back towards the middle, ending where cartilage begins.
    fn rib_in_front(&self, frame: Frame, shape: &Outline, left: bool, k: usize) -> Vec<Knot> {
        let (sign, _, end, wall) = self.rib_ends(shape, left, k);
        let fall = 0.20 + 0.012 * k as f32;
        let inner = (0.30 + 0.018 * k as f32).min(wall - 0.06);
        let points = [
            (wall + 0.006, end + 0.03),
            (wall - 0.02, end + 0.10),
            (0.80 * wall + 0.20 * inner - 0.02, end + 0.10 + 0.45 * fall),
            (0.40 * wall + 0.60 * inner, end + 0.10 + 0.80 * fall),
            (inner, end + 0.10 + fall),
        ];
        let points = curve(&points, 8);
        let last = points.len() as f32 - 1.0;
        let knot = |(i, (x, y)): (usize, (f32, f32))| {
            let t = i as f32 / last;
            let value = smoothstep(0.0, 0.15, t) * (1.0 - 0.8 * smoothstep(0.75, 1.0, t));
            frame.knot((sign * x, y), self.width * (1.05 + 0.35 * t), value)
        };
        points.into_iter().enumerate().map(knot).collect()
    }

    /// Side, height at the spine, height at the wall, and how far out the wall is.
    fn rib_ends(&self, shape: &Outline, left: bool, k: usize) -> (f32, f32, f32, f32) {
        let jitter = self.jitter[usize::from(left)][k];
        let start = shape.apex(left) + 0.045 + self.spacing * k as f32 + jitter;
        let end = start + self.slope + 0.016 * k as f32 + if k == 0 { -0.03 } else { 0.0 };
        let wall = shape.lateral(left, end).0 + 0.006;
        (if left { 1.0 } else { -1.0 }, start, end, wall)
    }

    fn clavicle(&self, frame: Frame, left: bool, visit: Visit) -> Vec<Knot> {
        let sign = if left { 1.0 } else { -1.0 };
        let y = self.clavicle[usize::from(left)] - if visit.supine { 0.05 } else { 0.0 };
        let points =
            [(0.075, y + 0.035), (0.20, y + 0.005), (0.38, y - 0.03), (0.58, y - 0.075), (0.80, y - 0.06)];
        let points = curve(&points, 10);
        let last = points.len() as f32 - 1.0;
        let knot = |(i, (x, y)): (usize, (f32, f32))| {
            let t = i as f32 / last;
            // Thick at the breastbone, slender in the middle, flat at the shoulder.
            frame.knot((sign * x, y), 0.021 + 0.010 * bell(t, 0.14) + 0.004 * t, 0.9)
        };
        points.into_iter().enumerate().map(knot).collect()
    }

    /// Spine and border of the shoulder blade, and the upper arm with its head.
    fn shoulder(&self, frame: Frame, left: bool, visit: Visit) -> [Vec<Knot>; 3] {
        let sign = if left { 1.0 } else { -1.0 };
        let blade = self.blade - if visit.supine { 0.09 } else { 0.0 };
        let line = |points: &[(f32, f32)], r: f32, value: f32| -> Vec<Knot> {
            curve(points, 8).into_iter().map(|(x, y)| frame.knot((sign * x, y), r, value)).collect()
        };
        let arm = curve(&[(0.93, -0.47), (0.955, -0.36), (0.99, -0.10), (1.05, 0.35)], 8);
        let arm = arm
            .into_iter()
            .map(|(x, y)| frame.knot((sign * x, y), 0.047 + 0.032 * bell(y + 0.47, 0.07), 0.75))
            .collect();
        [
            line(&[(blade - 0.10, -0.40), (0.72, -0.47), (0.84, -0.53), (0.90, -0.53)], 0.022, 0.28),
            line(&[(0.84, -0.44), (0.82, -0.32), (blade + 0.06, -0.12), (blade - 0.02, 0.03)], 0.022, 0.45),
            arm,
        ]
    }

    /// Vertebral bodies, with their end plates and spinous processes, faint behind the heart.
    fn spine(&self, frame: Frame, film: &mut Plane) {
        let n = film.size;
        for row in 0..n {
            for column in 0..n {
                let (x, y) = frame.body(column, row);
                // Most of the film is far from the spine, however it bows.
                if x.abs() > 0.161 + self.bow.abs() {
                    continue;
                }
                let x = x - self.bow * (1.5 * y).sin();
                if x.abs() > 0.16 {
                    continue;
                }
                let phase = ((y + 2.0 - self.start) / self.vertebra).fract();
                let gap = bell(phase - 0.5, 0.06);
                let plate = bell((phase - 0.5).abs() - 0.16, 0.045);
                let waist = 0.080 + 0.008 * (std::f32::consts::TAU * (phase - 0.5)).cos();
                let body = smoothstep(-0.012, 0.012, waist - x.abs());
                let process = bell(x, 0.014) * bell(phase - 0.92, 0.12);
                let pedicle = bell(x.abs() - 0.052, 0.010) * bell(phase - 0.85, 0.08);
                let value = body * (0.070 - 0.035 * gap + 0.024 * plate) + 0.035 * process + 0.03 * pedicle;
                film.at[row * n + column] += self.density * value * (1.0 - 0.55 * smoothstep(0.25, 0.55, y));
            }
        }
    }

    /// Air in the windpipe and the two main bronchi, as attenuation to take away.
    pub(crate) fn trachea(&self, x: f32, y: f32) -> f32 {
        let carina = -0.17;
        if !(-1.1..carina + 0.2).contains(&y) || x.abs() > 0.25 {
            return 0.0;
        }
        let tube = |d: f32, r: f32| smoothstep(1.15, 0.6, d.abs() / r);
        let centre = -0.012 + self.bow * (1.5 * y).sin();
        let stem = tube(x - centre, 0.042) * (1.0 - smoothstep(carina - 0.06, carina + 0.03, y));
        let fork =
            smoothstep(carina - 0.05, carina + 0.02, y) * (1.0 - smoothstep(carina + 0.06, carina + 0.16, y));
        let right = tube(x - centre + 0.75 * (y - carina + 0.04), 0.028);
        let left = tube(x - centre - 1.05 * (y - carina + 0.04), 0.026);
        0.125 * stem.max(0.6 * fork * right.max(left))
    }
}
