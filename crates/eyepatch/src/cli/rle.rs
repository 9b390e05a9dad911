use std::path::Path;

use eyepatch_core::Mask;
use eyepatch_kernels::roi::rle;

use super::args::RleArgs;
use super::error::CliError;
use super::{Outcome, roi};

/// Where ids stand in the tables that we know.
const ID_COLUMNS: [&str; 5] = ["ImageID", "Image Index", "image_id", "dicom_id", "id"];
/// No side of an image is longer.
const MAX_SIDE: usize = 32_768;

/// The union of some run-length codes of one row of a table. The table is read row by row: it may be larger than memory.
pub(crate) fn decode(args: &RleArgs) -> Result<Outcome, CliError> {
    let bad = |problem: String| CliError::file(&args.csv, problem, "give a CSV table of run-length codes");
    let mut reader = csv::Reader::from_path(&args.csv).map_err(|e| bad(e.to_string()))?;
    let header = reader.headers().map_err(|e| bad(e.to_string()))?.clone();
    let columns = Columns { path: &args.csv, header: &header };
    let id = match &args.id_column {
        Some(name) => columns.named(name)?,
        None => columns.any(&ID_COLUMNS)?,
    };
    // A size that is given serves tables without these columns, and rows in which they are empty.
    let size_column = |name: &str, given: Option<u16>| match (columns.find(name), given) {
        (None, None) => columns.named(name).map(Some),
        (found, _) => Ok(found),
    };
    let height = (size_column("Height", args.height)?, args.height);
    let width = (size_column("Width", args.width)?, args.width);
    let codes = args.columns.iter().map(|name| columns.named(name.trim())).collect::<Result<Vec<_>, _>>()?;
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|e| bad(e.to_string()))? {
        if record.get(id) != Some(args.id.as_str()) {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        let side = |(column, given): (Option<usize>, Option<u16>)| {
            let text = column.and_then(|c| record.get(c)).unwrap_or_default();
            if let (true, Some(given)) = (text.trim().is_empty(), given) {
                return Ok(usize::from(given));
            }
            // CheXmask writes whole numbers as `1024` and as `1024.0`.
            let number = text.trim().strip_suffix(".0").unwrap_or(text.trim()).parse::<usize>().ok();
            number.filter(|n| (1..=MAX_SIDE).contains(n)).ok_or_else(|| {
                let name = column.map_or("Height or Width", |c| &header[c]);
                let remedy = "give --height and --width for rows that do not tell them";
                CliError::file(
                    &args.csv,
                    format!("line {line}, column `{name}`: `{text}` is no number of pixels"),
                    remedy,
                )
            })
        };
        let (height, width) = (side(height)?, side(width)?);
        let mut bits = vec![0; height * width];
        for &column in &codes {
            let code = record.get(column).unwrap_or_default();
            rle::decode_into(code, width, height, &mut bits)
                .map_err(|e| bad(format!("line {line}, column `{}`: {e}", &header[column])))?;
        }
        return roi::write(&args.out, &Mask::new(width, height, bits.clone())?, &bits, args.json);
    }
    let problem = format!("no row whose `{}` is `{}`", &header[id], args.id);
    Err(CliError::file(&args.csv, problem, "check the id, or name the column of the ids with --id-column"))
}

struct Columns<'a> {
    path: &'a Path,
    header: &'a csv::StringRecord,
}

impl Columns<'_> {
    fn find(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h.trim_start_matches('\u{feff}').trim() == name)
    }

    fn named(&self, name: &str) -> Result<usize, CliError> {
        self.find(name).ok_or_else(|| self.missing(format!("no column `{name}`")))
    }

    fn any(&self, names: &[&str]) -> Result<usize, CliError> {
        let found = names.iter().find_map(|name| self.find(name));
        found.ok_or_else(|| self.missing(format!("none of the columns {}", names.join(", "))))
    }

    fn missing(&self, problem: String) -> CliError {
        let has: Vec<&str> = self.header.iter().collect();
        CliError::file(self.path, problem, format!("it has: {}", has.join(", ")))
    }
}
