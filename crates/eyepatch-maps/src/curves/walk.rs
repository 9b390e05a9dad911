use eyepatch_core::Mask;
use serde::{Deserialize, Serialize};

use super::CellOrder;
use crate::MapsError;
use crate::error::within;

/// Which way a curve goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CurveKind {
    /// From the whole image, hiding the largest values first. A faithful map's output falls early: a small area.
    Deletion,
    /// From the baseline, showing the largest values first. A faithful map's output rises early: a large area.
    Insertion,
}

/// How a curve is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CurveRule {
    /// Steps from end to end, at least 1; no more than there are cells are taken. The model is asked once more than
    /// that.
    pub steps: usize,
    /// Most masks at a time, at least 1.
    pub batch: usize,
    /// Height of the image in pixels.
    pub height: usize,
    /// Width of the image in pixels.
    pub width: usize,
}

/// Outputs as parts are hidden or shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Curve {
    /// Which way it goes.
    pub kind: CurveKind,
    /// Share of cells hidden (shown, for an insertion) at each point, from 0 to 1.
    pub changed: Vec<f64>,
    /// The output at each point.
    pub outputs: Vec<f64>,
    /// Area under it by the trapezoid rule, on the output's scale.
    pub auc: f64,
}

/// Takes a curve: the cells change in their order, in even steps, and the outputs between are joined by straight
/// lines. A pixel belongs to the cell that holds its centre.
///
/// # Errors
/// [`MapsError::OutOfRange`] for a rule without steps or batch, or a grid that is finer than the image;
/// [`MapsError::Count`] and [`MapsError::NotFinite`] for what the closure returns; what the closure says.
pub fn curve<E: From<MapsError>>(
    order: &CellOrder,
    kind: CurveKind,
    rule: CurveRule,
    mut ask: impl FnMut(&[Mask]) -> Result<Vec<f64>, E>,
) -> Result<Curve, E> {
    check(order, rule)?;
    let n = order.cells().len();
    let steps = rule.steps.min(n);
    let pixels = pixels_of_cells(order, rule);
    let after = u8::from(kind == CurveKind::Insertion);
    let mut bits = vec![1 - after; rule.height * rule.width];
    let (mut outputs, mut batch, mut done) = (Vec::with_capacity(steps + 1), Vec::new(), 0);
    for step in 0..=steps {
        let end = changed(step, steps, n);
        for cell in &order.cells()[done..end] {
            pixels.of(*cell).for_each(|pixel| bits[pixel] = after);
        }
        done = end;
        batch.push(Mask::new(rule.width, rule.height, bits.clone()).map_err(MapsError::from)?);
        if batch.len() == rule.batch || step == steps {
            outputs.extend(asked(&batch, outputs.len(), &mut ask)?);
            batch.clear();
        }
    }
    let changed: Vec<f64> = (0..=steps).map(|step| changed(step, steps, n) as f64 / n as f64).collect();
    let auc = trapezoid(&changed, &outputs);
    Ok(Curve { kind, changed, outputs, auc })
}

fn check(order: &CellOrder, rule: CurveRule) -> Result<(), MapsError> {
    within("steps", "1 or more", rule.steps as f64, rule.steps > 0)?;
    within("batch", "1 or more", rule.batch as f64, rule.batch > 0)?;
    let (height, width) = (order.height(), order.width());
    within("rows of the grid", "at most the image's", height as f64, (1..=rule.height).contains(&height))?;
    within("columns of the grid", "at most the image's", width as f64, (1..=rule.width).contains(&width))
}

/// Cells changed after `step` of `steps`, rounded down: a bijection onto even parts.
fn changed(step: usize, steps: usize, cells: usize) -> usize {
    (step as u128 * cells as u128 / steps as u128) as usize
}

/// Asks for a batch, and checks what comes back. `before` outputs came before.
pub(super) fn asked<E: From<MapsError>>(
    masks: &[Mask],
    before: usize,
    ask: &mut impl FnMut(&[Mask]) -> Result<Vec<f64>, E>,
) -> Result<Vec<f64>, E> {
    let outputs = ask(masks)?;
    if outputs.len() != masks.len() {
        return Err(MapsError::Count { what: "outputs", expected: masks.len(), found: outputs.len() }.into());
    }
    match outputs.iter().position(|v| !v.is_finite()) {
        Some(i) => Err(MapsError::NotFinite { what: "the output", index: before + i }.into()),
        None => Ok(outputs),
    }
}

fn trapezoid(x: &[f64], y: &[f64]) -> f64 {
    x.windows(2).zip(y.windows(2)).map(|(x, y)| (x[1] - x[0]) * f64::midpoint(y[0], y[1])).sum()
}

/// First and last pixels of each row and column of cells.
struct Pixels {
    rows: Vec<(usize, usize)>,
    columns: Vec<(usize, usize)>,
    image_width: usize,
}

impl Pixels {
    fn of(&self, cell: usize) -> impl Iterator<Item = usize> + '_ {
        let (top, bottom) = self.rows[cell / self.columns.len()];
        let (left, right) = self.columns[cell % self.columns.len()];
        (top..bottom).flat_map(move |y| (left..right).map(move |x| y * self.image_width + x))
    }
}

fn pixels_of_cells(order: &CellOrder, rule: CurveRule) -> Pixels {
    // Pixel p lies in the cell floor((2 p + 1) cells / (2 pixels)), so a cell begins at the first p with (2 p + 1)
    // cells >= 2 cell pixels.
    let start = |cell: usize, cells: usize, pixels: usize| (2 * cell * pixels).div_ceil(cells) / 2;
    let side = |cells: usize, pixels: usize| {
        (0..cells).map(|c| (start(c, cells, pixels), start(c + 1, cells, pixels))).collect()
    };
    Pixels {
        rows: side(order.height(), rule.height),
        columns: side(order.width(), rule.width),
        image_width: rule.width,
    }
}
