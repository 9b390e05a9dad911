//! Findings, contrasts, matrices, curves, splits and trainings as CSV tables that spreadsheets open safely. Numbers are written in
//! full; a cell is empty where there is no value.

use std::collections::BTreeSet;

use eyepatch_core::Interval;

use crate::schema::{AuditResult, ClassVerdict, Contrast, Estimate, Measured};
use crate::{Error, Result, escape};

/// All tables of an audit by file name.
///
/// # Errors
/// [`Error::Csv`].
pub fn tables(audit: &AuditResult) -> Result<Vec<(&'static str, String)>> {
    Ok(vec![
        ("findings.csv", findings(audit)?),
        ("matrices.csv", matrices(audit)?),
        ("curves.csv", curves(audit)?),
        ("further.csv", further(audit)?),
        ("causes.csv", causes(audit)?),
        ("splits.csv", splits(audit)?),
        ("training.csv", training(audit)?),
        ("check.csv", check(audit)?),
        ("contrasts.csv", contrasts(audit)?),
        ("transfer.csv", transfer(audit)?),
    ])
}

/// One row a finding. Where it was found (class, masking, dilation, ...) stands in columns `at.NAME`.
///
/// # Errors
/// [`Error::Csv`].
pub fn findings(audit: &AuditResult) -> Result<String> {
    let keys: BTreeSet<&String> = audit.findings.iter().flat_map(|f| f.at.keys()).collect();
    let mut header = vec!["contrast".to_owned()];
    header.extend(keys.iter().map(|k| format!("at.{k}")));
    header.extend(
        "estimate lower upper level reference margin p direction n_images n_patients n_patients_positive \
         n_patients_negative estimand note"
            .split_whitespace()
            .map(str::to_owned),
    );
    let rows = audit.findings.iter().map(|f| {
        let mut row = vec![f.contrast.clone()];
        row.extend(keys.iter().map(|k| f.at.get(*k).cloned().unwrap_or_default()));
        row.push(number(f.estimate));
        row.extend(bounds(f.interval));
        row.extend([number(Some(f.reference)), number(f.margin), number(f.p)]);
        row.push(f.interval.map_or_else(String::new, |_| format!("{:?}", f.direction).to_lowercase()));
        row.extend(
            [f.n_images, f.n_patients, f.n_patients_positive, f.n_patients_negative].map(|n| n.to_string()),
        );
        row.extend([f.estimand.clone(), f.note.clone().unwrap_or_default()]);
        row
    });
    table(header, rows)
}

/// One row a column that the check of the data set measured.
///
/// # Errors
/// [`Error::Csv`].
pub fn check(audit: &AuditResult) -> Result<String> {
    let rows = audit.check.iter().flat_map(|c| &c.columns).map(|c| {
        let mut row = vec![c.class.clone(), c.column.clone(), c.source.clone()];
        row.extend(estimate(Some(c.auc)));
        row.extend([number(Some(c.lower)), number(Some(c.p)), c.points_to.clone()]);
        row.extend([c.n_images.to_string(), c.n_patients.to_string()]);
        row.push(c.severity.map(|s| format!("{s:?}").to_lowercase()).unwrap_or_default());
        row
    });
    let header = "class column source auc lower upper level adjusted_bound adjusted_p points_to n_images n_patients \
                  severity";
    table(names(header), rows)
}

/// One row a model, masking and class of external data.
///
/// # Errors
/// [`Error::Csv`].
pub fn transfer(audit: &AuditResult) -> Result<String> {
    let classes = audit.transfers.iter().flat_map(|t| t.classes.iter().map(move |c| (&t.card.name, c)));
    let rows = classes.flat_map(|(name, c)| {
        c.rows.iter().map(move |r| {
            let mut row = vec![name.clone(), c.class.clone(), r.trained.clone(), r.evaluated.clone()];
            row.extend([r.internal, r.external, r.drop].into_iter().flat_map(estimate));
            row.extend([number(r.p), r.note.clone().unwrap_or_default()]);
            row
        })
    });
    let header = "external class trained evaluated internal internal_lower internal_upper internal_level there there_lower \
                  there_upper there_level drop drop_lower drop_upper drop_level p note";
    table(names(header), rows)
}

/// One row an estimate of a verdict's contrasts; a contrast that is not estimable has one row without numbers. `p` is the
/// estimate's own, `contrast_p` the largest over the fills, `upper_bound` one-sided.
///
/// # Errors
/// [`Error::Csv`].
pub fn contrasts(audit: &AuditResult) -> Result<String> {
    let header = "class kind contrast what with estimate lower upper level upper_bound margin p contrast_p adjusted_p \
                  outcome note";
    let classes = audit.verdict.iter().flat_map(|v| &v.classes);
    table(names(header), classes.flat_map(of_class))
}

fn of_class(c: &ClassVerdict) -> impl Iterator<Item = Vec<String>> {
    let primary = c.primary.iter().map(|contrast| ("primary", contrast));
    let supporting = c.supporting.iter().map(|contrast| ("supporting", contrast));
    let subgroups = c.subgroups.iter().map(|contrast| ("subgroup", contrast));
    primary.chain(supporting).chain(subgroups).flat_map(move |(kind, contrast)| {
        let measured: Vec<Option<&Measured>> = match contrast.measured.as_slice() {
            [] => vec![None],
            all => all.iter().map(Some).collect(),
        };
        measured.into_iter().map(move |m| contrast_row(&c.class, kind, contrast, m))
    })
}

fn contrast_row(class: &str, kind: &str, c: &Contrast, m: Option<&Measured>) -> Vec<String> {
    let mut row: Vec<String> = [class, kind, &c.id, &c.what].map(str::to_owned).into();
    row.push(m.map(|m| m.with.clone()).unwrap_or_default());
    row.extend(estimate(m.map(|m| m.estimate)));
    let numbers = [m.map(|m| m.upper), Some(c.margin), m.map(|m| m.p), c.p, c.p_adjusted];
    row.extend(numbers.map(number));
    row.push(format!("{:?}", c.outcome).to_lowercase());
    row.push(c.note.clone().unwrap_or_default());
    row
}

/// One row a cell of a matrix.
///
/// # Errors
/// [`Error::Csv`].
pub fn matrices(audit: &AuditResult) -> Result<String> {
    let rows = audit.matrices.iter().flat_map(|m| {
        m.rows.iter().zip(&m.cells).flat_map(move |(trained, cells)| {
            m.columns.iter().zip(cells).map(move |(evaluated, e)| {
                let mut row = vec![m.class.clone(), trained.clone(), evaluated.clone()];
                row.extend(estimate(*e));
                row.extend([m.n_images, m.n_patients].map(|n| n.to_string()));
                row
            })
        })
    });
    table(names("class trained evaluated auc lower upper level n_images n_patients"), rows)
}

/// One row a point of a curve.
///
/// # Errors
/// [`Error::Csv`].
pub fn curves(audit: &AuditResult) -> Result<String> {
    let rows = audit.curves.iter().flat_map(|c| {
        c.points.iter().map(move |p| {
            let mut row =
                vec![c.class.clone(), c.trained.clone(), c.evaluated.clone(), p.dilation.to_string()];
            row.push(number(Some(p.visible)));
            row.extend(estimate(p.auc));
            row
        })
    });
    table(names("class trained evaluated dilation visible auc lower upper level"), rows)
}

/// One row a further fill or control and class: the AUC of the full-image model.
///
/// # Errors
/// [`Error::Csv`].
pub fn further(audit: &AuditResult) -> Result<String> {
    let rows = audit.further.iter().flat_map(|f| {
        f.rows.iter().map(move |r| {
            let mut row = vec![f.class.clone(), f.trained.clone(), r.masking.clone()];
            row.extend(estimate(r.auc));
            row
        })
    });
    table(names("class trained evaluated auc lower upper level"), rows)
}

/// One row a cause that a verdict looked for: the AUC that the full-image model owes to it, and whether the verdict names it.
///
/// # Errors
/// [`Error::Csv`].
pub fn causes(audit: &AuditResult) -> Result<String> {
    let rows = audit.verdict.iter().flat_map(|v| &v.classes).flat_map(|c| {
        c.causes.iter().map(move |cause| {
            let mut row = vec![c.class.clone(), cause.name.clone()];
            row.extend(estimate(cause.loss));
            row.push(u8::from(cause.named).to_string());
            row
        })
    });
    table(names("class cause owed lower upper level named"), rows)
}

/// One row a fold and part; positive images by class in columns `positive.CLASS`. Folds count from 0.
///
/// # Errors
/// [`Error::Csv`].
pub fn splits(audit: &AuditResult) -> Result<String> {
    let mut header = names("fold part images patients");
    let classes = &audit.data.classes;
    header.extend(classes.iter().map(|c| format!("positive.{}", c.class)));
    let rows = audit.splits.parts.iter().map(|p| {
        let mut row = vec![p.fold.to_string(), p.part.clone(), p.images.to_string(), p.patients.to_string()];
        row.extend((0..classes.len()).map(|i| p.positives.get(i).map(usize::to_string).unwrap_or_default()));
        row
    });
    table(header, rows)
}

/// One row an epoch of a model. Folds count from 0, epochs from 1.
///
/// # Errors
/// [`Error::Csv`].
pub fn training(audit: &AuditResult) -> Result<String> {
    let rows = audit.model.training.iter().flat_map(|t| {
        t.history.iter().map(move |e| {
            let mut row = vec![t.trained.clone(), t.fold.to_string(), e.epoch.to_string()];
            row.extend([Some(e.train_loss), e.validation_loss, e.learning_rate].map(number));
            row
        })
    });
    table(names("trained fold epoch train_loss validation_loss learning_rate"), rows)
}

fn names(spaced: &str) -> Vec<String> {
    spaced.split_whitespace().map(str::to_owned).collect()
}

fn number(value: Option<f64>) -> String {
    value.filter(|v| v.is_finite()).map(|v| v.to_string()).unwrap_or_default()
}

fn bounds(i: Option<Interval>) -> [String; 3] {
    [i.map(|i| i.lower), i.map(|i| i.upper), i.map(|i| i.level)].map(number)
}

fn estimate(e: Option<Estimate>) -> [String; 4] {
    let [lower, upper, level] = bounds(e.and_then(|e| e.interval));
    [number(e.map(|e| e.value)), lower, upper, level]
}

fn table(header: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> Result<String> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for row in std::iter::once(header).chain(rows) {
        writer.write_record(row.iter().map(|cell| escape::csv_cell(cell)))?;
    }
    let bytes = writer.into_inner().map_err(|e| Error::io("table in memory", e.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
