//! Variants of one audit side by side.

use serde::Serialize;

use super::badge::Badge;
use crate::format;
use crate::schema::{ComparedAuc, Comparison, Estimate};

/// One comparison as the template prints it.
#[derive(Serialize)]
pub(super) struct View<'a> {
    anchor: String,
    /// `Published against strict`.
    title: String,
    c: &'a Comparison,
    choices: Vec<(&'a str, Vec<&'a str>)>,
    answers: Vec<AnswerRow<'a>>,
    aucs: Vec<AucRow<'a>>,
    several_classes: bool,
    /// Two variants have one difference.
    pair: bool,
}

#[derive(Serialize)]
struct AnswerRow<'a> {
    class: &'a str,
    /// One a variant.
    each: Vec<AnswerCell<'a>>,
}

#[derive(Serialize)]
struct AnswerCell<'a> {
    variant: &'a str,
    status: Option<Badge>,
    /// Value and interval.
    full: (String, String),
    hidden: (String, String),
}

#[derive(Serialize)]
struct AucRow<'a> {
    class: &'a str,
    trained: &'a str,
    evaluated: &'a str,
    /// Value and interval, one a variant.
    each: Vec<(String, String)>,
    difference: String,
}

impl<'a> View<'a> {
    pub(super) fn new(index: usize, c: &'a Comparison) -> Self {
        let choices = c.choices.iter().map(|choice| {
            let values = choice.values.iter().map(|v| v.as_deref().unwrap_or(format::NONE)).collect();
            (choice.what.as_str(), values)
        });
        let kind = |i: usize| c.kinds.get(i).copied().unwrap_or_default();
        let answers = c.answers.iter().map(|a| AnswerRow {
            class: &a.class,
            each: (0..c.variants.len())
                .map(|i| AnswerCell {
                    variant: &c.variants[i],
                    status: a.statuses.get(i).copied().flatten().map(|s| Badge::new(kind(i), s)),
                    full: shown(a.full.get(i).copied().flatten()),
                    hidden: shown(a.hidden.get(i).copied().flatten()),
                })
                .collect(),
        });
        Self {
            anchor: format!("c{}", index + 1),
            title: capitalised(&c.variants.join(" against ")),
            c,
            choices: choices.collect(),
            answers: answers.collect(),
            aucs: c.aucs.iter().map(AucRow::new).collect(),
            several_classes: c.answers.len() > 1,
            pair: c.variants.len() == 2,
        }
    }
}

impl<'a> AucRow<'a> {
    fn new(cell: &'a ComparedAuc) -> Self {
        let difference = match cell.aucs.as_slice() {
            [Some(a), Some(b)] => format::signed(b.value - a.value, 3),
            _ => format::NONE.to_owned(),
        };
        Self {
            class: &cell.class,
            trained: &cell.trained,
            evaluated: &cell.evaluated,
            each: cell.aucs.iter().copied().map(shown).collect(),
            difference,
        }
    }
}

/// An AUC and its interval.
fn shown(e: Option<Estimate>) -> (String, String) {
    let interval = e.and_then(|e| e.interval).map(|i| format::interval(&i)).unwrap_or_default();
    (format::optional(e.map(|e| e.value), 3), interval)
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
