//! A verdict, as it may be shared: statuses, contrasts and losses, without the sentences that were made from data.

use super::fields::Share;
use crate::format;
use crate::schema::{AnswerKind, Cause, ClassVerdict, Contrast, DataStatement, Measured, Signal, Verdict};

impl Share {
    /// A class that rests on few has no verdict here; the answer says that it rests on few.
    pub(super) fn verdict(&self, v: &Verdict) -> Verdict {
        let Verdict { rule, margin, alpha, n_tests, classes } = v;
        Verdict {
            rule: self.text(rule),
            margin: *margin,
            alpha: *alpha,
            n_tests: *n_tests,
            classes: classes
                .iter()
                .filter(|c| !self.thin.estimates(&c.class))
                .map(|c| self.class_verdict(c))
                .collect(),
        }
    }

    fn class_verdict(&self, c: &ClassVerdict) -> ClassVerdict {
        let ClassVerdict {
            class,
            status,
            sentence: _,
            data,
            primary,
            supporting,
            // Named by what columns say.
            subgroups: _,
            causes,
            minimal_detectable_gap,
        } = c;
        let class = self.text(class);
        let causes: Vec<Cause> = causes.iter().map(|c| self.cause(c)).collect();
        let word = format::status(AnswerKind::Verdict, *status).to_lowercase();
        let named = causes.iter().find(|c| c.named).map(|c| format!(", probably {}", c.name));
        ClassVerdict {
            sentence: format!("{class}: {word}{}.", named.unwrap_or_default()),
            class,
            status: *status,
            data: data_statement(data),
            primary: primary.iter().map(|c| self.contrast(c)).collect(),
            supporting: supporting.iter().map(|c| self.contrast(c)).collect(),
            subgroups: Vec::new(),
            causes,
            minimal_detectable_gap: *minimal_detectable_gap,
        }
    }

    fn contrast(&self, c: &Contrast) -> Contrast {
        let Contrast { id, what, margin, measured, p, p_adjusted, outcome, note: _ } = c;
        let one = |Measured { with, estimate, p, upper }: &Measured| Measured {
            with: self.text(with),
            estimate: *estimate,
            p: *p,
            upper: *upper,
        };
        Contrast {
            id: self.text(id),
            what: self.text(what),
            margin: *margin,
            measured: measured.iter().map(one).collect(),
            p: *p,
            p_adjusted: *p_adjusted,
            outcome: *outcome,
            note: None,
        }
    }

    fn cause(&self, c: &Cause) -> Cause {
        let Cause { name, loss, named, speaks_for: _, speaks_against: _ } = c;
        Cause {
            name: self.text(name),
            loss: *loss,
            named: *named,
            speaks_for: Vec::new(),
            speaks_against: Vec::new(),
        }
    }
}

fn data_statement(d: &DataStatement) -> DataStatement {
    let DataStatement { signal, sentence: _ } = d;
    let sentence = match signal {
        Signal::Outside => "The data hold signal outside of the region.",
        Signal::NotShown => "That the data hold signal outside of the region is not shown.",
        Signal::NotMeasured => "Whether the data hold signal outside of the region was not measured.",
    };
    DataStatement { signal: *signal, sentence: sentence.into() }
}
