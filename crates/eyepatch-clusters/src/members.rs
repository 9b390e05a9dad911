use std::cmp::Reverse;

use crate::Rows;

/// Groups numbered anew, the largest first, of equal ones the one with the first row.
pub(crate) fn by_size(groups: &[usize]) -> Vec<usize> {
    let count = groups.iter().max().map_or(0, |g| g + 1);
    let mut found = vec![(0_usize, usize::MAX); count];
    for (i, g) in groups.iter().enumerate() {
        found[*g].0 += 1;
        found[*g].1 = found[*g].1.min(i);
    }
    let mut order: Vec<usize> = (0..count).filter(|g| found[*g].0 > 0).collect();
    order.sort_by_key(|g| (Reverse(found[*g].0), found[*g].1));
    let mut name = vec![0; count];
    order.iter().enumerate().for_each(|(new, old)| name[*old] = new);
    groups.iter().map(|g| name[*g]).collect()
}

/// The members nearest to the group's medoid, at most `most`, the medoid first: the member with the least sum of
/// distances to all members. Of equal ones the first row.
pub(crate) fn representatives(rows: &Rows, members: &[usize], most: usize) -> Vec<usize> {
    let sum = |i: usize| members.iter().map(|j| rows.distance(i, *j)).sum::<f64>();
    let medoid = members.iter().map(|i| (sum(*i), *i)).min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let Some((_, medoid)) = medoid else { return Vec::new() };
    let mut near: Vec<(f64, bool, usize)> =
        members.iter().map(|i| (rows.distance(*i, medoid), *i != medoid, *i)).collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    near.into_iter().take(most).map(|(_, _, i)| i).collect()
}
