//! Whole explanations of models whose values are known.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use eyepatch_core::{
    Batch, Budget, Ctx, Error, Explainer, Fitted, Image, Mask, OutputSpace, Params, Pixels, Result, Roi,
    Sample, Scores, Seed, Subject,
};
use eyepatch_testkit::FullScale;
use plugin_shap::{Baseline, Explanation, PlayerValues, Players, ShapKernel, ShapPartition, ShapPermutation};

/// Class k is the sum of weight x value, with weights of its own; they fall with the distance from a corner.
struct Linear {
    classes: Vec<String>,
    seen: AtomicUsize,
    widest: AtomicUsize,
}

impl Linear {
    fn new(classes: usize) -> Self {
        let classes = (0..classes).map(|k| format!("class {k}")).collect();
        Self { classes, seen: AtomicUsize::new(0), widest: AtomicUsize::new(0) }
    }

    fn weight(class: usize, value: usize) -> f32 {
        ((value * 13 + class * 5) % 17) as f32 / 17.0 - 0.3
    }
}

impl Fitted for Linear {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn predict(&self, batch: &Batch, _ctx: &Ctx) -> Result<Scores> {
        self.seen.fetch_add(batch.n, Ordering::Relaxed);
        self.widest.fetch_max(batch.n, Ordering::Relaxed);
        let values = batch.host_f32()?;
        let n = values.len() / batch.n;
        let classes = self.classes.len();
        let out = (0..batch.n * classes).map(|i| {
            let image = &values[i / classes * n..][..n];
            image.iter().enumerate().map(|(v, x)| Self::weight(i % classes, v) * x).sum()
        });
        Scores::new(classes, OutputSpace::Logits, out.collect())
    }

    fn save(&self, _folder: &Path) -> Result<()> {
        Ok(())
    }
}

fn sample() -> Sample {
    let values: Vec<u8> = (0..6 * 5 * 3).map(|i| (i * 37 % 251) as u8).collect();
    let image = Image::new(5, 6, 3, Pixels::U8(values)).unwrap();
    let inside = (0..30).map(|i| u8::from((2..4).contains(&(i / 5)) && (1..4).contains(&(i % 5)))).collect();
    let roi = Roi::single(Mask::new(5, 6, inside).unwrap()).unwrap();
    Sample { id: "s".into(), patient: "p".into(), labels: vec![Some(true)], image, roi }
}

/// weight x (value - baseline) / 255, channels x height x width.
fn truth(class: usize, baseline: Baseline, seed: u64) -> Vec<f64> {
    let sample = sample();
    let hidden = baseline.of(&sample.image, &[], &Ctx::for_tests(seed)).unwrap().remove(0);
    let value = |i: usize| {
        let (c, pixel) = (i / 30, i % 30);
        let off = sample.image.value(pixel * 3 + c) - hidden.value(pixel * 3 + c);
        f64::from(Linear::weight(class, i)) * f64::from(off) / 255.0
    };
    (0..90).map(value).collect()
}

fn close(found: &[f64], expected: &[f64], room: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() < room, "value {i}: {a} and {b}");
    }
}

/// Enough to divide all of 90 values' boxes.
const BUDGET: Budget = Budget { evaluations: 20_000, batch: 7 };

fn by_partition(baselines: Vec<Baseline>, model: &Linear, budget: Budget) -> Explanation {
    let explainer = ShapPartition { baselines, ..ShapPartition::default() };
    let (sample, ctx) = (sample(), Ctx::for_tests(1));
    explainer.explanation(model, (&sample, &[2, 0]), &FullScale, budget, &ctx).unwrap()
}

#[test]
fn all_classes_come_from_the_same_evaluations() {
    let model = Linear::new(3);
    let found = by_partition(vec![Baseline::Black], &model, BUDGET);
    assert_eq!((found.evaluations, found.shape), (model.seen.load(Ordering::Relaxed), [6, 5, 3]));
    assert!(model.widest.load(Ordering::Relaxed) <= BUDGET.batch);
    for (k, class) in [2, 0].into_iter().enumerate() {
        let expected = truth(class, Baseline::Black, 1);
        close(&found.values(k), &expected, 1e-5);
        let summed: Vec<f64> = (0..30).map(|p| expected[p] + expected[30 + p] + expected[60 + p]).collect();
        close(&found.summed(k), &summed, 1e-5);
        assert!(found.additivity_error(k).abs() < 1e-12 && found.disagreement(k).is_none());
        let attribution = found.attribution(k);
        assert_eq!((attribution.class, attribution.space), (class, OutputSpace::Logits));
        attribution.check(3).unwrap();
    }
}

#[test]
fn an_ensemble_is_the_mean_of_its_baselines() {
    let (a, b) = (Baseline::Mean, Baseline::Noise);
    let model = Linear::new(3);
    let found = by_partition(vec![a, b], &model, Budget { evaluations: 40_000, batch: 3 });
    assert_eq!(found.evaluations, model.seen.load(Ordering::Relaxed));
    assert!(model.widest.load(Ordering::Relaxed) <= 3);
    let (a, b) = (truth(2, a, 1), truth(2, b, 1));
    let mean: Vec<f64> = a.iter().zip(&b).map(|(a, b)| (a + b) / 2.0).collect();
    close(&found.values(0), &mean, 1e-5);
    let sum = |v: &[f64]| (0..30).map(|p| v[p] + v[30 + p] + v[60 + p]).collect::<Vec<f64>>();
    let (a, b) = (sum(&a), sum(&b));
    let difference: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum();
    let size: f64 = a.iter().chain(&b).map(|v| v.abs()).sum();
    assert!((found.disagreement(0).unwrap() - difference / size).abs() < 1e-4);
}

#[test]
fn named_regions_of_a_linear_model_have_its_sums() {
    let (sample, ctx, model) = (sample(), Ctx::for_tests(1), Linear::new(3));
    let players = Players::Regions;
    let permutation = ShapPermutation { players, ..ShapPermutation::default() };
    let kernel = ShapKernel { players, ..ShapKernel::default() };
    // With 2000 evaluations all 2^n coalitions are asked for, with 40 some.
    for evaluations in [40, 2000] {
        let budget = Budget { evaluations, batch: 16 };
        let subject = (&sample, &[1usize][..]);
        for found in [
            permutation.explanation(&model, subject, &FullScale, budget, &ctx).unwrap(),
            kernel.explanation(&model, subject, &FullScale, budget, &ctx).unwrap(),
        ] {
            assert!(found.evaluations <= evaluations);
            let PlayerValues { segmentation: players, values, errors } = found.players(0).unwrap();
            assert!(errors.unwrap().iter().all(|e| *e < 1e-5));
            let (map, truth) = (players.map(), truth(1, Baseline::Black, 1));
            for (player, value) in values.iter().enumerate() {
                let own = |i: &usize| map[i % 30] == player;
                let sum: f64 = (0..90).filter(own).map(|i| truth[i]).sum();
                assert!((value - sum).abs() < 1e-5, "{}: {value} and {sum}", players.names()[player]);
            }
            let sum: f64 = found.values(0).iter().sum();
            assert!((found.output(0) - found.base(0) - sum).abs() < 1e-9);
        }
    }
}

#[test]
fn seeds_matter_and_are_kept() {
    let (sample, model) = (sample(), Linear::new(2));
    let explainer = ShapPermutation { baselines: vec![Baseline::Noise], ..ShapPermutation::default() };
    let subject = Subject { sample: &sample, class: 1, preprocess: &FullScale, others: &[] };
    let run = |seed| {
        let ctx = Ctx::for_tests(0).with_seed(Seed::root(seed));
        explainer.explain(&model, subject, Budget { evaluations: 200, batch: 8 }, &ctx).unwrap()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn wrong_parameters_and_small_budgets_are_named() {
    let partition = ShapPartition::default();
    assert!(ShapPartition { expand: 0, ..partition.clone() }.check().unwrap_err().contains("`expand` is 0"));
    assert!(
        ShapPartition { target: Some(0.0), ..partition.clone() }.check().unwrap_err().contains("`target`")
    );
    assert!(
        ShapPartition { baselines: vec![], ..partition }
            .check()
            .unwrap_err()
            .contains("`baselines` is empty")
    );
    let kernel = |players| ShapKernel { players, ..ShapKernel::default() }.check();
    assert!(kernel(Players::Grid { rows: 0, columns: 8 }).unwrap_err().contains("rows = 0"));
    assert!(
        kernel(Players::Superpixels { count: 9, compactness: 0.0 }).unwrap_err().contains("compactness = 0")
    );
    kernel(Players::default()).unwrap();
    let (sample, model) = (sample(), Linear::new(2));
    let subject = Subject { sample: &sample, class: 0, preprocess: &FullScale, others: &[] };
    let small = Budget { evaluations: 20, batch: 8 };
    let error = ShapKernel::default().explain(&model, subject, small, &Ctx::for_tests(0)).unwrap_err();
    assert!(error.to_string().contains("Kernel SHAP of 30 players needs at least 60"), "{error}");
    assert!(error.remedy().unwrap().contains("raise the number of evaluations"));
    assert!(matches!(error, Error::Plugin { .. }));
    assert_eq!(model.seen.load(Ordering::Relaxed), 0);
}

/// Of a linear model, the values against several images are the mean of those against each, and they add up.
#[test]
fn other_images_are_a_baseline_each() {
    let (sample, model) = (sample(), Linear::new(2));
    let other = |level: u8| Image::new(5, 6, 3, Pixels::U8(vec![level; 90])).unwrap();
    let others = [other(10), other(90), other(200)];
    let explain = |count: u32, others: &[Image]| {
        let explainer =
            ShapPartition { baselines: vec![Baseline::Others { count }], ..ShapPartition::default() };
        let subject = Subject { sample: &sample, class: 1, preprocess: &FullScale, others };
        explainer.explain(&model, subject, Budget { evaluations: 40_000, batch: 64 }, &Ctx::for_tests(1))
    };
    let both = explain(2, &others).unwrap();
    let (first, second) = (explain(1, &others).unwrap(), explain(1, &others[1..]).unwrap());
    let mean = |i: usize| f64::midpoint(f64::from(first.values[i]), f64::from(second.values[i]));
    let sum: f64 = both.values.iter().map(|v| f64::from(*v)).sum();
    assert!((sum - (both.output_value - both.base_value)).abs() < 1e-4, "{sum}");
    assert!((f64::midpoint(first.base_value, second.base_value) - both.base_value).abs() < 1e-6);
    for i in 0..30 {
        assert!(
            (f64::from(both.values[i]) - mean(i)).abs() < 1e-4,
            "{i}: {} and {}",
            both.values[i],
            mean(i)
        );
    }
    let few = explain(4, &others).unwrap_err();
    assert!(few.to_string().contains("4 other images: there are 3"), "{few}");
    let small = [Image::new(2, 2, 3, Pixels::U8(vec![0; 12])).unwrap()];
    assert!(explain(1, &small).unwrap_err().to_string().contains("one is 2x2x3"));
    assert!(Baseline::Others { count: 0 }.check().unwrap_err().contains("1 to 64"));
}

/// A model that looks at one hidden pixel sees it continued from its neighbours, and an image that is its own continuation owes nothing
/// to any part.
#[test]
fn what_is_shown_is_continued() {
    let model = Linear::new(2);
    let flat = Sample { image: Image::new(5, 6, 3, Pixels::U8(vec![77; 90])).unwrap(), ..sample() };
    let baselines = || vec![Baseline::Inpaint];
    let subject = Subject { sample: &flat, class: 1, preprocess: &FullScale, others: &[] };
    let budget = Budget { evaluations: 600, batch: 8 };
    for explainer in [
        Box::new(ShapPartition { baselines: baselines(), ..ShapPartition::default() }) as Box<dyn Explainer>,
        Box::new(ShapKernel { baselines: baselines(), ..ShapKernel::default() }),
    ] {
        let found = explainer.explain(&model, subject, budget, &Ctx::for_tests(1)).unwrap();
        assert!(found.values.iter().all(|v| v.abs() < 1e-6), "{:?}", found.values);
    }
    // Two players, left and right, of an image with a slope from left to right: each continues to the other's place as its own edge.
    let slope = (0..6 * 5 * 3).map(|i| (i / 3 % 5 * 50) as u8).collect();
    let sample = Sample { image: Image::new(5, 6, 3, Pixels::U8(slope)).unwrap(), ..sample() };
    let halves = ShapKernel {
        players: Players::Grid { rows: 1, columns: 2 },
        baselines: baselines(),
        ..ShapKernel::default()
    };
    let found = halves.explanation(&model, (&sample, &[1]), &FullScale, budget, &Ctx::for_tests(1)).unwrap();
    let players = found.players(0).unwrap();
    // Levels by column where nothing, the left part (columns 0 to 2 or 0 to 1), the right part or all are shown.
    let map = players.segmentation.map();
    let left = (0..5).filter(|&x| map[x] == map[0]).count();
    let output = |level: &dyn Fn(usize) -> f64| -> f64 {
        (0..90).map(|i| f64::from(Linear::weight(1, i)) * level(i % 30 % 5) / 255.0).sum()
    };
    let edge = |x: usize| (x * 50) as f64;
    let [none, first, second, all] = [
        output(&|_| 100.0),
        output(&|x| edge(x.min(left - 1))),
        output(&|x| edge(x.max(left))),
        output(&|x| edge(x)),
    ];
    let expected = 0.5 * (first - none + all - second);
    let own = players.values[map[0]];
    assert!((own - expected).abs() < 1e-3 * (1.0 + expected.abs()), "{own} and {expected}");
}
