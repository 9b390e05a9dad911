//! Each part of a result, as it may be shared.

use eyepatch_core::{
    DataCard, Direction, Finding, LegitimateRegion, MaskingCard, ModelCard, PluginSpec, Step,
};

use super::count::{Count, SMALL};
use super::thin::{self, Thin};
use super::words::Words;
use crate::format;
use crate::schema::{
    Answer, AnswerKind, ClassAnswer, ClassCount, ColumnSummary, Curve, CurvePoint, DataSummary, Further,
    FurtherRow, MaskingSummary, Matrix, ModelSummary, PartCount, Provenance, RuleTest, SplitSummary, Status,
    Training,
};

/// Keys of a finding that lead to a single sample.
const SINGLE: [&str; 8] = ["file", "id", "image", "path", "patient", "row", "sample", "study"];

/// What is needed to share one audit.
pub(super) struct Share {
    pub(super) words: Words,
    pub(super) thin: Thin,
}

impl Share {
    pub(super) fn text(&self, text: &str) -> String {
        self.words.clear(text)
    }

    pub(super) fn texts(&self, all: &[String]) -> Vec<String> {
        all.iter().map(|t| self.text(t)).collect()
    }

    fn maybe(&self, text: Option<&String>) -> Option<String> {
        text.map(|t| self.text(t))
    }

    fn plugin(&self, p: &PluginSpec) -> PluginSpec {
        let PluginSpec { id, params: _, revision, crate_name, version } = p;
        let [id, crate_name, version] = [id, crate_name, version].map(|t| self.text(t));
        PluginSpec { id, params: serde_json::Value::Null, revision: *revision, crate_name, version }
    }

    pub(super) fn answer(&self, a: &Answer) -> Answer {
        let Answer { kind, status, sentence: _, rule, test, classes, caveats: _ } = a;
        let classes: Vec<ClassAnswer> = classes.iter().map(|c| self.class_answer(*kind, c)).collect();
        let test = test.as_ref().map(|RuleTest { trained, evaluated, threshold }| RuleTest {
            trained: self.text(trained),
            evaluated: self.texts(evaluated),
            threshold: *threshold,
        });
        let caveats = [
            match kind {
                AnswerKind::Screening => {
                    "This is a screening: the hidden region is off the training distribution and its shape stays visible, so \
                     a flag calls for the controls before it is called a shortcut, and a clear answer speaks of these models \
                     on these data only."
                }
                AnswerKind::Verdict => {
                    "The verdict speaks of these trained models and of patients like those tested. It does not see a shortcut \
                     inside of the legitimate region that no named column tells of, and takes a true sign outside of that \
                     region for one."
                }
            },
            "The full report says more about what the answer does not say, and is with who ran the audit.",
        ];
        Answer {
            kind: *kind,
            status: *status,
            sentence: sentence(*kind, &classes),
            rule: self.text(rule),
            test,
            classes,
            caveats: caveats.map(str::to_owned).into(),
        }
    }

    fn class_answer(&self, kind: AnswerKind, c: &ClassAnswer) -> ClassAnswer {
        let ClassAnswer { class, status, sentence: _, full, hidden, minimal_detectable_gap } = c;
        let few = self.thin.estimates(class);
        let name = self.text(class);
        let word = format::status(kind, *status).to_lowercase();
        let sentence = if few {
            format!("{name}: {word}; it rests on fewer than {SMALL} images or patients on a side.")
        } else {
            let [full, hidden] = [full, hidden].map(|e| format::estimate(e.as_ref()));
            format!("{name}: {word}; AUC {full} on full images, {hidden} with the region hidden.")
        };
        // Of a screening the gap follows from the counts of both sides, and so tells them.
        let tells = kind == AnswerKind::Screening && self.thin.counts(class);
        ClassAnswer {
            class: name,
            status: *status,
            sentence,
            full: full.filter(|_| !few),
            hidden: hidden.filter(|_| !few),
            minimal_detectable_gap: minimal_detectable_gap.filter(|_| !few && !tells),
        }
    }

    pub(super) fn data(&self, d: &DataSummary) -> DataSummary<Count> {
        let DataSummary { plugin, card, n_images, n_patients, classes, columns, legitimate, content: _ } = d;
        let class = |c: &ClassCount| {
            let [positive, negative, missing, patients_positive] = self.thin.class(c);
            ClassCount { class: self.text(&c.class), positive, negative, missing, patients_positive }
        };
        let column = |ColumnSummary { name, missing, summary: _ }: &ColumnSummary| ColumnSummary {
            name: self.text(name),
            missing: self.thin.missing(*missing),
            summary: String::new(),
        };
        let region = |LegitimateRegion { structures, margin, reason }: &LegitimateRegion| LegitimateRegion {
            structures: self.texts(structures),
            margin: *margin,
            reason: self.text(reason),
        };
        let DataCard { name, licence, origin, roi_origin, biases, notes: _ } = card;
        let [name, licence, origin, roi_origin] = [name, licence, origin, roi_origin].map(|t| self.text(t));
        DataSummary {
            plugin: self.plugin(plugin),
            card: DataCard {
                name,
                licence,
                origin,
                roi_origin,
                biases: self.texts(biases),
                notes: Vec::new(),
            },
            n_images: Count::new(*n_images),
            n_patients: Count::new(*n_patients),
            classes: classes.iter().map(class).collect(),
            columns: columns.iter().map(column).collect(),
            legitimate: legitimate.iter().map(|(class, r)| (self.text(class), region(r))).collect(),
            content: None,
        }
    }

    pub(super) fn model(&self, m: &ModelSummary) -> ModelSummary {
        let ModelSummary { plugin, card, size, training } = m;
        let ModelCard { name, task, output, preprocessing, trained_here, parameters, description } = card;
        let step = |step: &Step| match step {
            Step::Augment(how) => Step::Augment(self.text(how)),
            other => other.clone(),
        };
        let training = training.iter().map(|Training { trained, fold, history }| Training {
            trained: self.text(trained),
            fold: *fold,
            history: history.clone(),
        });
        ModelSummary {
            plugin: self.plugin(plugin),
            card: ModelCard {
                name: self.text(name),
                task: *task,
                output: *output,
                preprocessing: preprocessing.iter().map(step).collect(),
                trained_here: *trained_here,
                parameters: *parameters,
                description: self.text(description),
            },
            size: *size,
            training: training.collect(),
        }
    }

    pub(super) fn masking(&self, m: &MaskingSummary) -> MaskingSummary {
        let MaskingSummary { plugin, card, further, visible } = m;
        let MaskingCard {
            name,
            keep,
            shape,
            dilate,
            structures,
            resized,
            feather,
            control,
            cover,
            cause,
            fill,
            hides,
            description,
        } = card;
        MaskingSummary {
            plugin: self.plugin(plugin),
            card: MaskingCard {
                name: self.text(name),
                keep: *keep,
                shape: *shape,
                dilate: *dilate,
                structures: self.texts(structures),
                resized: self.maybe(resized.as_ref()),
                feather: *feather,
                control: self.maybe(control.as_ref()),
                cover: *cover,
                cause: self.maybe(cause.as_ref()),
                fill: self.text(fill),
                hides: *hides,
                description: self.text(description),
            },
            further: *further,
            visible: *visible,
        }
    }

    pub(super) fn splits(&self, s: &SplitSummary) -> SplitSummary<Count> {
        let SplitSummary { scheme, parts, leak_check: _ } = s;
        let parts = thin::parts(parts).into_iter().map(|p| PartCount { part: self.text(&p.part), ..p });
        SplitSummary { scheme: self.text(scheme), parts: parts.collect(), leak_check: String::new() }
    }

    pub(super) fn matrix(&self, m: &Matrix) -> Matrix<Count> {
        let Matrix { class, rows, columns, cells, n_images: _, n_patients: _ } = m;
        let few = self.thin.estimates(class);
        let [n_images, n_patients] = self.thin.matrix(m);
        Matrix {
            class: self.text(class),
            rows: self.texts(rows),
            columns: self.texts(columns),
            cells: cells.iter().map(|row| row.iter().map(|e| e.filter(|_| !few)).collect()).collect(),
            n_images,
            n_patients,
        }
    }

    pub(super) fn curve(&self, c: &Curve) -> Curve {
        let Curve { class, trained, evaluated, points } = c;
        let few = self.thin.estimates(class);
        let point = |CurvePoint { dilation, visible, auc }: &CurvePoint| CurvePoint {
            dilation: *dilation,
            visible: *visible,
            auc: auc.filter(|_| !few),
        };
        let [class, trained, evaluated] = [class, trained, evaluated].map(|t| self.text(t));
        Curve { class, trained, evaluated, points: points.iter().map(point).collect() }
    }

    pub(super) fn further(&self, f: &Further) -> Further {
        let Further { class, trained, rows } = f;
        let few = self.thin.estimates(class);
        let row = |FurtherRow { masking, auc }: &FurtherRow| FurtherRow {
            masking: self.text(masking),
            auc: auc.filter(|_| !few),
        };
        Further { class: self.text(class), trained: self.text(trained), rows: rows.iter().map(row).collect() }
    }

    /// Whether a finding is about a single sample.
    pub(super) fn is_single(&self, f: &Finding) -> bool {
        f.at.iter().any(|(key, value)| {
            let key = key.to_lowercase();
            SINGLE.iter().any(|s| key.split(['_', '-', ' ']).any(|part| part == *s))
                || self.words.is_id(value)
        })
    }

    pub(super) fn finding(&self, f: &Finding) -> Finding<Count> {
        let Finding {
            contrast,
            at,
            estimand,
            reference,
            margin,
            estimate,
            interval,
            p,
            n_images,
            n_patients,
            n_patients_positive,
            n_patients_negative,
            direction,
            figure,
            table,
            note: _,
        } = f;
        let (hide, few) = (self.thin.finding(f), self.thin.finding_estimate(f));
        let counts = [*n_images, *n_patients, *n_patients_positive, *n_patients_negative];
        let [n_images, n_patients, n_patients_positive, n_patients_negative] =
            counts.map(|n| Count::hidden_if(hide, n));
        Finding {
            contrast: self.text(contrast),
            at: at.iter().map(|(k, v)| (self.text(k), self.text(v))).collect(),
            estimand: self.text(estimand),
            reference: *reference,
            margin: *margin,
            estimate: estimate.filter(|_| !few),
            interval: interval.filter(|_| !few),
            p: p.filter(|_| !few),
            n_images,
            n_patients,
            n_patients_positive,
            n_patients_negative,
            direction: if few { Direction::Undecided } else { *direction },
            figure: self.maybe(figure.as_ref()),
            table: self.maybe(table.as_ref()),
            note: None,
        }
    }

    pub(super) fn provenance(&self, p: &Provenance) -> Provenance {
        let Provenance { plugins, cells: _, device: _, precision } = p;
        Provenance {
            plugins: plugins.iter().map(|p| self.plugin(p)).collect(),
            cells: Vec::new(),
            device: None,
            precision: self.text(precision),
        }
    }
}

/// The answer in one sentence: the class's where there is one, else which class got which status.
fn sentence(kind: AnswerKind, classes: &[ClassAnswer]) -> String {
    if let [one] = classes {
        return one.sentence.clone();
    }
    let of = |status: Status| {
        let names: Vec<&str> =
            classes.iter().filter(|c| c.status == status).map(|c| c.class.as_str()).collect();
        (!names.is_empty()).then(|| format!("{}: {}", format::status(kind, status), names.join(", ")))
    };
    let said: Vec<String> =
        [Status::Flagged, Status::Inconclusive, Status::Clear].into_iter().filter_map(of).collect();
    if said.is_empty() { "No class.".into() } else { said.join(". ") + "." }
}
