//! Lung vessels: trees that leave the hila, fork, thin out and fade towards the wall.

use crate::canvas::{Frame, Knot, Plane, Profile, stroke};
use crate::stream::Stream;

/// A vessel in the making.
#[derive(Clone, Copy)]
struct Twig {
    at: (f32, f32),
    /// Direction in radians; 0 points away from the heart, a right angle points down.
    heading: f32,
    radius: f32,
    length: f32,
    forks: u32,
}

/// Adds the vessels to the film, where there is air around them.
/// `air` is the share of air along the beam, `depth` the depth inside a lung.
pub(crate) fn paint(frame: Frame, seed: u32, film: &mut Plane, air: &Plane, depth: &Plane) {
    let mut layer = Plane::new(film.size);
    for left in [false, true] {
        let mut s = Stream::new(u64::from(seed), "vessels", u64::from(left));
        let sign = if left { 1.0 } else { -1.0 };
        let hilum = (0.135, if left { -0.06 } else { -0.02 });
        // The lower lobes carry the wider vessels.
        for (k, heading) in [-1.35, -0.95, -0.55, -0.1, 0.3, 0.65, 0.95, 1.2, 1.45].into_iter().enumerate() {
            let lower = k as f32 / 8.0;
            let trunk = Twig {
                at: (hilum.0 + s.around(0.0, 0.012), hilum.1 + s.around(0.0, 0.025)),
                heading: heading + s.around(0.0, 0.10),
                radius: s.around(0.0105 + 0.006 * lower, 0.0015),
                length: s.around(0.17 + 0.04 * lower, 0.025),
                forks: 4,
            };
            grow(trunk, sign, frame, &mut s, &mut layer);
        }
        // The hilum itself: a soft knot of arteries and veins.
        for _ in 0..7 {
            let at = (sign * (hilum.0 + s.range(-0.01, 0.06)), hilum.1 + s.range(-0.07, 0.10));
            let end = (at.0 + sign * s.range(0.0, 0.03), at.1 + s.range(0.02, 0.06));
            stroke(&mut layer, &[frame.knot(at, 0.028, 0.9), frame.knot(end, 0.020, 0.7)], Profile::Cylinder);
        }
    }
    layer.blur(0.0022 * film.size as f32);
    for (i, blood) in layer.at.iter().enumerate() {
        if *blood > 0.0 && air.at[i] > 0.0 {
            let rim = (depth.at[i] / 0.12).clamp(0.0, 1.0);
            film.at[i] += blood * air.at[i] * (0.09 + 0.13 * rim);
        }
    }
}

/// Draws a twig as a gently bending stroke and lets two thinner ones follow.
fn grow(twig: Twig, sign: f32, frame: Frame, s: &mut Stream, layer: &mut Plane) {
    const STEPS: usize = 5;
    let bend = s.around(0.0, 0.20) / STEPS as f32 * 2.0;
    let thinnest = twig.radius * 0.78;
    let faint = |r: f32| (0.35 + r / 0.016).min(1.0);
    let mut at = twig.at;
    let mut heading = twig.heading;
    let mut knots: Vec<Knot> = Vec::with_capacity(STEPS + 1);
    for k in 0..=STEPS {
        let r = twig.radius + (thinnest - twig.radius) * k as f32 / STEPS as f32;
        knots.push(frame.knot((sign * at.0, at.1), r, faint(r)));
        let step = twig.length / STEPS as f32;
        at = (at.0 + step * heading.cos(), at.1 + step * heading.sin());
        heading += bend;
    }
    stroke(layer, &knots, Profile::Cylinder);
    if twig.forks == 0 {
        return;
    }
    let turn = s.around(0.34, 0.09);
    let share = s.range(0.35, 0.65);
    for (side, part) in [(1.0, share), (-1.0, 1.0 - share)] {
        let child = Twig {
            at,
            // The wider child keeps closer to its parent's course.
            heading: heading + side * turn * (1.5 - part),
            radius: thinnest * (0.55 + 0.5 * part),
            length: twig.length * s.range(0.70, 0.95),
            forks: twig.forks - 1,
        };
        grow(child, sign, frame, s, layer);
    }
}
