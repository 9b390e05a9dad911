//! What a regression on features tells of a column.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{
    Ctx, DepthProfile, Evidence, Figure, Finding, Labelled, Question, Result, Series, Table,
};
use eyepatch_logistic::{Features as Numbers, LogisticRegression};
use eyepatch_stats::{ContrastEstimate, LabelDraws, auc};
use rayon::prelude::*;

use crate::Attributes;
use crate::features::{Features, Part, all, folds};
use crate::finding::{above_chance, with};

const CONTRAST: &str = "readable";
const ESTIMAND: &str =
    "mean over folds of patients of the AUC with which a logistic regression on features tells the value";

/// Regressions need not be exact: an AUC takes ranks only, and permutations ask for thousands of them.
const FIT: LogisticRegression = LogisticRegression { c: 1.0, max_iterations: 300, tolerance: 1e-2 };

pub(crate) fn findings(probe: &Attributes, evidence: &Evidence<'_>, ctx: &Ctx) -> Result<Vec<Finding>> {
    let table = evidence.table;
    let questions: Vec<Question> = probe.columns.iter().flat_map(|c| Question::of(table, c)).collect();
    let empty = || Finding::of(CONTRAST, ESTIMAND, 0.5, &[]);
    if questions.is_empty() {
        let why = format!(
            "the table has none of the columns {}, or no two values of them",
            probe.columns.join(", ")
        );
        return Ok(vec![Finding { note: Some(why), ..empty() }]);
    }
    let features = match all(probe, evidence) {
        Ok(features) if features.is_empty() => {
            let none = Finding { note: Some("the model gives no features".into()), ..empty() };
            let given = !evidence.embeddings.is_empty();
            return Ok(if given { left_out(probe, table, &features) } else { vec![none] });
        }
        Ok(features) => features,
        Err(why) => return Ok(vec![empty().not_estimable(why)]),
    };
    let mut found = Vec::new();
    for (i, f) in features.iter().enumerate() {
        ctx.check()?;
        found.extend(ctx.install(|| of_layer(probe, table, f, &questions, ctx))?);
        ctx.progress().report(i as u64 + 1, features.len() as u64, "layers");
    }
    found.extend(left_out(probe, table, &features));
    Ok(found)
}

/// Columns and maskings that were asked for and are not there, a finding for either.
fn left_out(probe: &Attributes, table: &Table, features: &[Features<'_>]) -> Vec<Finding> {
    let columns: Vec<&str> =
        probe.columns.iter().filter(|c| Question::of(table, c).is_empty()).map(String::as_str).collect();
    let maskings: Vec<&str> = probe
        .maskings
        .iter()
        .filter(|m| features.iter().all(|f| f.masking != **m))
        .map(String::as_str)
        .collect();
    let no_column =
        format!("the table has no two values of it, or more than {} texts", Question::MOST_VALUES);
    let kinds =
        [("column", columns, no_column), ("evaluated", maskings, "the audit embeds no such masking".into())];
    let missing = kinds.into_iter().filter(|(_, names, _)| !names.is_empty());
    missing
        .map(|(what, names, why)| {
            Finding::of(CONTRAST, ESTIMAND, 0.5, &[(what, &names.join(", "))]).not_estimable(why)
        })
        .collect()
}

/// Every question to one layer under one masking.
fn of_layer(
    probe: &Attributes,
    table: &Table,
    f: &Features<'_>,
    questions: &[Question],
    ctx: &Ctx,
) -> Result<Vec<Finding>> {
    let patients: Vec<&str> = f.rows.iter().map(|&r| table.rows[r].patient.as_str()).collect();
    let seed = ctx.seed().child("folds").to_u64();
    // By number of folds: most questions go with as many as are asked for.
    let mut made: BTreeMap<usize, Result<Vec<Part>, String>> = BTreeMap::new();
    let mut found = Vec::new();
    for q in questions {
        ctx.check()?;
        let at = [("column", &*q.column), ("value", &*q.value), ("layer", f.layer), ("evaluated", f.masking)];
        let empty = Finding::of(CONTRAST, ESTIMAND, 0.5, &at);
        let told = folds(probe.folds, &patients, |i| q.answers[f.rows[i]], seed).and_then(|folds| {
            let parts = made.entry(folds.len()).or_insert_with(|| f.parts(probe.components, &folds));
            parts.as_ref().map_err(Clone::clone)
        });
        found.push(match told {
            Ok(parts) => ask(probe, table, f, parts, q, (empty, ctx)),
            Err(why) => empty.not_estimable(why),
        });
    }
    Ok(found)
}

fn ask(
    probe: &Attributes,
    table: &Table,
    f: &Features<'_>,
    parts: &[Part],
    q: &Question,
    (empty, ctx): (Finding, &Ctx),
) -> Finding {
    // Places that have an answer, and the answers.
    let known: Vec<usize> = (0..f.rows.len()).filter(|&i| q.answers[f.rows[i]].is_some()).collect();
    let answers: Vec<bool> = known.iter().map(|&i| q.answers[f.rows[i]] == Some(true)).collect();
    let patients: Vec<&str> = known.iter().map(|&i| table.rows[f.rows[i]].patient.as_str()).collect();
    let told = tell(parts, f.rows.len(), &known, &answers);
    let labelled = |(fold, (places, scores)): (usize, &(Vec<usize>, Vec<f64>))| {
        let of = |&k: &usize| f.rows[known[k]];
        Labelled {
            fold,
            rows: places.iter().map(of).collect(),
            labels: places.iter().map(|&k| answers[k]).collect(),
            scores: scores.clone(),
            patients: places.iter().map(|&k| patients[k]).collect(),
        }
    };
    let found: Result<Vec<Labelled<'_>>, String> =
        told.map(|told| told.iter().enumerate().map(labelled).collect());
    match found {
        Ok(folds) => {
            let place: BTreeMap<usize, usize> =
                known.iter().enumerate().map(|(k, &i)| (f.rows[i], k)).collect();
            let measured = above_chance(&folds).map(ContrastEstimate::cross_fitted);
            let found = with(empty, &folds, probe.level, measured);
            let p = found.estimate.and_then(|estimate| {
                let seed =
                    ctx.seed().child(&q.column).child(&q.value).child(f.layer).child(f.masking).to_u64();
                let draws = LabelDraws::new(&answers, &patients).ok()?;
                let tested =
                    folds.iter().map(|f| f.rows.iter().filter_map(|row| place.get(row).copied()).collect());
                let asked = Asked {
                    parts,
                    n: f.rows.len(),
                    known: &known,
                    patients: &patients,
                    tested: tested.collect(),
                };
                permuted(probe, &asked, (&draws, seed), estimate)
            });
            Finding { p, ..found }
        }
        Err(why) => empty.not_estimable(why),
    }
}

/// Of each fold the tested places (among those that have an answer) and what the regression says of them.
type Told = Vec<(Vec<usize>, Vec<f64>)>;

/// # Errors
/// In words, where a fold cannot learn.
fn tell(parts: &[Part], n: usize, known: &[usize], answers: &[bool]) -> Result<Told, String> {
    let mut at = vec![None; n];
    known.iter().enumerate().for_each(|(k, &place)| at[place] = Some(k));
    let one = |part: &Part| {
        let of = |places: &[usize]| -> (Vec<f64>, Vec<usize>) {
            let kept = || places.iter().filter_map(|&place| Some((place, at[place]?)));
            let values = kept().flat_map(|(place, _)| {
                part.values[place * part.width..(place + 1) * part.width].iter().copied()
            });
            (values.collect(), kept().map(|(_, k)| k).collect())
        };
        let ((train, learnt), (test, asked)) = (of(&part.train), of(&part.test));
        let labels: Vec<bool> = learnt.iter().map(|&k| answers[k]).collect();
        let numbers = |values| Numbers::new(values, part.width).map_err(|e| e.to_string());
        let fitted = FIT.fit(numbers(&train)?, &labels).map_err(|e| e.to_string())?;
        let told = fitted.logits(numbers(&test)?).map_err(|e| e.to_string())?;
        Ok((asked, told))
    };
    parts.iter().map(one).collect()
}

/// What permutations are asked about.
struct Asked<'a> {
    parts: &'a [Part],
    /// Rows, with and without an answer.
    n: usize,
    known: &'a [usize],
    /// Of the known.
    patients: &'a [&'a str],
    /// Tested places of each fold, among the known.
    tested: Vec<Vec<usize>>,
}

impl Asked<'_> {
    /// Whether each fold tests two patients of either answer, as it does of the real ones: the number of folds was chosen so.
    fn fits(&self, answers: &[bool]) -> bool {
        let patients = |places: &[usize], wanted: bool| {
            let of = places.iter().filter(|&&k| answers[k] == wanted);
            of.map(|&k| self.patients[k]).collect::<BTreeSet<_>>().len()
        };
        self.tested.iter().all(|places| patients(places, true) > 1 && patients(places, false) > 1)
    }
}

/// Tries to draw a permutation that fits. Of rare answers few do.
const TRIES: usize = 200;

/// The share of permutations of the answers that tell as well, (1 + hits) / (1 + permutations) (Phipson & Smyth 2010), among those
/// that fit the folds as the answers do. One that cannot be drawn or told counts as a hit.
fn permuted(
    probe: &Attributes,
    asked: &Asked<'_>,
    (draws, seed): (&LabelDraws, u64),
    estimate: f64,
) -> Option<f64> {
    if probe.permutations == 0 {
        return None;
    }
    let hit = |i: usize| {
        let drawn = (0..TRIES).map(|t| draws.draw(seed, (i * TRIES + t) as u64));
        let Some(answers) = drawn.into_iter().find(|a| asked.fits(a)) else { return true };
        let mean = tell(asked.parts, asked.n, asked.known, &answers).ok().and_then(|told| {
            let one = |(places, scores): &(Vec<usize>, Vec<f64>)| {
                let labels: Vec<bool> = places.iter().map(|&k| answers[k]).collect();
                auc(&labels, scores).ok()
            };
            let each: Option<Vec<f64>> = told.iter().map(one).collect();
            each.map(|each| each.iter().sum::<f64>() / each.len() as f64)
        });
        // Rounding must not make equal ones differ.
        mean.is_none_or(|m| m >= estimate - 1e-12)
    };
    let hits = (0..probe.permutations).into_par_iter().filter(|&i| hit(i)).count();
    Some((1 + hits) as f64 / (1 + probe.permutations) as f64)
}

/// One profile over the layers a question, of what was found.
pub(crate) fn figures(found: &[Finding]) -> Vec<Figure> {
    // Without a layer it says what was left out.
    let found: Vec<&Finding> =
        found.iter().filter(|f| f.contrast == CONTRAST && f.at.contains_key("layer")).collect();
    let of = |f: &Finding, key: &str| f.at.get(key).cloned().unwrap_or_default();
    let distinct = |key: &str| {
        let mut all: Vec<String> = Vec::new();
        for f in found.iter().copied() {
            let value = of(f, key);
            if !value.is_empty() && !all.contains(&value) {
                all.push(value);
            }
        }
        all
    };
    let (layers, maskings) = (distinct("layer"), distinct("evaluated"));
    if layers.len() < 2 {
        return Vec::new();
    }
    let mut asked: Vec<(String, String)> = found.iter().map(|f| (of(f, "column"), of(f, "value"))).collect();
    asked.dedup();
    asked.sort();
    asked.dedup();
    let profile = |(column, value): &(String, String)| {
        let series = |masking: &String| {
            let at = |layer: &String| {
                let is = |f: &&&Finding| {
                    (of(f, "column"), of(f, "value")) == (column.clone(), value.clone())
                        && of(f, "layer") == *layer
                        && of(f, "evaluated") == *masking
                };
                found.iter().find(is)
            };
            Series {
                name: masking.clone(),
                estimates: layers.iter().map(|l| at(l)?.estimate).collect(),
                intervals: layers.iter().map(|l| at(l)?.interval).collect(),
            }
        };
        Figure::Profile(DepthProfile {
            title: format!("{column}: {value}"),
            caption: format!(
                "AUC with which a logistic regression on a layer's features tells that {column} is {value}, on patients that it has not seen."
            ),
            steps: layers.clone(),
            axis: "Layer, from the input to the output".into(),
            reference: 0.5,
            series: maskings.iter().map(series).collect(),
        })
    };
    let estimated = |(column, value): &&(String, String)| {
        found.iter().any(|f| of(f, "column") == *column && of(f, "value") == *value && f.estimate.is_some())
    };
    asked.iter().filter(estimated).map(profile).collect()
}
