//! Tests of schedules, orders, augmentation, features and checkpoints.

use super::config::rate;
use super::order::batches;
use super::*;
use crate::densenet::{FrozenNorm, NoBoundary, Scope};
use crate::{Backend, DenseNet, DenseNetConfig, NnError, Stem};
use candle_core::Device;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

const SHAPE: (usize, usize, usize) = (2, 10, 14);
const SIZE: usize = SHAPE.0 * SHAPE.1 * SHAPE.2;

fn net(scope: Scope) -> DenseNet {
    let config = DenseNetConfig {
        in_channels: 2,
        classes: 2,
        growth: 4,
        blocks: vec![2, 3],
        init_features: 6,
        bn_size: 2,
        stem: Stem::Small,
    };
    let mut net = DenseNet::new(config, 11, &Device::Cpu).unwrap();
    net.set_scope(scope);
    net
}

fn pixels(n: usize) -> Vec<f32> {
    (0..n * SIZE).map(|i| ((i as u32).wrapping_mul(2_654_435_761) >> 24) as f32 / 256.0).collect()
}

fn targets(n: usize) -> Targets {
    let values = (0..2 * n).map(|i| if i % 11 == 3 { f32::NAN } else { (i / 2 % 2) as f32 }).collect();
    Targets::Labels { classes: 2, values }
}

fn images(n: usize) -> Examples<'static> {
    Examples::new(pixels(n), SHAPE, targets(n)).unwrap()
}

fn config(epochs: usize) -> TrainConfig {
    TrainConfig::new(epochs, 4, 3e-3, OptimizerConfig::adam(0.0))
}

fn go_on(_: Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn training_on_features_is_training_on_images() {
    let augmentation = Augmentation { shift: 1, ..Augmentation::study() };
    for (scope, backend) in [
        (Scope::LastLayer, Backend::Own),
        (Scope::LastBlock, Backend::Own),
        (Scope::Head, Backend::Own),
        (Scope::LastLayer, Backend::Candle),
    ] {
        for views in [1, 3] {
            let mut whole = net(scope);
            whole.set_backend(backend);
            let (data, watched) = (images(9), images(5));
            // One draw a view, as training makes it.
            let mut features = vec![];
            for row in 0..9 {
                for view in 0..views {
                    let mut image = pixels(9)[row * SIZE..][..SIZE].to_vec();
                    if let Some(mut rng) = Draw::View(view).rng(5, row as u64) {
                        augmentation.apply(&mut image, SHAPE, &mut rng);
                    }
                    let x = candle_core::Tensor::from_vec(image, (1, 2, 10, 14), &Device::Cpu).unwrap();
                    let y = whole.trunk_forward(&x).unwrap();
                    features.extend(y.flatten_all().unwrap().to_vec1::<f32>().unwrap());
                }
            }
            let [c, h, w] = whole.boundary().unwrap().shape((10, 14));
            let of_images = TrainConfig { augmentation, views, clip: Some(0.5), ..config(5) };
            let of_features = TrainConfig { clip: Some(0.5), ..config(5) };
            let mut tail = net(scope);
            tail.set_backend(backend);
            let features = Examples::features(features, (c, h, w), views, targets(9)).unwrap();
            let a = train(&mut whole, &data, Some(&watched), &of_images, 5, &mut go_on).unwrap();
            let x = watched.batch(&[0, 1, 2, 3, 4], 0, &Device::Cpu, |_, _| {}).unwrap();
            let seen = tail.trunk_forward(&x).unwrap().flatten_all().unwrap().to_vec1().unwrap();
            let seen = Examples::features(seen, (c, h, w), 1, targets(5)).unwrap();
            let b = train(&mut tail, &features, Some(&seen), &of_features, 5, &mut go_on).unwrap();
            assert_eq!(a, b, "{scope:?} {backend:?}, {views} views");
            assert_eq!(whole.to_bytes().unwrap(), tail.to_bytes().unwrap(), "{scope:?} {backend:?}");
            let logits = |net: &DenseNet, data: &Examples<'_>| {
                predict(net, data, 2).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
            };
            assert_eq!(logits(&whole, &watched), logits(&tail, &seen));
        }
    }
}

#[test]
fn a_source_is_read_as_memory_is_and_its_errors_come_out() {
    struct Rows(Vec<f32>, bool);
    impl Source for Rows {
        fn read(&self, rows: &[usize], view: usize, into: &mut Vec<f32>) -> Result<(), SourceError> {
            if self.1 && rows.contains(&7) {
                return Err("row 7 is gone".into());
            }
            assert_eq!(view, 0);
            rows.iter().for_each(|row| into.extend(&self.0[row * SIZE..][..SIZE]));
            Ok(())
        }
    }
    let (mut a, mut b) = (net(Scope::All), net(Scope::All));
    let run = |net: &mut DenseNet, data: &Examples<'_>| train(net, data, None, &config(2), 1, &mut go_on);
    let read = |broken| Examples::read(Kind::Images, Rows(pixels(8), broken), SHAPE, 1, targets(8)).unwrap();
    assert_eq!(run(&mut a, &images(8)).unwrap(), run(&mut b, &read(false)).unwrap());
    assert_eq!(a.to_bytes().unwrap(), b.to_bytes().unwrap());
    let error = run(&mut a, &read(true)).unwrap_err();
    assert!(matches!(error, NnError::Source(_)) && error.to_string().contains("row 7"), "{error}");
    let bad =
        Examples::read(Kind::Images, Rows(vec![f32::NAN; 8 * SIZE], false), SHAPE, 1, targets(8)).unwrap();
    assert!(matches!(run(&mut a, &bad), Err(NnError::Data(_))));
}

#[test]
fn features_need_a_boundary_and_have_their_augmentation_in_them() {
    let mut published = net(Scope::LastLayer);
    published.set_frozen_norm(FrozenNorm::Published);
    let why = published.boundary().unwrap_err();
    assert_eq!(why, NoBoundary::Drifts);
    assert!(why.to_string().contains("the trunk depends on the batch"));
    assert_eq!(net(Scope::All).boundary().unwrap_err(), NoBoundary::FirstLearns);
    let [c, h, w] = net(Scope::LastLayer).boundary().unwrap().shape((10, 14));
    let data = Examples::features(vec![0.5; 4 * c * h * w], (c, h, w), 1, targets(4)).unwrap();
    let fails = |net: &mut DenseNet, config| train(net, &data, None, &config, 1, &mut go_on).unwrap_err();
    assert!(matches!(fails(&mut published, config(1)), NnError::NoBoundary(_)));
    let augmented = TrainConfig { views: 2, ..config(1) };
    assert!(matches!(
        fails(&mut net(Scope::LastLayer), augmented),
        NnError::Config { name: "augmentation", .. }
    ));
    assert!(matches!(fails(&mut net(Scope::Head), config(1)), NnError::Data(_)));
}

#[test]
fn an_interrupted_training_gives_the_bits_of_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("training");
    let how = TrainConfig {
        schedule: Schedule::Cosine,
        warmup: Warmup::Steps(3),
        stopping: Some(Stopping { patience: 5, min_delta: 0.0, rule: Progressing::Strict }),
        augmentation: Augmentation::study(),
        ..config(6)
    };
    for (scope, norm) in [(Scope::All, FrozenNorm::Strict), (Scope::LastLayer, FrozenNorm::Published)] {
        let fresh = || {
            let mut net = net(scope);
            net.set_frozen_norm(norm);
            net
        };
        let (data, watched) = (images(10), images(6));
        let mut straight = fresh();
        let whole = train(&mut straight, &data, Some(&watched), &how, 3, &mut go_on).unwrap();
        // Killed in the middle of every epoch, and once after the last.
        let mut resumed = vec![];
        let outcome = loop {
            let mut net = fresh();
            let mut epochs = 0;
            let mut kill = |p: Progress<'_>| {
                match p {
                    Progress::Resumed { epochs } => resumed.push(epochs),
                    Progress::Epoch(_) => epochs += 1,
                    Progress::Batch { batch: 1, .. } if epochs > 0 => return ControlFlow::Break(()),
                    Progress::Batch { .. } => {}
                }
                ControlFlow::Continue(())
            };
            match train_resumable(&mut net, &data, Some(&watched), &how, 3, &file, &mut kill) {
                Err(NnError::Cancelled) => {}
                other => break (other.unwrap(), net.to_bytes().unwrap()),
            }
        };
        assert_eq!(resumed, (1..whole.epochs.len()).collect::<Vec<_>>());
        assert_eq!(outcome, (whole.clone(), straight.to_bytes().unwrap()), "{scope:?}");
        // Finished: nothing is left to do.
        let mut net = fresh();
        let mut count = |p: Progress<'_>| {
            assert!(matches!(p, Progress::Resumed { .. }));
            ControlFlow::Continue(())
        };
        let again = train_resumable(&mut net, &data, Some(&watched), &how, 3, &file, &mut count).unwrap();
        assert_eq!((again, net.to_bytes().unwrap()), outcome);

        // Damaged anywhere, cut off, or of another training: it begins anew.
        let good = std::fs::read(&file).unwrap();
        let mut bytes =
            vec![vec![], good[..40].to_vec(), good[..good.len() - 4].to_vec(), b"something else".to_vec()];
        for at in [0, 20, 60, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            bytes.push(bad);
        }
        let begins = |how: &TrainConfig, seed, data: &Examples<'_>| {
            let (mut anew, mut net) = (true, fresh());
            let mut watch = |p: Progress<'_>| {
                anew &= !matches!(p, Progress::Resumed { .. });
                ControlFlow::Continue(())
            };
            let done = train_resumable(&mut net, data, Some(&watched), how, seed, &file, &mut watch).unwrap();
            (anew, done, net.to_bytes().unwrap())
        };
        for bad in bytes {
            std::fs::write(&file, &bad).unwrap();
            assert_eq!(begins(&how, 3, &data), (true, outcome.0.clone(), outcome.1.clone()));
        }
        for (how, seed, data) in [
            (TrainConfig { learning_rate: 1e-3, ..how.clone() }, 3, images(10)),
            (how.clone(), 4, images(10)),
            (how.clone(), 3, images(9)),
            (how.clone(), 3, images(10).with_ids((5..15).collect()).unwrap()),
        ] {
            std::fs::write(&file, &good).unwrap();
            assert!(begins(&how, seed, &data).0);
        }
        std::fs::remove_file(&file).unwrap();
    }
}

#[test]
fn steps_rise_and_fall_as_scheduled() {
    let all = |schedule, warmup| (0..8).map(|at| rate(schedule, warmup, at, (2, 8))).collect::<Vec<_>>();
    assert_eq!(all(Schedule::Constant, Warmup::None), [1.0; 8]);
    assert_eq!(all(Schedule::Constant, Warmup::Steps(4)), [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(all(Schedule::Constant, Warmup::Epochs(2)), all(Schedule::Constant, Warmup::Steps(4)));
    let cosine = all(Schedule::Cosine, Warmup::Epochs(2));
    assert_eq!(cosine[..5], [0.25, 0.5, 0.75, 1.0, 1.0]);
    assert!((cosine[6] - 0.5).abs() < 1e-12 && cosine[7] < cosine[6]);
    // Longer than training: it never ends.
    assert_eq!(all(Schedule::Cosine, Warmup::Steps(16))[7], 0.5);
    let warm = TrainConfig { warmup: Warmup::Steps(1000), ..config(1) };
    let history = train(&mut net(Scope::All), &images(8), None, &warm, 1, &mut go_on).unwrap();
    assert!((history.epochs[0].learning_rate - 3e-3 * 2.0 / 1000.0).abs() < 1e-15);
}

#[test]
fn patience_counts_by_its_rule() {
    let ends = |rule, losses: &[f64]| {
        let stopping = Stopping { patience: 3, min_delta: 0.1, rule };
        (1..=losses.len()).find(|&n| stopping.ends(losses[..n].iter().copied()))
    };
    // Falls by less than the delta each time: no progress, but by the published rule each is.
    let slow: Vec<f64> = (0..12).map(|i| 1.0 - 0.01 * f64::from(i)).collect();
    assert_eq!((ends(Progressing::Strict, &slow), ends(Progressing::Published, &slow)), (Some(4), None));
    // Just above the least: the published test counts it, whatever the delta.
    let flat = [1.0, 0.5, 0.501, 0.5, 0.55, 0.1];
    assert_eq!((ends(Progressing::Strict, &flat), ends(Progressing::Published, &flat)), (Some(5), Some(5)));
    assert_eq!(ends(Progressing::Strict, &[1.0, 0.8, 0.9, 0.85, 0.6, 0.7]), None);
}

#[test]
fn divergence_is_told_from_a_bad_start() {
    let divergence = Divergence { factor: 2.0, epochs: 2 };
    let fine = |losses: &[f64]| divergence.check(losses, 0.7).is_ok();
    assert!(fine(&[9.0]) && fine(&[9.0, 1.0, 9.0]) && fine(&[1.4, 1.4]) && !fine(&[0.1, 1.5, 1.5]));
    // A step size that throws the network about, without a number that overflows.
    let wild = TrainConfig {
        learning_rate: 1e3,
        optimizer: OptimizerConfig::Sgd { momentum: 0.0, weight_decay: 0.0 },
        ..config(9)
    };
    let error = train(&mut net(Scope::Head), &images(16), None, &wild, 1, &mut go_on).unwrap_err();
    assert!(matches!(error, NnError::Diverged { epoch: 2, epochs: 3, .. }), "{error}");
    assert!(error.to_string().contains("0.693"), "{error}");
    let patient = TrainConfig { divergence: None, ..wild };
    assert!(train(&mut net(Scope::Head), &images(16), None, &patient, 1, &mut go_on).is_ok());
}

#[test]
fn weights_of_positive_labels_are_balanced_given_or_refused() {
    let values = vec![1.0, 0.0, 0.0, f32::NAN, 0.0, 1.0, 0.0, 1.0];
    let labels = |values| Examples::new(pixels(4), SHAPE, Targets::Labels { classes: 2, values }).unwrap();
    let data = labels(values);
    assert_eq!(data.pos_weight(&PosWeight::Balanced).unwrap(), [3.0, 0.5]);
    assert_eq!(data.pos_weight(&PosWeight::Given(vec![2.0, 1.0])).unwrap(), [2.0, 1.0]);
    assert!(data.pos_weight(&PosWeight::Given(vec![2.0])).is_err());
    assert!(data.pos_weight(&PosWeight::Given(vec![2.0, 0.0])).is_err());
    let one_kind = labels(vec![1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0]);
    assert!(one_kind.pos_weight(&PosWeight::Balanced).unwrap_err().to_string().contains("class 0"));
    // Twice the weight of every positive label is another loss, and another model.
    let run = |weight| {
        let how = TrainConfig { pos_weight: weight, ..config(1) };
        train(&mut net(Scope::All), &data, None, &how, 1, &mut go_on).unwrap().epochs[0].train_loss
    };
    assert!(run(PosWeight::Given(vec![3.0, 3.0])) > 1.2 * run(PosWeight::None));
}

#[test]
fn views_and_images_have_random_numbers_of_their_own() {
    assert_eq!(
        (Draw::of(7, 0), Draw::of(7, 3), Draw::of(6, 3)),
        (Draw::Epoch(7), Draw::View(1), Draw::View(0))
    );
    assert!(Draw::View(0).rng(1, 1).is_none());
    let mut seen = BTreeSet::new();
    for (seed, image, draw) in [
        (1, 1, Draw::View(1)),
        (2, 1, Draw::View(1)),
        (1, 2, Draw::View(1)),
        (1, 1, Draw::View(2)),
        (1, 1, Draw::Epoch(1)),
    ] {
        let mut drawn = pixels(1);
        let augmentation = Augmentation { rotation: 0.0, ..Augmentation::study() };
        augmentation.apply(&mut drawn, SHAPE, &mut draw.rng(seed, image).unwrap());
        seen.insert(drawn.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
    }
    assert_eq!(seen.len(), 5);
    for bad in [
        Augmentation { rotation: 181.0, ..Augmentation::default() },
        Augmentation { flip: -0.1, ..Augmentation::default() },
        Augmentation { brightness: [1.2, 1.1], ..Augmentation::default() },
        Augmentation { brightness: [0.0, 1.1], ..Augmentation::default() },
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
    }
}

/// Rotation by its definition, in f64.
fn slow_rotate(image: &[f32], (h, w): (usize, usize), degrees: f64) -> Vec<f64> {
    let angle = degrees.to_radians();
    let value = |y: i64, x: i64| {
        let inside = (0..h as i64).contains(&y) && (0..w as i64).contains(&x);
        if inside { f64::from(image[y as usize * w + x as usize]) } else { 0.0 }
    };
    let mut out = vec![];
    for y in 0..h {
        for x in 0..w {
            let (v, u) = (y as f64 - (h as f64 - 1.0) / 2.0, x as f64 - (w as f64 - 1.0) / 2.0);
            let sx = angle.cos() * u - angle.sin() * v + (w as f64 - 1.0) / 2.0;
            let sy = angle.sin() * u + angle.cos() * v + (h as f64 - 1.0) / 2.0;
            let mut sum = 0.0;
            for dy in -1..=2 {
                for dx in -1..=2 {
                    let (y, x) = (sy.floor() as i64 + dy, sx.floor() as i64 + dx);
                    let tent =
                        (1.0 - (sy - y as f64).abs()).max(0.0) * (1.0 - (sx - x as f64).abs()).max(0.0);
                    sum += tent * value(y, x);
                }
            }
            out.push(sum);
        }
    }
    out
}

proptest! {
    #[test]
    fn rotation_matches_its_definition(
        h in 1usize..12, w in 1usize..12, degrees in -200f64..200.0, seed in any::<u32>(),
    ) {
        let mut image: Vec<f32> = (0..2 * h * w)
            .map(|i| ((i as u32 ^ seed).wrapping_mul(2_654_435_761) >> 20) as f32 / 4096.0).collect();
        let twins: Vec<f64> = image.chunks(h * w).flat_map(|c| slow_rotate(c, (h, w), degrees)).collect();
        rotate(&mut image, (h, w), degrees);
        for (a, b) in image.iter().zip(&twins) {
            prop_assert!((f64::from(*a) - b).abs() < 1e-5, "{a} {b}");
        }
    }

    #[test]
    fn patients_are_spread_over_batches(
        sizes in proptest::collection::vec(1usize..7, 1..40), batch in 1usize..9, seed in any::<u64>(), epoch in 0usize..3,
    ) {
        let mut groups: Vec<u64> =
            sizes.iter().enumerate().flat_map(|(g, n)| std::iter::repeat_n(g as u64 * 977, *n)).collect();
        let order = |groups: &[u64]| Shuffle::Mixed.order(groups.len(), groups, batch, (seed, epoch));
        let rows = order(&groups);
        prop_assert!(rows.iter().copied().collect::<BTreeSet<_>>().into_iter().eq(0..groups.len()));
        prop_assert_eq!(rows.len(), groups.len());
        prop_assert_eq!(&rows, &order(&groups));
        // Whole batches, and no patient with more images than batches: no batch has a patient twice.
        groups.truncate(groups.len() / batch * batch);
        let ranges = batches(groups.len(), batch);
        if sizes.iter().all(|n| *n <= ranges.len()) {
            let rows = order(&groups);
            for range in ranges {
                let of: BTreeSet<_> = rows[range.clone()].iter().map(|&row| groups[row]).collect();
                prop_assert_eq!(of.len(), range.len());
            }
        }
    }
}

#[test]
fn orders_are_as_named() {
    let groups: Vec<u64> = (0..12).map(|i| i / 4).collect();
    assert_eq!(Shuffle::None.order(12, &groups, 3, (1, 1)), (0..12).collect::<Vec<_>>());
    let random = |seed| Shuffle::Random.order(12, &groups, 3, (seed, 1));
    assert!(random(1) != random(2) && random(1) != (0..12).collect::<Vec<_>>());
    // Without groups, mixed is random.
    assert_eq!(Shuffle::Mixed.order(12, &[], 3, (1, 1)), random(1));
    let mixed = |epoch| Shuffle::Mixed.order(12, &groups, 3, (1, epoch));
    assert_ne!(mixed(0), mixed(1));
}
