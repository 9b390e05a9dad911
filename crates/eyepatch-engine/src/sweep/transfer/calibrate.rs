//! Whether probabilities are right, at home and abroad, before and after recalibration.

use eyepatch_core::{Labelled, OutputSpace};
use eyepatch_report::schema::Calibration;
use eyepatch_stats::{Binning, brier, group_kfold, recalibration, reliability};

use crate::sweep::assemble::LEVEL;

const BINS: usize = 10;
/// Folds of patients in which external images are recalibrated by the others.
const PARTS: usize = 5;
/// Probabilities are kept from 0 and 1, where a logit is infinite.
const EDGE: f64 = 1e-6;

/// A form of a fold's probabilities.
struct Form<'f, 'a> {
    data: &'static str,
    form: &'static str,
    folds: Vec<(&'f Labelled<'a>, Vec<f64>)>,
}

/// One row a form: at home and abroad as delivered, abroad recalibrated on the same fold's tested images at home, and on other external
/// patients. A form that cannot be made leaves the others; why is said beside them.
///
/// # Errors
/// In words, where outputs are no probabilities, or a side is missing.
pub(super) fn calibration(
    space: Option<OutputSpace>,
    home: &[Labelled<'_>],
    there: &[Labelled<'_>],
) -> Result<(Vec<Calibration>, Vec<String>), String> {
    let probability: fn(f64) -> f64 = match space {
        Some(OutputSpace::Logits) => |x| 1.0 / (1.0 + (-x).exp()),
        Some(OutputSpace::Probabilities) => |x| x,
        _ => return Err("the model's outputs are scores without a scale".into()),
    };
    let of = |fold: &Labelled<'_>| -> Vec<f64> {
        fold.scores.iter().map(|s| probability(*s).clamp(EDGE, 1.0 - EDGE)).collect()
    };
    let plain = |folds: &[Labelled<'_>]| -> Vec<Vec<f64>> { folds.iter().map(of).collect() };
    let (own, abroad) = (plain(home), plain(there));
    let by_home = |(fold, p): (&Labelled<'_>, &Vec<f64>)| {
        let at = home.iter().position(|h| h.fold == fold.fold);
        let at = at.ok_or_else(|| format!("fold {} was not tested at home", fold.fold))?;
        let line = Line::fitted(&home[at], &own[at])?;
        Ok(p.iter().map(|p| line.apply(*p)).collect())
    };
    let at_home: Result<Vec<Vec<f64>>, String> = there.iter().zip(&abroad).map(by_home).collect();
    let crossed: Result<Vec<Vec<f64>>, String> =
        there.iter().zip(&abroad).map(|(f, p)| crossed(f, p)).collect();
    let form =
        |data, form, folds: &'_ [Labelled<'_>], values: Vec<Vec<f64>>| -> Result<Calibration, String> {
            measured(&Form { data, form, folds: folds.iter().zip(values).collect() })
        };
    let mut rows = vec![
        form("internal", "as delivered", home, own.clone())?,
        form("external", "as delivered", there, abroad.clone())?,
    ];
    let mut notes = Vec::new();
    for (name, values) in [("recalibrated at home", at_home), ("recalibrated there", crossed)] {
        match values.and_then(|values| form("external", name, there, values)) {
            Ok(row) => rows.push(row),
            Err(why) => notes.push(format!("Not {name}: {why}.")),
        }
    }
    Ok((rows, notes))
}

/// Logistic recalibration.
struct Line {
    intercept: f64,
    slope: f64,
}

impl Line {
    fn fitted(fold: &Labelled<'_>, p: &[f64]) -> Result<Self, String> {
        let found = recalibration(&fold.labels, p, &fold.patients, LEVEL).map_err(|e| e.to_string())?;
        Ok(Self { intercept: found.intercept.estimate, slope: found.slope.estimate })
    }

    fn apply(&self, p: f64) -> f64 {
        let logit = self.intercept + self.slope * (p / (1.0 - p)).ln();
        (1.0 / (1.0 + (-logit).exp())).clamp(EDGE, 1.0 - EDGE)
    }
}

/// Each image recalibrated by the patients of other parts.
fn crossed(fold: &Labelled<'_>, p: &[f64]) -> Result<Vec<f64>, String> {
    let answers: Vec<usize> = fold.labels.iter().map(|l| usize::from(*l)).collect();
    let part =
        group_kfold(&fold.patients, Some(&answers), PARTS, fold.fold as u64).map_err(|e| e.to_string())?;
    let mut all = p.to_vec();
    for k in 0..PARTS {
        let others: Vec<usize> = (0..p.len()).filter(|&i| part[i] != k).collect();
        let learnt = Labelled {
            fold: fold.fold,
            rows: others.iter().map(|&i| fold.rows[i]).collect(),
            labels: others.iter().map(|&i| fold.labels[i]).collect(),
            scores: Vec::new(),
            patients: others.iter().map(|&i| fold.patients[i]).collect(),
        };
        let line = Line::fitted(&learnt, &others.iter().map(|&i| p[i]).collect::<Vec<_>>())?;
        (0..p.len()).filter(|&i| part[i] == k).for_each(|i| all[i] = line.apply(p[i]));
    }
    Ok(all)
}

fn measured(form: &Form<'_, '_>) -> Result<Calibration, String> {
    let n = form.folds.len() as f64;
    let mut found = Calibration {
        data: form.data.into(),
        form: form.form.into(),
        brier: 0.0,
        ece: 0.0,
        slope: Some(0.0),
        in_the_large: Some(0.0),
        bins: Vec::new(),
    };
    for (i, (fold, p)) in form.folds.iter().enumerate() {
        found.brier += brier(&fold.labels, p).map_err(|e| e.to_string())? / n;
        let binned = reliability(&fold.labels, p, BINS, Binning::EqualMass).map_err(|e| e.to_string())?;
        found.ece += binned.ece / n;
        if i == 0 {
            found.bins = binned.bins.iter().map(|b| (b.mean_probability, b.positive_share)).collect();
        }
        let line = recalibration(&fold.labels, p, &fold.patients, LEVEL).ok();
        let add = |sum: Option<f64>, value: Option<f64>| sum.zip(value).map(|(sum, v)| sum + v / n);
        found.slope = add(found.slope, line.as_ref().map(|l| l.slope.estimate));
        found.in_the_large = add(found.in_the_large, line.as_ref().map(|l| l.in_the_large.estimate));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 400 patients of one image; the label is drawn with a probability whose logit is `truth(logit)`.
    fn fold<'a>(ids: &'a [String], truth: impl Fn(f64) -> f64) -> Labelled<'a> {
        let n = ids.len();
        let logit = |i: usize| -3.0 + 6.0 * (i as f64 + 0.5) / n as f64;
        // A low-discrepancy sequence in the place of chance.
        let drawn = |i: usize| (i as f64 * 0.618_033_988_749_895).fract();
        Labelled {
            fold: 0,
            rows: (0..n).collect(),
            labels: (0..n).map(|i| drawn(i) < 1.0 / (1.0 + (-truth(logit(i))).exp())).collect(),
            scores: (0..n).map(logit).collect(),
            patients: ids.iter().map(String::as_str).collect(),
        }
    }

    #[test]
    fn a_shift_abroad_is_seen_and_mended_there_only() {
        let ids: Vec<String> = (0..400).map(|i| format!("p{i:03}")).collect();
        let (home, there) = (fold(&ids, |x| x), fold(&ids, |x| 0.5 * x - 1.0));
        let (rows, notes) = calibration(Some(OutputSpace::Logits), &[home], &[there]).unwrap();
        assert_eq!(notes, Vec::<String>::new());
        let named: Vec<(&str, &str)> = rows.iter().map(|r| (r.data.as_str(), r.form.as_str())).collect();
        assert_eq!(named[0], ("internal", "as delivered"));
        let slope = |i: usize| rows[i].slope.unwrap();
        assert!((slope(0) - 1.0).abs() < 0.1 && (slope(1) - 0.5).abs() < 0.1, "{rows:?}");
        assert!(rows[1].in_the_large.unwrap() < -0.7);
        assert!((slope(2) - 0.5).abs() < 0.1, "home cannot mend it");
        assert!((slope(3) - 1.0).abs() < 0.2 && rows[3].in_the_large.unwrap().abs() < 0.1);
        assert!(rows[3].brier < rows[1].brier && rows[3].ece < rows[1].ece);
        assert_eq!(rows[0].bins.len(), 10);
    }

    /// A model that is perfect at home cannot be recalibrated there; what needs no line stays.
    #[test]
    fn a_form_that_cannot_be_made_leaves_the_others() {
        let ids: Vec<String> = (0..400).map(|i| format!("p{i:03}")).collect();
        let perfect = fold(&ids, |x| if x > 0.0 { 1e9 } else { -1e9 });
        let (rows, notes) = calibration(Some(OutputSpace::Logits), &[perfect], &[fold(&ids, |x| x)]).unwrap();
        let forms: Vec<&str> = rows.iter().map(|r| r.form.as_str()).collect();
        assert_eq!(forms, ["as delivered", "as delivered", "recalibrated there"]);
        assert!(notes.len() == 1 && notes[0].starts_with("Not recalibrated at home: "), "{notes:?}");
    }

    #[test]
    fn scores_without_a_scale_have_no_calibration() {
        assert!(calibration(Some(OutputSpace::Scores), &[], &[]).unwrap_err().contains("scale"));
        assert!(calibration(None, &[], &[]).is_err());
    }
}
