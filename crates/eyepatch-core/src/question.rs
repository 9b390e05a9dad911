//! Columns of a table as questions that have yes and no for an answer.

use std::collections::BTreeSet;

use crate::{Meta, Row, Table};

/// What is asked of a column: whether a row has a value, or a number above the middle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The column.
    pub column: String,
    /// The value that is asked for; of numbers `NUMBER or more`.
    pub value: String,
    /// The answer of each row; `None` where it has none.
    pub answers: Vec<Option<bool>>,
}

impl Question {
    /// Texts that a column may hold; more are names rather than groups.
    pub const MOST_VALUES: usize = 8;

    /// Each value of a column of texts (of two values the second, in their order), or whether a number is of the upper half
    /// ([`upper_half`]). None for a column without values, with one, or with more texts than [`Question::MOST_VALUES`].
    #[must_use]
    pub fn of(table: &Table, column: &str) -> Vec<Self> {
        let texts = |row: &Row| match row.meta.get(column) {
            Some(Meta::Text(t)) => Some(t.clone()),
            _ => None,
        };
        let texts: Vec<Option<String>> = table.rows.iter().map(texts).collect();
        let values: BTreeSet<&String> = texts.iter().flatten().collect();
        let ask = |value: &String| Self {
            column: column.to_owned(),
            value: value.clone(),
            answers: texts.iter().map(|t| t.as_ref().map(|t| t == value)).collect(),
        };
        match values.len() {
            0 => Self::of_numbers(table, column).into_iter().collect(),
            2 => values.iter().skip(1).map(|v| ask(v)).collect(),
            3..=Self::MOST_VALUES => values.iter().map(|v| ask(v)).collect(),
            _ => Vec::new(),
        }
    }

    fn of_numbers(table: &Table, column: &str) -> Option<Self> {
        let number = |row: &Row| match row.meta.get(column) {
            Some(Meta::Number(x)) => Some(*x).filter(|x| x.is_finite()),
            _ => None,
        };
        let numbers: Vec<Option<f64>> = table.rows.iter().map(number).collect();
        let from = upper_half(numbers.iter().flatten().copied())?;
        let answers = numbers.iter().map(|x| x.map(|x| x >= from)).collect();
        Some(Self { column: column.to_owned(), value: format!("{from} or more"), answers })
    }
}

/// The number from which on the upper half begins: the median, or the second least number where the median is the least, which
/// would part nothing (a flag of mostly 0, say). None where all finite numbers are equal, or there are none.
pub fn upper_half(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = numbers.filter(|x| x.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (least, median) = (*sorted.first()?, *sorted.get(sorted.len() / 2)?);
    if median > least { Some(median) } else { sorted.into_iter().find(|x| *x > least) }
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
            Question::of(&table(values), "x").into_iter().map(|q| (q.value, q.answers)).collect::<Vec<_>>()
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
        // A flag of mostly 0 is a question all the same; one number alone is none.
        let flag = asked(&[0.0, 0.0, 1.0, 0.0].map(Meta::Number));
        assert_eq!(flag, [("1 or more".to_owned(), vec![Some(false), Some(false), Some(true), Some(false)])]);
        assert!(asked(&[Meta::Number(2.0), Meta::Number(2.0)]).is_empty());
    }
}
