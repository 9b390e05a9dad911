//! The phantom as a data set that audits can read.

use std::collections::BTreeMap;
use std::sync::Arc;

use eyepatch_core::{
    ContentHash, Ctx, DataCard, Dataset, Hasher, Image, LegitimateRegion, Mask, Meta, Params, Pixels, Result,
    Roi, Row, Sample, Table, plugin,
};

use crate::cohort::Record;
use crate::phantom::{Anatomy, Phantom, Sign};
use crate::shortcuts::{Association, Recorded};
use crate::{Error, picture};

const ID: &str = "eyepatch/phantom";

/// Chest films, 64 px, 300 patients, half of them ill, no shortcut: see [`Phantom`] for what can be changed.
#[must_use]
pub fn phantom_chest() -> Phantom {
    Phantom::chest()
}

/// Fundus photographs, otherwise as [`phantom_chest`].
#[must_use]
pub fn phantom_fundus() -> Phantom {
    Phantom::fundus()
}

impl Params for Phantom {
    fn check(&self) -> Result<(), String> {
        self.checked().map(|_| ()).map_err(|e| e.to_string())
    }
}

/// Synthetic chest films or fundus photographs with known truth and, on demand, planted shortcuts.
#[plugin("eyepatch/phantom")]
impl Dataset for Phantom {
    fn card(&self) -> DataCard {
        let kind = if self.anatomy == Anatomy::Chest { "chest" } else { "fundus" };
        DataCard {
            name: format!("phantom ({kind}, {0}x{0} px, seed {1})", self.size, self.seed),
            licence: "MIT OR Apache-2.0, as the program that draws it".into(),
            origin: "synthetic: drawn by plugin-phantom, no person was imaged".into(),
            roi_origin: "synthetic truth: the outlines the images were drawn from".into(),
            biases: self.biases(),
            notes: vec![
                format!("disease strength {} (0: the pixels know nothing of the label)", self.strength),
                "the pictures resemble films and photographs; no conclusion about patients can be drawn from them"
                    .into(),
            ],
        }
    }

    fn table(&self, _: &Ctx) -> Result<Arc<Table>> {
        let records = self.records().map_err(told)?;
        let rows = records.iter().map(|r| self.row(r)).collect();
        Ok(Arc::new(Table { classes: vec![self.class().into()], rows }))
    }

    fn load(&self, row: usize, _: &Ctx) -> Result<Sample> {
        let record = self.record(row)?;
        let made = self.picture(record).map_err(told)?;
        let n = made.size;
        let mask = |s: crate::Structure| Ok((s.name.to_owned(), Mask::new(n, n, s.bits)?));
        let structures: Vec<(String, Mask)> = made.structures.into_iter().map(mask).collect::<Result<_>>()?;
        Ok(Sample {
            id: id(record),
            patient: patient(record),
            labels: vec![Some(record.label)],
            image: Image::new(n, n, made.channels, Pixels::U8(made.pixels))?,
            roi: Roi::new(structures)?,
        })
    }

    fn content(&self, row: usize, _: &Ctx) -> Result<ContentHash> {
        let record = self.record(row)?;
        // Only what this image depends on: more patients or another prevalence leave its hash alone.
        let present: Vec<_> =
            self.shortcuts.iter().zip(&record.present).filter(|p| *p.1).map(|p| &p.0.what).collect();
        let site = &self.sites[record.site];
        let hasher = Hasher::new()
            .part(format!("{:?} {} {} {}", self.anatomy, self.size, self.strength, self.seed))
            .part(format!("{:?} {} {}", record.label, record.patient, record.visit))
            .part(format!("{} {} {}", record.age, record.male, record.supine))
            .part(format!("{:?}", site.camera))
            .part(format!("{present:?}"));
        Ok(if self.sign == Sign::Opacity { hasher } else { hasher.part(format!("{:?}", self.sign)) }.finish())
    }

    fn legitimate(&self) -> BTreeMap<String, LegitimateRegion> {
        let reason = match (self.anatomy, self.sign) {
            (Anatomy::Fundus, _) => {
                "a wider cup and a paler rim are drawn inside the disc and change no pixel elsewhere"
            }
            (_, Sign::Calcification) => "the spot is drawn inside the lungs and changes no pixel elsewhere",
            (_, Sign::Opacity) => "opacities are drawn inside the lungs and change no pixel elsewhere",
            (_, Sign::Emphysema) => {
                "lungs are darker and reach farther down; no pixel outside of them changes"
            }
            (_, Sign::LargeHeart) => {
                "the heart grows into the lungs, so the sign is its border: lungs and heart, no pixel elsewhere"
            }
        };
        let structures = self.region().iter().map(|s| (*s).to_owned()).collect();
        let region = LegitimateRegion { structures, margin: 0.0, reason: reason.into() };
        BTreeMap::from([(self.class().to_owned(), region)])
    }
}

impl Phantom {
    fn record(&self, row: usize) -> Result<&Record> {
        let records = self.records().map_err(told)?;
        records.get(row).ok_or_else(|| told(Error::Row { row, rows: records.len() }))
    }

    fn row(&self, record: &Record) -> Row {
        let text = |s: &str| Meta::Text(s.into());
        let site = &self.sites[record.site];
        let mut meta = BTreeMap::from([
            ("age".to_owned(), Meta::Number(f64::from(record.age))),
            ("sex".to_owned(), text(if record.male { "M" } else { "F" })),
            ("site".to_owned(), Meta::Text(self.recorded(record, "site", &site.name))),
            ("camera".to_owned(), Meta::Text(self.recorded(record, "camera", &site.camera.name))),
        ]);
        match self.anatomy {
            Anatomy::Chest => meta.insert("view".into(), text(if record.supine { "AP" } else { "PA" })),
            Anatomy::Fundus => meta.insert(
                "eye".into(),
                text(if picture::is_right_eye(self, record) { "right" } else { "left" }),
            ),
        };
        if self.development > 0.0 {
            let cohort = if self.develops(record.patient) { "development" } else { "deployment" };
            meta.insert("cohort".into(), text(cohort));
        }
        for (shortcut, present) in self.shortcuts.iter().zip(&record.present) {
            let plant = shortcut.what.plant();
            if self.truth_columns || plant.recorded() == Recorded::Column {
                meta.insert(plant.column().into(), text(plant.word(*present)));
            }
        }
        Row {
            id: id(record),
            patient: patient(record),
            labels: vec![Some(record.label)],
            meta,
            image: None,
            roi: None,
            line: None,
        }
    }

    /// What the column `site` or `camera` says: the record's own, or those that its shortcuts bring along.
    fn recorded(&self, record: &Record, column: &str, own: &str) -> String {
        let planted = self.shortcuts.iter().zip(&record.present).filter(|p| *p.1);
        let names: Vec<&str> = planted
            .filter_map(|(shortcut, _)| match shortcut.what.plant().recorded() {
                Recorded::Camera(name) if column == "camera" => Some(name),
                Recorded::Site(name) if column == "site" => Some(name),
                _ => None,
            })
            .collect();
        if names.is_empty() { own.to_owned() } else { names.join("+") }
    }

    /// Everything that goes with the label beside the disease, a sentence each.
    fn biases(&self) -> Vec<String> {
        let shares = |a: Association| {
            format!("{:.0} % of positives, {:.0} % of negatives", 100.0 * a.positive, 100.0 * a.negative)
        };
        let mut biases: Vec<String> = self
            .shortcuts
            .iter()
            .map(|s| {
                let drawn = if self.broken { s.when.broken(self.prevalence) } else { s.when };
                let alone = drawn.auc();
                format!(
                    "planted: {} ({}; alone it has AUC {alone:.3})",
                    s.what.plant().describe(),
                    shares(drawn)
                )
            })
            .collect();
        let differs = |a: Association| !self.broken && a.positive != a.negative;
        if differs(self.male) {
            biases
                .push(format!("planted: men are {}; sex shows in the pixels of a chest", shares(self.male)));
        }
        if self.anatomy == Anatomy::Chest && differs(self.supine) {
            biases
                .push(format!("planted: AP views are {}; the view shows in the pixels", shares(self.supine)));
        }
        if self.older != 0.0 && !self.broken {
            biases.push(format!("planted: ill patients are {} years older", self.older));
        }
        let total = |label| self.sites.iter().map(|s| s.share.given(label)).sum::<f64>();
        for site in &self.sites {
            let share =
                Association::new(site.share.positive / total(true), site.share.negative / total(false));
            if (share.positive - share.negative).abs() > 1e-9 && !self.broken {
                biases.push(format!("planted: site `{}` has {}", site.name, shares(share)));
            }
        }
        if self.broken {
            biases.push("all associations with the label are broken".into());
        }
        if self.development > 0.0 {
            let share = 100.0 * self.development;
            biases
                .push(format!("in the cohort `development`, {share:.0} % of the patients, they are broken"));
        }
        if biases.is_empty() {
            biases.push("none planted: nothing beside the disease goes with the label".into());
        }
        biases
    }
}

fn id(record: &Record) -> String {
    format!("{}-{}", patient(record), record.visit)
}

fn patient(record: &Record) -> String {
    format!("p{:06}", record.patient)
}

fn told(error: Error) -> eyepatch_core::Error {
    eyepatch_core::Error::plugin(ID, error)
}
