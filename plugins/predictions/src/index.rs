//! All scores of a file, keyed compactly: names are numbered once, a score takes four bytes.

use std::collections::HashMap;
use std::path::Path;

use eyepatch_core::{Ctx, OutputSpace, Result, ScoreKey};

use crate::reader::{Reader, file_error, quoted};

/// What `trained` is where the column or the cell is left out: one model that was trained elsewhere.
pub(crate) const DELIVERED: &str = "delivered";

/// Names by number, and the line where each first stood.
#[derive(Default)]
pub(crate) struct Names {
    numbers: HashMap<Box<str>, u32>,
    lines: Vec<usize>,
}

impl Names {
    fn number(&mut self, name: &str, line: usize) -> u32 {
        if let Some(&known) = self.numbers.get(name) {
            return known;
        }
        let next = self.lines.len() as u32;
        self.numbers.insert(name.into(), next);
        self.lines.push(line);
        next
    }

    fn get(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The names in the order of their first lines, with those.
    pub(crate) fn by_line(&self) -> Vec<(&str, usize)> {
        let mut names: Vec<_> =
            self.numbers.iter().map(|(n, &i)| (n.as_ref(), self.lines[i as usize])).collect();
        names.sort_unstable_by_key(|(_, line)| *line);
        names
    }
}

/// One model, masking, fill, dilation and fold.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    trained: u32,
    masking: u32,
    fill: u32,
    dilation: i32,
    fold: u32,
}

/// The scores of one key.
#[derive(Default)]
struct Block {
    /// Sample to row.
    rows: HashMap<u32, u32>,
    /// By class, then row; NaN where there is none.
    values: Vec<Vec<f32>>,
}

impl Block {
    /// Puts a score in; false where there is one.
    fn put(&mut self, sample: u32, class: u32, score: f32) -> bool {
        let next = self.rows.len() as u32;
        let row = *self.rows.entry(sample).or_insert(next) as usize;
        let class = class as usize;
        if self.values.len() <= class {
            self.values.resize_with(class + 1, Vec::new);
        }
        let column = &mut self.values[class];
        if column.len() <= row {
            column.resize(row + 1, f32::NAN);
        }
        let free = column[row].is_nan();
        column[row] = score;
        free
    }
}

/// All scores of a file.
#[derive(Default)]
pub(crate) struct Index {
    pub(crate) trained: Names,
    pub(crate) maskings: Names,
    pub(crate) fills: Names,
    pub(crate) classes: Names,
    samples: Names,
    blocks: HashMap<Key, Block>,
    /// Number of scores.
    pub(crate) len: usize,
}

/// A row of a score file.
#[derive(Debug, PartialEq)]
pub(crate) struct ScoreRow<'a> {
    pub(crate) sample: &'a str,
    pub(crate) trained: &'a str,
    pub(crate) masking: &'a str,
    pub(crate) fill: &'a str,
    pub(crate) class: &'a str,
    pub(crate) dilation: i32,
    pub(crate) fold: u32,
    pub(crate) score: f32,
}

/// Calls `each` with every row of a score file and its line.
pub(crate) fn for_each(
    path: &Path,
    output: OutputSpace,
    ctx: &Ctx,
    mut each: impl FnMut(usize, &ScoreRow<'_>) -> Result<()>,
) -> Result<()> {
    const NAMES: [&str; 6] = ["sample", "masking", "fill", "fold", "class", "score"];
    let mut reader = Reader::open(path, &NAMES, &["trained", "dilation"])?;
    let columns = NAMES.map(|name| reader.column(name).unwrap_or_default());
    let (trained, dilation) = (reader.column("trained"), reader.column("dilation"));
    while let Some((line, record)) = reader.next(ctx)? {
        let [sample, masking, fill, fold, class, score] = columns.map(|c| record[c].trim());
        let wrong = |column: &str, value: &str, what: &str| {
            let problem = format!("`{column}` is {}, which is no {what}", quoted(value));
            file_error(path, Some(line), problem, format!("write a {what}"))
        };
        for (name, value) in NAMES.iter().zip([sample, masking, fill, fold, class, score]) {
            if value.is_empty() {
                return Err(file_error(path, Some(line), format!("`{name}` is empty"), "fill in the cell"));
            }
        }
        let given = |column: Option<usize>, other: &'static str| {
            column
                .map(|c| record[c].trim())
                .filter(|v| !v.is_empty())
                .map_or(other.to_owned(), ToOwned::to_owned)
        };
        let (trained, dilation) = (given(trained, DELIVERED), given(dilation, "0"));
        let row = ScoreRow {
            sample,
            trained: &trained,
            masking,
            fill,
            class,
            dilation: dilation.parse().map_err(|_| wrong("dilation", &dilation, "whole number of pixels"))?,
            fold: fold.parse().map_err(|_| wrong("fold", fold, "fold number (0 for the first)"))?,
            score: number(score, output).ok_or_else(|| match output {
                OutputSpace::Probabilities => wrong("score", score, "probability from 0 to 1"),
                _ => wrong("score", score, "finite number"),
            })?,
        };
        each(line, &row)?;
    }
    Ok(())
}

fn number(text: &str, output: OutputSpace) -> Option<f32> {
    let value: f32 = text.parse().ok().filter(|x: &f32| x.is_finite())?;
    (output != OutputSpace::Probabilities || (0.0..=1.0).contains(&value)).then_some(value)
}

impl Index {
    /// Reads a score file once.
    pub(crate) fn read(path: &Path, output: OutputSpace, ctx: &Ctx) -> Result<Self> {
        let mut index = Self::default();
        for_each(path, output, ctx, |line, row| {
            if index.put(line, row) {
                return Ok(());
            }
            let first = first_line(path, output, row, ctx)?;
            Err(file_error(
                path,
                Some(line),
                format!(
                    "sample {}, masking {}, fold {}, class {} is also on line {first}",
                    quoted(row.sample),
                    quoted(row.masking),
                    row.fold,
                    quoted(row.class)
                ),
                "keep one of the two rows",
            ))
        })?;
        if index.len == 0 {
            return Err(file_error(
                path,
                None,
                "the file has a header and no row",
                "score every image of the manifest",
            ));
        }
        Ok(index)
    }

    fn put(&mut self, line: usize, row: &ScoreRow<'_>) -> bool {
        let key = Key {
            trained: self.trained.number(row.trained, line),
            masking: self.maskings.number(row.masking, line),
            fill: self.fills.number(row.fill, line),
            dilation: row.dilation,
            fold: row.fold,
        };
        let (sample, class) = (self.samples.number(row.sample, line), self.classes.number(row.class, line));
        self.len += 1;
        self.blocks.entry(key).or_default().put(sample, class, row.score)
    }

    /// The training maskings by name.
    pub(crate) fn trained(&self) -> Vec<String> {
        let mut names: Vec<String> = self.trained.by_line().into_iter().map(|(n, _)| n.to_owned()).collect();
        names.sort_unstable();
        names
    }

    /// The score of one sample and class.
    pub(crate) fn score(&self, key: &ScoreKey, sample: &str, class: &str) -> Option<f32> {
        let key = Key {
            trained: self.trained.get(&key.trained)?,
            masking: self.maskings.get(&key.masking)?,
            fill: self.fills.get(&key.fill)?,
            dilation: key.dilation,
            fold: u32::try_from(key.fold).ok()?,
        };
        let block = self.blocks.get(&key)?;
        let row = *block.rows.get(&self.samples.get(sample)?)? as usize;
        let column = block.values.get(self.classes.get(class)? as usize)?;
        column.get(row).copied().filter(|v| !v.is_nan())
    }
}

/// The first line that has the same key as `row`; the file is read again for it.
fn first_line(path: &Path, output: OutputSpace, row: &ScoreRow<'_>, ctx: &Ctx) -> Result<usize> {
    let mut first = None;
    for_each(path, output, ctx, |line, other| {
        if first.is_none() && *other == (ScoreRow { score: other.score, ..*row }) {
            first = Some(line);
        }
        Ok(())
    })
    .or_else(|e| first.map(|_| ()).ok_or(e))?;
    Ok(first.unwrap_or_default())
}
