//! Agreement of readers with each other and with the model.

use eyepatch_stats::{Kappa, KappaWeights, StatsError, cohens_kappa_on, fleiss_kappa};
use serde::Serialize;

use super::{LEVEL, Measure};
use crate::Answers;
use crate::key::Sealed;

/// The model's name among those who agree.
pub(super) const MODEL: &str = "model";

/// A kappa.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    /// Who: two readers, a reader and `model`, or all readers.
    pub between: Vec<String>,
    /// `cohen` for two, `fleiss` for all.
    pub method: String,
    /// The masking; `None` for all of them.
    pub masking: Option<String>,
    /// The class.
    pub class: String,
    /// Cases that all of them answered.
    pub cases: usize,
    /// Cases on which all of them say the same.
    pub same: usize,
    /// Kappa.
    pub kappa: Measure,
    /// Two-sided p of no agreement beyond chance.
    pub p: Option<f64>,
}

pub(super) fn agreement(sealed: &Sealed, answers: &[Answers]) -> Vec<Agreement> {
    let names: Vec<String> = answers.iter().map(|a| a.reader.clone()).collect();
    let readers: Vec<usize> = (0..answers.len()).collect();
    let mut all = Vec::new();
    for (c, class) in sealed.classes.iter().enumerate() {
        let maskings = std::iter::once(None).chain(sealed.maskings.iter().map(|m| Some(m.name.as_str())));
        for masking in maskings.filter(|m| m.is_none() || sealed.maskings.len() > 1) {
            let said = Said { sealed, answers, class: c, masking };
            let mut push = |between: Vec<String>, columns: &[Column]| {
                let rows = said.rows(columns);
                let kappa = if columns.len() == 2 { cohen(&rows) } else { fleiss_kappa(&rows, LEVEL) };
                let same = rows.iter().filter(|r| r.iter().all(|v| *v == r[0])).count();
                let method = if columns.len() == 2 { "cohen" } else { "fleiss" };
                let p = kappa.as_ref().ok().map(|k| k.p);
                let kappa = Measure::or_none(kappa.map(measure));
                let masking = masking.map(str::to_owned);
                let (method, class, cases) = (method.into(), class.clone(), rows.len());
                all.push(Agreement { between, method, masking, class, cases, same, kappa, p });
            };
            for &a in &readers {
                for &b in &readers[a + 1..] {
                    push(vec![names[a].clone(), names[b].clone()], &[Column::Reader(a), Column::Reader(b)]);
                }
            }
            if readers.len() > 2 {
                let columns: Vec<Column> = readers.iter().map(|&r| Column::Reader(r)).collect();
                push(names.clone(), &columns);
            }
            for &a in &readers {
                push(vec![names[a].clone(), MODEL.into()], &[Column::Reader(a), Column::Model]);
            }
        }
    }
    all
}

/// Perfect agreement, and readers who say the same of all cases, have a standard error of 0, which tells nothing of how sure a
/// kappa is.
fn measure(kappa: Kappa) -> Measure {
    if kappa.se > 0.0 {
        return Measure::of(kappa.kappa, (kappa.lower, kappa.upper));
    }
    let note = "there is no interval: its standard error is 0";
    Measure { value: Some(kappa.kappa), interval: None, note: Some(note.into()) }
}

#[derive(Clone, Copy)]
enum Column {
    Reader(usize),
    Model,
}

/// Yes and no about one class under one masking, or all.
struct Said<'a> {
    sealed: &'a Sealed,
    answers: &'a [Answers],
    class: usize,
    masking: Option<&'a str>,
}

impl Said<'_> {
    /// A row a case that all columns answered. The label need not be known.
    fn rows(&self, columns: &[Column]) -> Vec<Vec<bool>> {
        let shown = |i: &usize| self.masking.is_none_or(|m| self.sealed.cases[*i].masking == m);
        let row = |i| columns.iter().map(|c| self.answer(*c, i)).collect::<Option<Vec<bool>>>();
        (0..self.sealed.cases.len()).filter(shown).filter_map(row).collect()
    }

    fn answer(&self, column: Column, i: usize) -> Option<bool> {
        let case = &self.sealed.cases[i];
        match column {
            Column::Reader(r) => self.answers[r].given[i][self.class].map(|a| a.yes),
            Column::Model => {
                let masking = self.sealed.maskings.iter().find(|m| m.name == case.masking)?;
                Some(case.scores[self.class] >= masking.thresholds[self.class]?)
            }
        }
    }
}

fn cohen(rows: &[Vec<bool>]) -> Result<Kappa, StatsError> {
    let column = |c: usize| rows.iter().map(|r| r[c]).collect::<Vec<bool>>();
    cohens_kappa_on(&[false, true], &column(0), &column(1), KappaWeights::Unweighted, LEVEL)
}
