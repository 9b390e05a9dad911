//! Whether the full-image model's embedding tells the columns that a verdict names, whatever the model makes of them.

use eyepatch_core::{Embed, Examples, Keep, Question};
use eyepatch_logistic::{Features, LogisticRegression};

use super::shared::Shared;
use super::work;
use crate::Result;
use crate::cell::CellCtx;
use crate::data::Masked;
use crate::verdict::Readout;

pub(super) const READABLE_FILE: &str = "readable.json";
/// Raised whenever something else is read.
pub(super) const REVISION: u32 = 2;

/// Images embedded at once; bounds memory and changes nothing.
const BATCH: usize = 32;

/// Fits a regression on the embeddings of a fold's training images for each question, and asks it about the tested ones.
pub(super) fn read(shared: &Shared, columns: &[String], fold: usize, cell: &CellCtx) -> Result<()> {
    let fitted = work::restore(shared, &cell.inputs[1], cell.ctx)?;
    let Some(model) = fitted.embed() else {
        return cell.write_json(READABLE_FILE, &Vec::<Readout>::new());
    };
    let split = &shared.splits.folds[fold];
    let train = embedded(shared, model, fold, &split.train, cell)?;
    let test = embedded(shared, model, fold, &split.test, cell)?;
    let questions = columns.iter().flat_map(|column| Question::of(&shared.table, column));
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
            || rows.iter().enumerate().filter_map(|(i, row)| Some((i, *row, question.answers[*row]?)));
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
    use super::*;

    #[test]
    fn a_regression_answers_for_rows_that_have_a_value() {
        let answers_of = (0..40).map(|i| (i != 3).then_some(i % 2 == 0)).collect();
        let question = Question { column: "x".into(), value: "A".into(), answers: answers_of };
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
        let none = Question { answers: vec![Some(true); 40], ..question };
        assert!(answers(&none, train, test, 2).is_err());
    }
}
