//! A made-up run of two audits, as rich as real ones: what the page looks like, and what its tests render.
//! Every number in it is invented.

mod checked;
mod draw;
mod maps;
mod parts;
mod probes;
mod transfer;
mod verdict;

use std::collections::BTreeMap;

use eyepatch_core::{ContentHash, Device};
use eyepatch_report::schema::{
    Answer, AnswerKind, AuditResult, CellRecord, CellTiming, ClassAnswer, Curve, CurvePoint, Estimate,
    Matrix, Picture, Provenance, RuleTest, SCHEMA, Status,
};
use eyepatch_report::{Error, Result, RunResult, Timings};

pub(crate) use parts::{MASKINGS, estimate};

/// A run with its timings and the bytes of its pictures by file name.
pub(crate) struct Sample {
    pub(crate) result: RunResult,
    pub(crate) timings: Timings,
    pub(crate) pictures: BTreeMap<String, Vec<u8>>,
}

impl Sample {
    /// Two audits: one model that reads the lungs, one that reads a tag in the corner.
    pub(crate) fn new() -> Self {
        let mut pictures = BTreeMap::new();
        let audits = vec![audit(false, &mut pictures), audit(true, &mut pictures)];
        let timings = timings(&audits);
        let comparisons = vec![parts::comparison(&audits)];
        let result = RunResult {
            schema: SCHEMA.into(),
            generator: "0.1.0".into(),
            audits,
            comparisons,
            benchmarks: Vec::new(),
        };
        Self { result, timings, pictures }
    }

    /// The bytes of a picture.
    pub(crate) fn bytes(&self, picture: &Picture) -> Result<Vec<u8>> {
        let missing = || Error::Picture { file: picture.file.clone(), problem: "not in the sample".into() };
        self.pictures.get(&picture.file).cloned().ok_or_else(missing)
    }
}

/// AUC of the model trained on masking `row` and evaluated on `column`.
fn auc(shortcut: bool, row: usize, column: usize) -> f64 {
    // Full, NoROI, NoROI-BB, OnlyROI, OnlyROI-BB: what lungs and the rest of the image can give.
    let (lungs, rest): (f64, f64) = if shortcut { (0.11, 0.46) } else { (0.41, 0.02) };
    let has_lungs = [true, false, false, true, true];
    let has_rest = [true, true, true, false, false];
    let part = |has: &[bool; 5], gain: f64| if has[row] && has[column] { gain } else { gain * 0.06 };
    let jitter =
        f64::from((row * 7 + column * 13 + usize::from(shortcut) * 5) as u32 % 9 * 3) / 1000.0 - 0.012;
    (0.5 + part(&has_lungs, lungs).max(part(&has_rest, rest)) + jitter).clamp(0.4, 0.99)
}

fn audit(shortcut: bool, pictures: &mut BTreeMap<String, Vec<u8>>) -> AuditResult {
    let (id, threshold) =
        (if shortcut { "quickstart/tagged" } else { "quickstart/honest" }, if shortcut { 0.55 } else { 0.6 });
    let mut findings = parts::findings(|row, column| auc(shortcut, row, column));
    let first = findings.len();
    // One of the two audits has probes with sections of their own.
    let sections = if shortcut { probes::sections(first, pictures) } else { Vec::new() };
    if shortcut {
        findings.extend(probes::findings());
    }
    let matrix = Matrix {
        class: "opacity".into(),
        rows: MASKINGS.map(str::to_owned).to_vec(),
        columns: MASKINGS.map(str::to_owned).to_vec(),
        cells: (0..5).map(|r| (0..5).map(|c| Some(estimate(auc(shortcut, r, c), 0.032))).collect()).collect(),
        n_images: 720,
        n_patients: 541,
    };
    let (full, hidden) = (matrix.cells[0][0], matrix.cells[0][1]);
    let status = if shortcut { Status::Flagged } else { Status::Clear };
    let value = |e: Option<Estimate>| e.map_or(0.0, |e| e.value);
    let verdict = shortcut.then(verdict::verdict);
    let sentence = match &verdict {
        Some(verdict) => verdict.classes[0].sentence.clone(),
        None => format!(
            "With the lungs hidden the model's AUC for opacity falls from {:.2} to {:.2}, and the whole interval \
             lies below 0.60.",
            value(full),
            value(hidden)
        ),
    };
    AuditResult {
        id: id.into(),
        question: "Does the model still find disease\nwhen the lungs are gone?\n\nA model that reads the lungs \
                   falls to chance once they are covered. One that does not has found another clue."
            .into(),
        tags: vec!["masking".into(), "chest".into()],
        seed: 1907,
        quick: false,
        declared_in: "audits/quickstart/src/lib.rs:24".into(),
        answer: Answer {
            kind: if shortcut { AnswerKind::Verdict } else { AnswerKind::Screening },
            status,
            sentence: sentence.clone(),
            rule: match &verdict {
                Some(verdict) => verdict.rule.clone(),
                None => "Flagged if the AUC of the full-image model with the region hidden is above 0.60 (95 % interval)."
                    .into(),
            },
            test: Some(RuleTest { trained: "Full".into(), evaluated: vec!["NoROI".into()], threshold }),
            classes: vec![ClassAnswer {
                class: "opacity".into(),
                status,
                sentence: match &verdict {
                    Some(verdict) => verdict.classes[0].sentence.clone(),
                    None => {
                        format!("AUC {:.3} on full images, {:.3} with the lungs hidden.", value(full), value(hidden))
                    }
                },
                full,
                hidden,
                minimal_detectable_gap: Some(0.047),
            }],
            caveats: vec![
                if shortcut {
                    "A true sign outside of the lungs would be taken for a shortcut.".into()
                } else {
                    "A screening with one fill, not yet a verdict.".into()
                },
                "Intervals are conditional on the trained models.".into(),
            ],
        },
        verdict,
        data: parts::data(shortcut),
        model: parts::model(shortcut),
        maskings: parts::maskings(),
        splits: parts::splits(),
        check: Some(checked::check(shortcut)),
        matrices: vec![matrix],
        curves: curves(shortcut),
        further: Vec::new(),
        gallery: draw::gallery(shortcut, pictures),
        explanations: draw::explanations(shortcut, pictures),
        maps: if shortcut { maps::maps(pictures) } else { Vec::new() },
        transfers: if shortcut { vec![transfer::transfer()] } else { Vec::new() },
        findings,
        sections,
        notes: vec!["4 of 724 rows were dropped: their ROI is empty.".into()],
        provenance: provenance(id),
    }
}

fn curves(shortcut: bool) -> Vec<Curve> {
    let dilations = [-10, 0, 2, 4, 8, 12, 16, 24, 32, 48, 64];
    let curve = |column: usize| {
        let inside = column >= 3;
        let points = dilations.iter().enumerate().map(|(i, &dilation)| {
            let (step, start) = (i as f64 / 10.0, auc(shortcut, 0, column));
            let end = if inside == shortcut { 0.9 } else { 0.5 };
            let toward = if inside { auc(shortcut, 0, 0) } else { 0.5 };
            let target =
                if (inside, shortcut) == (false, true) { 0.5 + 0.4 * (1.0 - step * step) } else { toward };
            let value = start + (target - start) * step * (1.0 + 0.04 * end);
            let visible = if inside { 0.28 + 0.06 * i as f64 } else { 0.72 - 0.06 * i as f64 };
            let auc = (column != 2 || dilation < 64).then(|| estimate(value, 0.025 + 0.012 * step));
            CurvePoint { dilation, visible, auc }
        });
        Curve {
            class: "opacity".into(),
            trained: "Full".into(),
            evaluated: MASKINGS[column].into(),
            points: points.collect(),
        }
    };
    (1..5).map(curve).collect()
}

fn provenance(id: &str) -> Provenance {
    let mut cells = vec![("prepare".to_owned(), "data".to_owned())];
    for masking in MASKINGS {
        cells.extend((0..3).map(|fold| ("train".to_owned(), format!("{masking}, fold {fold}"))));
        cells.extend((0..3).map(|fold| ("predict".to_owned(), format!("{masking}, fold {fold}"))));
    }
    let record = |(kind, name): (String, String)| {
        let key = ContentHash::of(format!("{id} {kind} {name}").as_bytes());
        CellRecord { kind, name, key }
    };
    Provenance {
        plugins: parts::plugins(),
        cells: cells.into_iter().map(record).collect(),
        device: Some(Device::Cpu),
        precision: "f32".into(),
    }
}

fn timings(audits: &[AuditResult]) -> Timings {
    let cells = audits.iter().flat_map(|a| {
        a.provenance.cells.iter().enumerate().map(|(i, c)| CellTiming {
            audit: a.id.clone(),
            kind: c.kind.clone(),
            name: c.name.clone(),
            seconds: if c.kind == "train" { 3.1 + i as f64 * 0.05 } else { 0.4 },
            reused: i % 7 == 3,
        })
    });
    Timings { total_seconds: 133.7, threads: 2, cells: cells.collect(), ..Timings::default() }
}
