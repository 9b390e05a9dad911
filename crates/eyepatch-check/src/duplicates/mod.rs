//! The same image twice: saved again, resized, brightened, cropped a little, mirrored or turned.
//!
//! Two images are first found by a hash of 64 bits (`hash`), looked up so that not all pairs are compared (`index`), and then
//! held against each other pixel by pixel on thumbnails (`align`): chest films of different people look alike, and only
//! their detail tells them apart.

mod align;
mod hash;
mod index;
mod thumbnail;

use eyepatch_core::{Ctx, Result};
use eyepatch_report::schema::{CheckFinding, Severity};
use rayon::prelude::*;

pub(crate) use thumbnail::Thumbnail;

use crate::finding::finding;
use crate::gather::Gathered;
use crate::input::Input;
use crate::words::{first, plural};
use align::Detail;
use hash::{Hashes, Turn};
use index::Index;

/// Copies looked for of one image; a blank page repeated a thousand times is told by its first few.
const MOST: usize = 8;

/// Two rows with one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pair {
    first: usize,
    second: usize,
    turn: Turn,
}

pub(crate) fn check(input: &Input<'_>, gathered: &Gathered, ctx: &Ctx) -> Result<Vec<CheckFinding>> {
    let pairs = pairs(gathered, ctx)?;
    let rows = &input.table.rows;
    let parts = input.parts_by_fold();
    let strangers = |p: &&Pair| rows[p.first].patient != rows[p.second].patient;
    let parted = |p: &&Pair| Input::parted(&parts, p.first, p.second);
    let conflict = |p: &&Pair| {
        let labels = rows[p.first].labels.iter().zip(&rows[p.second].labels);
        labels.into_iter().any(|(a, b)| matches!((a, b), (Some(a), Some(b)) if a != b))
    };
    let of = |is: &dyn Fn(&&Pair) -> bool| pairs.iter().filter(is).copied().collect::<Vec<_>>();
    let (across, within) = (of(&strangers), of(&|p| !strangers(p)));
    let (torn, both) = (of(&parted), of(&conflict));
    let mut findings = Vec::new();
    let mut tell = |severity, pairs: &[Pair], what: &str, remedy: &str| {
        if pairs.is_empty() {
            return;
        }
        let turned = pairs.iter().filter(|p| p.turn != Turn::default()).count();
        let turned =
            if turned == 0 { String::new() } else { format!(" ({turned} of them mirrored or turned)") };
        let verb = if pairs.len() == 1 { "shows" } else { "show" };
        let sentence = format!("{}{turned} {verb} one image {what}.", plural(pairs.len(), "pair"));
        let mut found = finding(severity, "duplicates", sentence, remedy);
        found.samples =
            first(pairs.iter().flat_map(|p| [rows[p.first].id.as_str(), rows[p.second].id.as_str()]));
        findings.push(found);
    };
    tell(
        Severity::Alarm,
        &across,
        "under two patients",
        "Keep one of each pair, or give both one patient: a split by patient would train on the image it tests.",
    );
    tell(
        Severity::Alarm,
        &torn,
        "in two parts of the split",
        "Remove the copies and split again: the test part holds images that were trained on.",
    );
    tell(Severity::Warning, &both, "under two answers", "Look which label is right; one of them is wrong.");
    tell(
        Severity::Note,
        &within,
        "twice under one patient",
        "A split by patient keeps them together. Each still counts twice: keep one where they are copies.",
    );
    Ok(findings)
}

/// All pairs, by row. The result does not depend on threads.
fn pairs(gathered: &Gathered, ctx: &Ctx) -> Result<Vec<Pair>> {
    let mut rows = Vec::new();
    let mut thumbnails = Vec::new();
    for (row, image) in gathered.images.iter().enumerate() {
        if let Some(thumbnail) = image.as_ref().and_then(|f| f.thumbnail.as_ref()) {
            rows.push(row);
            thumbnails.push(thumbnail);
        }
    }
    let hashes = ctx.install(|| Hashes::new(&thumbnails));
    let index = Index::new(&hashes.plain);
    let one = |second: usize| -> Result<Vec<Pair>> {
        ctx.check()?;
        let mut found: Vec<Pair> = Vec::new();
        let own = thumbnails[second].levels();
        for (turn, hash) in hashes.variants(&own) {
            let turned = turn.of(&own);
            let mut detail = None;
            for first in index.near(hash, second) {
                let known = found.iter().any(|p| p.first == rows[first]);
                if known || found.len() >= MOST {
                    continue;
                }
                let detail =
                    detail.get_or_insert_with(|| Detail::new(turned.clone(), thumbnails[second].small));
                if detail.is_of(&Detail::new(thumbnails[first].levels(), thumbnails[first].small)) {
                    found.push(Pair { first: rows[first], second: rows[second], turn });
                }
            }
        }
        Ok(found)
    };
    let all: Vec<Result<Vec<Pair>>> = ctx.install(|| (0..rows.len()).into_par_iter().map(one).collect());
    let mut pairs = all.into_iter().collect::<Result<Vec<_>>>()?.concat();
    pairs.sort_by_key(|p| (p.first, p.second));
    Ok(pairs)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
