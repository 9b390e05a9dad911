//! The drawings of an audit by name, as the page has them.

use crate::charts::{forest, row};
use crate::html::{evidence, probes, record, transfer};
use crate::schema::AuditResult;

/// A figure that is more than an ornament of a table.
pub(crate) struct Drawing {
    pub(crate) name: String,
    pub(crate) svg: String,
    /// What its series are, in the order of their styles; the page says it beside the drawing.
    pub(crate) keys: Vec<String>,
}

impl Drawing {
    /// A drawing that says itself what is what.
    pub(super) fn plain(name: String, svg: String) -> Self {
        Self { name, svg, keys: Vec::new() }
    }
}

/// Every figure of the audit.
pub(crate) fn drawings(r: &AuditResult) -> Vec<Drawing> {
    let test = r.answer.test.as_ref();
    let mut all = Vec::new();
    for m in &r.matrices {
        all.extend(row::svg(m, test).map(|svg| Drawing::plain(format!("auc {}", m.class), svg)));
    }
    for c in r.verdict.iter().flat_map(|v| &v.classes) {
        all.push(Drawing::plain(format!("contrasts {}", c.class), forest::svg(c)));
    }
    all.extend(evidence::drawings(&r.curves, test));
    all.extend(probes::drawings(r));
    all.extend(transfer::drawings(&r.transfers));
    all.extend(record::drawings(&r.model.training));
    all
}
