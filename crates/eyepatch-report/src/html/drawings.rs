//! The drawings of an audit by name, as the page has them.

use crate::charts::{forest, row};
use crate::html::{evidence, probes, record};
use crate::schema::AuditResult;

/// Name and SVG of every figure that is more than an ornament of a table.
pub(crate) fn drawings(r: &AuditResult) -> Vec<(String, String)> {
    let test = r.answer.test.as_ref();
    let mut all = Vec::new();
    for m in &r.matrices {
        all.extend(row::svg(m, test).map(|svg| (format!("auc {}", m.class), svg)));
    }
    for c in r.verdict.iter().flat_map(|v| &v.classes) {
        all.push((format!("contrasts {}", c.class), forest::svg(c)));
    }
    all.extend(
        evidence::drawings(&r.curves, test).into_iter().map(|(t, svg)| (format!("dilation {t}"), svg)),
    );
    all.extend(probes::drawings(r));
    all.extend(
        record::drawings(&r.model.training).into_iter().map(|(t, svg)| (format!("training {t}"), svg)),
    );
    all
}
