//! Disease, drawn inside its structure only.

use crate::canvas::{Frame, Plane, smoothstep};
use crate::chest::Change;
use crate::fundus::Cupping;
use crate::scene::Scene;
use crate::stream::Stream;
use crate::texture::{Texture, Walk};

/// A soft consolidation: an ellipse with fluffy borders.
struct Opacity {
    centre: (f32, f32),
    axes: (f32, f32),
    turn: (f32, f32),
    density: f32,
}

/// Adds one to three opacities to the lungs of a chest scene. Nothing outside the lungs changes: an opacity fades
/// out towards the lung's border. Their places are drawn on `aim`, a film's frame with the depth inside the lungs
/// there, which need not be the scene's own: so a patient who moves takes his opacities along.
pub(crate) fn consolidate(
    scene: &mut Scene,
    frame: Frame,
    aim: (&Plane, Frame),
    strength: f32,
    s: &mut Stream,
) {
    let count = 1 + s.below(3);
    let opacities: Vec<Opacity> = (0..count).filter_map(|_| opacity(aim, s)).collect();
    let n = scene.size();
    let texture = Texture::new(scene.texture ^ s.bits(), n);
    let (mut fluffy, mut patches) = (Walk::new(texture), Walk::new(texture));
    for row in 0..n {
        for column in 0..n {
            let i = row * n + column;
            let depth = scene.depth.at[i];
            if depth <= 0.0 {
                continue;
            }
            let (x, y) = frame.body(column, row);
            let near = |o: &Opacity| {
                let (dx, dy) = (x - o.centre.0, y - o.centre.1);
                let (u, v) = (o.turn.0 * dx + o.turn.1 * dy, o.turn.0 * dy - o.turn.1 * dx);
                ((u / o.axes.0).powi(2) + (v / o.axes.1).powi(2)).sqrt()
            };
            let mut clear = 1.0;
            for o in &opacities {
                let r = near(o);
                if r > 1.6 {
                    continue;
                }
                let fluff = 0.40 * fluffy.at(x, y, 3.5, 4, 0.6);
                let patchy = 1.0 + 0.30 * patches.at(x + 5.0, y, 8.0, 3, 0.65);
                clear *=
                    1.0 - (o.density * patchy * (1.0 - smoothstep(0.25, 1.15, r + fluff))).clamp(0.0, 0.95);
            }
            scene.planes[0].at[i] += strength * 0.42 * (1.0 - clear) * smoothstep(0.0, 0.06, depth);
        }
    }
}

/// Adds a dense spot to the lungs of a chest scene, placed as opacities are.
pub(crate) fn calcify(scene: &mut Scene, frame: Frame, aim: (&Plane, Frame), strength: f32, s: &mut Stream) {
    let Some(centre) = inside(aim, s) else { return };
    let radius = s.range(0.05, 0.08);
    let n = scene.size();
    for i in (0..n * n).filter(|i| scene.depth.at[*i] > 0.0) {
        let (x, y) = frame.body(i % n, i / n);
        let far = (x - centre.0).hypot(y - centre.1) / radius;
        scene.planes[0].at[i] += 3.0 * strength * (1.0 - smoothstep(0.5, 1.2, far));
    }
}

/// A place well inside a lung; `None` where the film shows none.
fn inside((depth, frame): (&Plane, Frame), s: &mut Stream) -> Option<(f32, f32)> {
    let n = depth.size;
    // Rejection: the lungs cover a fifth of the film and more, so that two hundred draws all but never miss.
    (0..200).find_map(|_| {
        let (column, row) = (s.below(n), s.below(n));
        (depth.at[row * n + column] > 0.07).then(|| frame.body(column, row))
    })
}

/// An opacity that lies well inside a lung; `None` where the film shows no such place.
fn opacity(aim: (&Plane, Frame), s: &mut Stream) -> Option<Opacity> {
    let centre = inside(aim, s)?;
    let size = s.range(0.15, 0.25);
    let (sin, cos) = s.range(-0.8, 0.8).sin_cos();
    Some(Opacity {
        centre,
        axes: (size * s.range(0.75, 1.1), size * s.range(0.9, 1.4)),
        turn: (cos, sin),
        density: s.range(0.60, 0.85),
    })
}

/// Lungs with too much air.
pub(crate) fn emphysema(strength: f32, s: &mut Stream) -> Change {
    // Lower and the film would end before the lung.
    let lower = (strength * s.range(0.06, 0.11)).min(0.14);
    Change { lower, air: strength * s.range(0.04, 0.09), ..Change::default() }
}

/// A heart that has grown.
pub(crate) fn large_heart(strength: f32, s: &mut Stream) -> Change {
    Change { heart: strength * s.range(0.10, 0.22), ..Change::default() }
}

/// The cupping of a glaucomatous disc.
pub(crate) fn cupping(strength: f32, s: &mut Stream) -> Cupping {
    Cupping { wider: strength * s.range(0.16, 0.30), pale: (strength * s.range(0.1, 0.4)).min(1.0) }
}
