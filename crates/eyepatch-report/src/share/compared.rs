//! Variants of one audit side by side, as they may be shared.

use super::words::Words;
use crate::schema::{AnswerOf, Choice, ComparedAuc, Comparison, Estimate};

/// The choice that tells how many images and patients each variant used.
pub const DATA_USED: &str = "data used";

/// `few` says of which classes nothing is told, because they rest on too few in one of the audits.
pub(super) fn comparison(c: &Comparison, words: &Words, few: &dyn Fn(&str) -> bool) -> Comparison {
    let Comparison { of, question, variants, kinds, choices, answers, aucs } = c;
    let text = |t: &String| words.clear(t);
    let choice = |Choice { what, values }: &Choice| Choice {
        what: text(what),
        values: values.iter().map(|v| v.as_ref().map(|t| words.clear_value(t))).collect(),
    };
    let answer = |AnswerOf { class, statuses, full, hidden }: &AnswerOf| AnswerOf {
        class: text(class),
        statuses: statuses.clone(),
        full: told(full, few(class)),
        hidden: told(hidden, few(class)),
    };
    let auc = |ComparedAuc { class, trained, evaluated, aucs }: &ComparedAuc| ComparedAuc {
        class: text(class),
        trained: text(trained),
        evaluated: text(evaluated),
        aucs: told(aucs, few(class)),
    };
    Comparison {
        of: text(of),
        question: text(question),
        variants: variants.iter().map(text).collect(),
        kinds: kinds.clone(),
        // Counts in words, which nobody has looked at whether they are small, nor their differences.
        choices: choices.iter().filter(|c| c.what != DATA_USED).map(choice).collect(),
        answers: answers.iter().map(answer).collect(),
        aucs: aucs.iter().map(auc).collect(),
    }
}

fn told(estimates: &[Option<Estimate>], few: bool) -> Vec<Option<Estimate>> {
    estimates.iter().map(|e| e.filter(|_| !few)).collect()
}
