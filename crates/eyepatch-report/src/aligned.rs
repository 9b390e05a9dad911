//! Markdown tables whose columns stand under each other in the source, too.

use std::fmt::Write as _;

/// The table; cells must be escaped already. Short rows are filled up with empty cells.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |i: usize| {
        let cells = rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count());
        cells.chain([header[i].chars().count(), 3]).max().unwrap_or(3)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut out = String::new();
    let mut line = |cells: &dyn Fn(usize) -> String| {
        for (i, width) in widths.iter().enumerate() {
            let cell = cells(i);
            let room = width - cell.chars().count().min(*width);
            let _ = write!(out, "| {cell}{} ", " ".repeat(room));
        }
        out.push_str("|\n");
    };
    line(&|i| header[i].to_owned());
    line(&|i| "-".repeat(widths[i]));
    for row in rows {
        line(&|i| row.get(i).cloned().unwrap_or_default());
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_stand_under_each_other() {
        let rows = [vec!["ä".to_owned(), "0.123".to_owned()], vec!["longer".to_owned()]];
        let table = super::table(&["a", "b"], &rows);
        assert_eq!(table, "| a      | b     |\n| ------ | ----- |\n| ä      | 0.123 |\n| longer |       |\n");
    }
}
