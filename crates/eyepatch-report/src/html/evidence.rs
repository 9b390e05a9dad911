//! Matrices, curves, examples and explanations of one audit.

use minijinja::Value;
use serde::Serialize;

use super::drawings::Drawing;
use super::gallery::{self, Example};
use super::picture::Shown;
use crate::charts::curve::{Chart, dilations};
use crate::charts::{self, STYLES, ramp, share};
use crate::format;
use crate::schema::{
    AuditResult, Curve, Estimate, Explained, Further, Maps, MaskingSummary, Matrix, Picture, RuleTest,
};
use crate::share::Counted;
use crate::{Error, Result};

pub(super) type Bytes<'f> = &'f dyn Fn(&Picture) -> Result<Vec<u8>>;

#[derive(Serialize)]
pub(super) struct View<'a, N: Counted> {
    pub(super) matrices: Vec<MatrixView<'a, N>>,
    /// AUCs of the legend, with their steps.
    legend: Vec<(String, usize)>,
    pub(super) charts: Vec<ChartView>,
    pub(super) further: Vec<FurtherView<'a>>,
    pub(super) gallery: Vec<Example<'a>>,
    pub(super) explanations: Vec<Explanation<'a>>,
}

#[derive(Serialize)]
pub(super) struct MatrixView<'a, N: Counted> {
    class: &'a str,
    columns: &'a [String],
    rows: Vec<(&'a str, Vec<Cell>)>,
    n_images: N,
    n_patients: N,
    has_key: bool,
}

/// One cell of a matrix.
#[derive(Serialize)]
struct Cell {
    step: usize,
    value: String,
    interval: String,
    estimable: bool,
    key: bool,
}

/// The full-image model on controls and further fills, for one class.
#[derive(Serialize)]
pub(super) struct FurtherView<'a> {
    class: &'a str,
    trained: &'a str,
    rows: Vec<FurtherRowView<'a>>,
}

#[derive(Serialize)]
struct FurtherRowView<'a> {
    masking: &'a str,
    /// What it is for.
    role: &'static str,
    hides: bool,
    auc: Cell,
}

#[derive(Serialize)]
pub(super) struct ChartView {
    title: String,
    pub(super) svg: Value,
    curves: Vec<Legend>,
    rows: Vec<(String, Vec<(String, String)>)>,
}

#[derive(Serialize)]
struct Legend {
    swatch: Value,
    label: String,
    key: bool,
}

#[derive(Serialize)]
pub(super) struct Explanation<'a> {
    e: &'a Explained,
    picture: Shown,
    inside: String,
    area: String,
    bar: Value,
    additivity: String,
    /// Whether maps of its class by the same explainer count as evidence; empty where nobody looked.
    counts: &'static str,
}

impl<'a, N: Counted> View<'a, N> {
    pub(super) fn new(r: &'a AuditResult<N>, bytes: Bytes<'_>) -> Result<Self> {
        let test = r.answer.test.as_ref();
        Ok(Self {
            matrices: r.matrices.iter().map(|m| matrix(m, test)).collect::<Result<_>>()?,
            legend: (3..=10_u32)
                .map(|i| f64::from(i) / 10.0)
                .map(|v| (format!("{v:.1}"), ramp::step(v)))
                .collect(),
            charts: charts(&r.curves, test),
            further: r.further.iter().map(|f| further(f, &r.maskings, test)).collect(),
            gallery: gallery::examples(&r.gallery, &r.maskings, bytes)?,
            explanations: r
                .explanations
                .iter()
                .map(|e| explanation(e, &r.maps, bytes))
                .collect::<Result<_>>()?,
        })
    }
}

fn matrix<'a, N: Counted>(m: &'a Matrix<N>, test: Option<&RuleTest>) -> Result<MatrixView<'a, N>> {
    if m.cells.len() != m.rows.len() || m.cells.iter().any(|c| c.len() != m.columns.len()) {
        return Err(Error::Shape {
            what: "AUC matrix",
            expected: format!("{}x{}", m.rows.len(), m.columns.len()),
            found: format!(
                "{} rows of {:?}",
                m.cells.len(),
                m.cells.iter().map(Vec::len).collect::<Vec<_>>()
            ),
        });
    }
    let is_key =
        |row: &str, column: &String| test.is_some_and(|t| t.trained == row && t.evaluated.contains(column));
    let rows = m.rows.iter().zip(&m.cells).map(|(name, cells)| {
        let cells = m.columns.iter().zip(cells).map(|(column, e)| cell(e.as_ref(), is_key(name, column)));
        (name.as_str(), cells.collect::<Vec<_>>())
    });
    let rows: Vec<_> = rows.collect();
    Ok(MatrixView {
        class: &m.class,
        columns: &m.columns,
        has_key: rows.iter().any(|(_, cells)| cells.iter().any(|c| c.key)),
        rows,
        n_images: m.n_images,
        n_patients: m.n_patients,
    })
}

fn cell(e: Option<&Estimate>, key: bool) -> Cell {
    let e = e.filter(|e| e.value.is_finite());
    Cell {
        step: e.map_or(10, |e| ramp::step(e.value)),
        value: format::optional(e.map(|e| e.value), 3),
        interval: e.and_then(|e| e.interval.as_ref()).map(format::interval).unwrap_or_default(),
        estimable: e.is_some(),
        key,
    }
}

/// Curves in charts of at most six: one a class, or one a class and training masking where a class has curves of
/// several models on several maskings.
fn charts(curves: &[Curve], test: Option<&RuleTest>) -> Vec<ChartView> {
    let mut groups: Vec<(String, Vec<&Curve>)> = Vec::new();
    for curve in curves {
        let same = |other: &&Curve| other.class == curve.class;
        let of_class: Vec<_> = curves.iter().filter(same).collect();
        let one_model = of_class.iter().all(|c| c.trained == curve.trained);
        let one_masking = of_class.iter().all(|c| c.evaluated == curve.evaluated);
        let title = if one_masking && !one_model {
            format!("{}, evaluated on {}", curve.class, curve.evaluated)
        } else {
            format!("{}, trained on {}", curve.class, curve.trained)
        };
        match groups.iter_mut().find(|g| g.0 == title && g.1.len() < STYLES) {
            Some(group) => group.1.push(curve),
            None => groups.push((title, vec![curve])),
        }
    }
    groups.into_iter().map(|(title, curves)| chart(title, &curves, test)).collect()
}

/// Title and drawing of every chart.
pub(super) fn drawings(curves: &[Curve], test: Option<&RuleTest>) -> Vec<Drawing> {
    let one = |c: ChartView| Drawing {
        name: format!("dilation {}", c.title),
        svg: c.svg.to_string(),
        keys: c.curves.into_iter().map(|k| k.label).collect(),
    };
    charts(curves, test).into_iter().map(one).collect()
}

fn chart(title: String, curves: &[&Curve], test: Option<&RuleTest>) -> ChartView {
    let one_model = curves.iter().all(|c| c.trained == curves[0].trained);
    let is_key =
        |c: &Curve| test.is_some_and(|t| t.trained == c.trained && t.evaluated.contains(&c.evaluated));
    let threshold = test.filter(|_| curves.iter().any(|c| is_key(c))).map(|t| t.threshold);
    let name = |c: &Curve| if one_model { c.evaluated.clone() } else { c.trained.clone() };
    let names: Vec<_> = curves.iter().map(|c| name(c)).collect();
    let label =
        format!("AUC against dilation for {title}: {}. The numbers follow in a table.", names.join(", "));
    let rows = dilations(curves).into_iter().map(|dilation| {
        let cells = curves.iter().map(|c| match c.points.iter().find(|p| p.dilation == dilation) {
            Some(p) => (format::estimate(p.auc.as_ref()), format::percent(p.visible)),
            None => (format::NONE.into(), String::new()),
        });
        (dilation.to_string().replace('-', "\u{2212}"), cells.collect())
    });
    ChartView {
        rows: rows.collect(),
        svg: Value::from_safe_string(Chart { curves, threshold, label }.svg()),
        curves: curves
            .iter()
            .enumerate()
            .map(|(i, c)| Legend {
                swatch: Value::from_safe_string(charts::swatch(i)),
                label: name(c),
                key: is_key(c),
            })
            .collect(),
        title,
    }
}

fn further<'a>(f: &'a Further, maskings: &[MaskingSummary], test: Option<&RuleTest>) -> FurtherView<'a> {
    let rows = f.rows.iter().map(|r| {
        let m = maskings.iter().find(|m| m.card.name == r.masking);
        let key = test.is_some_and(|t| t.trained == f.trained && t.evaluated.contains(&r.masking));
        FurtherRowView {
            masking: &r.masking,
            role: m.map_or("", role),
            hides: m.is_some_and(|m| m.card.hides),
            auc: cell(r.auc.as_ref(), key),
        }
    });
    FurtherView { class: &f.class, trained: &f.trained, rows: rows.collect() }
}

/// What a masking is there for, in a word.
pub(super) fn role(m: &MaskingSummary) -> &'static str {
    match (&m.card.control, m.further) {
        (Some(_), _) => "control",
        (None, true) => "fill",
        (None, false) => "matrix",
    }
}

fn explanation<'a>(e: &'a Explained, maps: &[Maps], bytes: Bytes<'_>) -> Result<Explanation<'a>> {
    let judged = maps.iter().find(|m| m.class == e.class && m.plugin == e.plugin);
    Ok(Explanation {
        picture: Shown::new(&e.picture, bytes)?,
        inside: format::percent(e.inside.0),
        area: format::percent(e.inside.1),
        bar: Value::from_safe_string(share::svg(e.inside.0, e.inside.1)),
        additivity: e
            .additivity_error
            .map(|a| format!("{a:.1e}").replace('-', "\u{2212}"))
            .unwrap_or_default(),
        counts: match judged.map(|m| m.counts) {
            Some(true) => "Maps like this one pass their checks.",
            Some(false) => "Maps like this one do not pass their checks: a picture, no evidence.",
            None => "",
        },
        e,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(class: &str, trained: &str, evaluated: &str) -> Curve {
        Curve {
            class: class.into(),
            trained: trained.into(),
            evaluated: evaluated.into(),
            points: Vec::new(),
        }
    }

    #[test]
    fn curves_are_grouped_so_that_a_chart_varies_one_thing() {
        let titles = |curves: &[Curve]| {
            charts(curves, None).into_iter().map(|c| (c.title, c.curves.len())).collect::<Vec<_>>()
        };
        let one_model =
            [curve("c", "Full", "NoROI"), curve("c", "Full", "OnlyROI"), curve("d", "Full", "NoROI")];
        assert_eq!(titles(&one_model), [("c, trained on Full".into(), 2), ("d, trained on Full".into(), 1)]);
        let one_masking = [curve("c", "Full", "NoROI"), curve("c", "NoROI", "NoROI")];
        assert_eq!(titles(&one_masking), [("c, evaluated on NoROI".into(), 2)]);
        let both =
            [curve("c", "Full", "NoROI"), curve("c", "NoROI", "NoROI"), curve("c", "NoROI", "OnlyROI")];
        assert_eq!(titles(&both), [("c, trained on Full".into(), 1), ("c, trained on NoROI".into(), 2)]);
        let many: Vec<_> = (0..8).map(|i| curve("c", "Full", &format!("m{i}"))).collect();
        assert_eq!(titles(&many).iter().map(|t| t.1).collect::<Vec<_>>(), [6, 2]);
    }

    #[test]
    fn a_matrix_of_another_shape_than_it_says_is_an_error() {
        let m = Matrix {
            class: "c".into(),
            rows: vec!["Full".into()],
            columns: vec!["Full".into(), "NoROI".into()],
            cells: vec![vec![None]],
            n_images: 1_usize,
            n_patients: 1,
        };
        assert!(matches!(matrix(&m, None), Err(Error::Shape { .. })));
    }
}
