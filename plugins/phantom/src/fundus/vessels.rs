//! Retinal vessels: four arcades of artery and vein out of the disc, curving around the macula, with their branches.

use super::FIELD;
use crate::canvas::{Frame, Knot, Plane, Profile, curve, stroke};
use crate::stream::Stream;

/// How much blood lies before each pixel, arteries and veins apart, 0 to 1.
pub(crate) struct Vessels {
    arteries: Plane,
    veins: Plane,
}

impl Vessels {
    /// Share of light of colour `c` (red, green, blue) that pixel `i` gets back through its vessels.
    pub(crate) fn pass(&self, i: usize, c: usize) -> f32 {
        const ARTERY: [f32; 3] = [0.10, 0.50, 0.45];
        const VEIN: [f32; 3] = [0.34, 0.68, 0.50];
        (1.0 - ARTERY[c] * self.arteries.at[i]) * (1.0 - VEIN[c] * self.veins.at[i])
    }
}

/// Where vessels grow: the eye's frame with the disc, and the fovea that they avoid.
struct Bed {
    frame: Frame,
    side: f32,
    fovea: (f32, f32),
}

impl Bed {
    fn knot(&self, (x, y): (f32, f32), r: f32, value: f32) -> Knot {
        self.frame.knot((self.side * x, y), r, value)
    }
}

/// Paints all vessels of the eye whose disc is `disc` away from the middle, on `side`.
/// Inside this module x runs from the fovea (negative) to the nose (positive), whichever eye it is.
pub(crate) fn paint(frame: Frame, side: f32, disc: (f32, f32), seed: u32) -> Vessels {
    let n = frame.size;
    let mut layers = [Plane::new(n), Plane::new(n)];
    let bed = Bed { frame, side, fovea: (-0.42, disc.1 + 0.05) };
    for (kind, layer) in layers.iter_mut().enumerate() {
        let mut s = Stream::new(u64::from(seed), "retina", kind as u64);
        for up in [-1.0, 1.0] {
            temporal(&bed, disc, up, kind == 1, &mut s, layer);
            nasal(&bed, disc, up, kind == 1, &mut s, layer);
        }
    }
    let [arteries, veins] = layers;
    Vessels { arteries, veins }
}

fn temporal(bed: &Bed, disc: (f32, f32), up: f32, vein: bool, s: &mut Stream, layer: &mut Plane) {
    let wide = if vein { 0.0 } else { -0.05 } + s.around(0.0, 0.02);
    let (fx, fy) = bed.fovea;
    let points = [
        (disc.0 - 0.01 + s.around(0.0, 0.012), disc.1 + up * 0.02),
        (disc.0 + 0.03 + s.around(0.0, 0.015), disc.1 + up * 0.15),
        (disc.0 - 0.06 + 0.5 * wide, disc.1 + up * (0.34 + wide)),
        (0.55 * disc.0 + 0.45 * fx, fy + up * (0.48 + wide + s.around(0.0, 0.02))),
        (fx - 0.02, fy + up * (0.47 + wide + s.around(0.0, 0.03))),
        (fx - 0.30, fy + up * (0.36 + wide + s.around(0.0, 0.04))),
        (fx - 0.56, fy + up * (0.22 + s.around(0.0, 0.05))),
    ];
    main_vessel(bed, &points, if vein { 0.0165 } else { 0.0125 }, s, layer);
}

fn nasal(bed: &Bed, disc: (f32, f32), up: f32, vein: bool, s: &mut Stream, layer: &mut Plane) {
    let swing = if vein { 0.03 } else { -0.03 } + s.around(0.0, 0.03);
    let points = [
        (disc.0 + 0.01 + s.around(0.0, 0.012), disc.1 + up * 0.015),
        (disc.0 + 0.10, disc.1 + up * (0.10 + swing)),
        (disc.0 + 0.24, disc.1 + up * (0.30 + swing)),
        (disc.0 + 0.38 + s.around(0.0, 0.03), disc.1 + up * (0.50 + swing)),
        (disc.0 + 0.52, disc.1 + up * (0.75 + swing)),
    ];
    main_vessel(bed, &points, if vein { 0.012 } else { 0.0095 }, s, layer);
}

fn main_vessel(bed: &Bed, control: &[(f32, f32)], radius: f32, s: &mut Stream, layer: &mut Plane) {
    let points = curve(control, 9);
    let last = points.len() as f32 - 1.0;
    let width = |i: usize| radius * (1.0 - 0.55 * i as f32 / last);
    let knots: Vec<Knot> = points.iter().enumerate().map(|(i, p)| bed.knot(*p, width(i), 1.0)).collect();
    stroke(layer, &knots, Profile::Cylinder);
    let mut side = if s.chance(0.5) { 1.0 } else { -1.0 };
    let mut next = 7 + s.below(4);
    for i in 4..points.len() - 1 {
        if i != next {
            continue;
        }
        next += 4 + s.below(4);
        let (a, b) = (points[i], points[i + 1]);
        let heading = (b.1 - a.1).atan2(b.0 - a.0) + side * s.around(0.75, 0.15);
        side = -side;
        let share = s.range(0.50, 0.72);
        branch(bed, a, heading, width(i) * share, s.range(0.30, 0.55), 2, s, layer);
    }
}

/// A winding branch that turns away from the fovea, with branches of its own.
#[expect(clippy::too_many_arguments, reason = "a recursive walk carries its whole state")]
fn branch(
    bed: &Bed,
    start: (f32, f32),
    heading: f32,
    radius: f32,
    length: f32,
    depth: u32,
    s: &mut Stream,
    layer: &mut Plane,
) {
    const STEP: f32 = 0.03;
    let steps = (length / STEP) as usize;
    let (mut at, mut heading) = (start, heading);
    let mut knots = Vec::with_capacity(steps + 1);
    let mut wind = s.around(0.0, 0.08);
    for k in 0..=steps {
        let r = radius * (1.0 - 0.6 * k as f32 / steps.max(1) as f32);
        knots.push(bed.knot(at, r, 1.0));
        wind = 0.6 * wind + s.around(0.0, 0.06);
        heading += wind + shy(bed, at, heading);
        at = (at.0 + STEP * heading.cos(), at.1 + STEP * heading.sin());
        let gap = ((at.0 - bed.fovea.0).powi(2) + (at.1 - bed.fovea.1).powi(2)).sqrt();
        if gap < 0.11 || at.0.hypot(at.1) > FIELD + 0.1 {
            break;
        }
        if depth > 0 && k % 4 == 3 && s.chance(0.75) {
            let turn = if s.chance(0.5) { 0.6 } else { -0.6 } + s.around(0.0, 0.12);
            branch(bed, at, heading + turn, r * s.range(0.55, 0.75), length * 0.55, depth - 1, s, layer);
        }
    }
    stroke(layer, &knots, Profile::Cylinder);
}

/// The turn a vessel takes so as not to run over the fovea.
fn shy(bed: &Bed, at: (f32, f32), heading: f32) -> f32 {
    let (dx, dy) = (bed.fovea.0 - at.0, bed.fovea.1 - at.1);
    let gap = dx.hypot(dy);
    if gap > 0.32 {
        return 0.0;
    }
    let towards = heading.cos() * dx + heading.sin() * dy;
    let across = heading.cos() * dy - heading.sin() * dx;
    if towards < 0.0 { 0.0 } else { -0.22 * across.signum() * (0.32 - gap) / 0.32 }
}
