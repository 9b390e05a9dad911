//! Whether the full-image model's embedding tells the columns that a verdict names, whatever the model makes of them.

use eyepatch_core::{Embed, Examples, Keep, Meta, Row, Table};
use eyepatch_logistic::{Features, LogisticRegression};

use super::shared::Shared;
use super::work;
use crate::Result;
use crate::cell::CellCtx;
use crate::data::Masked;
use crate::verdict::{Attribute, Readout};

pub(super) const READABLE_FILE: &str = "readable.json";
/// Raised whenever something else is read.
pub(super) const REVISION: u32 = 1;

/// Texts that a column may hold; more are names rather than groups.
const MOST_VALUES: usize = 8;
/// Images embedded at once; bounds memory and changes nothing.
const BATCH: usize = 32;

/// What is asked of a column: the value, and for each row whether it has it; `None` where the row has none.
struct Question {
    column: String,
    value: String,
    labels: Vec<Option<bool>>,
}

/// Each value of a column of texts (of two values, one), or whether a number lies above the median.
fn questions(table: &Table, column: &str) -> Vec<Question> {
    if let Some(texts) = Attribute::texts(table, column) {
        let first = match texts.values.len() {
            2 => 1,
            3..=MOST_VALUES => 0,
            _ => return Vec::new(),
        };
        let is = |group: usize| texts.groups.iter().map(|g| g.map(|g| g == group)).collect();
        let all = texts.values.iter().enumerate().skip(first);
        return all
            .map(|(g, value)| Question { column: column.into(), value: value.clone(), labels: is(g) })
            .collect();
    }
    let number = |row: &Row| match row.meta.get(column) {
        Some(Meta::Number(x)) => Some(*x).filter(|x| x.is_finite()),
        _ => None,
    };
    let mut numbers: Vec<f64> = table.rows.iter().filter_map(number).collect();
    numbers.sort_unstable_by(f64::total_cmp);
    let Some(&median) = numbers.get(numbers.len() / 2) else { return Vec::new() };
    let labels = table.rows.iter().map(|row| number(row).map(|x| x >= median)).collect();
    vec![Question { column: column.into(), value: format!("{median} or more"), labels }]
}

/// Fits a regression on the embeddings of a fold's training images for each question, and asks it about the tested ones.
pub(super) fn read(shared: &Shared, columns: &[String], fold: usize, cell: &CellCtx) -> Result<()> {
    let fitted = work::restore(shared, &cell.inputs[1], cell.ctx)?;
    let Some(model) = fitted.embed() else {
        return cell.write_json(READABLE_FILE, &Vec::<Readout>::new());
    };
    let split = &shared.splits.folds[fold];
    let train = embedded(shared, model, fold, &split.train, cell)?;
    let test = embedded(shared, model, fold, &split.test, cell)?;
    let questions = columns.iter().flat_map(|column| questions(&shared.table, column));
    let read: Vec<Readout> = questions
        .map(|q| {
            let told = answers(&q, (&train, &split.train), (&test, &split.test), model.dim());
            let (why, (rows, labels, logits)) = match told {
                Ok(found) => (None, found),
                Err(why) => (Some(why), Default::default()),
            };
            Readout { column: q.column, value: q.value, fold, rows, labels, logits, why }
        })
        .collect();
    cell.write_json(READABLE_FILE, &read)
}

/// Embeddings of whole images, rows first.
fn embedded(
    shared: &Shared,
    model: &dyn Embed,
    fold: usize,
    rows: &[usize],
    cell: &CellCtx,
) -> Result<Vec<f64>> {
    let training = shared.training(&cell.inputs[0], fold, Keep::Full)?;
    let prepared = training.prepare(&shared.maskings[shared.full].handle, cell.ctx)?;
    let view =
        Masked { training: &training, rows, masking: prepared.as_ref(), features: None, ctx: cell.ctx };
    let mut all = Vec::with_capacity(rows.len() * model.dim());
    let indices: Vec<usize> = (0..rows.len()).collect();
    for (done, chunk) in indices.chunks(BATCH).enumerate() {
        cell.ctx.check()?;
        let values = model.embed(&view.batch(chunk)?, cell.ctx)?;
        all.extend(values.into_iter().map(f64::from));
        cell.ctx.progress().report((done * BATCH + chunk.len()) as u64, rows.len() as u64, "images");
    }
    Ok(all)
}

/// Rows, labels and logits.
type Answers = (Vec<usize>, Vec<bool>, Vec<f64>);

fn answers(
    question: &Question,
    (train, train_rows): (&[f64], &[usize]),
    (test, test_rows): (&[f64], &[usize]),
    dim: usize,
) -> std::result::Result<Answers, String> {
    let known = |values: &[f64], rows: &[usize]| -> (Vec<f64>, Vec<usize>, Vec<bool>) {
        let labelled =
            || rows.iter().enumerate().filter_map(|(i, row)| Some((i, *row, question.labels[*row]?)));
        let features = labelled().flat_map(|(i, ..)| values[i * dim..(i + 1) * dim].iter().copied());
        (features.collect(), labelled().map(|l| l.1).collect(), labelled().map(|l| l.2).collect())
    };
    let (features, _, labels) = known(train, train_rows);
    let features = Features::new(&features, dim).map_err(|e| e.to_string())?;
    let fitted = LogisticRegression::default().fit(features, &labels).map_err(|e| e.to_string())?;
    let (features, rows, labels) = known(test, test_rows);
    let features = Features::new(&features, dim).map_err(|e| e.to_string())?;
    Ok((rows, labels, fitted.logits(features).map_err(|e| e.to_string())?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn table(values: &[Meta]) -> Table {
        let row = |(i, value): (usize, &Meta)| Row {
            id: format!("{i}"),
            patient: format!("{i}"),
            labels: vec![],
            meta: BTreeMap::from([("x".to_owned(), value.clone())]),
            image: None,
            roi: None,
            line: None,
        };
        Table { classes: vec![], rows: values.iter().enumerate().map(row).collect() }
    }

    #[test]
    fn questions_are_values_or_the_median() {
        let text = |t: &str| Meta::Text(t.into());
        let asked = |values: &[Meta]| {
            questions(&table(values), "x").into_iter().map(|q| (q.value, q.labels)).collect::<Vec<_>>()
        };
        let two = asked(&[text("A"), text("B"), Meta::Missing, text("A")]);
        assert_eq!(two, [("B".to_owned(), vec![Some(false), Some(true), None, Some(false)])]);
        let three = asked(&[text("A"), text("B"), text("C")]);
        assert_eq!(three.iter().map(|q| q.0.as_str()).collect::<Vec<_>>(), ["A", "B", "C"]);
        assert!(asked(&[text("A"), text("A")]).is_empty());
        assert!(asked(&(0..9).map(|i| text(&i.to_string())).collect::<Vec<_>>()).is_empty());
        let numbers =
            asked(&[Meta::Number(3.0), Meta::Number(1.0), Meta::Number(f64::NAN), Meta::Number(2.0)]);
        assert_eq!(numbers, [("2 or more".to_owned(), vec![Some(true), Some(false), None, Some(true)])]);
        assert!(asked(&[Meta::Missing]).is_empty());
    }

    #[test]
    fn a_regression_answers_for_rows_that_have_a_value() {
        let labels = (0..40).map(|i| (i != 3).then_some(i % 2 == 0)).collect();
        let question = Question { column: "x".into(), value: "A".into(), labels };
        let rows: Vec<usize> = (0..40).collect();
        // The second dimension tells.
        let values: Vec<f64> =
            rows.iter().flat_map(|&i| [f64::from(i as u32 % 7), f64::from(u8::from(i % 2 == 0))]).collect();
        let (train, test) = ((&values[..40], &rows[..20]), (&values[40..], &rows[20..]));
        let (found, labels, logits) = answers(&question, train, test, 2).unwrap();
        assert_eq!(found, rows[20..]);
        assert!(labels.iter().zip(&logits).all(|(label, logit)| *label == (*logit > 0.0)));
        let (found, ..) = answers(&question, test, train, 2).unwrap();
        assert!(!found.contains(&3) && found.len() == 19);
        let none = Question { labels: vec![Some(true); 40], ..question };
        assert!(answers(&none, train, test, 2).is_err());
    }
}
