//! From columns of a table to numbers.

use std::collections::BTreeSet;

use eyepatch_core::{Meta, Row, Table};

/// How one column becomes numbers, learnt from training rows.
#[derive(Debug, Clone, PartialEq)]
enum Coding {
    /// The number, or the training mean where it is missing.
    Number { mean: f64 },
    /// The place of the text among the texts of the whole table; a missing one is the mean place of the training rows.
    Ordinal { texts: Vec<String>, mean: f64 },
    /// One number a text of the training rows: 1 where it is that one. A text that they lack has zeros.
    OneHot { texts: Vec<String> },
}

/// A column with its coding.
#[derive(Debug, Clone, PartialEq)]
struct Column {
    name: String,
    coding: Coding,
    /// Whether a further number says that the value is missing: only where a training row lacks it.
    missing: bool,
}

/// How rows become numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Encoder(Vec<Column>);

fn value<'r>(row: &'r Row, column: &str) -> &'r Meta {
    row.meta.get(column).unwrap_or(&Meta::Missing)
}

impl Encoder {
    /// Learns from the training rows.
    ///
    /// # Errors
    /// In words, where a column has no value in them, or texts and numbers.
    pub(crate) fn learn(
        table: &Table,
        train: &[usize],
        columns: &[String],
        ordinal: &[String],
    ) -> Result<Self, String> {
        columns
            .iter()
            .map(|name| column(table, train, name, ordinal.contains(name)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The numbers of some rows, one after the other, and how many a row has.
    pub(crate) fn encode(&self, table: &Table, rows: &[usize]) -> (Vec<f64>, usize) {
        let width = self.0.iter().map(Column::width).sum();
        let mut all = Vec::with_capacity(rows.len() * width);
        for &row in rows {
            for column in &self.0 {
                column.push(value(&table.rows[row], &column.name), &mut all);
            }
        }
        (all, width)
    }
}

fn column(table: &Table, train: &[usize], name: &str, ordinal: bool) -> Result<Column, String> {
    let values = || train.iter().map(|&row| value(&table.rows[row], name));
    let numbers: Vec<f64> =
        values().filter_map(|v| if let Meta::Number(x) = v { Some(*x) } else { None }).collect();
    let texts: BTreeSet<&str> =
        values().filter_map(|v| if let Meta::Text(t) = v { Some(t.as_str()) } else { None }).collect();
    let missing = values().any(|v| *v == Meta::Missing);
    let coding = match (numbers.is_empty(), texts.is_empty()) {
        (true, true) => return Err(format!("no training row has a value of `{name}`")),
        (false, false) => return Err(format!("`{name}` has numbers and texts")),
        (false, true) => Coding::Number { mean: mean(&numbers) },
        (true, false) if ordinal => {
            let all = table.rows.iter().filter_map(|row| match value(row, name) {
                Meta::Text(t) => Some(t.clone()),
                _ => None,
            });
            let all: Vec<String> = all.collect::<BTreeSet<_>>().into_iter().collect();
            let places: Vec<f64> = values().filter_map(|v| place(&all, v)).collect();
            Coding::Ordinal { mean: mean(&places), texts: all }
        }
        (true, false) => Coding::OneHot { texts: texts.into_iter().map(str::to_owned).collect() },
    };
    Ok(Column { name: name.to_owned(), coding, missing })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The place of a text among all.
fn place(texts: &[String], value: &Meta) -> Option<f64> {
    let Meta::Text(text) = value else { return None };
    texts.iter().position(|t| t == text).map(|i| i as f64)
}

impl Column {
    fn width(&self) -> usize {
        let values = if let Coding::OneHot { texts } = &self.coding { texts.len() } else { 1 };
        values + usize::from(self.missing)
    }

    fn push(&self, value: &Meta, all: &mut Vec<f64>) {
        match (&self.coding, value) {
            (Coding::Number { .. }, Meta::Number(x)) => all.push(*x),
            (Coding::Number { mean }, _) => all.push(*mean),
            (Coding::Ordinal { texts, mean }, value) => all.push(place(texts, value).unwrap_or(*mean)),
            (Coding::OneHot { texts }, value) => {
                let is = |t: &String| f64::from(u8::from(matches!(value, Meta::Text(v) if v == t)));
                all.extend(texts.iter().map(is));
            }
        }
        if self.missing {
            all.push(f64::from(u8::from(*value == Meta::Missing)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn table(rows: &[[Meta; 2]]) -> Table {
        let row = |(i, [a, b]): (usize, &[Meta; 2])| Row {
            id: format!("{i}"),
            patient: format!("{i}"),
            labels: vec![],
            meta: BTreeMap::from([("a".to_owned(), a.clone()), ("b".to_owned(), b.clone())]),
            image: None,
            roi: None,
            line: None,
        };
        Table { classes: vec![], rows: rows.iter().enumerate().map(row).collect() }
    }

    fn text(t: &str) -> Meta {
        Meta::Text(t.into())
    }

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn texts_are_one_hot_and_what_is_missing_is_told() {
        let table = table(&[
            [text("y"), Meta::Number(2.0)],
            [text("x"), Meta::Missing],
            [text("z"), Meta::Number(4.0)],
            [Meta::Missing, Meta::Number(7.0)],
        ]);
        let encoder = Encoder::learn(&table, &[0, 1], &names(&["a", "b"]), &[]).unwrap();
        let (values, width) = encoder.encode(&table, &[0, 1, 2, 3]);
        assert_eq!(width, 4);
        let known = [[0.0, 1.0, 2.0, 0.0], [1.0, 0.0, 2.0, 1.0], [0.0, 0.0, 4.0, 0.0], [0.0, 0.0, 7.0, 0.0]];
        assert_eq!(values, known.concat());
    }

    #[test]
    fn an_ordinal_column_counts_its_texts() {
        let table = table(&[
            [text("Remidio"), Meta::Missing],
            [text("Bosch"), Meta::Missing],
            [text("Forus"), Meta::Missing],
        ]);
        let encoder = Encoder::learn(&table, &[0, 1], &names(&["a"]), &names(&["a"])).unwrap();
        assert_eq!(encoder.encode(&table, &[0, 1, 2]), (vec![2.0, 0.0, 1.0], 1));
    }

    #[test]
    fn columns_without_values_and_of_both_kinds_are_refused() {
        let table = table(&[[text("x"), Meta::Missing], [Meta::Number(1.0), Meta::Missing]]);
        let learn = |name: &str| Encoder::learn(&table, &[0, 1], &names(&[name]), &[]);
        assert!(learn("a").unwrap_err().contains("numbers and texts"));
        assert!(learn("b").unwrap_err().contains("no training row"));
        assert!(learn("c").unwrap_err().contains("no training row"));
    }
}
