use eyepatch_core::{Ctx, Image, Seed};
use rand_core::RngCore as _;

use crate::Result;
use crate::data::RowSet;

/// Training images that take the place of what is hidden, as many with the class as without it, in turn. They are the same for all
/// images, so that these differ by nothing else; a tested patient is never among them.
pub(in crate::sweep) fn donors(
    training: &RowSet,
    class: usize,
    count: usize,
    ctx: &Ctx,
) -> Result<Vec<Image>> {
    let of = |answer: bool| {
        let labelled = |r: &usize| training.table.rows[*r].labels[class] == Some(answer);
        let rows: Vec<usize> = training.rows.iter().copied().filter(labelled).collect();
        chosen(&rows, count.div_ceil(2), ctx.seed().child("donors"))
    };
    let (ill, healthy) = (of(true), of(false));
    let turns = (0..count).filter_map(|i| if i % 2 == 0 { ill.get(i / 2) } else { healthy.get(i / 2) });
    turns.map(|&row| Ok(training.image(row)?)).collect()
}

/// `count` of the rows, or all of them, drawn by the seed.
pub(super) fn chosen(rows: &[usize], count: usize, seed: Seed) -> Vec<usize> {
    let mut rng = seed.rng();
    let mut drawn: Vec<(u64, usize)> = rows.iter().map(|&row| (rng.next_u64(), row)).collect();
    drawn.sort_unstable();
    drawn.into_iter().take(count).map(|(_, row)| row).collect()
}
