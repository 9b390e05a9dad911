//! The answer to a sweep's question, by the rule that was declared.

use eyepatch_core::Finding;
use eyepatch_report::schema::{Answer, ClassAnswer, RuleTest, Status};

use super::FlagRule;
use super::assemble::{AucIndex, LEVEL, detectable_gap, estimate};
use super::shared::Shared;

/// Fewer patients than this on either side of a class decide nothing.
const MIN_PATIENTS: usize = 20;

pub(super) fn answer(s: &Shared, rule: &FlagRule, index: &AucIndex<'_>, full: &str, quick: bool) -> Answer {
    let classes: Vec<ClassAnswer> =
        (0..s.table.classes.len()).map(|c| class_answer(s, rule, index, full, c)).collect();
    let worst = |a: Status, b: Status| if rank(b) > rank(a) { b } else { a };
    let status = classes.iter().map(|c| c.status).fold(Status::Clear, worst);
    let sentence = match classes.as_slice() {
        [one] => one.sentence.clone(),
        many => summary(many, status),
    };
    let looked = s.maskings.iter().filter(|m| rule.looks_at(&m.card));
    let test = RuleTest {
        trained: full.into(),
        evaluated: looked.map(|m| m.card.name.clone()).collect(),
        threshold: rule.threshold,
    };
    let rule_text = rule.sentence(LEVEL);
    Answer { status, sentence, rule: rule_text, test: Some(test), classes, caveats: caveats(s, rule, quick) }
}

fn rank(status: Status) -> u8 {
    match status {
        Status::Clear => 0,
        Status::Inconclusive => 1,
        Status::Flagged => 2,
    }
}

fn summary(classes: &[ClassAnswer], status: Status) -> String {
    let named = |want: Status| {
        let names = classes.iter().filter(|c| c.status == want).map(|c| c.class.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    match status {
        Status::Flagged => {
            format!("The model still answers with the region hidden for: {}.", named(Status::Flagged))
        }
        Status::Inconclusive => {
            format!("Not decided for: {}; no class is flagged.", named(Status::Inconclusive))
        }
        Status::Clear => "For no class does the model answer with the region hidden.".into(),
    }
}

fn class_answer(s: &Shared, rule: &FlagRule, index: &AucIndex<'_>, full: &str, c: usize) -> ClassAnswer {
    let class = &s.table.classes[c];
    let full_card = &s.maskings[s.full].card;
    let on_full = index.get(class, full, &full_card.name, 0);
    let looked = s.maskings.iter().filter(|m| rule.looks_at(&m.card) && m.card.hides);
    // With several fills the one that argues least for a flag decides.
    let hidden = looked
        .filter_map(|m| index.get(class, full, &m.card.name, 0))
        .min_by(|a, b| lower(a).total_cmp(&lower(b)));
    let (status, sentence) = judge(s, rule, c, on_full, hidden);
    ClassAnswer {
        class: class.clone(),
        status,
        sentence,
        full: estimate(on_full),
        hidden: estimate(hidden),
        minimal_detectable_gap: detectable_gap(s, c, rule.threshold - 0.5).ok(),
    }
}

fn lower(finding: &Finding) -> f64 {
    finding.interval.map_or(f64::NEG_INFINITY, |i| i.lower)
}

fn text(finding: &Finding) -> String {
    match (finding.estimate, finding.interval) {
        (Some(e), Some(i)) => format!("{e:.3} [{:.3}, {:.3}]", i.lower, i.upper),
        (Some(e), None) => format!("{e:.3}"),
        _ => "not estimable".into(),
    }
}

fn judge(
    s: &Shared,
    rule: &FlagRule,
    c: usize,
    on_full: Option<&Finding>,
    hidden: Option<&Finding>,
) -> (Status, String) {
    use Status::{Clear, Flagged, Inconclusive};
    let class = &s.table.classes[c];
    let what = rule.visible();
    let Some(hidden) = hidden else {
        return (
            Inconclusive,
            format!("{class}: no masking with {what} and a fill that hides was measured."),
        );
    };
    let (Some(full), Some(full_interval)) = (on_full, on_full.and_then(|f| f.interval)) else {
        return (Inconclusive, format!("{class}: the AUC on full images is not estimable."));
    };
    let Some(interval) = hidden.interval else {
        let why = hidden.note.clone().unwrap_or_default();
        return (Inconclusive, format!("{class}: the AUC with {what} is not estimable. {why}"));
    };
    let negative = hidden.n_patients.saturating_sub(hidden.n_patients_positive);
    if hidden.n_patients_positive.min(negative) < MIN_PATIENTS {
        let n = hidden.n_patients_positive.min(negative);
        return (Inconclusive, format!("{class}: {n} patients on one side are too few to decide anything."));
    }
    let numbers = format!("AUC {} on full images, {} with {what}", text(full), text(hidden));
    if interval.lower > rule.threshold {
        return (Flagged, format!("{class}: the model still answers with {what} ({numbers})."));
    }
    if full_interval.lower <= 0.5 {
        return (
            Inconclusive,
            format!(
                "{class}: the model has not learnt the task, so hiding the region shows nothing ({numbers})."
            ),
        );
    }
    if interval.upper < rule.threshold {
        return (Clear, format!("{class}: with {what} the model no longer answers ({numbers})."));
    }
    (Inconclusive, format!("{class}: the interval holds the threshold of {:.2} ({numbers}).", rule.threshold))
}

fn caveats(s: &Shared, rule: &FlagRule, quick: bool) -> Vec<String> {
    let mut caveats = Vec::new();
    if quick {
        caveats.push(
            "This is the quick form of the audit: fewer images, folds and epochs. Nothing should be concluded from it."
                .to_owned(),
        );
    }
    let legitimate = s.dataset.legitimate();
    let without: Vec<&str> =
        s.table.classes.iter().filter(|c| !legitimate.contains_key(*c)).map(String::as_str).collect();
    if !without.is_empty() {
        caveats.push(format!(
            "The data set declares no legitimate region for: {}. A flag there means signal outside the ROI, which is a \
             shortcut only if the class's true signs lie inside it.",
            without.join(", ")
        ));
    }
    let fills = s.maskings.iter().filter(|m| rule.looks_at(&m.card) && m.card.hides).count();
    caveats.push(format!(
        "This is a screening with {fills} hiding fill{}: the hidden region is off the training distribution and its \
         shape stays visible, so a flag calls for the controls before it is called a shortcut, and a clear answer \
         speaks of these models on these data only.",
        if fills == 1 { "" } else { "s" }
    ));
    caveats.push(
        "Intervals are clustered by patient and conditional on the trained models; the estimate is the mean of the \
         folds' AUCs."
            .to_owned(),
    );
    caveats
}
