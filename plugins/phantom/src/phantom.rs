use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::camera::Camera;
use crate::cohort::{self, Record};
use crate::shortcuts::{Association, Shortcut, What};
use crate::{Error, Picture, picture};

/// What is imaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anatomy {
    /// A grey chest film. Structures `left_lung`, `right_lung` and `heart`, disjoint; class by [`Sign`].
    Chest,
    /// A colour photograph of the fundus. Structures `disc` and, inside it, `cup`; class `glaucoma`.
    Fundus,
}

/// The sign by which a chest shows disease. The class is called after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// One to three soft consolidations inside the lungs.
    #[default]
    Opacity,
    /// Darker lungs and a lower diaphragm. All of it lies in the lungs, whose area goes with the label.
    Emphysema,
    /// A larger heart. It lies outside of the lungs, so that the legitimate region is lungs and heart.
    LargeHeart,
    /// A small dense spot inside the lungs, the brightest place of most films: divided by its maximum before it is masked, a
    /// film tells of it everywhere.
    Calcification,
}

/// A hospital: how many of the patients it sees, and its camera.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Its name, as in the metadata column `site`.
    pub name: String,
    /// Its weight among ill (`positive`) and among healthy (`negative`) patients, relative to other sites' weights.
    pub share: Association,
    /// Its camera.
    pub camera: Camera,
}

/// A synthetic data set with known truth. Image i depends on these parameters and on i alone, never on threads or
/// on the order in which images are asked for.
///
/// Start from [`Phantom::chest`] or [`Phantom::fundus`] and change what matters.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Phantom {
    pub(crate) anatomy: Anatomy,
    /// Width and height in pixels.
    pub(crate) size: usize,
    pub(crate) patients: usize,
    /// Fewest and most images a patient.
    pub(crate) visits: [usize; 2],
    /// Share of ill patients.
    pub(crate) prevalence: f64,
    /// Share of images whose label is drawn anew.
    pub(crate) mixed: f64,
    /// Strength of the disease.
    pub(crate) strength: f32,
    pub(crate) sign: Sign,
    /// Share of men, by the patient's label.
    pub(crate) male: Association,
    /// Share of AP views, by the image's label.
    pub(crate) supine: Association,
    /// Years by which ill patients are older.
    pub(crate) older: f32,
    pub(crate) sites: Vec<Site>,
    pub(crate) shortcuts: Vec<Shortcut>,
    /// Whether everything planted is as frequent as before and independent of the label.
    pub(crate) broken: bool,
    /// Share of the patients, the first ones, of cohort `development`, where nothing planted goes with the label.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) development: f64,
    /// Whether the table tells which shortcuts are present.
    pub(crate) truth_columns: bool,
    /// Everything random starts here.
    pub(crate) seed: u64,
    #[serde(skip)]
    records: OnceLock<Arc<Vec<Record>>>,
}

/// What a data set without cohorts need not say.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

impl PartialEq for Phantom {
    /// Equal parameters; what has been worked out from them is left aside.
    fn eq(&self, other: &Self) -> bool {
        let all =
            |p: &Self| (p.anatomy, p.size, p.patients, p.visits, p.prevalence, p.mixed, p.strength, p.seed);
        all(self) == all(other)
            && (self.male, self.supine, self.older) == (other.male, other.supine, other.older)
            && (&self.sites, &self.shortcuts) == (&other.sites, &other.shortcuts)
            && (self.sign, self.broken, self.truth_columns) == (other.sign, other.broken, other.truth_columns)
            && self.development == other.development
    }
}

impl Default for Phantom {
    fn default() -> Self {
        Self {
            anatomy: Anatomy::Chest,
            size: 64,
            patients: 300,
            visits: [1, 3],
            prevalence: 0.5,
            mixed: 0.0,
            strength: 1.0,
            sign: Sign::Opacity,
            male: Association::independent(0.5),
            supine: Association::independent(0.3),
            older: 0.0,
            sites: default_sites(),
            shortcuts: Vec::new(),
            broken: false,
            development: 0.0,
            truth_columns: true,
            seed: 1907,
            records: OnceLock::new(),
        }
    }
}

/// Three hospitals of equal share whose cameras differ a little.
fn default_sites() -> Vec<Site> {
    let site = |name: &str, camera| Site { name: name.into(), share: Association::independent(1.0), camera };
    vec![
        site(
            "north",
            Camera { gain: 1.0, gamma: 1.0, blur: 1.0, noise: 1.6, jpeg: Some(95), ..Camera::named("A") },
        ),
        site(
            "south",
            Camera { gain: 0.96, gamma: 1.06, blur: 1.6, noise: 2.4, jpeg: Some(90), ..Camera::named("B") },
        ),
        site(
            "west",
            Camera { gain: 1.02, gamma: 0.95, blur: 1.3, noise: 2.0, jpeg: Some(85), ..Camera::named("C") },
        ),
    ]
}

/// Builder methods; each gives the phantom back.
impl Phantom {
    /// Chest films, 64 px, 300 patients with one to three images each, half of them ill, no shortcut.
    #[must_use]
    pub fn chest() -> Self {
        Self::default()
    }

    /// Fundus photographs, otherwise as [`Phantom::chest`].
    #[must_use]
    pub fn fundus() -> Self {
        Self { anatomy: Anatomy::Fundus, ..Self::default() }
    }

    /// With images of `pixels` x `pixels`, 48 to 1024.
    #[must_use]
    pub fn with_size(self, pixels: usize) -> Self {
        Self { size: pixels, ..self.changed() }
    }

    /// With so many patients, 1 to 1,000,000.
    #[must_use]
    pub fn with_patients(self, patients: usize) -> Self {
        Self { patients, ..self.changed() }
    }

    /// With `fewest` to `most` images a patient, each count equally likely, 1 to 100.
    #[must_use]
    pub fn with_visits(self, fewest: usize, most: usize) -> Self {
        Self { visits: [fewest, most], ..self.changed() }
    }

    /// With this share of ill patients, 0 to 1.
    #[must_use]
    pub fn with_prevalence(self, prevalence: f64) -> Self {
        Self { prevalence, ..self.changed() }
    }

    /// With this share of images, 0 to 1, whose label is drawn anew, whatever the patient's. At 0, the default, labels
    /// are constant within a patient.
    #[must_use]
    pub fn with_mixed_labels(self, share: f64) -> Self {
        Self { mixed: share, ..self.changed() }
    }

    /// With disease of this strength, 0 to 2. At 1 it is plain to see; at 0 the pixels know nothing of the label.
    #[must_use]
    pub fn with_strength(self, strength: f32) -> Self {
        Self { strength, ..self.changed() }
    }

    /// With this sign of disease in a chest instead of opacities.
    #[must_use]
    pub fn with_sign(self, sign: Sign) -> Self {
        Self { sign, ..self.changed() }
    }

    /// With these shares of men among ill and healthy patients. Sex shows in the pixels of a chest.
    #[must_use]
    pub fn with_male(self, male: Association) -> Self {
        Self { male, ..self.changed() }
    }

    /// With these shares of anteroposterior views among positive and negative images. Chest only; the view shows in
    /// the pixels.
    #[must_use]
    pub fn with_supine(self, supine: Association) -> Self {
        Self { supine, ..self.changed() }
    }

    /// With ill patients older than healthy ones by so many years, -30 to 30.
    #[must_use]
    pub fn with_age_gap(self, years: f32) -> Self {
        Self { older: years, ..self.changed() }
    }

    /// With these hospitals instead of the three default ones.
    #[must_use]
    pub fn with_sites(self, sites: Vec<Site>) -> Self {
        Self { sites, ..self.changed() }
    }

    /// With one more planted shortcut, present as often as `when` says.
    #[must_use]
    pub fn with_shortcut(self, what: impl Into<What>, when: Association) -> Self {
        let mut changed = self.changed();
        changed.shortcuts.push(Shortcut { what: what.into(), when });
        changed
    }

    /// The same images with every association broken: shortcuts, sites, sex, view and age are as frequent as before
    /// and independent of the label. Label, anatomy, disease and grain of each image stay, so an image in which no
    /// shortcut came or went stays bit for bit. The AUC that a model loses here is what it owes to the shortcuts.
    #[must_use]
    pub fn with_broken_shortcuts(self) -> Self {
        Self { broken: true, ..self.changed() }
    }

    /// With two cohorts, told by the column `cohort`: this share of the patients, the first ones, is `development`, in which all
    /// associations are broken (see [`Phantom::with_broken_shortcuts`]); the others are `deployment`, in which they hold. A model that is
    /// trained on the first and asked about the second sees cameras that go with the label, and has learnt nothing from it.
    #[must_use]
    pub fn with_development(self, share: f64) -> Self {
        Self { development: share, ..self.changed() }
    }

    /// With (the default) or without a column a shortcut that tells whether it is present. Without, the table shows
    /// what a hospital's would: sites and cameras by name, but no tag, border or tube.
    #[must_use]
    pub fn with_truth_columns(self, shown: bool) -> Self {
        Self { truth_columns: shown, ..self.changed() }
    }

    /// With this seed.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self.changed() }
    }

    /// Forgets what was worked out from the old parameters.
    fn changed(self) -> Self {
        Self { records: OnceLock::new(), ..self }
    }
}

/// The data set.
impl Phantom {
    /// What is imaged.
    #[must_use]
    pub fn anatomy(&self) -> Anatomy {
        self.anatomy
    }

    /// Name of the one class.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match (self.anatomy, self.sign) {
            (Anatomy::Fundus, _) => "glaucoma",
            (Anatomy::Chest, Sign::Opacity) => "opacity",
            (Anatomy::Chest, Sign::Emphysema) => "emphysema",
            (Anatomy::Chest, Sign::LargeHeart) => "cardiomegaly",
            (Anatomy::Chest, Sign::Calcification) => "calcification",
        }
    }

    /// Structures in which the disease is drawn: the legitimate region.
    #[must_use]
    pub fn region(&self) -> &'static [&'static str] {
        match (self.anatomy, self.sign) {
            (Anatomy::Fundus, _) => &["disc"],
            (Anatomy::Chest, Sign::LargeHeart) => &["left_lung", "right_lung", "heart"],
            (Anatomy::Chest, _) => &["left_lung", "right_lung"],
        }
    }

    /// Shares by label as they are drawn for a patient: those asked for, or without their association where it is broken.
    pub(crate) fn drawn(&self, patient: usize, asked: Association) -> Association {
        if self.is_broken(patient) { asked.broken(self.prevalence) } else { asked }
    }

    /// Whether nothing goes with this patient's label.
    pub(crate) fn is_broken(&self, patient: usize) -> bool {
        self.broken || self.develops(patient)
    }

    /// Whether a patient is of the cohort `development`.
    pub(crate) fn develops(&self, patient: usize) -> bool {
        (patient as f64) < self.development * self.patients as f64
    }

    /// Width and height of the images in pixels.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The hospitals.
    #[must_use]
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The planted shortcuts.
    #[must_use]
    pub fn shortcuts(&self) -> &[Shortcut] {
        &self.shortcuts
    }

    /// All images to be, patient after patient, without pixels.
    ///
    /// # Errors
    /// As [`Phantom::checked`].
    pub fn records(&self) -> Result<&Arc<Vec<Record>>, Error> {
        self.checked()?;
        Ok(self.records.get_or_init(|| Arc::new(cohort::records(self))))
    }

    /// One image. `row` counts from 0.
    ///
    /// # Errors
    /// [`Error::Row`], and as [`Phantom::checked`].
    pub fn image(&self, row: usize) -> Result<Picture, Error> {
        let records = self.records()?;
        let record = records.get(row).ok_or(Error::Row { row, rows: records.len() })?;
        self.picture(record)
    }

    /// The image of a record, which may have been changed by hand: a toggled label, a shortcut taken away.
    ///
    /// # Errors
    /// [`Error::Range`] where the record's site is unknown, and as [`Phantom::checked`].
    pub fn picture(&self, record: &Record) -> Result<Picture, Error> {
        self.checked()?;
        picture::take(self, record)
    }
}
