//! A result that may leave the house: without pictures, paths and ids, and with small counts held back.
//!
//! [`share`] makes it before anything is rendered, field by field, so that nothing can slip through a template. Every
//! struct is taken apart by name: a field added to the schema does not compile until somebody decides about it.
//!
//! **What stays** is what the audit and its plugins declare in code or parameters (names of audits, classes, maskings
//! and columns, rules, cards, descriptions), cleared of paths, file names and the ids of samples that the result names;
//! and what was estimated. **What goes**: pictures with the samples they show, the check of the data, notes and all other sentences that are
//! made from data, values of metadata columns, parameters of plugins, findings about single samples, hashes of content and
//! cells, device, durations. The sentences of the answer and of the verdict are written anew from their numbers.
//!
//! **Small counts.** A count of images, patients or rows from 1 to 4 is printed as `<5`; 0 points at nobody and stays. What
//! a small one could be computed from, by taking it from a total, is `withheld`: the other counts of the same class; a
//! count that leaves 1 to 4 of all images or patients; the whole column of the table of splits; the counts of all
//! findings of one contrast and class. An AUC tells how many it rests on where they are few, so estimates of a class with
//! fewer than 5 images or patients on a side are left out too, and so is its verdict. Counts of *different* runs on almost the same data can still
//! be taken from each other: share one of them.

mod compared;
mod count;
mod fields;
mod thin;
mod verdict;
mod words;

use serde::{Deserialize, Serialize};

pub use compared::DATA_USED;
pub(crate) use count::Counted;
pub use count::{Count, Held, SMALL};

use crate::schema::{AuditResult, Comparison, ProbeSection, RunResult};
use fields::Share;
use thin::Thin;
use words::Words;

/// Name and version of the shared form.
pub const SHARED_SCHEMA: &str = "eyepatch-shared/1";

/// A result that may leave the house.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedResult {
    /// [`SHARED_SCHEMA`].
    pub schema: String,
    /// Version of eyepatch that wrote it.
    pub generator: String,
    /// What was left out, a sentence each.
    pub left_out: Vec<String>,
    /// As in a [`RunResult`].
    pub comparisons: Vec<Comparison>,
    /// One entry an audit, as in a [`RunResult`].
    pub audits: Vec<AuditResult<Count>>,
}

/// The shared form of a result.
#[must_use]
pub fn share(result: &RunResult) -> SharedResult {
    // A benchmark's data are made up; nothing of it is anybody's.
    let RunResult { schema: _, generator, audits, comparisons, benchmarks: _ } = result;
    let words_of_all = words(audits);
    let few: Vec<Thin> = audits.iter().map(Thin::of).collect();
    let few = |class: &str| few.iter().any(|thin| thin.estimates(class));
    SharedResult {
        schema: SHARED_SCHEMA.into(),
        generator: words_of_all.clear(generator),
        comparisons: comparisons.iter().map(|c| compared::comparison(c, &words_of_all, &few)).collect(),
        left_out: left_out(),
        audits: audits.iter().map(audit).collect(),
    }
}

/// What clears strings of the samples and patients that these audits name.
fn words(audits: &[AuditResult]) -> Words {
    let named = |a: &AuditResult| -> Vec<String> {
        let checks = a.check.iter().flat_map(|c| &c.findings);
        let checked = checks.flat_map(|f| f.samples.iter().chain(&f.patients)).cloned();
        let clusters = a.maps.iter().flat_map(|m| &m.clusters);
        let mapped = clusters.flat_map(|c| &c.examples).map(|e| e.sample.clone());
        let shown = a.gallery.iter().map(|g| g.sample.clone());
        let explained = a.explanations.iter().map(|e| e.sample.clone());
        let points = a.sections.iter().flat_map(|s| &s.samples).cloned();
        shown.chain(explained).chain(points).chain(checked).chain(mapped).collect()
    };
    let all: Vec<String> = audits.iter().flat_map(named).collect();
    Words::new(all.iter().map(String::as_str))
}

fn left_out() -> Vec<String> {
    [
        "All pictures, and the samples they show; attribution maps and what they show.",
        "External data and how the models do on them.",
        "What probes say and show beside the AUC matrix: embeddings, attributes, a metadata baseline.",
        "Ids of samples and patients, paths, file names, hashes of content and cells; parameters of plugins, but for those in \
         which variants of an audit differ.",
        "The check of the data, notes, what speaks for and against a cause, and every other sentence made from the data; values \
         of metadata columns.",
        "Findings about single samples.",
        "The machine and how long it took.",
        "Counts of images, patients or rows from 1 to 4 are printed as <5. A count that would give a small one away is \
         withheld, and so is an AUC that rests on fewer than 5 images or patients on a side.",
    ]
    .map(str::to_owned)
    .into()
}

/// Whether a finding belongs to what a probe says beside the AUC matrix: it may name values of columns.
fn of_a_section(sections: &[ProbeSection], finding: usize) -> bool {
    sections.iter().any(|s| (s.findings.0..s.findings.1).contains(&finding))
}

fn audit(a: &AuditResult) -> AuditResult<Count> {
    let AuditResult {
        id,
        question,
        tags,
        seed,
        quick,
        declared_in: _,
        answer,
        verdict,
        data,
        model,
        maskings,
        splits,
        check: _,
        matrices,
        curves,
        further,
        gallery: _,
        explanations: _,
        maps: _,
        transfers: _,
        findings,
        sections,
        notes: _,
        provenance,
    } = a;
    let s = Share { words: words(std::slice::from_ref(a)), thin: Thin::of(a) };
    AuditResult {
        id: s.text(id),
        question: s.text(question),
        tags: s.texts(tags),
        seed: *seed,
        quick: *quick,
        declared_in: String::new(),
        answer: s.answer(answer),
        data: s.data(data),
        model: s.model(model),
        maskings: maskings.iter().map(|m| s.masking(m)).collect(),
        splits: s.splits(splits),
        check: None,
        verdict: verdict.as_ref().map(|v| s.verdict(v)),
        matrices: matrices.iter().map(|m| s.matrix(m)).collect(),
        curves: curves.iter().map(|c| s.curve(c)).collect(),
        further: further.iter().map(|f| s.further(f)).collect(),
        gallery: Vec::new(),
        explanations: Vec::new(),
        maps: Vec::new(),
        findings: findings
            .iter()
            .enumerate()
            .filter(|(i, f)| !of_a_section(sections, *i) && !s.is_single(f))
            .map(|(_, f)| s.finding(f))
            .collect(),
        sections: Vec::new(),
        transfers: Vec::new(),
        notes: Vec::new(),
        provenance: s.provenance(provenance),
    }
}
