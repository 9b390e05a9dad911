use std::path::PathBuf;

use eyepatch_core::{Dataset, Explainer, Handle, Image, Keep, Kind, Masker, Model, Probe, Profile};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::transfer::Transfer;
use super::{Export, FlagRule, MapRule, Shown, export, plan, shown};
use crate::audit::{AuditInfo, Experiment};
use crate::data::SplitScheme;
use crate::run::{Observer, Options, Planned};
use crate::store::Store;
use crate::verdict::VerdictRule;
use crate::{Error, Result};

/// One model a masking and fold, each evaluated on each masking (the study's 5x5 matrix), and the AUC of the
/// full-image model, and of the one trained on the same masking, as the region is dilated.
#[derive(Clone, Debug)]
pub struct MaskingSweep {
    pub(super) model: Handle<dyn Model>,
    pub(super) dataset: Handle<dyn Dataset>,
    pub(super) maskers: Vec<Handle<dyn Masker>>,
    pub(super) further: Vec<Handle<dyn Masker>>,
    pub(super) probes: Vec<Handle<dyn Probe>>,
    pub(super) explainer: Option<Handle<dyn Explainer>>,
    pub(super) other_explainers: Vec<Handle<dyn Explainer>>,
    pub(super) transfers: Vec<Transfer>,
    pub(super) design: Design,
}

/// The numbers of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Design {
    pub(super) dilations: Vec<i32>,
    pub(super) folds: usize,
    pub(super) validation: f64,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) split: SplitScheme,
    pub(super) split_file: Option<PathBuf>,
    pub(super) flag: FlagRule,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verdict: Option<VerdictRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maps: Option<MapRule>,
    pub(super) size: Option<(usize, usize)>,
    #[serde(skip_serializing_if = "is_strict")]
    pub(super) preparation: Profile,
    #[serde(skip_serializing_if = "is_true")]
    pub(super) check: bool,
    pub(super) examples: usize,
    /// Evaluations of the model that one explanation may cost.
    #[serde(skip_serializing_if = "is_usual")]
    pub(super) evaluations: usize,
    pub(super) quick_images: usize,
}

impl Default for Design {
    fn default() -> Self {
        Self {
            dilations: Vec::new(),
            folds: 3,
            validation: 0.15,
            split: SplitScheme::default(),
            split_file: None,
            flag: FlagRule::default(),
            verdict: None,
            maps: None,
            size: None,
            preparation: Profile::Strict,
            check: true,
            examples: 4,
            evaluations: EVALUATIONS,
            quick_images: 240,
        }
    }
}

/// Fewer explain nothing.
const LEAST_EVALUATIONS: usize = 16;
/// Evaluations of one explanation where nothing else is declared.
pub(super) const EVALUATIONS: usize = 400;

/// What a plan need not say.
fn is_usual(evaluations: &usize) -> bool {
    *evaluations == EVALUATIONS
}

/// What a plan need not say.
fn is_true(checked: &bool) -> bool {
    *checked
}

/// What a plan need not say.
fn is_strict(preparation: &Profile) -> bool {
    *preparation == Profile::Strict
}

/// What a plan need not say.
fn is_default(scheme: &SplitScheme) -> bool {
    *scheme == SplitScheme::default()
}

impl MaskingSweep {
    /// A sweep of `model` on `dataset`: 3 folds, no maskings and no probe yet.
    pub fn new(model: impl Into<Handle<dyn Model>>, dataset: impl Into<Handle<dyn Dataset>>) -> Self {
        Self {
            model: model.into(),
            dataset: dataset.into(),
            maskers: Vec::new(),
            further: Vec::new(),
            probes: Vec::new(),
            explainer: None,
            other_explainers: Vec::new(),
            transfers: Vec::new(),
            design: Design::default(),
        }
    }

    /// The same sweep on another data set.
    #[must_use]
    pub fn on(mut self, dataset: impl Into<Handle<dyn Dataset>>) -> Self {
        self.dataset = dataset.into();
        self
    }

    /// Adds maskings; the matrix keeps their order. One of them must show the full image.
    #[must_use]
    pub fn maskers<M: Into<Handle<dyn Masker>>>(mut self, maskers: impl IntoIterator<Item = M>) -> Self {
        self.maskers.extend(maskers.into_iter().map(Into::into));
        self
    }

    /// Also evaluates the full-image model on these: controls, other fills. No model is trained on them, and they are not
    /// part of the matrix; one that is part of it anyway is left out.
    #[must_use]
    pub fn also<M: Into<Handle<dyn Masker>>>(mut self, maskers: impl IntoIterator<Item = M>) -> Self {
        self.further.extend(maskers.into_iter().map(Into::into));
        self
    }

    /// Also evaluates the full-image model, and the one trained on the same masking, with the exact regions dilated by these many
    /// pixels of the working size (negative erodes).
    #[must_use]
    pub fn dilate(mut self, by: impl IntoIterator<Item = i32>) -> Self {
        self.design.dilations = by.into_iter().collect();
        self
    }

    /// Adds a probe.
    #[must_use]
    pub fn probe(mut self, probe: impl Into<Handle<dyn Probe>>) -> Self {
        self.probes.push(probe.into());
        self
    }

    /// Explains a few test images of the full-image model.
    #[must_use]
    pub fn explain(mut self, explainer: impl Into<Handle<dyn Explainer>>) -> Self {
        self.explainer = Some(explainer.into());
        self
    }

    /// Makes maps of many tested images by the explainer of [`MaskingSweep::explain`] and says whether they count as evidence:
    /// what lies where, what chance would give, whether they survive that weights are drawn anew or labels permuted (one
    /// further training), another seed, a little noise; and what happens to the output when what they show is hidden.
    #[must_use]
    pub fn judge_maps(mut self, rule: MapRule) -> Self {
        self.design.maps = Some(rule);
        self
    }

    /// Explainers whose maps the judged ones should be like: other methods, or the same one with another baseline.
    #[must_use]
    pub fn agreeing_with<E: Into<Handle<dyn Explainer>>>(
        mut self,
        others: impl IntoIterator<Item = E>,
    ) -> Self {
        self.other_explainers.extend(others.into_iter().map(Into::into));
        self
    }

    /// Also asks every model about an external data set, in full and under every masking of the matrix: what it loses there, whether
    /// its probabilities and its operating point can be carried over.
    #[must_use]
    pub fn transfer(mut self, transfer: Transfer) -> Self {
        self.transfers.push(transfer);
        self
    }

    /// Number of patient-grouped folds, 2 or more [default: 3].
    #[must_use]
    pub fn folds(mut self, folds: usize) -> Self {
        self.design.folds = folds;
        self
    }

    /// Share of each fold's training patients that watches the training instead, between 0 and 1, where the scheme of the
    /// folds does not say which.
    #[must_use]
    pub fn validation(mut self, share: f64) -> Self {
        self.design.validation = share;
        self
    }

    /// How folds are made. Without it: [`SplitScheme::Balanced`]. The study had five of them:
    /// `.split(SplitScheme::study_chest()).folds(5)`.
    #[must_use]
    pub fn split(mut self, scheme: SplitScheme) -> Self {
        self.design.split = scheme;
        self
    }

    /// Takes folds from a file with the columns `sample,fold,part` or `row,fold,part` instead of making them.
    #[must_use]
    pub fn splits(mut self, file: impl Into<PathBuf>) -> Self {
        self.design.split_file = Some(file.into());
        self
    }

    /// When to flag a class. Without it: AUC with the region hidden above 0.55.
    #[must_use]
    pub fn flag_if(mut self, rule: FlagRule) -> Self {
        self.design.flag = rule;
        self
    }

    /// Gives a verdict with error control by this rule, in the place of the screening by [`MaskingSweep::flag_if`].
    #[must_use]
    pub fn verdict(mut self, rule: VerdictRule) -> Self {
        self.design.verdict = Some(rule);
        self
    }

    /// Working height and width, for models that take any (scores computed elsewhere).
    #[must_use]
    pub fn size(mut self, height: usize, width: usize) -> Self {
        self.design.size = Some((height, width));
        self
    }

    /// How images are brought to the working size: by an antialiased filter at the depth they have; or as the study did it,
    /// without one, divided by their maximum, stretched and cut to 8 bit. Nothing is concluded from the latter: what a
    /// masking hides has set the brightness of what it shows.
    #[must_use]
    pub fn prepare_as(mut self, profile: Profile) -> Self {
        self.design.preparation = profile;
        self
    }

    /// Leaves the check of the data set out: for benchmarks of many models on data whose truth is known.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.design.check = false;
        self
    }

    /// Number of test images shown under every masking (half of them positive).
    #[must_use]
    pub fn examples(mut self, count: usize) -> Self {
        self.design.examples = count;
        self
    }

    /// How many evaluations of the model one explained example may cost [default: 400]; the study's were 1000.
    #[must_use]
    pub fn evaluations(mut self, count: usize) -> Self {
        self.design.evaluations = count;
        self
    }

    /// Images that the quick form keeps (whole patients).
    #[must_use]
    pub fn quick_images(mut self, count: usize) -> Self {
        self.design.quick_images = count;
        self
    }

    /// Height and width that images are brought to before they are masked.
    #[must_use]
    pub fn working_size(&self) -> (usize, usize) {
        self.design.size.unwrap_or(self.model.input().size)
    }

    /// Checks all that can be checked without reading data.
    pub(super) fn check(&self, audit: &AuditInfo) -> Result<()> {
        self.model.checked(Kind::Model)?;
        self.dataset.checked(Kind::Dataset)?;
        self.maskers.iter().chain(&self.further).try_for_each(|m| m.checked(Kind::Masker).map(|_| ()))?;
        self.probes.iter().try_for_each(|p| p.checked(Kind::Probe).map(|_| ()))?;
        let explainers = self.explainer.iter().chain(&self.other_explainers);
        explainers.map(|e| e.checked(Kind::Explainer)).try_for_each(|e| e.map(|_| ()))?;
        let wrong = |problem: String, remedy: &str| {
            Err(Error::Declaration { audit: audit.id.clone(), problem, remedy: remedy.into() })
        };
        let Design { folds, validation, flag, .. } = &self.design;
        let split = &self.design.split;
        if *folds < split.least_folds() {
            return wrong(format!("{folds} folds"), "give 2 folds or more");
        }
        if *folds > split.most_folds() {
            return wrong(format!("{folds} folds of a single split"), "declare `.folds(1)` with it");
        }
        if !(*validation > 0.0 && *validation < 1.0) {
            return wrong(
                format!("a validation share of {validation}"),
                "give a share between 0 and 1, for instance 0.15",
            );
        }
        if let Err((problem, remedy)) = self.design.split.check() {
            return wrong(problem, remedy);
        }
        if self.design.split_file.is_some() && self.design.split != SplitScheme::default() {
            return wrong("folds from a file and a scheme to make them by".into(), "declare one of the two");
        }
        if !(0.5..1.0).contains(&flag.threshold) {
            let remedy = "give an AUC from 0.5 to below 1, for instance auc(Keep::Outside).above(0.60)";
            return wrong(format!("a flag threshold of {}", flag.threshold), remedy);
        }
        if flag.keep == Keep::Full {
            return wrong(
                "a flag rule about the full image".into(),
                "flag on what is left when a part is hidden, for instance auc(Keep::Outside).above(0.60)",
            );
        }
        if let Some(Err((problem, remedy))) = self.design.verdict.as_ref().map(VerdictRule::check) {
            return wrong(problem, remedy);
        }
        if self.explainer.is_some() && self.design.evaluations < LEAST_EVALUATIONS {
            let problem = format!("{} evaluations of the model an explanation", self.design.evaluations);
            return wrong(problem, "allow 16 or more: `.evaluations(400)`");
        }
        match (&self.design.maps, &self.explainer) {
            (Some(_), None) => {
                return wrong("maps to be judged, but no explainer".into(), "add one: `.explain(..)`");
            }
            (None, _) if !self.other_explainers.is_empty() => {
                let problem = "explainers to agree with, but no maps to be judged".to_owned();
                return wrong(problem, "add `.judge_maps(MapRule::default())`");
            }
            (Some(rule), _) => {
                if let Err((problem, remedy)) = rule.check() {
                    return wrong(problem, remedy);
                }
            }
            _ => {}
        }
        for transfer in &self.transfers {
            transfer.dataset.checked(Kind::Dataset)?;
            if let Err((problem, remedy)) = transfer.check() {
                return wrong(problem, remedy);
            }
        }
        if !self.transfers.is_empty() && self.model.scores().is_some() {
            let problem = "external data for a model whose scores were computed elsewhere".to_owned();
            return wrong(problem, "audit the external data on their own, with their own score file");
        }
        if self.probes.is_empty() {
            return wrong("no probe measures anything".into(), "add one: `.probe(AucMatrix::default())`");
        }
        Ok(())
    }
}

impl Experiment for MaskingSweep {
    fn kind(&self) -> &'static str {
        "masking-sweep"
    }

    fn plan(&self, audit: &AuditInfo, options: &Options) -> Result<Box<dyn Planned>> {
        Ok(Box::new(plan::SweepPlan::new(self, audit, options)?))
    }

    fn describe(&self) -> Value {
        serde_json::to_value(self.spec()).unwrap_or_default()
    }

    fn export(
        &self,
        audit: &AuditInfo,
        options: &Options,
        folder: &std::path::Path,
        observer: &dyn Observer,
    ) -> Result<Option<Export>> {
        export::export(self, audit, options, folder, observer).map(Some)
    }

    fn shown(
        &self,
        audit: &AuditInfo,
        options: &Options,
        store: &Store,
        wanted: &Shown<'_>,
        observer: &dyn Observer,
    ) -> Result<Option<Vec<Image>>> {
        shown::shown(self, audit, options, store, wanted, observer).map(Some)
    }
}
