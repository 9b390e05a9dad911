//! Scores as CSV and Markdown.

use eyepatch_report::escape::{csv_cell, markdown as safe};

use super::{Agreement, Measure, Reading, Scores};
use crate::{Error, Result};

pub(super) const ALL_READERS: &str = "all readers";

/// `readings.csv` and `agreement.csv`: numbers in full, cells that spreadsheets open safely.
///
/// # Errors
/// [`Error::Io`] where a table cannot be made.
pub fn csv(scores: &Scores) -> Result<[(&'static str, String); 2]> {
    let readings = "reader masking class cases answered readers auc auc_lower auc_upper model_auc model_auc_lower model_auc_upper \
                    difference difference_lower difference_upper p sensitivity sensitivity_lower sensitivity_upper positives \
                    specificity specificity_lower specificity_upper negatives note";
    let agreement = "between method masking class cases same kappa lower upper p note";
    Ok([
        ("readings.csv", table(readings, scores.readings.iter().map(reading_row))?),
        ("agreement.csv", table(agreement, scores.agreement.iter().map(agreement_row))?),
    ])
}

fn table(header: &str, rows: impl Iterator<Item = Vec<String>>) -> Result<String> {
    let failed = |e: String| Error::Io { path: "a table".into(), problem: e };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header.split_whitespace()).map_err(|e| failed(e.to_string()))?;
    for row in rows {
        writer.write_record(row).map_err(|e| failed(e.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| failed(e.to_string()))
}

fn number(value: Option<f64>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}

fn numbers(measure: &Measure) -> [String; 3] {
    let ends = measure.interval;
    [number(measure.value), number(ends.map(|i| i.lower)), number(ends.map(|i| i.upper))]
}

fn who(reading: &Reading) -> &str {
    reading.reader.as_deref().unwrap_or(ALL_READERS)
}

fn reading_row(r: &Reading) -> Vec<String> {
    let mut row = vec![csv_cell(who(r)), csv_cell(&r.masking), csv_cell(&r.class)];
    row.extend([r.cases, r.answered, r.readers].map(|n| n.to_string()));
    row.extend([&r.auc, &r.model_auc, &r.difference].into_iter().flat_map(numbers));
    row.push(number(r.p));
    for share in [&r.sensitivity, &r.specificity] {
        row.extend(numbers(&share.share));
        row.push(share.of.to_string());
    }
    row.push(r.auc.note.clone().unwrap_or_default());
    row
}

fn agreement_row(a: &Agreement) -> Vec<String> {
    let mut row = vec![csv_cell(&a.between.join(" and ")), a.method.clone()];
    row.extend([csv_cell(a.masking.as_deref().unwrap_or("all")), csv_cell(&a.class)]);
    row.extend([a.cases, a.same].map(|n| n.to_string()));
    row.extend(numbers(&a.kappa));
    row.extend([number(a.p), a.kappa.note.clone().unwrap_or_default()]);
    row
}

/// A summary to read: who answered, the numbers, what they rest on.
#[must_use]
pub fn markdown(scores: &Scores) -> String {
    let mut text = format!(
        "# Reader study of {}\n\nFold {}, study `{}`.\n\n",
        safe(&scores.audit),
        scores.fold,
        scores.study
    );
    text.push_str("| reader | answered | left out | missing |\n| --- | ---: | ---: | ---: |\n");
    for r in &scores.readers {
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            safe(&r.reader),
            r.answered,
            r.excluded,
            r.missing
        ));
    }
    text.push_str(
        "\n## Readers and model\n\n| masking | class | reader | answered | readers | AUC | model's AUC | difference | p | sensitivity | specificity |\n\
         | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for r in &scores.readings {
        let cells = [&r.auc, &r.model_auc, &r.difference].map(shown);
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            safe(&r.masking),
            safe(&r.class),
            safe(who(r)),
            r.answered,
            r.readers,
            cells.join(" | "),
            r.p.map_or("–".into(), |p| format!("{p:.3}")),
            shown(&r.sensitivity.share),
            shown(&r.specificity.share),
        ));
    }
    text.push_str("\n## Agreement\n\n| between | masking | class | cases | same | kappa |\n| --- | --- | --- | ---: | ---: | ---: |\n");
    for a in &scores.agreement {
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            safe(&a.between.join(" and ")),
            safe(a.masking.as_deref().unwrap_or("all")),
            safe(&a.class),
            a.cases,
            a.same,
            shown(&a.kappa),
        ));
    }
    if !scores.excluded.is_empty() {
        text.push_str("\n## Left out\n\n");
        for e in &scores.excluded {
            let file = e.file.display().to_string();
            text.push_str(&format!(
                "- {}, case {}, {}: {}\n",
                safe(&file),
                safe(&e.case),
                safe(&e.class),
                e.why
            ));
        }
    }
    let unknown = scores.readings.iter().filter_map(|r| Some((r, r.auc.note.as_ref()?)));
    let unknown: Vec<_> = unknown.collect();
    if !unknown.is_empty() {
        text.push_str("\n## AUCs that cannot be estimated\n\n");
        for (r, why) in unknown {
            text.push_str(&format!("- {}, {}, {}: {why}\n", safe(&r.masking), safe(&r.class), safe(who(r))));
        }
    }
    text.push_str("\n## Notes\n\n");
    scores.notes.iter().for_each(|n| text.push_str(&format!("- {n}\n")));
    text
}

/// `0.812 (0.701 to 0.904)`, or a dash where there is no estimate.
fn shown(measure: &Measure) -> String {
    match (measure.value, measure.interval) {
        (Some(v), Some(i)) => format!("{v:.3} ({:.3} to {:.3})", i.lower, i.upper),
        (Some(v), None) => format!("{v:.3}"),
        _ => "–".into(),
    }
}
