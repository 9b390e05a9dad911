//! What to do next, from a result by a declared rule.
//!
//! In this order, each where it holds: a quick form is run whole; alarms of the data check are mended; a class whose status is
//! flagged gets the remedy of its named cause, or a search for the cause where none is named; an inconclusive one is told what it
//! lacks: a region, a model that has learnt the task, contrasts that can be estimated, fills that agree, or patients and about how
//! many; where all is clear, what that does not cover.

use crate::format::{count, number};
use crate::schema::{
    AnswerKind, AuditResult, ClassAnswer, ClassVerdict, Contrast, Estimate, Measured, Outcome, Severity,
    Status,
};
use crate::share::Counted;

/// Sentences, the most pressing first; never empty.
pub(crate) fn steps<N: Counted>(a: &AuditResult<N>) -> Vec<String> {
    let mut steps = Vec::new();
    if a.quick {
        steps.push("Run the audit whole, without its quick form, before you conclude anything.".to_owned());
    }
    let alarms = a.check.iter().flat_map(|c| &c.findings).filter(|f| f.severity == Severity::Alarm);
    let alarms = alarms.filter(|f| !f.remedy.trim().is_empty()).take(2);
    steps.extend(alarms.map(|f| {
        format!(
            "The data check raised an alarm: {} {}",
            sentence(f.sentence.trim()),
            sentence(f.remedy.trim())
        )
    }));
    steps.extend(a.answer.classes.iter().filter_map(|c| of_class(a, c)));
    if a.answer.classes.is_empty() {
        steps.push("No class was answered: see the notes for what kept it from being so.".into());
    } else if a.answer.status == Status::Clear {
        steps.push(not_covered(a));
    }
    steps
}

fn of_class<N: Counted>(a: &AuditResult<N>, c: &ClassAnswer) -> Option<String> {
    let verdict = a.verdict.iter().flat_map(|v| &v.classes).find(|v| v.class == c.class);
    let what = match c.status {
        Status::Flagged => flagged(a, verdict),
        Status::Inconclusive => lacking(a, c, verdict).unwrap_or_else(|| inconclusive(a, c)),
        Status::Clear => return None,
    };
    Some(if a.answer.classes.len() > 1 { format!("{}: {what}", c.class) } else { what })
}

fn flagged<N>(a: &AuditResult<N>, verdict: Option<&ClassVerdict>) -> String {
    let Some(verdict) = verdict else {
        if a.answer.kind == AnswerKind::Verdict {
            return "What the verdict rests on is held back here; ask who ran the audit.".into();
        }
        return "A screening flags; it calls nothing a shortcut. Declare a verdict for this audit, which tests controls and looks for \
                the cause."
            .into();
    };
    let Some(cause) = verdict.named_cause() else {
        return "No cause is named. Look at the examples under the maskings that the model still answers, name the columns you \
                suspect as attributes, and audit again."
            .into();
    };
    remedy(&cause.name, a.data.columns.iter().any(|c| c.name == cause.name))
}

/// What to do about a named cause; `column` says whether it is one of the data set's columns.
fn remedy(cause: &str, column: bool) -> String {
    match cause {
        "border" | "corner" | "background" => format!(
            "Look at the {cause} of the images for what marks the label (letters, tags, edges of the detector), crop or cover it in \
             training and in use, train again and audit again."
        ),
        "mask shape" | "outline" => "The outline of what is hidden gives the label away. Declare covers, so that the shape says nothing, and audit \
             again before you blame the model."
            .into(),
        _ if column => format!(
            "Break the association of {cause} with the label in the training data: match or resample so that each {cause} has the \
             same share of positives, train again and audit again. Until then report performance within each {cause} only."
        ),
        _ => format!(
            "Take {cause} out of the images (standardise it for all before training) or balance it over the labels, train again and \
             audit again."
        ),
    }
}

/// What an inconclusive class lacks that more patients do not bring.
fn lacking<N>(a: &AuditResult<N>, c: &ClassAnswer, verdict: Option<&ClassVerdict>) -> Option<String> {
    if a.answer.kind == AnswerKind::Verdict && !a.data.legitimate.contains_key(&c.class) {
        return Some(
            "Declare the class's legitimate region in the data set: without it no number of patients gives a verdict.".into(),
        );
    }
    let at_chance = |e: Estimate| e.interval.is_some_and(|i| i.lower <= 0.5);
    if c.full.is_some_and(at_chance) {
        return Some(
            "The full-image model is not shown to have learnt the task: train one that has before you test more patients.".into(),
        );
    }
    let primary = || verdict.into_iter().flat_map(|v| &v.primary);
    let mut open = primary().filter(|p| p.outcome == Outcome::Undecided);
    if open.clone().any(|p| p.measured.is_empty()) {
        return Some("Make every primary contrast estimable first; its note says what is missing.".into());
    }
    let shown = |p: &Contrast, m: &Measured| m.estimate.interval.is_some_and(|i| i.lower > p.margin);
    let disagree =
        |p: &Contrast| p.measured.iter().any(|m| shown(p, m)) && !p.measured.iter().all(|m| shown(p, m));
    open.any(disagree).then(|| {
        "The fills disagree: with one of them the effect is shown, with another it is not. Look at what each leaves visible; more \
         patients settle it only if all fills show the same."
            .into()
    })
}

fn inconclusive<N: Counted>(a: &AuditResult<N>, c: &ClassAnswer) -> String {
    match more_patients(a, c) {
        Some((tested, more, effect)) if more > 0 => format!(
            "Test at least about {} more patients of the same mix (now {}): an effect of {} would then be found with 80 % power. One \
             near the margin stays undecided at any size.",
            count(more as u64),
            count(tested as u64),
            number(effect, 2)
        ),
        Some(_) => "A test of this size already finds effects of twice the margin: what is undecided lies near the margin, where it \
                    takes many more patients. See the contrasts for which it is."
            .into(),
        None if N::SHARED => "How many patients it takes is held back here; ask who ran the audit.".into(),
        None => "How many patients it takes cannot be told from this run. See the sentence of the class for what was missing."
            .into(),
    }
}

/// Patients tested, how many more it takes, and the effect that they would show: twice the margin. What an effect must have
/// beyond the margin to be found falls with the root of the number of patients.
fn more_patients<N: Counted>(a: &AuditResult<N>, c: &ClassAnswer) -> Option<(usize, usize, f64)> {
    let margin = match (&a.verdict, &a.answer.test) {
        (Some(v), _) => v.margin,
        (None, Some(t)) => t.threshold - 0.5,
        (None, None) => return None,
    };
    let beyond = c.minimal_detectable_gap? - margin;
    let tested = a.matrices.iter().find(|m| m.class == c.class)?.n_patients.known()?;
    if !(margin > 0.0 && beyond.is_finite() && beyond > 0.0 && tested > 0) {
        return None;
    }
    Some((tested, additional(tested, beyond / margin), 2.0 * margin))
}

/// Patients beside `tested` that shrink what is detectable by `ratio`, to two leading digits.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, clamped")]
fn additional(tested: usize, ratio: f64) -> usize {
    let more = (tested as f64 * (ratio * ratio - 1.0)).clamp(0.0, 1e12);
    if more < 1.0 {
        return 0;
    }
    let unit = 10_f64.powf((more.log10().floor() - 1.0).max(0.0));
    ((more / unit).ceil() * unit) as usize
}

fn not_covered<N>(a: &AuditResult<N>) -> String {
    let outside = match a.answer.caveats.first() {
        Some(caveat) => format!(" {}", sentence(caveat)),
        None => String::new(),
    };
    format!(
        "Audit again on the hospital, cameras and patients that the model will meet: the answer speaks of these models and of \
         patients like those tested.{outside}"
    )
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', ':']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patients_grow_with_the_square_of_what_is_not_yet_seen() {
        assert_eq!([additional(100, 2.0), additional(100, 1.0), additional(100, 0.4)], [300, 0, 0]);
        assert_eq!(additional(541, 1.7), 1100);
        assert_eq!(additional(40, 1.05), 5);
    }

    #[test]
    fn a_remedy_names_its_cause() {
        assert!(remedy("corner", false).contains("the corner of the images"));
        assert!(remedy("camera", true).contains("association of camera with the label"));
        assert!(remedy("grey level", false).starts_with("Take grey level out"));
    }
}
