//! Partition SHAP against shap 0.51 on closed-form models in f64; `tests/golden/make.py` says how they are made.

use eyepatch_core::Layout;
use plugin_shap::{Block, Canvas, Error, Game, PartitionSettings, Shown, box_blur, partition};
use serde_json::Value;

const CASES: &str = include_str!("../golden/partition.json");
const UNITS: usize = 5;

/// Knuth's MMIX generator: see `make.py`.
struct Draws(u64);

impl Draws {
    fn many(&mut self, n: usize) -> Vec<f64> {
        let mut next = || {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..n).map(|_| next()).collect()
    }

    fn signed(&mut self, n: usize) -> Vec<f64> {
        self.many(n).into_iter().map(|u| 2.0 * u - 1.0).collect()
    }
}

/// The model of `make.py` on interleaved images.
struct Closed {
    hidden: Vec<f64>,
    offsets: Vec<f64>,
    last: Vec<f64>,
}

impl Closed {
    fn outputs(&self, image: &[f64]) -> Vec<f64> {
        let scale = 4.0 / (image.len() as f64).sqrt();
        let rows = self.hidden.chunks_exact(image.len()).zip(&self.offsets);
        let dot = |row: &[f64]| row.iter().zip(image).map(|(w, v)| w * v).sum::<f64>();
        let units: Vec<f64> = rows.map(|(row, offset)| (offset + scale * dot(row)).tanh()).collect();
        let term = |k: usize| if k < UNITS { units[k] } else { units[k - UNITS] * units[(k + 1) % UNITS] };
        let class = |w: &[f64]| w.iter().enumerate().map(|(k, w)| w * term(k)).sum();
        self.last.chunks_exact(2 * UNITS).map(class).collect()
    }
}

struct Play<'a> {
    canvas: Canvas<'a, f64>,
    model: &'a Closed,
    classes: usize,
    batch: usize,
    asked: usize,
}

impl Game<[Shown]> for Play<'_> {
    type Error = Error;

    fn classes(&self) -> usize {
        self.classes
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn outputs(&mut self, shown: &[Shown]) -> Result<Vec<f64>, Error> {
        assert!(shown.len() <= self.batch);
        self.asked += shown.len();
        let pixels = shown[0].whole().values();
        let mut images = vec![f64::NAN; shown.len() * pixels];
        self.canvas.paint_all(shown, &mut images)?;
        Ok(images.chunks_exact(pixels).flat_map(|image| self.model.outputs(image)).collect())
    }
}

fn number(case: &Value, key: &str) -> usize {
    case[key].as_u64().unwrap() as usize
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// `3*0.5 1` is 0.5 0.5 0.5 1.
fn unfold(text: &str) -> Vec<f64> {
    let run = |token: &str| {
        let (times, value) = token.split_once('*').unwrap_or(("1", token));
        vec![value.parse().unwrap(); times.parse().unwrap()]
    };
    text.split(' ').flat_map(run).collect()
}

fn close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() < 1e-9, "{what}, value {i}: {a} and {b}");
    }
}

fn check(case: &Value) {
    let shape = numbers(&case["shape"]);
    let [height, width, channels] = [0, 1, 2].map(|i| shape[i] as usize);
    let (n, classes) = (height * width * channels, number(case, "classes"));
    let mut draws = Draws(case["seed"].as_u64().unwrap());
    let image = draws.many(n);
    let (hidden, offsets) = (draws.signed(UNITS * n), draws.signed(UNITS));
    let model = Closed { hidden, offsets, last: draws.signed(classes * 2 * UNITS) };
    let background = match case["blur"].as_array() {
        Some(blur) => {
            let side = |i: usize| blur[i].as_u64().unwrap() as usize;
            box_blur(&image, [height, width, channels], side(0), side(1))
        }
        None => vec![0.0; n],
    };
    let whole = Block::image(height, width, channels).unwrap();
    let canvas = Canvas::new(&image, &background, whole, Layout::Nhwc).unwrap();
    let settings = PartitionSettings {
        evaluations: number(case, "evaluations"),
        expand: number(case, "batch").div_ceil(2),
        target: None,
    };
    for batch in [7, 64] {
        let mut game = Play { canvas, model: &model, classes, batch, asked: 0 };
        let found = partition(&mut game, whole, settings).unwrap();
        let name = format!("{height}x{width}x{channels}, {} evaluations", settings.evaluations);
        assert_eq!(found.evaluations, game.asked, "{name}");
        assert!(found.evaluations <= settings.evaluations, "{name}");
        close(&found.base, &numbers(&case["base"]), &format!("{name}, base"));
        close(&found.output, &numbers(&case["output"]), &format!("{name}, output"));
        for (class, values) in case["values"].as_array().unwrap().iter().enumerate() {
            close(&found.values(class), &unfold(values.as_str().unwrap()), &format!("{name}, class {class}"));
            assert!(found.additivity_error(class).abs() < 1e-12, "{name}: {}", found.additivity_error(class));
        }
    }
}

#[test]
fn partition_values_are_those_of_shap() {
    let cases: Vec<Value> = serde_json::from_str(CASES).unwrap();
    assert_eq!(cases.len(), 15);
    cases.iter().for_each(check);
}
