//! Turning an image about its centre.

/// Turns `[c, h, w]` counter-clockwise by so many degrees about the centre of the image, in place. Bilinear; pixels from
/// outside are zero, also as neighbours: torchvision's `rotate` with `BILINEAR` and no `fill` on tensors.
pub fn rotate(image: &mut [f32], (h, w): (usize, usize), degrees: f64) {
    let plane = h * w;
    if plane == 0 || degrees == 0.0 {
        return;
    }
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (cy, cx) = ((h as f64 - 1.0) / 2.0, (w as f64 - 1.0) / 2.0);
    let from = image.to_vec();
    for y in 0..h {
        let v = y as f64 - cy;
        for x in 0..w {
            let u = x as f64 - cx;
            let (sx, sy) = (cos * u - sin * v + cx, sin * u + cos * v + cy);
            let (left, top) = (sx.floor(), sy.floor());
            let (fx, fy) = ((sx - left) as f32, (sy - top) as f32);
            let weights = [(1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy];
            let (left, top) = (left as isize, top as isize);
            let to = y * w + x;
            if left >= 0 && top >= 0 && left + 1 < w as isize && top + 1 < h as isize {
                let at = top as usize * w + left as usize;
                for (out, from) in image.chunks_exact_mut(plane).zip(from.chunks_exact(plane)) {
                    let [a, b, c, d] = [from[at], from[at + 1], from[at + w], from[at + w + 1]];
                    out[to] = (a * weights[0] + b * weights[1]) + (c * weights[2] + d * weights[3]);
                }
                continue;
            }
            let places = [(top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)];
            for (out, from) in image.chunks_exact_mut(plane).zip(from.chunks_exact(plane)) {
                out[to] = 0.0;
                for ((y, x), weight) in places.into_iter().zip(weights) {
                    if (0..h as isize).contains(&y) && (0..w as isize).contains(&x) {
                        out[to] += from[y as usize * w + x as usize] * weight;
                    }
                }
            }
        }
    }
}
