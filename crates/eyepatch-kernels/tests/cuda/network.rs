//! What a network does between its products, against its description, bit for bit. Sums are in the kernels' order.

use eyepatch_kernels::cuda::{Change, Columns, Gpu, Kernels, Slide};
use eyepatch_kernels::nhwc::Window;

use super::cases::{Numbers, bits, same};

/// Everything, with columns that are multiples of four and others.
pub(crate) fn small<G: Gpu>(kernels: &Kernels<G>) {
    for (seed, (channels, offset, rest)) in
        [(4, 0, 0), (8, 4, 12), (3, 1, 2), (4, 2, 2), (1, 0, 0), (36, 4, 0)].into_iter().enumerate()
    {
        let columns = Columns { offset, channels, stride: offset + channels + rest };
        for (images, height, width) in [(1, 1, 1), (2, 5, 3), (1, 4, 8), (3, 2, 7)] {
            each(kernels, columns, (images, height, width), seed as u64);
            for window in [(3, 1, 1), (2, 2, 0), (7, 2, 3), (3, 2, 1), (1, 1, 0)] {
                let window = Window { side: window.0, stride: window.1, padding: window.2 };
                windows(kernels, columns, Slide { images, size: (height, width), window }, seed as u64);
            }
        }
    }
    planes(kernels);
    refusals(kernels);
}

fn at(columns: Columns, pixel: usize, channel: usize) -> usize {
    pixel * columns.stride + columns.offset + channel
}

fn changed(x: f32, affine: Option<(f32, f32)>, relu: bool) -> f32 {
    let y = affine.map_or(x * 1.0 + 0.0, |(scale, shift)| x * scale + shift);
    if relu && y < 0.0 { 0.0 } else { y }
}

/// Runs a kernel that writes columns into what is there, and compares all of the buffer.
fn written<G: Gpu>(
    kernels: &Kernels<G>,
    name: &str,
    before: &[f32],
    expected: impl Fn(&mut [f32]),
    run: impl FnOnce(&mut G::Buffer<f32>) -> Result<(), eyepatch_kernels::KernelError>,
) {
    let mut buffer = kernels.gpu().upload(before).unwrap();
    run(&mut buffer).unwrap();
    let mut wanted = before.to_vec();
    expected(&mut wanted);
    same(name, &bits(&kernels.gpu().download(&buffer).unwrap()), &bits(&wanted));
}

fn each<G: Gpu>(
    kernels: &Kernels<G>,
    to: Columns,
    (images, height, width): (usize, usize, usize),
    seed: u64,
) {
    let (gpu, mut numbers) = (kernels.gpu(), Numbers::new(seed));
    let (pixels, channels) = (images * height * width, to.channels);
    let from = Columns { offset: to.offset / 2 * 2, channels, stride: to.stride + 4 };
    let (x, other) = (numbers.floats(pixels * from.stride), numbers.floats(pixels * to.stride));
    let (scale, shift) = (numbers.floats(channels), numbers.floats(channels));
    let [x_there, other_there, scale_there, shift_there] =
        [&x, &other, &scale, &shift].map(|values| gpu.upload(values).unwrap());
    let before = numbers.floats(pixels * to.stride);
    let all = || (0..pixels).flat_map(|p| (0..channels).map(move |c| (p, c)));
    for relu in [false, true] {
        for affine in [false, true] {
            let name = format!("{to:?}, {pixels} pixels, relu {relu}, affine {affine}");
            let one = |c: usize| affine.then(|| (scale[c], shift[c]));
            let change = Change { affine: affine.then_some((&scale_there, &shift_there)), relu };
            let expected = |y: &mut [f32]| {
                all().for_each(|(p, c)| y[at(to, p, c)] = changed(x[at(from, p, c)], one(c), relu));
            };
            written(kernels, &name, &before, expected, |y| {
                kernels.affine((&x_there, from), &change, (y, to), pixels)
            });
            let means = |y: &mut [f32]| {
                for (n, c) in (0..images).flat_map(|n| (0..channels).map(move |c| (n, c))) {
                    let size = height * width;
                    let value = |p: usize| f64::from(changed(x[at(from, n * size + p, c)], one(c), relu));
                    let sum = (0..size).fold(0.0, |sum, p| sum + value(p));
                    y[n * channels + c] = (sum / size as f64) as f32;
                }
            };
            let room = vec![f32::NAN; images * channels];
            written(kernels, &name, &room, means, |y| {
                kernels.mean((&x_there, from), &change, y, (images, height * width))
            });
        }
        let name = format!("{to:?}, {pixels} pixels, relu {relu}");
        let biased = |y: &mut [f32]| {
            all().for_each(|(p, c)| y[at(to, p, c)] = changed(y[at(to, p, c)], Some((1.0, shift[c])), relu));
        };
        written(kernels, &name, &before, biased, |y| kernels.bias((y, to), &shift_there, relu, pixels));
        let added = |y: &mut [f32]| {
            for (p, c) in all() {
                let sum = x[at(from, p, c)] + other[at(to, p, c)];
                y[at(to, p, c)] = if relu && sum < 0.0 { 0.0 } else { sum };
            }
        };
        written(kernels, &name, &before, added, |y| {
            kernels.add((&x_there, from), (&other_there, to), relu, (y, to), pixels)
        });
    }
}

/// For each result the pixels that the window sees there, each with its place in the window.
fn seen(slide: Slide) -> Vec<Vec<(usize, usize)>> {
    let (w, (height, width), (rows, columns)) = (slide.window, slide.size, slide.to());
    let mut all = Vec::new();
    for place in 0..slide.images * rows * columns {
        let (n, row, column) = (place / (rows * columns), place / columns % rows, place % columns);
        let mut one = Vec::new();
        for (dy, dx) in (0..w.side).flat_map(|dy| (0..w.side).map(move |dx| (dy, dx))) {
            let (y, x) = (row * w.stride + dy, column * w.stride + dx);
            if y >= w.padding && x >= w.padding && y - w.padding < height && x - w.padding < width {
                one.push(((n * height + y - w.padding) * width + x - w.padding, dy * w.side + dx));
            }
        }
        all.push(one);
    }
    all
}

fn windows<G: Gpu>(kernels: &Kernels<G>, from: Columns, slide: Slide, seed: u64) {
    let (gpu, mut numbers, channels) = (kernels.gpu(), Numbers::new(seed), from.channels);
    let (pixels, seen) = (slide.images * slide.size.0 * slide.size.1, seen(slide));
    let places = slide.window.side * slide.window.side;
    let to = Columns { offset: 4, channels, stride: channels + 8 };
    let (x, before) = (numbers.floats(pixels * from.stride), numbers.floats(seen.len() * to.stride));
    let x_there = gpu.upload(&x).unwrap();
    let name = format!("{from:?}, {slide:?}");
    let gathered = |y: &mut [f32]| {
        y.fill(0.0);
        for (p, &(pixel, k)) in seen.iter().enumerate().flat_map(|(p, s)| s.iter().map(move |s| (p, s))) {
            let start = (p * places + k) * channels;
            (0..channels).for_each(|c| y[start + c] = x[at(from, pixel, c)]);
        }
    };
    let room = vec![f32::NAN; seen.len() * places * channels];
    written(kernels, &name, &room, gathered, |y| kernels.columns((&x_there, from), y, slide));
    for mean in [false, true] {
        let pooled = |y: &mut [f32]| {
            for (p, c) in (0..seen.len()).flat_map(|p| (0..channels).map(move |c| (p, c))) {
                let values = seen[p].iter().map(|&(pixel, _)| x[at(from, pixel, c)]);
                y[at(to, p, c)] = match mean {
                    true => values.fold(0.0, |sum, v| sum + v) / places as f32,
                    false => values.fold(f32::NEG_INFINITY, f32::max),
                };
            }
        };
        written(kernels, &name, &before, pooled, |y| kernels.pool((&x_there, from), (y, to), mean, slide));
    }
    let (scale, shift) = (numbers.floats(channels), numbers.floats(channels));
    let (scale_there, shift_there) = (gpu.upload(&scale).unwrap(), gpu.upload(&shift).unwrap());
    if slide.window == (Window { side: 2, stride: 2, padding: 0 }) {
        let change = Change { affine: Some((&scale_there, &shift_there)), relu: true };
        let halved = |y: &mut [f32]| {
            for (p, c) in (0..seen.len()).flat_map(|p| (0..channels).map(move |c| (p, c))) {
                let one = |pixel: usize| changed(x[at(from, pixel, c)], Some((scale[c], shift[c])), true);
                y[at(to, p, c)] = seen[p].iter().fold(0.0, |sum, &(pixel, _)| sum + one(pixel)) * 0.25;
            }
        };
        written(kernels, &name, &before, halved, |y| {
            kernels.affine_mean((&x_there, from), &change, (y, to), slide)
        });
    }
    if slide.window.stride == 1 {
        let products = numbers.floats(pixels * places * channels);
        let there = gpu.upload(&products).unwrap();
        let summed = |y: &mut [f32]| {
            for (p, c) in (0..seen.len()).flat_map(|p| (0..channels).map(move |c| (p, c))) {
                let one = |&(pixel, k): &(usize, usize)| products[(pixel * places + k) * channels + c];
                let sum = seen[p].iter().fold(0.0, |sum, s| sum + one(s));
                y[at(to, p, c)] = changed(sum, Some((1.0, shift[c])), true);
            }
        };
        written(kernels, &name, &before, summed, |y| {
            kernels.taps(&there, &shift_there, true, (y, to), slide)
        });
    }
}

fn planes<G: Gpu>(kernels: &Kernels<G>) {
    let mut numbers = Numbers::new(3);
    for (images, channels, size) in [(1, 1, 1), (3, 3, 35), (2, 1, 300), (4, 5, 7)] {
        let x = numbers.floats(images * channels * size);
        let there = kernels.gpu().upload(&x).unwrap();
        for range in [0..images, images / 2..images] {
            let turned = |y: &mut [f32]| {
                for (i, value) in y.iter_mut().enumerate() {
                    let (pixel, channel) = (i / channels, i % channels);
                    let image = range.start + pixel / size;
                    *value = x[(image * channels + channel) * size + pixel % size];
                }
            };
            let room = vec![f32::NAN; range.len() * channels * size];
            written(kernels, "planes", &room, turned, |y| {
                kernels.pixels(&there, y, range.clone(), (channels, size))
            });
        }
    }
}

fn refusals<G: Gpu>(kernels: &Kernels<G>) {
    let gpu = kernels.gpu();
    let (x, mut y) = (gpu.upload(&[0.0f32; 12]).unwrap(), gpu.upload(&[0.0f32; 12]).unwrap());
    let (dense, plain) = (Columns::dense(3), Change { affine: None, relu: false });
    assert!(kernels.affine((&x, dense), &plain, (&mut y, dense), 4).is_ok());
    assert!(kernels.affine((&x, dense), &plain, (&mut y, dense), 5).is_err());
    assert!(kernels.affine((&x, dense), &plain, (&mut y, Columns::dense(4)), 3).is_err());
    let past = Columns { offset: 1, channels: 3, stride: 3 };
    assert!(kernels.affine((&x, past), &plain, (&mut y, dense), 4).is_err());
    let short = gpu.upload(&[1.0f32; 2]).unwrap();
    let change = Change { affine: Some((&short, &short)), relu: false };
    assert!(kernels.affine((&x, dense), &change, (&mut y, dense), 4).is_err());
    assert!(kernels.bias((&mut y, dense), &short, false, 4).is_err());
    assert!(kernels.pixels(&x, &mut y, 1..3, (3, 2)).is_err());
    let window = Window { side: 3, stride: 2, padding: 1 };
    let slide = Slide { images: 1, size: (2, 2), window };
    assert!(kernels.taps(&x, &short, false, (&mut y, dense), slide).is_err());
    assert!(kernels.affine_mean((&x, dense), &plain, (&mut y, dense), slide).is_err());
    assert!(kernels.pool((&x, dense), (&mut y, dense), true, slide).is_err(), "12 values, 3 wanted");
}
