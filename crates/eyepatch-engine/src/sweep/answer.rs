//! The answer to a sweep's question, by the rule that was declared.

use eyepatch_core::{Finding, Interval};
use eyepatch_report::schema::{
    Answer, AnswerKind, ClassAnswer, ClassVerdict, Contrast, Estimate, RuleTest, Status, Verdict,
};

use super::FlagRule;
use super::assemble::{AucIndex, LEVEL, detectable_gap, estimate};
use super::shared::Shared;

/// Fewer patients than this on either side of a class decide nothing.
const MIN_PATIENTS: usize = 20;

pub(super) fn answer(s: &Shared, rule: &FlagRule, index: &AucIndex<'_>, full: &str, quick: bool) -> Answer {
    let classes: Vec<ClassAnswer> =
        (0..s.table.classes.len()).map(|c| class_answer(s, rule, index, full, c)).collect();
    let (status, sentence) = together(&classes, AnswerKind::Screening);
    let looked = s.maskings.iter().filter(|m| rule.looks_at(&m.card) && m.card.hides);
    let test = RuleTest {
        trained: full.into(),
        evaluated: looked.map(|m| m.card.name.clone()).collect(),
        threshold: rule.threshold,
    };
    let rule_text = rule.sentence(LEVEL);
    let caveats = caveats(s, rule, quick);
    let kind = AnswerKind::Screening;
    Answer { kind, status, sentence, rule: rule_text, test: Some(test), classes, caveats }
}

/// A verdict in short. What it says of the AUCs on full images is taken from the screening.
pub(super) fn of_verdict(s: &Shared, screening: Answer, verdict: &Verdict, quick: bool) -> Answer {
    let short = |(was, class): (ClassAnswer, &ClassVerdict)| ClassAnswer {
        status: class.status,
        sentence: class.sentence.clone(),
        hidden: hidden_auc(class).or(was.hidden),
        minimal_detectable_gap: class.minimal_detectable_gap,
        ..was
    };
    let classes: Vec<ClassAnswer> = screening.classes.into_iter().zip(&verdict.classes).map(short).collect();
    let (status, sentence) = together(&classes, AnswerKind::Verdict);
    let looked = verdict.classes.iter().filter_map(hidden_contrast).flat_map(|c| &c.measured);
    let mut evaluated: Vec<String> = looked.map(|m| m.with.clone()).collect();
    evaluated.sort();
    evaluated.dedup();
    let test = screening.test.map(|t| RuleTest { evaluated, threshold: 0.5 + verdict.margin, ..t });
    let rule = verdict.rule.clone();
    Answer {
        kind: AnswerKind::Verdict,
        status,
        sentence,
        rule,
        test,
        classes,
        caveats: verdict_caveats(s, verdict, quick),
    }
}

fn hidden_contrast(class: &ClassVerdict) -> Option<&Contrast> {
    class.primary.iter().find(|c| c.id == crate::verdict::HIDDEN)
}

/// The AUC with the region hidden by the fill that decides: the least for a shortcut, the largest otherwise.
fn hidden_auc(class: &ClassVerdict) -> Option<Estimate> {
    let measured = hidden_contrast(class)?.measured.iter().map(|m| m.estimate);
    let value = |a: &Estimate, b: &Estimate| a.value.total_cmp(&b.value);
    let above_chance =
        if class.status == Status::Flagged { measured.min_by(value) } else { measured.max_by(value) }?;
    let shift = |i: Interval| Interval { lower: i.lower + 0.5, upper: i.upper + 0.5, ..i };
    Some(Estimate { value: above_chance.value + 0.5, interval: above_chance.interval.map(shift) })
}

/// The worst status of all classes, and the sentence that says it.
fn together(classes: &[ClassAnswer], kind: AnswerKind) -> (Status, String) {
    let worst = |a: Status, b: Status| if rank(b) > rank(a) { b } else { a };
    let status = classes.iter().map(|c| c.status).fold(Status::Clear, worst);
    let sentence = match classes {
        [one] => one.sentence.clone(),
        many => summary(many, status, kind),
    };
    (status, sentence)
}

fn rank(status: Status) -> u8 {
    match status {
        Status::Clear => 0,
        Status::Inconclusive => 1,
        Status::Flagged => 2,
    }
}

fn summary(classes: &[ClassAnswer], status: Status, kind: AnswerKind) -> String {
    let named = |want: Status| {
        let names = classes.iter().filter(|c| c.status == want).map(|c| c.class.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    match (status, kind) {
        (Status::Flagged, AnswerKind::Verdict) => {
            format!("The model takes a shortcut for: {}.", named(status))
        }
        (Status::Inconclusive, AnswerKind::Verdict) => {
            format!("Not decided for: {}; no shortcut is in evidence.", named(status))
        }
        (Status::Clear, AnswerKind::Verdict) => "For no class is a shortcut in evidence.".into(),
        (Status::Flagged, AnswerKind::Screening) => {
            format!("The model still answers with the region hidden for: {}.", named(Status::Flagged))
        }
        (Status::Inconclusive, AnswerKind::Screening) => {
            format!("Not decided for: {}; no class is flagged.", named(Status::Inconclusive))
        }
        (Status::Clear, AnswerKind::Screening) => {
            "For no class does the model answer with the region hidden.".into()
        }
    }
}

fn class_answer(s: &Shared, rule: &FlagRule, index: &AucIndex<'_>, full: &str, c: usize) -> ClassAnswer {
    let class = &s.table.classes[c];
    let full_card = &s.maskings[s.full].card;
    let on_full = index.get(class, full, &full_card.name, 0);
    let looked = s.maskings.iter().filter(|m| rule.looks_at(&m.card) && m.card.hides);
    let hidden: Vec<Option<&Finding>> = looked.map(|m| index.get(class, full, &m.card.name, 0)).collect();
    let (status, sentence) = judge(class, rule, on_full, &hidden);
    // Of several fills the report shows the one that decided: the least for a flag, the largest otherwise.
    let measured = hidden.into_iter().flatten();
    let shown = match status {
        Status::Flagged => measured.min_by(|a, b| lower(a).total_cmp(&lower(b))),
        _ => measured.max_by(|a, b| upper(a).total_cmp(&upper(b))),
    };
    ClassAnswer {
        class: class.clone(),
        status,
        sentence,
        full: estimate(on_full),
        hidden: estimate(shown),
        minimal_detectable_gap: detectable_gap(s, c, rule.threshold - 0.5).ok(),
    }
}

/// Lower bound; without an interval the least there is, so that it argues against a flag.
fn lower(finding: &Finding) -> f64 {
    finding.interval.map_or(f64::NEG_INFINITY, |i| i.lower)
}

/// Upper bound; without an interval the most there is, so that it argues against clearing.
fn upper(finding: &Finding) -> f64 {
    finding.interval.map_or(f64::INFINITY, |i| i.upper)
}

fn text(finding: &Finding) -> String {
    match (finding.estimate, finding.interval) {
        (Some(e), Some(i)) => format!("{e:.3} [{:.3}, {:.3}]", i.lower, i.upper),
        (Some(e), None) => format!("{e:.3}"),
        _ => "not estimable".into(),
    }
}

/// A flag needs every fill to argue for it, and so does clearing.
fn judge(
    class: &str,
    rule: &FlagRule,
    on_full: Option<&Finding>,
    hidden: &[Option<&Finding>],
) -> (Status, String) {
    use Status::{Clear, Flagged, Inconclusive};
    let what = rule.visible();
    let undecided = |why: String| (Inconclusive, format!("{class}: {why}."));
    let measured: Vec<&Finding> = hidden.iter().copied().flatten().collect();
    if measured.is_empty() || measured.len() < hidden.len() {
        return undecided(format!("not every masking with {what} and a fill that hides was measured"));
    }
    let (Some(full), Some(full_interval)) = (on_full, on_full.and_then(|f| f.interval)) else {
        return undecided("the AUC on full images is not estimable".into());
    };
    for finding in &measured {
        let Some(interval) = finding.interval else {
            let why = finding.note.clone().unwrap_or_default();
            return undecided(format!("the AUC with {what} is not estimable: {why}"));
        };
        if (interval.level - LEVEL).abs() > 1e-9 {
            let (found, wanted) = (interval.level * 100.0, LEVEL * 100.0);
            return undecided(format!(
                "its interval has a level of {found} %, and the rule asks for {wanted} %"
            ));
        }
        let n = finding.n_patients_positive.min(finding.n_patients_negative);
        if n < MIN_PATIENTS {
            return undecided(format!("{n} patients on one side are too few to decide anything"));
        }
    }
    let least = measured.iter().copied().min_by(|a, b| lower(a).total_cmp(&lower(b))).unwrap_or(measured[0]);
    let most = measured.iter().copied().max_by(|a, b| upper(a).total_cmp(&upper(b))).unwrap_or(measured[0]);
    let numbers = |shown: &Finding| format!("AUC {} on full images, {} with {what}", text(full), text(shown));
    if lower(least) > rule.threshold {
        return (Flagged, format!("{class}: the model still answers with {what} ({}).", numbers(least)));
    }
    if full_interval.lower <= 0.5 {
        let why = "the model has not learnt the task, so hiding the region shows nothing";
        return undecided(format!("{why} ({})", numbers(most)));
    }
    if upper(most) < rule.threshold {
        return (Clear, format!("{class}: with {what} the model no longer answers ({}).", numbers(most)));
    }
    if lower(most) > rule.threshold {
        return undecided(format!(
            "whether the model answers depends on the fill (AUC {} with one and {} with another)",
            text(least),
            text(most)
        ));
    }
    undecided(format!("the interval holds the threshold of {:.2} ({})", rule.threshold, numbers(most)))
}

/// What is said of every answer.
const CONDITIONAL: &str = "Intervals are clustered by patient and conditional on the trained models; the estimate is the mean of \
     the folds' AUCs.";

fn quick_caveat(quick: bool) -> Option<String> {
    let text = "This is the quick form of the audit: fewer images, folds and epochs. Nothing should be concluded from it.";
    quick.then(|| text.to_owned())
}

fn verdict_caveats(s: &Shared, verdict: &Verdict, quick: bool) -> Vec<String> {
    let mut caveats: Vec<String> = quick_caveat(quick).into_iter().collect();
    if s.leaks {
        caveats.push(
            "Hidden pixels have set the brightness of visible ones before they were hidden, so no masking hides and nothing \
             can be concluded from them."
                .into(),
        );
    }
    let notes = verdict
        .classes
        .iter()
        .flat_map(|c| c.primary.iter().filter_map(move |p| Some((c, p, p.note.as_ref()?))));
    caveats.extend(notes.map(|(c, p, note)| format!("{}: {}: {note}.", c.class, p.what)));
    caveats.push(
        "\"No evidence\" speaks of shortcuts that show outside of the legitimate region or in a named attribute, of these models \
         and of data like these. A broken association takes everything that goes with the attribute \
         as its doing."
            .into(),
    );
    caveats.push(CONDITIONAL.to_owned());
    caveats
}

fn caveats(s: &Shared, rule: &FlagRule, quick: bool) -> Vec<String> {
    let mut caveats: Vec<String> = quick_caveat(quick).into_iter().collect();
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
    caveats.push(CONDITIONAL.to_owned());
    caveats
}

#[cfg(test)]
mod tests {
    use super::*;
    use eyepatch_core::Interval;

    fn auc(lower: f64, upper: f64) -> Finding {
        Finding {
            estimate: Some((lower + upper) / 2.0),
            interval: Some(Interval { lower, upper, level: LEVEL }),
            n_patients: 100,
            n_patients_positive: 60,
            n_patients_negative: 60,
            ..Finding::default()
        }
    }

    fn judged(full: &Finding, hidden: &[&Finding]) -> (Status, String) {
        let hidden: Vec<Option<&Finding>> = hidden.iter().copied().map(Some).collect();
        judge("ill", &super::super::auc(eyepatch_core::Keep::Outside).above(0.6), Some(full), &hidden)
    }

    #[test]
    fn flag_and_clear_need_every_fill() {
        let full = auc(0.8, 0.9);
        let (high, low, wide) = (auc(0.63, 0.72), auc(0.42, 0.53), auc(0.55, 0.65));
        let status = |hidden: &[&Finding]| judged(&full, hidden).0;
        assert_eq!(status(&[&high]), Status::Flagged);
        assert_eq!(status(&[&low]), Status::Clear);
        assert_eq!(status(&[&wide]), Status::Inconclusive);
        assert_eq!(status(&[&high, &auc(0.7, 0.8)]), Status::Flagged);
        assert_eq!(status(&[&high, &wide]), Status::Inconclusive);
        assert_eq!(status(&[&low, &wide]), Status::Inconclusive);
        let (status, sentence) = judged(&full, &[&low, &high]);
        assert_eq!(status, Status::Inconclusive);
        assert!(sentence.contains("depends on the fill"), "{sentence}");
    }

    #[test]
    fn what_cannot_be_judged_is_inconclusive_and_says_why() {
        let full = auc(0.8, 0.9);
        let says = |full: &Finding, hidden: Finding, why: &str| {
            let (status, sentence) = judged(full, &[&hidden]);
            assert!(status == Status::Inconclusive && sentence.contains(why), "{status:?}: {sentence}");
        };
        says(&full, Finding { n_patients_negative: 19, ..auc(0.7, 0.8) }, "19 patients on one side");
        says(&full, Finding { interval: None, ..auc(0.7, 0.8) }, "not estimable");
        says(&auc(0.45, 0.6), auc(0.42, 0.53), "has not learnt the task");
        let half = Interval { lower: 0.42, upper: 0.5, level: 0.5 };
        says(&full, Finding { interval: Some(half), ..auc(0.4, 0.5) }, "level of 50 %");
        let rule = super::super::auc(eyepatch_core::Keep::Outside).above(0.6);
        assert_eq!(judge("ill", &rule, Some(&full), &[]).0, Status::Inconclusive);
        assert_eq!(judge("ill", &rule, None, &[Some(&auc(0.4, 0.5))]).0, Status::Inconclusive);
    }

    /// A patient with one diseased and one healthy eye counts on both sides.
    #[test]
    fn patients_on_both_sides_count_twice() {
        let eyes = Finding { n_patients: 60, ..auc(0.63, 0.7) };
        assert_eq!(judged(&auc(0.8, 0.9), &[&eyes]).0, Status::Flagged);
    }
}
