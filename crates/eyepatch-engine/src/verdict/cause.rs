//! What names a cause: contrasts that support a verdict and never make one.

use eyepatch_core::{Keep, MaskingCard};
use eyepatch_report::schema::{Cause, Check, Contrast, Measured, Outcome, Severity};

use super::broken::Loss;
use super::hidden::HidingSet;
use super::readable::{self, Readout};
use super::rule::{Tested, outcomes};
use super::scores::{ClassScores, above_chance, difference, measured};

/// AUC that a cause must explain.
const LEAST: f64 = 0.02;

/// What causes are looked for in.
pub(super) struct Search<'a> {
    pub(super) scores: &'a ClassScores<'a>,
    pub(super) cards: &'a [MaskingCard],
    /// Name of the full-image model and of the masking that shows everything.
    pub(super) full: (&'a str, &'a str),
    /// What it loses by each column that the audit names.
    pub(super) columns: &'a [Loss],
    /// Numbers that were measured in the images, one a row.
    pub(super) numbers: &'a [(String, Vec<Option<f64>>)],
    pub(super) readouts: &'a [Readout],
    pub(super) hiding: &'a HidingSet<'a>,
    pub(super) check: Option<&'a Check>,
    pub(super) alpha: f64,
}

/// A cause before it is known whether it stands out.
struct Candidate {
    name: String,
    tested: Tested,
    kind: Kind,
}

/// What a cause was looked for in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A column of the table.
    Column,
    /// A part of the image that is not the region.
    Part,
    /// A number that was measured in the images.
    Number,
    /// The outline of what is hidden.
    Outline,
}

impl Search<'_> {
    /// The supporting contrasts and the causes, the likeliest first. `shortcut` says whether there is anything to explain.
    pub(super) fn run(&self, shortcut: bool) -> (Vec<Contrast>, Vec<Cause>) {
        let mut candidates: Vec<Candidate> =
            self.columns.iter().map(|c| candidate(c, Kind::Column)).collect();
        candidates.extend(self.parts());
        let numbers =
            self.numbers.iter().map(|(name, v)| Loss::of_numbers((name, v), self.scores, self.full));
        candidates.extend(numbers.map(|loss| candidate(&loss, Kind::Number)));
        candidates.extend(self.outline());
        let kept: Vec<(String, Kind)> = candidates.iter().map(|c| (c.name.clone(), c.kind)).collect();
        let mut contrasts = outcomes(candidates.into_iter().map(|c| c.tested).collect(), LEAST, self.alpha);
        let columns = self.columns.iter().map(|c| c.name.as_str());
        let readable = readable::contrasts(self.readouts, columns, self.scores, self.alpha);
        let named = if shortcut { self.named(&kept, &contrasts) } else { None };
        let mut causes: Vec<Cause> = kept
            .iter()
            .zip(&contrasts)
            .enumerate()
            .map(|(i, ((name, _), contrast))| self.cause(name, contrast, &readable, named == Some(i)))
            .collect();
        contrasts.extend(readable);
        causes.extend(self.leak());
        causes.sort_by(|a, b| b.named.cmp(&a.named).then(worth(b).total_cmp(&worth(a))));
        (contrasts, causes)
    }

    /// Whether a part of the image that is not the region suffices for the model's answer, by each fill of the rest.
    fn parts(&self) -> Vec<Candidate> {
        let shown = |c: &&MaskingCard| c.hides && c.keep == Keep::Inside && c.cause.is_some();
        let mut names: Vec<&str> =
            self.cards.iter().filter(shown).filter_map(|c| c.cause.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        let part = |name: &str| {
            let cards = self.cards.iter().filter(shown).filter(|c| c.cause.as_deref() == Some(name));
            let one = |card: &MaskingCard| {
                measured(&card.name, &above_chance(&self.scores.auc(self.full.0, &card.name)?)?, LEAST)
            };
            let tested = Tested {
                id: format!("part:{name}"),
                what: format!("AUC of the full-image model with nothing but the {name} visible, less 0.5"),
                measured: cards.map(one).collect(),
                note: None,
            };
            Candidate { name: name.to_owned(), tested, kind: Kind::Part }
        };
        names.into_iter().map(part).collect()
    }

    /// What the outline of the hidden region adds to the model's answer: hidden as segmented against hidden under a cover, with
    /// the same fill.
    fn outline(&self) -> Option<Candidate> {
        let pair =
            self.hiding.exact.iter().find_map(|e| {
                self.hiding.cover.iter().find(|c| c.fill == e.fill).map(|c| (&e.name, &c.name))
            });
        let (exact, cover) = pair?;
        let measured = (|| {
            let [exact_auc, cover_auc] = [exact, cover].map(|name| self.scores.auc(self.full.0, name));
            Ok(vec![measured(exact, &difference(&exact_auc?, &cover_auc?)?, LEAST)?])
        })();
        let tested = Tested {
            id: "outline".into(),
            what: "AUC that the outline of the hidden region adds: hidden as segmented, less hidden under a cover".into(),
            measured,
            note: None,
        };
        Some(Candidate { name: "mask shape".into(), tested, kind: Kind::Outline })
    }

    /// The column of the table whose loss is largest and in evidence, else a place, else what was measured in pixels, else the
    /// outline: who reads "camera" knows what to do, who reads "grey level" does not.
    fn named(&self, kept: &[(String, Kind)], contrasts: &[Contrast]) -> Option<usize> {
        let largest = |kind: Kind| {
            (0..kept.len())
                .filter(|&i| kept[i].1 == kind && contrasts[i].outcome == Outcome::Evidence)
                .max_by(|&a, &b| least(&contrasts[a]).total_cmp(&least(&contrasts[b])))
        };
        // Where covers decided, the outline cannot have been what they found.
        let outline = || largest(Kind::Outline).filter(|_| self.hiding.cover.is_empty());
        largest(Kind::Column)
            .or_else(|| place(kept, contrasts))
            .or_else(|| largest(Kind::Number))
            .or_else(outline)
    }

    fn cause(&self, name: &str, contrast: &Contrast, readable: &[Contrast], named: bool) -> Cause {
        let shown = smallest(contrast);
        let (mut speaks_for, mut speaks_against) = (Vec::new(), Vec::new());
        match shown {
            Some(m) => {
                let text = format!("{}: {}", contrast.what, numbers(m));
                if contrast.outcome == Outcome::Evidence {
                    speaks_for.push(text)
                } else {
                    speaks_against.push(text)
                }
            }
            None => speaks_against
                .push(contrast.note.clone().unwrap_or_else(|| "it could not be measured".into())),
        }
        // That a column can be read says nothing for it as a cause, but where it is not read it can hardly be one.
        if let Some((read, m)) = read_of(readable, name) {
            let text = format!("{}: {}", read.what, numbers(m));
            match (read.outcome, contrast.outcome) {
                (Outcome::Evidence, Outcome::Evidence) => speaks_for.push(text),
                (Outcome::None, _) => speaks_against.push(text),
                _ => {}
            }
        }
        speaks_for.extend(self.column_alone(name));
        Cause { name: name.to_owned(), loss: shown.map(|m| m.estimate), named, speaks_for, speaks_against }
    }

    /// How well the column alone tells the class, where the check of the data set found that it does.
    fn column_alone(&self, name: &str) -> Option<String> {
        let class = &self.scores.table.classes[self.scores.class];
        let found = self
            .check?
            .columns
            .iter()
            .find(|c| c.class == *class && c.column == name && c.severity.is_some())?;
        Some(format!(
            "without any model, it tells the class with an AUC of {:.3} ({})",
            found.auc.value, found.points_to
        ))
    }

    /// Patients or pictures in more than one part of the split, as the check found them.
    fn leak(&self) -> Option<Cause> {
        let findings: Vec<String> = self
            .check?
            .findings
            .iter()
            .filter(|f| f.severity == Severity::Alarm && (f.check == "patients" || f.check == "duplicates"))
            .map(|f| f.sentence.clone())
            .collect();
        (!findings.is_empty()).then(|| Cause {
            name: "leak".into(),
            loss: None,
            named: false,
            speaks_for: findings,
            speaks_against: Vec::new(),
        })
    }
}

fn candidate(loss: &Loss, kind: Kind) -> Candidate {
    Candidate { name: loss.name.clone(), tested: loss.tested(LEAST), kind }
}

/// Whether the embedding tells a column.
fn read_of<'c>(readable: &'c [Contrast], name: &str) -> Option<(&'c Contrast, &'c Measured)> {
    let found = readable.iter().find(|c| c.id.strip_prefix("readable:") == Some(name))?;
    Some((found, found.measured.first()?))
}

/// The place where the answer comes from, by which parts suffice for it. A border runs into the corners, so where both
/// suffice it is the border; what suffices everywhere has no place.
fn place(kept: &[(String, Kind)], contrasts: &[Contrast]) -> Option<usize> {
    let suffices = |name: &str| {
        (0..kept.len()).find(|&i| {
            kept[i].1 == Kind::Part && kept[i].0 == name && contrasts[i].outcome == Outcome::Evidence
        })
    };
    match (suffices("border"), suffices("corner"), suffices("background")) {
        (Some(_), Some(_), Some(_)) => None,
        (Some(border), _, None) => Some(border),
        (None, Some(corner), _) => Some(corner),
        (_, None, background) => background,
    }
}

/// The fill that shows least.
fn smallest(contrast: &Contrast) -> Option<&Measured> {
    contrast.measured.iter().min_by(|a, b| a.estimate.value.total_cmp(&b.estimate.value))
}

fn least(contrast: &Contrast) -> f64 {
    smallest(contrast).map_or(f64::NEG_INFINITY, |m| m.estimate.value)
}

fn worth(cause: &Cause) -> f64 {
    cause.loss.map_or(f64::NEG_INFINITY, |l| l.value)
}

/// `0.123 [0.100, 0.146]`.
pub(super) fn numbers(m: &Measured) -> String {
    match m.estimate.interval {
        Some(i) => format!("{:.3} [{:.3}, {:.3}]", m.estimate.value, i.lower, i.upper),
        None => format!("{:.3}", m.estimate.value),
    }
}
