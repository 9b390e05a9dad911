use super::order::batches;
use super::*;
use crate::{DenseNet, DenseNetConfig, NnError, Stem};
use candle_core::{Device, Tensor, Var};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use std::ops::ControlFlow;

fn net(classes: usize) -> DenseNet {
    let config = DenseNetConfig {
        in_channels: 1,
        classes,
        growth: 4,
        blocks: vec![2, 2],
        init_features: 6,
        bn_size: 2,
        stem: Stem::Small,
    };
    DenseNet::new(config, 11, &Device::Cpu).unwrap()
}

/// Images of 12 x 12 noise; where the label is 1, a bright square somewhere.
fn pixels(n: usize, label: impl Fn(usize) -> bool) -> Vec<f32> {
    let noise = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 24) as f32 / 512.0;
    let mut pixels: Vec<f32> = (0..n * 144).map(noise).collect();
    for i in (0..n).filter(|&i| label(i)) {
        let (y, x) = (i % 7, i * 3 % 7);
        for row in y..y + 4 {
            pixels[i * 144 + row * 12 + x..i * 144 + row * 12 + x + 4].fill(0.9);
        }
    }
    pixels
}

fn odd(n: usize) -> Examples<'static> {
    let values = (0..n).map(|i| (i % 2) as f32).collect();
    Examples::new(pixels(n, |i| i % 2 == 1), (1, 12, 12), Targets::Labels { classes: 1, values }).unwrap()
}

fn config(epochs: usize) -> TrainConfig {
    TrainConfig::new(epochs, 8, 5e-3, OptimizerConfig::adam(0.0))
}

fn go_on(_: Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn overfits_a_toy_set_the_same_way_each_time() {
    let data = odd(32);
    let run = || {
        let mut net = net(1);
        let config = TrainConfig { learning_rate: 1e-2, ..config(25) };
        let history = train(&mut net, &data, None, &config, 3, &mut go_on).unwrap();
        (net.to_bytes().unwrap(), history, net)
    };
    let (bytes, history, net) = run();
    assert_eq!(history.epochs.len(), 25);
    assert!(history.epochs[24].train_loss < 0.1 && history.epochs[0].train_loss > 0.3, "{history:?}");
    let logits = predict(&net, &data, 5).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert!(logits.iter().enumerate().all(|(i, &x)| (x > 0.0) == (i % 2 == 1)), "{logits:?}");
    assert_eq!(run().0, bytes);
}

#[test]
fn softmax_learns_too() {
    let values = (0..24).map(|i| (i % 2) as u32).collect();
    let targets = Targets::Classes { classes: 2, values };
    let data = Examples::new(pixels(24, |i| i % 2 == 1), (1, 12, 12), targets).unwrap();
    let mut net = net(2);
    let sgd = OptimizerConfig::Sgd { momentum: 0.9, weight_decay: 0.0 };
    let config = TrainConfig { optimizer: sgd, learning_rate: 0.05, ..config(12) };
    let history = train(&mut net, &data, None, &config, 3, &mut go_on).unwrap();
    assert!(history.epochs[11].train_loss < 0.2, "{history:?}");
}

#[test]
fn early_stopping_brings_back_the_best_weights() {
    // Validation labels are the training labels turned round: the better it learns, the worse that loss.
    let data = odd(16);
    let values = (0..16).map(|i| 1.0 - (i % 2) as f32).collect();
    let turned = Targets::Labels { classes: 1, values };
    let validation = Examples::new(pixels(16, |i| i % 2 == 1), (1, 12, 12), turned).unwrap();
    // Without a delta, the epoch that patience counts from is the best one.
    let stopping = Some(Stopping { patience: 3, min_delta: 0.0, rule: Progressing::Strict });
    let mut net = net(1);
    let mut losses = Vec::new();
    let mut watch = |p: Progress<'_>| {
        if let Progress::Epoch(record) = p {
            losses.push(record.validation_loss.unwrap());
        }
        ControlFlow::Continue(())
    };
    let config = TrainConfig { stopping, ..config(40) };
    let history = train(&mut net, &data, Some(&validation), &config, 3, &mut watch).unwrap();
    assert!(history.stopped_early && history.epochs.len() < 40);
    assert_eq!(history.epochs.len(), history.best_epoch + 1 + 3);
    assert_eq!(history.epochs.iter().rposition(|e| e.improved), Some(history.best_epoch));
    // The weights that came back give the best epoch's loss.
    let logits = predict(&net, &validation, 8).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let Targets::Labels { values, .. } = validation.targets() else { unreachable!() };
    let loss = bce_with_logits(&logits, values).unwrap().mean();
    assert!((loss - losses[history.best_epoch]).abs() < 1e-6);
}

#[test]
fn delta_decides_when_to_stop_but_not_which_weights_are_kept() {
    // No loss falls by so much, so only the first epoch is progress, and patience ends the fifth.
    let data = odd(16);
    let stopping = Some(Stopping { patience: 4, min_delta: 10.0, rule: Progressing::Strict });
    let mut net = net(1);
    let history =
        train(&mut net, &data, Some(&data), &TrainConfig { stopping, ..config(40) }, 3, &mut go_on).unwrap();
    assert!(history.stopped_early && history.epochs.len() == 5, "{history:?}");
    let losses: Vec<f64> = history.epochs.iter().map(|e| e.validation_loss.unwrap()).collect();
    let least = (0..5).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).unwrap();
    assert!(least > 0, "the first epoch is the best, so this shows nothing: {losses:?}");
    assert_eq!(history.best_epoch, least);
    let improved: Vec<bool> = history.epochs.iter().map(|e| e.improved).collect();
    let lowest = |n: usize| losses[..n].iter().all(|l| losses[n] < *l);
    assert_eq!(improved, (0..5).map(lowest).collect::<Vec<_>>());
    let logits = predict(&net, &data, 8).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let Targets::Labels { values, .. } = data.targets() else { unreachable!() };
    let loss = bce_with_logits(&logits, values).unwrap().mean();
    assert!((loss - losses[least]).abs() < 1e-6, "{loss}, {losses:?}");
}

#[test]
fn cancelling_and_nan_are_typed_errors() {
    let data = odd(16);
    let mut batches = 0;
    let mut stop = |p: Progress<'_>| match p {
        Progress::Batch { .. } if batches >= 2 => ControlFlow::Break(()),
        _ => {
            batches += 1;
            ControlFlow::Continue(())
        }
    };
    assert!(matches!(train(&mut net(1), &data, None, &config(5), 3, &mut stop), Err(NnError::Cancelled)));

    let mut broken = net(1);
    let (_, bias, _) = broken.parameters().into_iter().next_back().unwrap();
    bias.set(&Tensor::new(&[f32::NAN], &Device::Cpu).unwrap()).unwrap();
    let result = train(&mut broken, &data, None, &config(5), 3, &mut go_on);
    assert!(matches!(result, Err(NnError::NotFinite { epoch: 0, batch: 0, .. })));
    // NaN deep inside must come out, not vanish in a ReLU or a maximum.
    let mut broken = net(1);
    let (_, conv, _) = broken.parameters().into_iter().next().unwrap();
    conv.set(&(conv.as_tensor() * f64::NAN).unwrap()).unwrap();
    let result = train(&mut broken, &data, None, &config(5), 3, &mut go_on);
    assert!(matches!(result, Err(NnError::NotFinite { epoch: 0, batch: 0, .. })));
    let huge = TrainConfig { learning_rate: 1e30, ..config(5) };
    let result = train(&mut net(1), &data, None, &huge, 3, &mut go_on);
    assert!(matches!(result, Err(NnError::NotFinite { .. })), "{result:?}");
}

#[test]
fn bad_data_and_parameters_are_named() {
    let labels = |values: Vec<f32>| Targets::Labels { classes: 1, values };
    let bad = |pixels: Vec<f32>, targets: Targets| match Examples::new(pixels, (1, 2, 2), targets) {
        Err(NnError::Data(message)) => message,
        other => panic!("{other:?}"),
    };
    assert!(bad(vec![0.0; 7], labels(vec![0.0])).contains("7 pixels"));
    assert!(
        bad(vec![0.0, 0.0, 0.0, 0.0, f32::NAN, 0.0, 0.0, 0.0], labels(vec![0.0, 1.0])).contains("sample 1")
    );
    assert!(bad(vec![0.0; 8], labels(vec![0.0, 0.5])).contains("label 0.5"));
    assert!(bad(vec![0.0; 8], labels(vec![0.0, f32::NAN])).contains("sample 1 has no known label"));
    assert!(bad(vec![0.0; 8], Targets::Classes { classes: 2, values: vec![0, 2] }).contains("class 2"));

    let data = odd(4);
    let fails = |config: TrainConfig| {
        train(&mut net(1), &data, None, &config, 0, &mut go_on).unwrap_err().to_string()
    };
    assert!(fails(TrainConfig { batch: 0, ..config(1) }).contains("batch"));
    assert!(fails(config(0)).contains("epochs"));
    assert!(fails(TrainConfig { learning_rate: f64::NAN, ..config(1) }).contains("learning_rate"));
    let stopping = Some(Stopping { patience: 2, min_delta: 0.0, rule: Progressing::Strict });
    assert!(fails(TrainConfig { stopping, ..config(1) }).contains("validation"));
    let two = train(&mut net(2), &data, None, &config(1), 0, &mut go_on);
    assert!(matches!(two, Err(NnError::Data(_))));
}

#[test]
fn a_missing_label_is_no_label() {
    let known = bce_with_logits(&[0.3, -2.0, 5.0], &[1.0, 0.0, 0.0]).unwrap();
    let masked = bce_with_logits(&[0.3, 9.0, -2.0, 5.0], &[1.0, f32::NAN, 0.0, 0.0]).unwrap();
    assert_eq!((masked.sum, masked.terms, masked.gradient[1]), (known.sum, 3, 0.0));
}

#[test]
fn losses_are_means_over_samples() {
    // 10 samples in batches of 8 + 2 become one batch of 10; in batches of 4, 4, 2 two of 4 and 6.
    let sizes = |len, batch| batches(len, batch).iter().map(|r| r.len()).collect::<Vec<_>>();
    assert_eq!(sizes(10, 8), [10]);
    assert_eq!(sizes(10, 4), [4, 6]);
    assert_eq!(sizes(11, 4), [4, 4, 3]);
    assert_eq!(sizes(2, 4), [2]);
    assert_eq!(sizes(6, 2), [2, 2, 2]);
    let data = odd(11);
    let mut weighted = 0.0;
    let mut seen = 0;
    let mut watch = |p: Progress<'_>| {
        if let Progress::Batch { batch, loss, .. } = p {
            let n = sizes(11, 4)[batch];
            weighted += loss * n as f64;
            seen += n;
        }
        ControlFlow::Continue(())
    };
    let config = TrainConfig { batch: 4, ..config(1) };
    let history = train(&mut net(1), &data, None, &config, 1, &mut watch).unwrap();
    assert_eq!(seen, 11);
    assert!((history.epochs[0].train_loss - weighted / 11.0).abs() < 1e-12);
}

#[test]
fn augmentation_follows_its_seed() {
    let all = Augmentation { rotation: 30.0, flip: 0.5, shift: 2, brightness: [0.8, 1.2] };
    let image: Vec<f32> = (0..32).map(|i| i as f32).collect();
    let run = |change: Augmentation, seed| {
        let mut out = image.clone();
        change.apply(&mut out, (2, 4, 4), &mut ChaCha8Rng::seed_from_u64(seed));
        out
    };
    assert_eq!(run(all, 1), run(all, 1));
    assert!((2..9).any(|seed| run(all, seed) != run(all, 1)));
    assert_eq!(run(Augmentation::default(), 1), image);
    let flips = Augmentation { flip: 0.5, ..Augmentation::default() };
    let turned = (0..20).filter(|&seed| run(flips, seed)[..4] == [3.0, 2.0, 1.0, 0.0]).count();
    assert!((4..17).contains(&turned), "{turned}");
    assert!((0..20).all(|seed| [0.0, 3.0].contains(&run(flips, seed)[0])));
}

proptest! {
    #[test]
    fn orders_are_permutations(len in 0usize..200, seed in any::<u64>(), epoch in 0usize..5) {
        let order = || Shuffle::Random.order(len, &[], 4, (seed, epoch));
        let mut rows = order();
        prop_assert_eq!(&rows, &order());
        rows.sort_unstable();
        prop_assert!(rows.into_iter().eq(0..len));
    }

    #[test]
    fn closed_form_losses_match_candle(
        rows in proptest::collection::vec((-6f32..6.0, -6f32..6.0, -6f32..6.0, 0u32..3), 1..6),
    ) {
        let n = rows.len();
        let logits: Vec<f32> = rows.iter().flat_map(|r| [r.0, r.1, r.2]).collect();
        let x = Var::from_tensor(&Tensor::from_vec(logits.clone(), (n, 3), &Device::Cpu).unwrap()).unwrap();
        let near = |a: &[f32], b: &Tensor| {
            let b = b.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            a.iter().zip(&b).all(|(a, b)| (a / n as f32 - b).abs() < 1e-5)
        };

        let classes: Vec<u32> = rows.iter().map(|r| r.3).collect();
        let ours = cross_entropy(&logits, 3, &classes).unwrap();
        let target = Tensor::from_vec(classes.clone(), n, &Device::Cpu).unwrap();
        let theirs = candle_nn::loss::cross_entropy(&x, &target).unwrap();
        prop_assert!((ours.mean() - f64::from(theirs.to_scalar::<f32>().unwrap())).abs() < 1e-5);
        prop_assert!(near(&ours.gradient, theirs.backward().unwrap().get(&x).unwrap()));

        let labels: Vec<f32> = logits.iter().map(|v| f32::from(u8::from((v * 7.0) as i32 % 2 == 0))).collect();
        let ours = bce_with_logits(&logits, &labels).unwrap();
        let target = Tensor::from_vec(labels, (n, 3), &Device::Cpu).unwrap();
        let theirs = candle_nn::loss::binary_cross_entropy_with_logit(&x, &target).unwrap();
        // candle takes the logarithm of 1 - p in f32, which at a logit of 6 is good to 2e-5.
        prop_assert!((ours.mean() - f64::from(theirs.to_scalar::<f32>().unwrap())).abs() < 1e-4);
        let theirs = (theirs * 3.0).unwrap().backward().unwrap();
        prop_assert!(near(&ours.gradient, theirs.get(&x).unwrap()));
    }
}
