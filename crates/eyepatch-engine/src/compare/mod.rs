//! Two runs against each other: what was declared otherwise, what came out otherwise, and whether that is more than noise.

mod declared;
mod numbers;
mod scores;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use eyepatch_report::compared::{
    COMPARED_SCHEMA, ComparedAnswer, ComparedAudit, ComparedNumber, ComparedRuns,
};
use eyepatch_report::schema::{AuditResult, RunResult};
use eyepatch_stats::holm_adjusted;

use crate::Result;
use crate::cell::audit_name;

/// Familywise error over all differences that are tested.
const ALPHA: f64 = 0.05;

/// Compares the runs in two folders, each with its `result.json`. Where both kept `tables/AUDIT/scores.csv` and tested the same
/// images, differences of AUCs are paired and clustered by patient; elsewhere the intervals are taken as independent.
///
/// # Errors
/// [`crate::Error::Report`] where a result or a table of scores cannot be read.
pub fn compare_runs(first: &Path, second: &Path) -> Result<ComparedRuns> {
    let read = |folder: &Path| eyepatch_report::json::read_result(&folder.join("result.json"));
    let (a, b) = (read(first)?, read(second)?);
    let (of_a, of_b) = (by_id(&a), by_id(&b));
    let only = |these: &BTreeMap<&str, &AuditResult>, others: &BTreeMap<&str, &AuditResult>| {
        these.keys().filter(|id| !others.contains_key(*id)).map(|id| (*id).to_owned()).collect()
    };
    let mut audits = Vec::new();
    for (id, one) in &of_a {
        let Some(other) = of_b.get(id) else { continue };
        let table = |folder: &Path| folder.join("tables").join(audit_name(id)).join("scores.csv");
        let scores = [scores::read(&table(first))?, scores::read(&table(second))?];
        audits.push(audit([one, other], &scores));
    }
    let n_tests = adjust(&mut audits);
    Ok(ComparedRuns {
        schema: COMPARED_SCHEMA.into(),
        generators: [a.generator.clone(), b.generator.clone()],
        only: [only(&of_a, &of_b), only(&of_b, &of_a)],
        alpha: ALPHA,
        n_tests,
        audits,
    })
}

fn by_id(run: &RunResult) -> BTreeMap<&str, &AuditResult> {
    run.audits.iter().map(|a| (a.id.as_str(), a)).collect()
}

fn audit(runs: [&AuditResult; 2], scores: &[scores::Scores; 2]) -> ComparedAudit {
    let keys = runs.map(|r| r.provenance.cells.iter().map(|c| &c.key).collect::<BTreeSet<_>>());
    ComparedAudit {
        id: runs[0].id.clone(),
        choices: declared::choices(runs),
        cells: (keys[0].intersection(&keys[1]).count(), keys[0].len(), keys[1].len()),
        answers: answers(runs),
        numbers: numbers::all(runs, scores),
    }
}

fn answers(runs: [&AuditResult; 2]) -> Vec<ComparedAnswer> {
    let mut classes: Vec<&str> = Vec::new();
    for class in runs.iter().flat_map(|r| &r.answer.classes).map(|c| c.class.as_str()) {
        if !classes.contains(&class) {
            classes.push(class);
        }
    }
    let words = |r: &AuditResult, class: &str| {
        let answer = r.answer.classes.iter().find(|c| c.class == class)?;
        let word = r.answer.kind.word(answer.status);
        let verdict = r.verdict.iter().flat_map(|v| &v.classes).find(|c| c.class == class);
        Some(match verdict.and_then(|v| v.named_cause()) {
            Some(cause) => format!("{word}, probably {}", cause.name),
            None => word.to_owned(),
        })
    };
    let one =
        |class: &&str| ComparedAnswer { class: (*class).to_owned(), words: runs.map(|r| words(r, class)) };
    classes.iter().map(one).collect()
}

/// Holm over every tested number of every audit; how many there are.
fn adjust(audits: &mut [ComparedAudit]) -> usize {
    let tested = |n: &&mut ComparedNumber| n.p.is_some();
    let mut all: Vec<&mut ComparedNumber> =
        audits.iter_mut().flat_map(|a| &mut a.numbers).filter(tested).collect();
    let p: Vec<f64> = all.iter().filter_map(|n| n.p).collect();
    for (number, adjusted) in all.iter_mut().zip(holm_adjusted(&p)) {
        number.p_adjusted = Some(adjusted);
    }
    p.len()
}

#[cfg(test)]
mod tests;
