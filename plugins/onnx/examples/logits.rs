//! Runs an ONNX file on raw images and writes its scores, for `tests/compare.py`:
//! `logits FILE.onnx SIZE CLASSES IN.f32 OUT.f32 THREADS`. Input is n x 3 x SIZE x SIZE, output n x CLASSES, both
//! little-endian 32-bit floats. Tells the best of five times on stderr.
#![allow(clippy::print_stderr, reason = "a command-line tool for developers")]

use std::error::Error;
use std::time::{Duration, Instant};

use eyepatch_core::{Batch, Ctx, Examples, Model, Result as CoreResult, Seed};
use plugin_onnx::{Size, onnx};

/// Names of classes and nothing else.
struct Classes(Vec<String>);

impl Examples for Classes {
    fn len(&self) -> usize {
        0
    }
    fn classes(&self) -> &[String] {
        &self.0
    }
    fn batch(&self, _indices: &[usize]) -> CoreResult<Batch> {
        Batch::nchw(0, 3, 0, 0, Vec::new())
    }
    fn labels(&self, _index: usize) -> &[Option<bool>] {
        &[]
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, size, classes, input, output, threads] = args.as_slice() else {
        return Err("logits FILE.onnx SIZE CLASSES IN.f32 OUT.f32 THREADS".into());
    };
    let (size, classes): (usize, usize) = (size.parse()?, classes.parse()?);
    let bytes = std::fs::read(input)?;
    let values: Vec<f32> =
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let batch = Batch::nchw(values.len() / (3 * size * size), 3, size, size, values)?;
    let ctx = Ctx::new(Seed::root(1), threads.parse()?)?;
    let classes = Classes((0..classes).map(|i| i.to_string()).collect());
    let fitted = onnx(file).size(Size::Square(size)).fit(&classes, &classes, &ctx)?;
    let (mut best, mut scores) = (Duration::MAX, Vec::new());
    for _ in 0..5 {
        let start = Instant::now();
        scores = fitted.predict(&batch, &ctx)?.values;
        best = best.min(start.elapsed());
    }
    eprintln!("{} images of {size} pixels on {threads} thread(s): {:.3} s", batch.n, best.as_secs_f64());
    std::fs::write(output, scores.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())?;
    Ok(())
}
