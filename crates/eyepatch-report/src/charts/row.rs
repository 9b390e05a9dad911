//! AUC of one model on every masking: a row of the matrix, one estimate under the other.

use super::{Scale, Svg, auc_bounds, tenths};
use crate::format;
use crate::schema::{Estimate, Matrix, RuleTest};

const WIDTH: f64 = 360.0;
const LEFT: f64 = 18.0;
const RIGHT: f64 = 342.0;
/// Height of an entry: its label, and its interval below.
const ENTRY: f64 = 31.0;
/// Characters of a name that leave room for the number.
const NAME: usize = 42;

/// The row of the model that the rule looks at, or the first; what the rule looks at is a diamond. `None` where there is none.
pub(crate) fn svg<N>(m: &Matrix<N>, test: Option<&RuleTest>) -> Option<String> {
    let named = test.and_then(|t| m.rows.iter().position(|r| *r == t.trained));
    let index = named.unwrap_or(0);
    let (trained, cells) = (m.rows.get(index)?, m.cells.get(index)?);
    let numbers = cells.iter().flatten().flat_map(|e| {
        [e.value, e.interval.map_or(e.value, |i| i.lower), e.interval.map_or(e.value, |i| i.upper)]
    });
    let bounds = auc_bounds(numbers.chain(test.map(|t| t.threshold)));
    let x = Scale { data: bounds, pixels: (LEFT, RIGHT) };
    let bottom = 6.0 + ENTRY * m.columns.len() as f64;
    let mut svg = Svg::new(WIDTH, bottom + 40.0);
    for tick in tenths(bounds) {
        svg.line("grid", (x.at(tick), 6.0), (x.at(tick), bottom));
        svg.text("tick middle", (x.at(tick), bottom + 15.0), &format!("{tick:.1}"));
    }
    svg.line("chance", (x.at(0.5), 6.0), (x.at(0.5), bottom));
    if let Some(t) = test.filter(|t| t.threshold.is_finite()) {
        svg.line("threshold", (x.at(t.threshold), 6.0), (x.at(t.threshold), bottom));
    }
    for (i, (column, e)) in m.columns.iter().zip(cells).enumerate() {
        let key = test.is_some_and(|t| t.trained == *trained && t.evaluated.contains(column));
        entry(&mut svg, x, 6.0 + ENTRY * i as f64, column, e.as_ref(), key);
    }
    svg.text("axis middle", ((LEFT + RIGHT) / 2.0, bottom + 33.0), "AUC");
    Some(svg.finish("row", &label(m, trained, cells)))
}

fn entry(svg: &mut Svg, x: Scale, top: f64, name: &str, e: Option<&Estimate>, key: bool) {
    let y = top + 22.0;
    let e = e.filter(|e| e.value.is_finite());
    let number = e.map_or_else(|| "not estimable".to_owned(), |e| format::number(e.value, 3));
    svg.text("note", (LEFT, top + 11.0), &format::shortened(name, NAME));
    svg.text("note end", (RIGHT, top + 11.0), &number);
    let Some(e) = e else { return };
    let (marker, class) = if key { (3, "whisker s1") } else { (0, "whisker s0") };
    if let Some(i) = e.interval.filter(|i| i.lower.is_finite() && i.upper.is_finite()) {
        svg.line(class, (x.at(i.lower), y), (x.at(i.upper), y));
    }
    svg.marker(marker, (x.at(e.value), y));
}

fn label<N>(m: &Matrix<N>, trained: &str, cells: &[Option<Estimate>]) -> String {
    let all = m.columns.iter().zip(cells);
    let all: Vec<String> = all.map(|(c, e)| format!("{c} {}", format::estimate(e.as_ref()))).collect();
    format!(
        "AUC for {} of the model trained on {trained}, by evaluation masking: {}.",
        m.class,
        all.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_of_the_rule_is_drawn_with_its_key_and_what_cannot_be_estimated() {
        let e = |value| Some(Estimate { value, interval: None });
        let m = Matrix {
            class: "c".into(),
            rows: vec!["Other".into(), "Full".into()],
            columns: vec!["Full".into(), "NoROI".into(), "OnlyROI".into()],
            cells: vec![vec![e(0.1); 3], vec![e(0.9), e(0.6), None]],
            n_images: 1_usize,
            n_patients: 1,
        };
        let test = RuleTest { trained: "Full".into(), evaluated: vec!["NoROI".into()], threshold: 0.55 };
        let svg = svg(&m, Some(&test)).unwrap();
        assert_eq!((svg.matches("mark s0").count(), svg.matches("mark s3").count()), (1, 1));
        assert!(svg.contains("not estimable") && svg.contains("0.900") && !svg.contains("0.100"), "{svg}");
        let none = Matrix { rows: Vec::new(), cells: Vec::new(), ..m };
        assert!(super::svg(&none, None).is_none());
    }
}
