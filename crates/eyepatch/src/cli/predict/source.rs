//! Which images are shown to the network, and what their rows are called.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::args::PredictArgs;
use crate::cli::error::CliError;

/// Extensions of images in a folder, in lower case.
const EXTENSIONS: [&str; 5] = ["png", "jpg", "jpeg", "tif", "tiff"];

/// Columns that hold paths, in this order, where none is named.
const COLUMNS: [&str; 7] = ["image_path", "path", "image", "file", "filename", "image_index", "image_id"];

/// An image and the name of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) sample: String,
    pub(super) path: PathBuf,
}

/// All images in the order of their rows. Every file is there; what is in it shows later.
pub(super) fn entries(args: &PredictArgs) -> Result<Vec<Entry>, CliError> {
    let source = &args.images;
    let extension = lower_extension(source);
    let table = extension == "csv";
    if !table && (args.image_column.is_some() || args.id.is_some()) {
        let remedy = "leave out --image-column and --id: they name columns of a CSV table";
        return Err(CliError::file(source, "is no CSV table", remedy));
    }
    if source.is_dir() {
        return folder(source);
    }
    if EXTENSIONS.contains(&extension.as_str()) {
        let sample = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return present(source, vec![Entry { sample, path: source.clone() }]);
    }
    let text = std::fs::read_to_string(source)
        .map_err(|e| CliError::file(source, e, "give a folder, an image, a CSV table or a list of paths"))?;
    let rows = if table { columns(args, &text)? } else { lines(&text) };
    let home = source.parent().unwrap_or(Path::new(""));
    let mut first = BTreeMap::new();
    let mut entries = Vec::with_capacity(rows.len());
    for (line, sample, path) in rows {
        if path.is_empty() || sample.is_empty() {
            return Err(CliError::file(
                source,
                format!("line {line}: nothing in it"),
                "every row needs an image",
            ));
        }
        if let Some(before) = first.insert(sample.clone(), line) {
            let problem = format!("line {line}: `{sample}` is also on line {before}");
            return Err(CliError::file(
                source,
                problem,
                "drop one of them, or name a column of unique ids with --id",
            ));
        }
        entries.push(Entry { sample, path: home.join(path) });
    }
    present(source, entries)
}

fn lower_extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// Refuses where nothing is listed, or files are missing.
fn present(source: &Path, entries: Vec<Entry>) -> Result<Vec<Entry>, CliError> {
    if entries.is_empty() {
        return Err(CliError::file(source, "there is no image in it", "give PNG, JPEG or TIFF files"));
    }
    let missing: Vec<String> =
        entries.iter().filter(|e| !e.path.is_file()).map(|e| e.path.display().to_string()).collect();
    if missing.is_empty() {
        return Ok(entries);
    }
    let shown: Vec<&str> = missing.iter().take(5).map(String::as_str).collect();
    let problem =
        format!("{} of {} images are missing:\n  - {}", missing.len(), entries.len(), shown.join("\n  - "));
    Err(CliError::file(source, problem, "paths in a list are taken from the list's own folder"))
}

/// All images below a folder, by path. Links to folders are not followed, and names that begin with a dot are skipped.
fn folder(root: &Path) -> Result<Vec<Entry>, CliError> {
    let mut todo = vec![root.to_owned()];
    let mut entries = Vec::new();
    while let Some(folder) = todo.pop() {
        let bad = |e: std::io::Error| CliError::file(&folder, e, "check that the folder can be read");
        for item in std::fs::read_dir(&folder).map_err(bad)? {
            let item = item.map_err(bad)?;
            if item.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let path = item.path();
            if item.file_type().map_err(bad)?.is_dir() {
                todo.push(path);
            } else if EXTENSIONS.contains(&lower_extension(&path).as_str()) && path.is_file() {
                let below = path.strip_prefix(root).unwrap_or(&path);
                let parts: Vec<_> = below.components().map(|c| c.as_os_str().to_string_lossy()).collect();
                entries.push(Entry { sample: parts.join("/"), path });
            }
        }
    }
    entries.sort_by(|a, b| a.sample.cmp(&b.sample));
    present(root, entries)
}

/// Line number, sample and path of each line that is not empty.
fn lines(text: &str) -> Vec<(u64, String, String)> {
    let lines = text.trim_start_matches('\u{feff}').lines().zip(1u64..).map(|(l, n)| (n, l.trim()));
    lines.filter(|(_, l)| !l.is_empty()).map(|(n, l)| (n, l.to_owned(), l.to_owned())).collect()
}

/// Line number, sample and path of each row of a table.
fn columns(args: &PredictArgs, text: &str) -> Result<Vec<(u64, String, String)>, CliError> {
    let bad = |e: csv::Error| CliError::file(&args.images, e, "give a CSV table with a header");
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().map_err(bad)?.clone();
    let names = || header.iter().collect::<Vec<_>>().join(", ");
    let column = |name: &String| {
        header.iter().position(|h| h == name).ok_or_else(|| {
            CliError::file(&args.images, format!("no column `{name}`"), format!("it has: {}", names()))
        })
    };
    let path = match &args.image_column {
        Some(name) => column(name)?,
        None => {
            let plain: Vec<String> =
                header.iter().map(|h| h.to_lowercase().replace([' ', '-'], "_")).collect();
            let found = COLUMNS.iter().find_map(|c| plain.iter().position(|n| n == c));
            found.ok_or_else(|| {
                let remedy = format!("name one with --image-column; it has: {}", names());
                CliError::file(&args.images, "no column looks like a path", remedy)
            })?
        }
    };
    let id = args.id.as_ref().map(column).transpose()?.unwrap_or(path);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(bad)?;
        let cell = |c: usize| record.get(c).unwrap_or_default().trim().to_owned();
        rows.push((record.position().map_or(0, csv::Position::line), cell(id), cell(path)));
    }
    Ok(rows)
}
