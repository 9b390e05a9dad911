//! Plugins as small as they can be, with switchable faults.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use eyepatch_core::{
    Batch, ContentHash, Ctx, DataCard, Dataset, Donors, Epoch, Error, Evidence, Examples, Finding, Fitted,
    Image, InputSpec, Keep, Mask, Masker, MaskingCard, Meta, Model, ModelCard, OutputSpace, Params, Pixels,
    Prepared, Probe, ProbeCard, Result, Roi, Row, Sample, Scores, Step, Table, Task, TrainingPart, plugin,
};
use serde::{Deserialize, Serialize};

pub(crate) const SIDE: usize = 8;
const PATIENTS: usize = 40;

/// Two images a patient, each with a 3 x 3 ROI at a place of the patient's own; `twist` breaks the table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Discs {
    pub(crate) twist: String,
}

impl Params for Discs {}

/// Discs.
#[plugin("toy/discs")]
impl Dataset for Discs {
    fn card(&self) -> DataCard {
        let text = String::from;
        DataCard {
            name: text("discs"),
            licence: text("none"),
            origin: text("made up"),
            roi_origin: text("made up"),
            biases: vec![],
            notes: vec![],
        }
    }

    fn table(&self, _ctx: &Ctx) -> Result<Arc<Table>> {
        let row = |i: usize| {
            let label = Some((i / 2).is_multiple_of(2));
            let age = if self.twist == "nan" && i == 5 { f64::NAN } else { 40.0 };
            Row {
                id: if self.twist == "twice" && i == 5 { "s4".into() } else { format!("s{i}") },
                patient: if self.twist == "patient" && i == 5 {
                    String::new()
                } else {
                    format!("p{}", i / 2)
                },
                labels: if self.twist == "labels" && i == 5 {
                    vec![label]
                } else {
                    vec![label, label.map(|l| !l)]
                },
                meta: BTreeMap::from([("age".to_owned(), Meta::Number(age))]),
                image: None,
                roi: None,
                line: Some(i + 2),
            }
        };
        Ok(Arc::new(Table {
            classes: vec![if self.twist == "class" { "another" } else { "bright" }.into(), "dark".into()],
            rows: (0..2 * PATIENTS).map(row).collect(),
        }))
    }

    fn load(&self, row: usize, ctx: &Ctx) -> Result<Sample> {
        let (patient, r) = (row / 2, &self.table(ctx)?.rows[row]);
        let at = |i: usize| {
            let (x, y) = (i % SIDE, i / SIDE);
            (patient % 5..patient % 5 + 3).contains(&x) && (patient / 5 % 5..patient / 5 % 5 + 3).contains(&y)
        };
        let level = if patient % 2 == 0 { 200 } else { 90 };
        let channels = if self.twist == "colour" { 3 } else { 1 };
        let grey = |i: usize| [if at(i) { level } else { 40 + (i % 7) as u8 }].repeat(channels);
        let pixels = (0..SIDE * SIDE).flat_map(grey).collect();
        Ok(Sample {
            id: r.id.clone(),
            patient: r.patient.clone(),
            labels: r.labels.clone(),
            image: Image::new(SIDE, SIDE, channels, Pixels::U8(pixels))?,
            roi: Roi::single(Mask::new(SIDE, SIDE, (0..SIDE * SIDE).map(|i| u8::from(at(i))).collect())?)?,
        })
    }

    fn content(&self, row: usize, _ctx: &Ctx) -> Result<ContentHash> {
        Ok(ContentHash::of(&row.to_le_bytes()))
    }

    fn unmasked_only(&self) -> Option<String> {
        (self.twist == "whole").then(|| "nobody drew a disc".into())
    }
}

/// What hides the region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum With {
    Black,
    Grey,
    Noise,
    /// The training part's mean.
    Mean,
    OthersRoi,
}

/// A masker of a few lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cover {
    keep: Keep,
    with: With,
}

impl Cover {
    pub(crate) fn full() -> Self {
        Self::roi(Keep::Full)
    }

    pub(crate) fn roi(keep: Keep) -> Self {
        Self { keep, with: With::Black }
    }

    pub(crate) fn noise() -> Self {
        Self { keep: Keep::Outside, with: With::Noise }
    }

    pub(crate) fn grey() -> Self {
        Self { keep: Keep::Outside, with: With::Grey }
    }

    pub(crate) fn mean() -> Self {
        Self { keep: Keep::Outside, with: With::Mean }
    }

    /// It says that it does not learn, and differs from fold to fold all the same.
    pub(crate) fn donor() -> Self {
        Self { keep: Keep::Outside, with: With::OthersRoi }
    }
}

impl Params for Cover {}

/// Covers.
#[plugin("toy/cover")]
impl Masker for Cover {
    fn card(&self) -> MaskingCard {
        let name = match (self.keep, self.with) {
            (Keep::Full, _) => "Full",
            (_, With::Noise) => "noise",
            (_, With::Grey) => "grey",
            (_, With::Mean) => "mean",
            (_, With::OthersRoi) => "other",
            (Keep::Inside, _) => "OnlyROI",
            (Keep::Outside, _) => "NoROI",
        };
        let control = (self.with == With::OthersRoi).then(|| "somebody else's ROI".to_owned());
        MaskingCard {
            name: name.into(),
            keep: self.keep,
            control,
            fill: "black".into(),
            hides: true,
            description: name.into(),
            ..MaskingCard::default()
        }
    }

    fn prepare(&self, training: &dyn TrainingPart, _ctx: &Ctx) -> Result<Box<dyn Prepared>> {
        let mean = |sample: Sample| sample.image.to_f32().iter().sum::<f32>() / (SIDE * SIDE) as f32;
        let level = match self.with {
            With::Grey => 77.0,
            With::Mean => {
                let means = (0..training.len()).map(|i| training.sample(i).map(mean));
                means.sum::<Result<f32>>()? / training.len() as f32
            }
            _ => 0.0,
        };
        Ok(Box::new(Covering { of: self.clone(), level: level.round() }))
    }

    fn learns(&self) -> bool {
        self.with == With::Mean
    }
}

/// A cover that knows its grey level.
struct Covering {
    of: Cover,
    level: f32,
}

impl Prepared for Covering {
    fn visible(&self, roi: &Roi, donors: &dyn Donors, _ctx: &Ctx) -> Result<Mask> {
        let own = roi.union(&[])?;
        match (self.of.keep, self.of.with) {
            (Keep::Full, _) => Ok(Mask::filled(SIDE, SIDE, true)),
            (_, With::OthersRoi) => {
                assert!(donors.len() >= PATIENTS / 2 - 2, "{} donors", donors.len());
                Ok(donors.roi(0)?.union(&[])?.complement())
            }
            (Keep::Inside, _) => Ok(own),
            (Keep::Outside, _) => Ok(own.complement()),
        }
    }

    fn apply(&self, image: &Image, roi: &Roi, donors: &dyn Donors, ctx: &Ctx) -> Result<Image> {
        use rand_core::RngCore;
        let visible = self.visible(roi, donors, ctx)?;
        let (mut masked, mut rng) = (image.clone(), ctx.rng("noise"));
        for i in 0..SIDE * SIDE {
            let noise = if self.of.with == With::Noise { (rng.next_u32() >> 24) as f32 } else { self.level };
            if !visible.contains(i) {
                masked.set(i, noise);
            }
        }
        Ok(masked)
    }
}

/// What a model may do wrong, or oddly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Fault {
    #[default]
    None,
    Infinite,
    NanLoss,
    OtherClasses,
    Panics,
    TooFewScores,
    OddFiles,
    FailsOnce,
}

/// Scores `dark` by minus the mean brightness and `bright` by the mean brightness, in that order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Brightness {
    pub(crate) delivered: bool,
    pub(crate) published: bool,
    pub(crate) fault: Fault,
}

impl Brightness {
    pub(crate) fn delivered() -> Self {
        Self { delivered: true, ..Self::default() }
    }

    fn fitted(&self) -> Box<dyn Fitted> {
        let classes = if self.fault == Fault::OtherClasses { ["dark", "light"] } else { ["dark", "bright"] };
        let train_loss = if self.fault == Fault::NanLoss { f64::NAN } else { 0.5 };
        let history = vec![Epoch { epoch: 1, train_loss, validation_loss: None, learning_rate: None }];
        Box::new(Mean { fault: self.fault, classes: classes.map(String::from).to_vec(), history })
    }
}

impl Params for Brightness {}

/// Brightness.
#[plugin("toy/brightness")]
impl Model for Brightness {
    fn card(&self) -> ModelCard {
        ModelCard {
            name: "brightness".into(),
            task: Task::MultiLabel,
            output: OutputSpace::Scores,
            preprocessing: if self.published { Step::published() } else { Step::strict() },
            trained_here: !self.delivered,
            parameters: None,
            description: String::new(),
        }
    }

    fn input(&self) -> InputSpec {
        InputSpec { channels: 1, size: (SIDE, SIDE) }
    }

    fn fit(&self, _train: &dyn Examples, _validation: &dyn Examples, ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        assert!(self.fault != Fault::Panics, "out of paint");
        if self.fault == Fault::FailsOnce {
            fail_once(ctx)?;
        }
        Ok(self.fitted())
    }

    fn restore(&self, _folder: &Path, _ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        Ok(self.fitted())
    }
}

/// Fails in the store's first fit, which leaves a checkpoint; the next run must find it there.
fn fail_once(ctx: &Ctx) -> Result<()> {
    let write = |path: &Path, text: &str| std::fs::write(path, text).map_err(|e| Error::io(path, e));
    let (own, scratch) = (ctx.checkpoint().join("mark"), ctx.scratch().join("mark"));
    let shared = ctx.checkpoint().ancestors().nth(3).unwrap_or(Path::new(".")).join("failed");
    assert!(!scratch.exists(), "scratch is not empty at the start");
    write(&scratch, "")?;
    match std::fs::read_to_string(&shared) {
        Ok(failed) => {
            assert!(failed != own.display().to_string() || own.exists(), "the checkpoint was lost");
            Ok(())
        }
        Err(_) => {
            write(&shared, &own.display().to_string())?;
            write(&own, "")?;
            Err(Error::Unsupported { what: "not yet".into(), capability: "success".into() })
        }
    }
}

struct Mean {
    fault: Fault,
    classes: Vec<String>,
    history: Vec<Epoch>,
}

impl Fitted for Mean {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn predict(&self, batch: &Batch, _ctx: &Ctx) -> Result<Scores> {
        let values = batch.host_f32()?;
        let mean = |image: &[f32]| image.iter().sum::<f32>() / image.len() as f32;
        let mut scores: Vec<f32> = values.chunks(SIDE * SIDE).map(mean).flat_map(|m| [-m, m]).collect();
        match self.fault {
            Fault::Infinite => scores[0] = f32::INFINITY,
            Fault::TooFewScores => scores.truncate(2),
            _ => {}
        }
        // As a careless plugin would: past the constructor's checks.
        Ok(Scores { classes: 2, space: OutputSpace::Scores, values: scores })
    }

    fn save(&self, folder: &Path) -> Result<()> {
        let write = |name: &str| {
            let path = folder.join(name);
            std::fs::write(&path, name).map_err(|e| Error::io(path, e))
        };
        if self.fault == Fault::OddFiles {
            std::fs::create_dir(folder.join("deep")).map_err(|e| Error::io(folder, e))?;
            ["cell.json", "seconds.txt", "history.json", "deep/weights"].into_iter().try_for_each(write)?;
        }
        Ok(())
    }

    fn history(&self) -> &[Epoch] {
        &self.history
    }
}

/// Finds nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Means;

impl Params for Means {}

/// Nothing.
#[plugin("toy/means")]
impl Probe for Means {
    fn card(&self) -> ProbeCard {
        ProbeCard { name: "means".into(), description: String::new() }
    }

    fn examine(&self, _evidence: &Evidence<'_>, _ctx: &Ctx) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }
}
