//! The test body: cases of all sizes and kinds, on any device against the CPU, bit for bit.

use eyepatch_kernels::KernelError;
use eyepatch_kernels::coalition::{Coalitions, Pair, Pairs};
use eyepatch_kernels::compose::{Normalise, Shape};
use eyepatch_kernels::cuda::{Gpu, Kernels, Masks};

use crate::device::{Batch, Cpu, Device, Game, IdStore, Store};

/// Small numbers that look random and are the same everywhere (splitmix64, Steele et al. 2014).
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) % n as u64) as usize
    }

    pub(crate) fn float(&mut self) -> f32 {
        self.below(200_001) as f32 / 1000.0 - 100.0
    }

    pub(crate) fn floats(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.float()).collect()
    }
}

/// Bits, so that 0 differs from -0 and NaN equals itself.
pub(crate) fn same<T: Copy + PartialEq + std::fmt::Debug>(what: &str, ours: &[T], cpu: &[T]) {
    assert_eq!(ours.len(), cpu.len(), "{what}");
    if let Some(i) = (0..cpu.len()).find(|&i| ours[i] != cpu[i]) {
        panic!("{what}: value {i} of {} is {:?}, on the CPU {:?}", cpu.len(), ours[i], cpu[i]);
    }
}

pub(crate) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

fn bits64(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Everything, at sizes that a simulated device gets through in seconds.
pub(crate) fn small(device: &impl Device) {
    // 1xN and Nx1, either side of words (32) and of vectors (4), several images, more than a warp's 1,024 pixels a row,
    // more rows than threads, more columns than one tile.
    const SIZES: [(usize, usize, usize); 18] = [
        (0, 3, 3),
        (1, 1, 1),
        (3, 1, 7),
        (2, 9, 1),
        (2, 5, 31),
        (2, 6, 32),
        (3, 4, 33),
        (2, 40, 64),
        (1, 17, 65),
        (1, 70, 100),
        (1, 2, 1023),
        (2, 3, 1024),
        (1, 3, 1030),
        (1, 2, 2100),
        (1, 2, 3072),
        (1, 300, 20),
        (1, 1200, 4),
        (1, 2500, 3),
    ];
    for (seed, (images, height, width)) in SIZES.into_iter().enumerate() {
        regions(device, Masks { images, height, width }, seed as u64);
    }
    for (seed, (height, width, images)) in
        [(1, 1, 1), (3, 5, 2), (8, 8, 3), (1, 4, 1), (33, 32, 2), (41, 29, 2), (2, 2, 0)]
            .into_iter()
            .enumerate()
    {
        for (channels, out_channels) in [(1, 1), (1, 3), (3, 3)] {
            let shape = Shape { height, width, channels, out_channels };
            batches(device, images, shape, seed as u64);
        }
    }
    for (seed, (players, rows, pixels, planes)) in [
        (1, 1, 1, 1),
        (5, 31, 64, 1),
        (64, 32, 63, 3),
        (65, 33, 1100, 1),
        (200, 70, 36, 3),
        (300, 1, 1026, 2),
        (3, 0, 5, 1),
    ]
    .into_iter()
    .enumerate()
    {
        coalitions(device, players, rows, pixels, planes, seed as u64);
        games(device, players, rows, 1 + seed % 3, seed as u64);
    }
    games(device, 7, 40, 300, 99);
    refusals(device);
}

/// Sizes that work is done at, for real devices.
#[cfg(feature = "cuda")]
pub(crate) fn large(device: &impl Device) {
    regions(device, Masks { images: 8, height: 512, width: 512 }, 1);
    regions(device, Masks { images: 2, height: 2048, width: 1500 }, 2);
    regions(device, Masks { images: 1, height: 4096, width: 4096 }, 3);
    for (channels, out_channels) in [(1, 1), (1, 3), (3, 3)] {
        batches(device, 8, Shape { height: 512, width: 512, channels, out_channels }, 4);
        batches(device, 3, Shape { height: 333, width: 511, channels, out_channels }, 5);
    }
    coalitions(device, 196, 130, 224 * 224, 3, 6);
    games(device, 196, 1000, 14, 7);
}

/// Masks of many kinds, one after the other: empty, full, one pixel, sparse, dense, a disc, its complement, stripes.
pub(crate) fn masks(size: Masks, numbers: &mut Numbers) -> Vec<u8> {
    let (h, w) = (size.height, size.width);
    let mut all = Vec::with_capacity(size.len());
    for image in 0..size.images {
        let kind = numbers.below(8) * usize::from(size.images < 8) + image % 8;
        let (x0, y0) = (numbers.below(w), numbers.below(h));
        let radius = 1 + numbers.below(1 + w.max(h) / 3);
        for (y, x) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))) {
            let in_disc = x.abs_diff(x0).pow(2) + y.abs_diff(y0).pow(2) <= radius * radius;
            let inside = match kind % 8 {
                0 => false,
                1 => true,
                2 => (x, y) == (x0, y0),
                3 => numbers.below(60) == 0,
                4 => numbers.below(60) != 0,
                5 => in_disc,
                6 => !in_disc,
                _ => (x + y0) / 37 % 2 == 0 || y == y0,
            };
            // Any byte but 0 is inside.
            all.push(if inside { 1 + numbers.below(255) as u8 } else { 0 });
        }
    }
    all
}

fn regions(device: &impl Device, size: Masks, seed: u64) {
    let mut numbers = Numbers::new(seed);
    // Twice, for another choice of kinds.
    for _ in 0..2 {
        let masks = masks(size, &mut numbers);
        let name = format!("{size:?}, seed {seed}");
        let levels = device.levels(&masks, size).unwrap();
        same(&name, &levels, &Cpu.levels(&masks, size).unwrap());
        let radii = [0, 3, -2, 1, 25, -1, 500, -60, 100_000, i32::MAX, i32::MIN];
        for radii in [&radii[..], &radii[..1], &[]] {
            let cpu = Cpu.sweep(&masks, size, radii).unwrap();
            same(&name, &device.sweep(&masks, size, radii).unwrap(), &cpu);
            same(&name, &device.thresholds(&levels, radii).unwrap(), &cpu);
        }
    }
}

fn batches(device: &impl Device, images: usize, shape: Shape, seed: u64) {
    let mut numbers = Numbers::new(seed);
    let (pixels, values) = (images * shape.pixels(), images * shape.pixels() * shape.channels);
    for depth in 0..3 {
        let visible: Vec<u8> = (0..pixels).map(|_| numbers.below(3) as u8).collect();
        let mut store = |hidden_is_nan: bool| match depth {
            0 => Store::U8((0..values).map(|_| numbers.below(256) as u8).collect()),
            1 => Store::U16((0..values).map(|_| numbers.below(65_536) as u16).collect()),
            _ => {
                let hidden = |i: usize| hidden_is_nan && visible[i / shape.channels] == 0;
                let value = |i: usize| if hidden(i) { f32::NAN } else { numbers.float() };
                Store::F32((0..values).map(value).collect())
            }
        };
        let (own, cover) = (store(true), store(false));
        let constants = numbers.floats(images * shape.channels);
        let mut three = |by: f32| [0; 3].map(|_| numbers.float() * by);
        let normalise = Normalise { scale: three(0.01), offset: three(0.1) };
        for fill in [Ok(constants), Err(cover)] {
            let (pixels, visible) = (own.clone(), visible.clone());
            let batch = Batch { images, shape, pixels, visible, fill, normalise };
            let name = format!("{images} images of {shape:?}, depth {depth}, seed {seed}");
            same(&name, &bits(&device.compose(&batch).unwrap()), &bits(&Cpu.compose(&batch).unwrap()));
            same(&name, &device.compose_half(&batch).unwrap(), &Cpu.compose_half(&batch).unwrap());
        }
    }
}

fn coalitions(device: &impl Device, players: usize, rows: usize, pixels: usize, planes: usize, seed: u64) {
    let mut numbers = Numbers::new(seed);
    let shown: Vec<bool> = (0..rows * players).map(|_| numbers.below(2) == 0).collect();
    let c = Coalitions::from_fn(rows, players, |i, j| shown[i * players + j]);
    let (image, back) = (numbers.floats(planes * pixels), numbers.floats(planes * pixels));
    let half = |values: &[f32]| values.iter().map(|v| (v.to_bits() >> 7) as u16).collect::<Vec<_>>();
    let (image_half, back_half) = (half(&image), half(&back));
    // Two more than there are players: pixels of nobody.
    let ids: Vec<u32> = (0..pixels).map(|_| numbers.below(players + 2) as u32).collect();
    let narrow = IdStore::U16(ids.iter().map(|&id| id as u16).collect());
    for ids in [narrow, IdStore::U32(ids)] {
        let name = format!("{players} players, {rows} coalitions, {planes} planes of {pixels}, seed {seed}");
        let ours = device.composite(&image, &back, &ids, &c).unwrap();
        same(&name, &bits(&ours), &bits(&Cpu.composite(&image, &back, &ids, &c).unwrap()));
        let ours = device.composite_half(&image_half, &back_half, &ids, &c).unwrap();
        same(&name, &ours, &Cpu.composite_half(&image_half, &back_half, &ids, &c).unwrap());
    }
}

/// Boxes that may overlap, against one look at each value.
pub(crate) fn boxes<G: Gpu>(kernels: &Kernels<G>) {
    let mut numbers = Numbers::new(17);
    for [planes, height, width] in [[1, 1, 1], [3, 5, 7], [2, 8, 12], [3, 33, 31], [1, 2, 1030]] {
        let values = planes * height * width;
        let (image, back) = (numbers.floats(values), numbers.floats(values));
        let mut side = |n: usize| {
            let (a, b) = (numbers.below(n + 1) as u32, numbers.below(n + 1) as u32);
            (a.min(b), a.max(b))
        };
        let mut one = || [side(height), side(width), side(planes)];
        let coalitions = [vec![], vec![one()], vec![one(), one(), one()], vec![one(); 2]];
        let shows = |k: usize, at: usize| {
            let place = [at / width % height, at % width, at / width / height];
            let within = |(&(a, b), i): (&(u32, u32), usize)| (a as usize..b as usize).contains(&i);
            coalitions[k].iter().any(|bounds| bounds.iter().zip(place).all(within))
        };
        let gpu = kernels.gpu();
        let mut out = gpu.alloc(coalitions.len() * values).unwrap();
        let (there, behind) = (gpu.upload(&image).unwrap(), gpu.upload(&back).unwrap());
        let boxes = kernels.boxes(&coalitions).unwrap();
        kernels.composite_boxes(&there, &behind, &boxes, [planes, height, width], &mut out).unwrap();
        let expected: Vec<f32> = (0..coalitions.len())
            .flat_map(|k| (0..values).map(move |at| (k, at)))
            .map(|(k, at)| if shows(k, at) { image[at] } else { back[at] })
            .collect();
        let name = format!("boxes of {planes} x {height} x {width}");
        same(&name, &bits(&gpu.download(&out).unwrap()), &bits(&expected));
        let past = kernels.boxes(&[vec![[(0, height as u32 + 1), (0, 1), (0, 1)]]]).unwrap();
        let mut one = gpu.alloc(values).unwrap();
        let refused = kernels.composite_boxes(&there, &behind, &past, [planes, height, width], &mut one);
        assert!(matches!(refused, Err(KernelError::Index { .. })), "{refused:?}");
    }
}

fn games(device: &impl Device, players: usize, rows: usize, classes: usize, seed: u64) {
    let mut numbers = Numbers::new(seed);
    let shown: Vec<bool> = (0..rows * players).map(|_| numbers.below(2) == 0).collect();
    let number = if rows == 0 { 0 } else { 3 * players };
    let pairs = (0..number).map(|_| Pair {
        with: numbers.below(rows) as u32,
        without: numbers.below(rows) as u32,
        player: numbers.below(players) as u32,
        weight: f64::from(numbers.float()) / 7.0,
    });
    let pairs = Pairs::new(pairs.collect(), rows, players).unwrap();
    let wide = |v: Vec<f32>| v.into_iter().map(|x| f64::from(x) / 3.0).collect::<Vec<_>>();
    let game = Game {
        coalitions: Coalitions::from_fn(rows, players, |i, j| shown[i * players + j]),
        pairs,
        shown: wide(numbers.floats(rows)),
        hidden: wide(numbers.floats(rows)),
        outputs: numbers.floats(rows * classes),
        classes,
        phi: wide(numbers.floats(players * classes)),
    };
    let name = format!("a game of {players} players, {rows} coalitions, {classes} classes, seed {seed}");
    same(&name, &bits64(&device.pairs(&game).unwrap()), &bits64(&Cpu.pairs(&game).unwrap()));
    same(&name, &bits64(&device.signed(&game).unwrap()), &bits64(&Cpu.signed(&game).unwrap()));
}

/// What must be an error on every device, before anything runs.
fn refusals(device: &impl Device) {
    let size = Masks { images: 1, height: 2, width: 2 };
    assert!(device.levels(&[0; 3], size).is_err());
    assert!(matches!(device.levels(&[], Masks { width: 0, ..size }), Err(KernelError::MaskShape { .. })));
    assert!(device.sweep(&[0; 5], size, &[1]).is_err());
    let shape = Shape { height: 2, width: 2, channels: 1, out_channels: 1 };
    let good = Batch {
        images: 1,
        shape,
        pixels: Store::U8(vec![1; 4]),
        visible: vec![1; 4],
        fill: Ok(vec![0.0]),
        normalise: Normalise::NONE,
    };
    assert!(device.compose(&good).is_ok());
    assert!(device.compose(&Batch { pixels: Store::U8(vec![1; 3]), ..good.clone() }).is_err());
    assert!(device.compose(&Batch { visible: vec![1; 5], ..good.clone() }).is_err());
    assert!(device.compose(&Batch { fill: Err(Store::U8(vec![1; 3])), ..good.clone() }).is_err());
    assert!(device.compose(&Batch { fill: Err(Store::U16(vec![1; 4])), ..good.clone() }).is_err());
    let three_to_one = Shape { channels: 3, ..shape };
    assert!(matches!(
        device.compose(&Batch { shape: three_to_one, ..good }),
        Err(KernelError::Channels { input: 3, output: 1 })
    ));
    let c = Coalitions::from_fn(2, 2, |_, _| true);
    let ids = IdStore::U16(vec![0, 1]);
    assert!(device.composite(&[1.0; 2], &[0.0; 2], &ids, &c).is_ok());
    assert!(device.composite(&[1.0; 3], &[0.0; 3], &ids, &c).is_err());
    assert!(device.composite(&[1.0; 2], &[0.0; 4], &ids, &c).is_err());
    let pairs = Pairs::new(Vec::new(), 2, 2).unwrap();
    let (shown, hidden, outputs, phi) = (vec![1.0; 2], vec![1.0; 2], vec![1.0; 2], vec![0.0; 2]);
    let good = Game { coalitions: c, pairs, shown, hidden, outputs, classes: 1, phi };
    assert!(device.pairs(&good).is_ok() && device.signed(&good).is_ok());
    let short = Game { outputs: vec![1.0; 1], ..good.clone() };
    assert!(device.pairs(&short).is_err() && device.signed(&short).is_err());
    let short = Game { phi: vec![1.0; 3], ..good.clone() };
    assert!(device.pairs(&short).is_err() && device.signed(&short).is_err());
    assert!(device.signed(&Game { shown: vec![1.0; 3], ..good.clone() }).is_err());
    assert!(device.signed(&Game { hidden: vec![1.0; 1], ..good }).is_err());
}
