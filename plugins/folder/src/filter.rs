use eyepatch_core::Result;
use eyepatch_data::{Record, Sheet, quoted};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
}

/// One condition on a column, such as `lung_pred_uncertainty<=0.12` or `view == PA`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter {
    pub(crate) column: String,
    op: Op,
    text: String,
    number: Option<f64>,
}

impl Filter {
    /// Reads a condition.
    pub(crate) fn parse(condition: &str) -> Result<Self, String> {
        let form = "write COLUMN, one of <= < >= > == !=, VALUE, for instance `quality<=0.12`";
        let wrong = |why: &str| format!("`where` condition {}: {why}; {form}", quoted(condition));
        let at = condition.find(['<', '>', '=', '!']).ok_or_else(|| wrong("it has no comparison"))?;
        let (column, rest) = condition.split_at(at);
        let two = |c: Option<char>| c == Some('=');
        let mut chars = rest.chars();
        let (op, length) = match (chars.next(), two(chars.next())) {
            (Some('<'), true) => (Op::LessEqual, 2),
            (Some('<'), false) => (Op::Less, 1),
            (Some('>'), true) => (Op::GreaterEqual, 2),
            (Some('>'), false) => (Op::Greater, 1),
            (Some('='), true) => (Op::Equal, 2),
            (Some('!'), true) => (Op::NotEqual, 2),
            _ => return Err(wrong("one `=` or `!` alone compares nothing")),
        };
        let (column, text) = (column.trim().to_owned(), rest[length..].trim().to_owned());
        if column.is_empty() {
            return Err(wrong("it names no column"));
        }
        let number = text.parse::<f64>().ok().filter(|x| x.is_finite());
        if number.is_none() && !matches!(op, Op::Equal | Op::NotEqual) {
            return Err(wrong("its value is no finite number"));
        }
        Ok(Self { column, op, text, number })
    }

    /// Whether it holds for a row. An empty cell meets no comparison of numbers.
    pub(crate) fn keeps(&self, sheet: &Sheet, column: usize, record: &Record) -> Result<bool> {
        let cell = record.cell(column).trim();
        let equality = matches!(self.op, Op::Equal | Op::NotEqual);
        let value = cell.parse::<f64>().ok().filter(|x| x.is_finite());
        if let (Some(limit), Some(value)) = (self.number, value) {
            return Ok(match self.op {
                Op::Less => value < limit,
                Op::LessEqual => value <= limit,
                Op::Greater => value > limit,
                Op::GreaterEqual => value >= limit,
                Op::Equal => value == limit,
                Op::NotEqual => value != limit,
            });
        }
        if equality {
            return Ok((cell == self.text) == (self.op == Op::Equal));
        }
        if cell.is_empty() {
            return Ok(false);
        }
        Err(sheet.error(
            Some(record.line),
            Some(&self.column),
            format!("{} is no finite number, and a `where` condition compares it with one", quoted(cell)),
            "write a number with a decimal point, leave the cell empty (the row is then dropped), or change the \
             condition",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read() {
        let read = |s: &str| Filter::parse(s).unwrap();
        assert_eq!(
            read("a<=0.12"),
            Filter { column: "a".into(), op: Op::LessEqual, text: "0.12".into(), number: Some(0.12) }
        );
        assert_eq!((read(" a b > -3 ").op, read("a b > -3").column.as_str()), (Op::Greater, "a b"));
        assert_eq!((read("view == PA").op, read("view == PA").number), (Op::Equal, None));
        assert_eq!(read("view!=").text, "");
        assert_eq!((read("a<1").op, read("a>=1").op), (Op::Less, Op::GreaterEqual));
    }

    #[test]
    fn nonsense_is_refused_with_the_form() {
        for bad in ["", "a", "a=1", "a!1", "<=3", "a<b", "a>=nan", "a<inf"] {
            let error = Filter::parse(bad).unwrap_err();
            assert!(error.contains("for instance `quality<=0.12`"), "{bad}: {error}");
        }
    }
}
