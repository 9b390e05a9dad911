//! Whether the manifest that was scored is the plan's.

use std::collections::HashMap;
use std::path::Path;

use eyepatch_core::{Ctx, Error, ManifestRow, Result};

use crate::reader::{Reader, file_error, quoted};

type Key<'a> = (&'a str, &'a str, &'a str, i32, usize);

fn key(row: &ManifestRow) -> Key<'_> {
    (&row.sample, &row.masking, &row.fill, row.dilation, row.fold)
}

const COLUMNS: [&str; 9] =
    ["hash", "sample", "patient", "masking", "fill", "dilation", "fold", "part", "path"];
const AGAIN: &str = "write the masked images again with `eyepatch mask --plan`, and score those";

/// Every row of the plan stands in the file with the same hash. Rows that the plan lacks do no harm here: their
/// scores would be surplus.
pub(crate) fn verify(path: &Path, plan: &[ManifestRow], ctx: &Ctx) -> Result<()> {
    let mut reader = Reader::open(path, &COLUMNS, &[]).map_err(|e| match e {
        Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => file_error(
            path,
            None,
            "the manifest of the scored images is missing",
            "put the manifest.csv that came with the masked images beside the scores, or name it in `manifest`",
        ),
        other => other,
    })?;
    let columns = COLUMNS.map(|name| reader.column(name).unwrap_or_default());
    let wanted: HashMap<Key<'_>, usize> = plan.iter().enumerate().map(|(i, row)| (key(row), i)).collect();
    let mut lines: Vec<Option<usize>> = vec![None; plan.len()];
    let mut stale: Vec<(usize, usize)> = Vec::new();
    while let Some((line, record)) = reader.next(ctx)? {
        let [hash, sample, _, masking, fill, dilation, fold, ..] = columns.map(|c| record[c].trim());
        let wrong = |column: &str, value: &str| {
            let problem = format!("`{column}` is {}, which is no whole number", quoted(value));
            file_error(path, Some(line), problem, "use the manifest as it was written")
        };
        let dilation = dilation.parse().map_err(|_| wrong("dilation", dilation))?;
        let fold = fold.parse().map_err(|_| wrong("fold", fold))?;
        let Some(&row) = wanted.get(&(sample, masking, fill, dilation, fold)) else { continue };
        if let Some(first) = lines[row].replace(line) {
            let problem =
                format!("sample {}, masking {} is also on line {first}", quoted(sample), quoted(masking));
            return Err(file_error(path, Some(line), problem, "use the manifest as it was written"));
        }
        if hash != plan[row].hash {
            stale.push((line, row));
        }
    }
    if let Some(&(line, row)) = stale.first() {
        let row = &plan[row];
        let problem = format!(
            "the manifest is stale: {} of {} images differ from the plan's, first sample {}, masking {}, fold {}",
            stale.len(),
            plan.len(),
            quoted(&row.sample),
            quoted(&row.masking),
            row.fold
        );
        return Err(file_error(path, Some(line), problem, AGAIN));
    }
    let absent = || plan.iter().zip(&lines).filter(|(_, line)| line.is_none()).map(|(row, _)| row);
    if let Some(row) = absent().next() {
        let problem = format!(
            "the manifest is stale: it lacks {} of {} images of the plan, first sample {}, masking {}, fold {}",
            absent().count(),
            plan.len(),
            quoted(&row.sample),
            quoted(&row.masking),
            row.fold
        );
        return Err(file_error(path, None, problem, AGAIN));
    }
    Ok(())
}
