//! Whether a score file answers its plan: every wanted row once, nothing else.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use eyepatch_core::{Ctx, OutputSpace, Result, ScoreKey};

use crate::index::{DELIVERED, Index, Names, ScoreRow, for_each};
use crate::reader::{file_error, quoted};

/// One score, for messages.
pub(crate) fn row_text(key: &ScoreKey, sample: &str, class: &str) -> String {
    let ScoreKey { trained, masking, fill, dilation, fold } = key;
    format!(
        "sample {}, trained {}, masking {}, fill {}, dilation {dilation}, fold {fold}, class {}",
        quoted(sample),
        quoted(trained),
        quoted(masking),
        quoted(fill),
        quoted(class)
    )
}

/// Names that the plan does not have, then missing rows, then surplus rows.
pub(crate) fn complete(
    path: &Path,
    index: &Index,
    wanted: &[(ScoreKey, Vec<String>)],
    classes: &[String],
    ctx: &Ctx,
) -> Result<()> {
    let keys = || wanted.iter().map(|(key, _)| key);
    known(path, "class", &index.classes, classes.iter().map(String::as_str).collect())?;
    known(path, "masking", &index.maskings, keys().map(|k| k.masking.as_str()).collect())?;
    known(path, "fill", &index.fills, keys().map(|k| k.fill.as_str()).collect())?;
    // A model may be trained on any masking of the plan, whether or not its scores are wanted: those that are not wanted
    // are surplus, and a name that is no masking's is a slip of the pen.
    let trained = keys().flat_map(|k| [k.trained.as_str(), k.masking.as_str()]).chain([DELIVERED]);
    known(path, "training masking", &index.trained, trained.collect())?;
    let (mut missing, mut first, mut total) = (0usize, Vec::new(), 0usize);
    for (key, samples) in wanted {
        ctx.check()?;
        for sample in samples {
            for class in classes {
                total += 1;
                if index.score(key, sample, class).is_none() {
                    missing += 1;
                    if first.len() < 5 {
                        first.push(row_text(key, sample, class));
                    }
                }
            }
        }
    }
    if missing > 0 {
        let problem = format!("{missing} of {total} rows are missing: {}{}", first.join("; "), more(missing));
        return Err(file_error(
            path,
            None,
            problem,
            "score every image of the manifest's test parts for every class",
        ));
    }
    // All wanted rows are there and none twice, so any others are surplus.
    if index.len > total { surplus(path, wanted, index.len - total, ctx) } else { Ok(()) }
}

fn more(count: usize) -> String {
    if count > 5 { format!("; and {} more", count - 5) } else { String::new() }
}

fn known(path: &Path, what: &str, names: &Names, mut plan: Vec<&str>) -> Result<()> {
    plan.sort_unstable();
    plan.dedup();
    match names.by_line().into_iter().find(|(name, _)| !plan.contains(name)) {
        None => Ok(()),
        Some((name, line)) => {
            let remedy = format!("the plan has: {}", plan.join(", "));
            Err(file_error(path, Some(line), format!("unknown {what} {}", quoted(name)), remedy))
        }
    }
}

/// Names surplus rows; the file is read again for their lines.
fn surplus(path: &Path, wanted: &[(ScoreKey, Vec<String>)], count: usize, ctx: &Ctx) -> Result<()> {
    let plan: HashMap<ScoreKey, HashSet<&str>> = wanted
        .iter()
        .map(|(key, samples)| (key.clone(), samples.iter().map(String::as_str).collect()))
        .collect();
    let mut found: Vec<(usize, String)> = Vec::new();
    for_each(path, OutputSpace::Scores, ctx, |line, row: &ScoreRow<'_>| {
        let key = ScoreKey {
            trained: row.trained.to_owned(),
            masking: row.masking.to_owned(),
            fill: row.fill.to_owned(),
            dilation: row.dilation,
            fold: row.fold as usize,
        };
        if found.len() < 5 && !plan.get(&key).is_some_and(|samples| samples.contains(row.sample)) {
            found.push((line, format!("line {line}: {}", row_text(&key, row.sample, row.class))));
        }
        Ok(())
    })?;
    let named: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
    Err(file_error(
        path,
        found.first().map(|(line, _)| *line),
        format!("{count} rows are surplus: {}{}", named.join("; "), more(count)),
        "score only images of the manifest's test parts, each with the model of its own fold",
    ))
}
