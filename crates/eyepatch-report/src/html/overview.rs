//! An audit in one page: three figures that matter, and what to do next.

use minijinja::Value;
use serde::Serialize;

use super::drawings::Drawing;
use super::evidence::{self, Bytes};
use super::picture::Shown;
use crate::charts::{forest, row, swatch};
use crate::schema::{AuditResult, ClassAnswer, Curve, Status};
use crate::share::Counted;
use crate::{Result, next};

/// More do not fit on a page.
const FIGURES: usize = 3;
/// Pictures of the example, the one with the region's outline included.
const PICTURES: usize = 4;

#[derive(Serialize)]
pub(super) struct View<'a> {
    figures: Vec<Figure<'a>>,
    next: Vec<String>,
}

#[derive(Serialize)]
struct Figure<'a> {
    title: &'static str,
    class: &'a str,
    caption: &'static str,
    svg: Option<Value>,
    /// Marks of the drawing's series and what they are.
    keys: Vec<(Value, String)>,
    pictures: Vec<(&'a str, Shown)>,
}

impl<'a> View<'a> {
    pub(super) fn new<N: Counted>(r: &'a AuditResult<N>, bytes: Bytes<'_>) -> Result<Self> {
        let class = worst(&r.answer.classes).map(|c| c.class.as_str());
        let drawn = [auc(r, class), contrasts(r, class), dilation(r, class)];
        let mut figures: Vec<_> = drawn.into_iter().flatten().collect();
        // The picture takes the place of the last drawing: a page of curves alone shows nobody what was hidden.
        if let Some(example) = example(r, class, bytes)? {
            figures.truncate(FIGURES - 1);
            figures.push(example);
        }
        figures.truncate(FIGURES);
        Ok(Self { figures, next: next::steps(r) })
    }
}

/// The first class that is flagged, else the first that is inconclusive, else the first.
fn worst(classes: &[ClassAnswer]) -> Option<&ClassAnswer> {
    let of = |status| classes.iter().find(move |c| c.status == status);
    of(Status::Flagged).or_else(|| of(Status::Inconclusive)).or_else(|| classes.first())
}

fn drawing<'a>(title: &'static str, class: &'a str, caption: &'static str, svg: String) -> Figure<'a> {
    let svg = Some(Value::from_safe_string(svg));
    Figure { title, class, caption, svg, keys: Vec::new(), pictures: Vec::new() }
}

fn auc<'a, N>(r: &'a AuditResult<N>, class: Option<&str>) -> Option<Figure<'a>> {
    let m = r.matrices.iter().find(|m| Some(m.class.as_str()) == class).or_else(|| r.matrices.first())?;
    let svg = row::svg(m, r.answer.test.as_ref())?;
    let caption =
        "AUC of the full-image model under each masking, with intervals; dotted: chance, dashed: threshold.";
    Some(drawing("What the model still tells", &m.class, caption, svg))
}

fn contrasts<'a, N>(r: &'a AuditResult<N>, class: Option<&str>) -> Option<Figure<'a>> {
    let classes = &r.verdict.as_ref()?.classes;
    let c = classes.iter().find(|c| Some(c.class.as_str()) == class).or_else(|| classes.first())?;
    let caption = "Primary contrasts: AUC beyond what is allowed. Dashed: the margin.";
    Some(drawing("What the verdict rests on", &c.class, caption, forest::primary(c)))
}

fn dilation<'a, N>(r: &'a AuditResult<N>, class: Option<&str>) -> Option<Figure<'a>> {
    let of_class: Vec<Curve> = r.curves.iter().filter(|c| Some(c.class.as_str()) == class).cloned().collect();
    let first = r.curves.iter().find(|c| Some(c.class.as_str()) == class)?;
    let Drawing { svg, keys, .. } =
        evidence::drawings(&of_class, r.answer.test.as_ref()).into_iter().next()?;
    let keys = keys.into_iter().enumerate();
    let keys = keys.map(|(i, name)| (Value::from_safe_string(swatch(i)), name)).collect();
    let caption = "AUC as the hidden region grows or shrinks; the numbers follow below.";
    Some(Figure { keys, ..drawing("How far around the region", &first.class, caption, svg) })
}

fn example<'a, N>(
    r: &'a AuditResult<N>,
    class: Option<&str>,
    bytes: Bytes<'_>,
) -> Result<Option<Figure<'a>>> {
    let has_class = |p: &[String]| class.is_some_and(|c| p.iter().any(|p| p == c));
    let Some(g) = r.gallery.iter().find(|g| has_class(&g.positive)).or_else(|| r.gallery.first()) else {
        return Ok(None);
    };
    let first = std::iter::once(("Region", &g.roi));
    let shown = first.chain(g.masked.iter().map(|(name, p)| (name.as_str(), p))).take(PICTURES);
    let pictures = shown.map(|(name, p)| Ok((name, Shown::new(p, bytes)?))).collect::<Result<_>>()?;
    let caption = "One image, with the region outlined and as the maskings leave it.";
    Ok(Some(Figure { title: "What is hidden", class: "", caption, svg: None, keys: Vec::new(), pictures }))
}
