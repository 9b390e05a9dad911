//! Which images a study shows: per class and masking, those at given positions of the model's scores.

use std::collections::BTreeSet;

use eyepatch_core::Seed;

use crate::{Error, Result};

/// An image that a model answered about.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The sample's id.
    pub sample: String,
    /// Whose it is.
    pub patient: String,
    /// Whether the class is there.
    pub label: bool,
    /// The model's score, larger where the class is more likely; all of one cell come from one model.
    pub score: f64,
}

/// The images of one class under one masking.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The class.
    pub class: String,
    /// The masking.
    pub masking: String,
    /// Those that may be shown.
    pub candidates: Vec<Candidate>,
}

/// How many images of each cell are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Positions among the scores of a cell's positives, and of its negatives: 0 the lowest, 1 the highest.
    pub positions: Vec<f64>,
    /// Positive images a position.
    pub per_position: usize,
    /// Negative images a position.
    pub negatives_per_position: usize,
}

impl Default for Design {
    /// The study's quartiles, one image of either label each.
    fn default() -> Self {
        Self { positions: vec![0.25, 0.5, 0.75], per_position: 1, negatives_per_position: 1 }
    }
}

/// An image that is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// Index of its cell.
    pub cell: usize,
    /// Its index among the cell's candidates.
    pub candidate: usize,
    /// The position that was asked for.
    pub position: f64,
    /// Its place among the cell's candidates of its label by ascending score (those of equal score by id), from 0.
    pub rank: usize,
    /// How many candidates of its label the cell has.
    pub of: usize,
}

/// Picks the study's images, in the order in which readers see them: shuffled, and no patient twice.
///
/// An image is at position p where its rank is p (n - 1), rounded half up. Where that patient is shown already, the nearest
/// rank of another one is taken, of two equally near ones either. Cells with fewer patients choose first, then by lot.
///
/// # Errors
/// [`Error::Design`], [`Error::Score`], [`Error::TooFew`].
pub fn select(cells: &[Cell], design: &Design, seed: &Seed) -> Result<Vec<Pick>> {
    check(cells, design)?;
    let lot = |name: &str| seed.child(name).to_u64();
    let mut order: Vec<usize> = (0..cells.len()).collect();
    order.sort_by_key(|&c| {
        let Cell { class, masking, candidates } = &cells[c];
        let patients: BTreeSet<&str> = candidates.iter().map(|i| i.patient.as_str()).collect();
        (patients.len(), lot(&format!("cell {class:?} {masking:?}")), c)
    });
    let (mut shown, mut picks) = (BTreeSet::new(), Vec::new());
    for c in order {
        for label in [true, false] {
            pick(cells, c, label, design, &lot, &mut shown, &mut picks)?;
        }
    }
    // Nothing of an image but its id has a part in its place.
    picks.sort_by_key(|p: &Pick| {
        let sample = &cells[p.cell].candidates[p.candidate].sample;
        (lot(&format!("place {sample:?}")), p.cell, p.candidate)
    });
    Ok(picks)
}

fn check(cells: &[Cell], design: &Design) -> Result<()> {
    let wrong = |problem: &str| Err(Error::Design { problem: problem.into() });
    if cells.is_empty() || design.positions.is_empty() {
        return wrong("the study shows no image");
    }
    if design.per_position == 0 || design.negatives_per_position == 0 {
        return wrong("the study shows images of one label only");
    }
    if design.positions.iter().any(|p| !(0.0..=1.0).contains(p)) {
        return wrong("a position lies outside of 0 to 1");
    }
    for Cell { class, masking, candidates } in cells {
        if let Some(bad) = candidates.iter().find(|c| !c.score.is_finite()) {
            let (class, masking, sample) = (class.clone(), masking.clone(), bad.sample.clone());
            return Err(Error::Score { class, masking, sample });
        }
    }
    Ok(())
}

fn pick<'a>(
    cells: &'a [Cell],
    c: usize,
    label: bool,
    design: &Design,
    lot: &dyn Fn(&str) -> u64,
    shown: &mut BTreeSet<&'a str>,
    picks: &mut Vec<Pick>,
) -> Result<()> {
    let Cell { class, masking, candidates } = &cells[c];
    let mut ranked: Vec<usize> = (0..candidates.len()).filter(|&i| candidates[i].label == label).collect();
    ranked.sort_by(|&a, &b| {
        let (a, b) = (&candidates[a], &candidates[b]);
        a.score.total_cmp(&b.score).then_with(|| a.sample.cmp(&b.sample))
    });
    let of = ranked.len();
    let per_position = if label { design.per_position } else { design.negatives_per_position };
    let needed = design.positions.len() * per_position;
    let before = picks.len();
    for _ in 0..per_position {
        for &position in &design.positions {
            let target = target(position, of);
            let free = (0..of).filter(|&r| !shown.contains(candidates[ranked[r]].patient.as_str()));
            let near = free.min_by_key(|&r| {
                (r.abs_diff(target), lot(&format!("near {:?}", candidates[ranked[r]].sample)), r)
            });
            let Some(rank) = near else {
                let (class, masking, found) = (class.clone(), masking.clone(), picks.len() - before);
                return Err(Error::TooFew { class, masking, positive: label, needed, found });
            };
            shown.insert(candidates[ranked[rank]].patient.as_str());
            picks.push(Pick { cell: c, candidate: ranked[rank], position, rank, of });
        }
    }
    Ok(())
}

/// The rank at a position among `of`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to `of` - 1")]
fn target(position: f64, of: usize) -> usize {
    (position * of.saturating_sub(1) as f64).round() as usize
}

#[cfg(test)]
#[path = "select_tests.rs"]
mod tests;
