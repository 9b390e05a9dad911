//! Groups of images: by class, by column.

use std::collections::BTreeSet;

use eyepatch_core::{Colouring, Meta, Table, upper_half};

/// Groups of a column at most; a column of more values is no grouping.
pub(crate) const MOST: usize = 12;

/// A way of grouping some rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grouping {
    /// A class or a column.
    pub(crate) by: String,
    pub(crate) names: Vec<String>,
    /// The group of each row.
    pub(crate) of: Vec<Option<usize>>,
}

/// By each class, then by each column that groups.
pub(crate) fn groupings(table: &Table, rows: &[usize], columns: &[String]) -> Vec<Grouping> {
    let class = |(c, name): (usize, &String)| Grouping {
        by: name.clone(),
        names: vec!["negative".into(), "positive".into()],
        of: rows.iter().map(|&r| table.rows[r].labels[c].map(usize::from)).collect(),
    };
    let classes = table.classes.iter().enumerate().map(class);
    let all = classes.chain(columns.iter().filter_map(|column| of_column(table, rows, column)));
    all.filter(|g| g.of.iter().flatten().collect::<BTreeSet<_>>().len() > 1).collect()
}

/// Its texts, or its numbers of the lower and the upper half.
fn of_column(table: &Table, rows: &[usize], column: &str) -> Option<Grouping> {
    let value = |&r: &usize| table.rows[r].meta.get(column).unwrap_or(&Meta::Missing);
    let text = |r: &usize| if let Meta::Text(t) = value(r) { Some(t.as_str()) } else { None };
    let texts: BTreeSet<&str> = rows.iter().filter_map(text).collect();
    let texts: Vec<&str> = texts.into_iter().collect();
    if !texts.is_empty() {
        let of = rows.iter().map(|r| texts.binary_search(&text(r)?).ok()).collect();
        let names = texts.iter().map(|t| (*t).to_owned()).collect();
        return (texts.len() <= MOST).then(|| Grouping { by: column.to_owned(), names, of });
    }
    let number = |r: &usize| if let Meta::Number(x) = value(r) { Some(*x) } else { None };
    let from = upper_half(rows.iter().filter_map(number))?;
    Some(Grouping {
        by: column.to_owned(),
        names: vec![format!("below {from}"), format!("{from} or more")],
        of: rows.iter().map(|r| number(r).map(|x| usize::from(x >= from))).collect(),
    })
}

impl Grouping {
    /// Of these places only.
    pub(crate) fn at(&self, places: &[usize]) -> Self {
        Self { of: places.iter().map(|&i| self.of[i]).collect(), ..self.clone() }
    }

    /// As a colouring in which the rows stand `times` times, one after the other.
    pub(crate) fn colouring(&self, times: usize) -> Colouring {
        let of = (0..times).flat_map(|_| self.of.iter().copied()).collect();
        Colouring { by: self.by.clone(), groups: self.names.clone(), of }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use eyepatch_core::Row;

    use super::*;

    #[test]
    fn columns_group_by_text_or_by_their_median() {
        let metas = [Meta::Number(1.0), Meta::Number(5.0), Meta::Missing, Meta::Number(3.0)];
        let row = |(i, meta): (usize, &Meta)| Row {
            id: i.to_string(),
            patient: i.to_string(),
            labels: vec![Some(i == 1)],
            meta: BTreeMap::from([
                ("n".to_owned(), meta.clone()),
                ("t".to_owned(), Meta::Text(["b", "a"][i % 2].into())),
                ("same".to_owned(), Meta::Text("x".into())),
            ]),
            image: None,
            roi: None,
            line: None,
        };
        let table = Table { classes: vec!["c".into()], rows: metas.iter().enumerate().map(row).collect() };
        let columns = ["n", "t", "same", "none"].map(str::to_owned);
        let found = groupings(&table, &[0, 1, 2, 3], &columns);
        let by: Vec<&str> = found.iter().map(|g| g.by.as_str()).collect();
        assert_eq!(by, ["c", "n", "t"]);
        assert_eq!(found[1].names, ["below 3", "3 or more"]);
        assert_eq!(found[1].of, [Some(0), Some(1), None, Some(1)]);
        assert_eq!(found[2].of, [Some(1), Some(0), Some(1), Some(0)]);
        assert_eq!(found[2].at(&[0, 1]).colouring(2).of, [Some(1), Some(0), Some(1), Some(0)]);
    }
}
