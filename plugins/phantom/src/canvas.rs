//! What everything is painted on: planes of `f32`, soft-edged strokes, and the geometry between body and film.
//!
//! Film units: the square film spans -1..1 in x (to the viewer's right) and in y (down).

/// Standard deviation in pixels below which a blur would change nothing.
pub(crate) const LEAST_BLUR: f32 = 0.25;

/// One square plane of values, row-major.
#[derive(Clone, PartialEq)]
pub(crate) struct Plane {
    pub(crate) size: usize,
    pub(crate) at: Vec<f32>,
}

impl Plane {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, at: vec![0.0; size * size] }
    }

    /// Gaussian blur, `sigma` in pixels, edges repeated. Below [`LEAST_BLUR`] nothing happens.
    pub(crate) fn blur(&mut self, sigma: f32) {
        if sigma < LEAST_BLUR {
            return;
        }
        let radius = (3.0 * sigma).ceil() as usize;
        let mut kernel: Vec<f32> =
            (0..=2 * radius).map(|i| (-0.5 * ((i as f32 - radius as f32) / sigma).powi(2)).exp()).collect();
        let sum: f32 = kernel.iter().sum();
        kernel.iter_mut().for_each(|k| *k /= sum);
        let n = self.size;
        let clamp = |i: usize, k: usize| (i + k).saturating_sub(radius).min(n - 1);
        let mut rows = vec![0.0; n * n];
        for y in 0..n {
            for x in 0..n {
                rows[y * n + x] =
                    kernel.iter().enumerate().map(|(k, w)| w * self.at[y * n + clamp(x, k)]).sum();
            }
        }
        self.at.fill(0.0);
        for y in 0..n {
            for (k, w) in kernel.iter().enumerate() {
                let from = clamp(y, k) * n;
                for x in 0..n {
                    self.at[y * n + x] += w * rows[from + x];
                }
            }
        }
    }
}

/// Where the body lies on the film: turn, zoom, then shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pose {
    pub(crate) shift: (f32, f32),
    pub(crate) zoom: f32,
    /// Radians, clockwise on the film.
    pub(crate) turn: f32,
}

/// A pose with its sine and cosine, for an image of `size` pixels.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) size: usize,
    pose: Pose,
    sin: f32,
    cos: f32,
}

impl Frame {
    pub(crate) fn new(pose: Pose, size: usize) -> Self {
        let (sin, cos) = pose.turn.sin_cos();
        Self { size, pose, sin, cos }
    }

    /// One film unit (half the film's width) in pixels.
    pub(crate) fn unit(self) -> f32 {
        self.size as f32 / 2.0
    }

    /// One body unit in pixels.
    fn body_unit(self) -> f32 {
        self.unit() * self.pose.zoom
    }

    /// Size of a pixel in body units.
    pub(crate) fn pixel(self) -> f32 {
        1.0 / self.body_unit()
    }

    /// Body coordinates of the centre of pixel (column, row).
    pub(crate) fn body(self, column: usize, row: usize) -> (f32, f32) {
        let x = (column as f32 + 0.5) / self.unit() - 1.0 - self.pose.shift.0;
        let y = (row as f32 + 0.5) / self.unit() - 1.0 - self.pose.shift.1;
        let (x, y) = (x / self.pose.zoom, y / self.pose.zoom);
        (self.cos * x + self.sin * y, self.cos * y - self.sin * x)
    }

    /// Pixel coordinates (pixel centres at half-integers) of a point of the body.
    pub(crate) fn film(self, (x, y): (f32, f32)) -> (f32, f32) {
        let (u, v) = (self.cos * x - self.sin * y, self.cos * y + self.sin * x);
        let (u, v) = (u * self.pose.zoom + self.pose.shift.0, v * self.pose.zoom + self.pose.shift.1);
        ((u + 1.0) * self.unit(), (v + 1.0) * self.unit())
    }

    /// The knot of a stroke at a point of the body; `r` is its half-width in body units.
    pub(crate) fn knot(self, point: (f32, f32), r: f32, value: f32) -> Knot {
        let (x, y) = self.film(point);
        Knot { x, y, r: r * self.body_unit(), value }
    }
}

/// A point of a stroke in pixels, with half-width `r` in pixels and the value there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Knot {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) r: f32,
    pub(crate) value: f32,
}

/// Cross-section of a stroke.
#[derive(Clone, Copy)]
pub(crate) enum Profile {
    /// A full cylinder seen from the side: vessels.
    Cylinder,
    /// A hollow bone: its cortex, met edge-on, is denser than its middle.
    Cortical,
    /// Ink: full value up to a one-pixel edge.
    Flat,
}

impl Profile {
    /// Distance from the axis beyond which a stroke of half-width `r` leaves nothing, and a little more.
    fn reach(self, r: f32) -> f32 {
        0.01 + match self {
            Self::Cylinder => r,
            Self::Cortical => 1.1 * r,
            Self::Flat => r + 0.5,
        }
    }

    /// Value at distance `d` from the axis of a stroke of half-width `r`, both in pixels, `r` at least 0.7.
    fn value(self, d: f32, r: f32) -> f32 {
        let rho = (d / r).min(1.0);
        match self {
            Self::Cylinder => (1.0 - rho * rho).sqrt(),
            Self::Cortical => {
                let edge = (1.1 - d / r).clamp(0.0, 0.32) / 0.32;
                (0.55 + 0.45 * rho * rho * rho) * edge * edge * (3.0 - 2.0 * edge)
            }
            Self::Flat => (r - d + 0.5).clamp(0.0, 1.0),
        }
    }
}

/// Paints a stroke through `knots`; where it meets what is already painted, the larger value stays.
pub(crate) fn stroke(plane: &mut Plane, knots: &[Knot], profile: Profile) {
    for pair in knots.windows(2) {
        segment(plane, pair[0], pair[1], profile);
    }
}

fn segment(plane: &mut Plane, a: Knot, b: Knot, profile: Profile) {
    let n = plane.size;
    // Strokes finer than the grid are painted at its resolution, fainter in proportion.
    let thin = |k: Knot| if k.r < 0.7 { Knot { value: k.value * k.r / 0.7, r: 0.7, ..k } } else { k };
    let (a, b) = (thin(a), thin(b));
    // Too faint to be seen: a tenth of a vessel is less than the film's grain.
    if a.value.max(b.value) < 0.1 {
        return;
    }
    let reach = profile.reach(a.r.max(b.r));
    let Some((x0, x1)) = span(a.x.min(b.x) - reach, a.x.max(b.x) + reach, n) else { return };
    let Some((y0, y1)) = span(a.y.min(b.y) - reach, a.y.max(b.y) + reach, n) else { return };
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let norm = (dx * dx + dy * dy).max(1e-9);
    for y in y0..=y1 {
        for x in x0..=x1 {
            let (px, py) = (x as f32 + 0.5 - a.x, y as f32 + 0.5 - a.y);
            let t = ((px * dx + py * dy) / norm).clamp(0.0, 1.0);
            let squared = (px - t * dx).powi(2) + (py - t * dy).powi(2);
            let r = a.r + t * (b.r - a.r);
            if squared < profile.reach(r).powi(2) {
                let value = (a.value + t * (b.value - a.value)) * profile.value(squared.sqrt(), r);
                let old = &mut plane.at[y * n + x];
                *old = old.max(value);
            }
        }
    }
}

/// Pixels touched by the interval lo..hi, or `None` when it lies off the film.
fn span(lo: f32, hi: f32, n: usize) -> Option<(usize, usize)> {
    (hi >= 0.0 && lo < n as f32).then(|| (lo.max(0.0) as usize, (hi as usize).min(n - 1)))
}

/// Points on the Catmull-Rom curve through `control` (at least two points), `steps` for each stretch.
pub(crate) fn curve(control: &[(f32, f32)], steps: usize) -> Vec<(f32, f32)> {
    let last = control.len() - 1;
    let mut points = Vec::with_capacity(last * steps + 1);
    for i in 0..last {
        let p = [control[i.saturating_sub(1)], control[i], control[i + 1], control[(i + 2).min(last)]];
        let blend = |f: fn((f32, f32)) -> f32, t: f32| {
            let [a, b, c, d] = p.map(f);
            b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
        };
        for k in 0..steps {
            let t = k as f32 / steps as f32;
            points.push((blend(|q| q.0, t), blend(|q| q.1, t)));
        }
    }
    points.push(control[last]);
    points
}

/// 0 below `lo`, 1 above `hi`, smooth between.
pub(crate) fn smoothstep(lo: f32, hi: f32, x: f32) -> f32 {
    let t = ((x - lo) / (hi - lo)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Minimum with a corner rounded over `k` (polynomial smooth minimum).
pub(crate) fn soft_min(a: f32, b: f32, k: f32) -> f32 {
    let h = (k - (a - b).abs()).max(0.0) / k;
    a.min(b) - h * h * k * 0.25
}

/// Maximum with a rounded corner.
pub(crate) fn soft_max(a: f32, b: f32, k: f32) -> f32 {
    -soft_min(-a, -b, k)
}

/// Bell of height 1 around 0.
pub(crate) fn bell(x: f32, width: f32) -> f32 {
    (-0.5 * (x / width).powi(2)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSE: Pose = Pose { shift: (0.1, -0.05), zoom: 1.07, turn: 0.2 };

    #[test]
    fn frame_there_and_back() {
        let frame = Frame::new(POSE, 96);
        for (c, r) in [(0, 0), (95, 0), (40, 70), (95, 95)] {
            let (x, y) = frame.film(frame.body(c, r));
            assert!((x - c as f32 - 0.5).abs() < 1e-3 && (y - r as f32 - 0.5).abs() < 1e-3);
        }
    }

    #[test]
    fn blur_keeps_a_constant_and_spreads_a_point_evenly() {
        let mut plane = Plane::new(33);
        plane.at.fill(0.7);
        plane.blur(2.0);
        assert!(plane.at.iter().all(|v| (v - 0.7).abs() < 1e-5));
        let mut plane = Plane::new(33);
        plane.at[16 * 33 + 16] = 1.0;
        plane.blur(1.5);
        assert!((plane.at.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!((plane.at[16 * 33 + 14] - plane.at[14 * 33 + 16]).abs() < 1e-7);
    }

    #[test]
    fn curve_passes_through_its_control_points() {
        let control = [(0.0, 0.0), (1.0, 2.0), (3.0, 1.0), (4.0, 4.0)];
        let points = curve(&control, 5);
        for (i, c) in control.iter().enumerate() {
            assert_eq!(points[i * 5], *c);
        }
    }

    #[test]
    fn strokes_stay_on_the_film_and_fade_when_thin() {
        let mut plane = Plane::new(16);
        let knot = |x, y, r| Knot { x, y, r, value: 1.0 };
        stroke(&mut plane, &[knot(-50.0, -50.0, 3.0), knot(-20.0, -30.0, 3.0)], Profile::Flat);
        assert!(plane.at.iter().all(|v| *v == 0.0));
        stroke(&mut plane, &[knot(-5.0, 8.0, 0.2), knot(30.0, 8.0, 0.2)], Profile::Flat);
        let peak = plane.at.iter().copied().fold(0.0, f32::max);
        assert!(peak > 0.1 && peak < 0.4, "{peak}");
    }

    /// A stroke, slowly: every pixel of the film against every segment.
    fn stroke_slowly(plane: &mut Plane, knots: &[Knot], profile: Profile) {
        let n = plane.size;
        for (i, w) in (0..n * n).flat_map(|i| knots.windows(2).map(move |w| (i, w))) {
            let thin = |k: Knot| Knot { value: k.value * (k.r / 0.7).min(1.0), r: k.r.max(0.7), ..k };
            let (a, b) = (thin(w[0]), thin(w[1]));
            let (px, py) = ((i % n) as f32 + 0.5 - a.x, (i / n) as f32 + 0.5 - a.y);
            let (dx, dy) = (b.x - a.x, b.y - a.y);
            let t = ((px * dx + py * dy) / (dx * dx + dy * dy).max(1e-9)).clamp(0.0, 1.0);
            let d = ((px - t * dx).powi(2) + (py - t * dy).powi(2)).sqrt();
            let r = a.r + t * (b.r - a.r);
            if a.value.max(b.value) >= 0.1 && d < r * 1.1 + 1.0 {
                plane.at[i] = plane.at[i].max((a.value + t * (b.value - a.value)) * profile.value(d, r));
            }
        }
    }

    fn blur_slowly(plane: &Plane, sigma: f32) -> Vec<f32> {
        let (n, reach) = (plane.size as i32, (3.0 * sigma).ceil() as i32);
        let at = |x: i32, y: i32| plane.at[(y.clamp(0, n - 1) * n + x.clamp(0, n - 1)) as usize];
        let window = || (-reach..=reach).flat_map(|v| (-reach..=reach).map(move |u| (u, v)));
        let weight = |u: i32, v: i32| (-((u * u + v * v) as f32) / (2.0 * sigma * sigma)).exp();
        let total: f32 = window().map(|(u, v)| weight(u, v)).sum();
        (0..n * n)
            .map(|i| window().map(|(u, v)| weight(u, v) * at(i % n + u, i / n + v)).sum::<f32>() / total)
            .collect()
    }

    proptest::proptest! {
        #[test]
        fn strokes_equal_their_slow_twin(
            ends in proptest::collection::vec((-10.0f32..34.0, -10.0f32..34.0, 0.05f32..6.0, 0.0f32..2.0), 2..5),
            which in 0usize..3,
        ) {
            let knots: Vec<Knot> = ends.into_iter().map(|(x, y, r, value)| Knot { x, y, r, value }).collect();
            let profile = [Profile::Cylinder, Profile::Cortical, Profile::Flat][which];
            let (mut fast, mut slow) = (Plane::new(24), Plane::new(24));
            stroke(&mut fast, &knots, profile);
            stroke_slowly(&mut slow, &knots, profile);
            proptest::prop_assert!(fast.at.iter().zip(&slow.at).all(|(f, s)| (f - s).abs() < 1e-4));
        }

        #[test]
        fn blur_equals_its_slow_twin(
            values in proptest::collection::vec(0.0f32..1.0, 64),
            sigma in 0.3f32..3.0,
        ) {
            let mut plane = Plane { size: 8, at: values };
            let slow = blur_slowly(&plane, sigma);
            plane.blur(sigma);
            proptest::prop_assert!(plane.at.iter().zip(&slow).all(|(f, s)| (f - s).abs() < 1e-4));
        }
    }
}
