//! From AIROGS' table and folders to rows.

use std::collections::BTreeMap;
use std::path::Path;

use eyepatch_core::{Result, Row};
use eyepatch_data::{Fault, Record, Sheet, quoted, table_error};

use super::params::Airogs;
use crate::loaded::{Absent, Draft, Loaded};
use crate::params::Profile;
use crate::pixels::{DISC, Source, Structure};
use crate::tree::{Listing, Named, Tree, no_mere_name, stem};

impl Airogs {
    /// Reads the archive.
    pub(super) fn read(&self, threads: usize) -> Result<Loaded> {
        let tree = Tree::open(&self.root)?;
        let Some(path) = tree.file(&self.root, |n| n == "train_labels.csv")? else {
            let remedy = "download the table of AIROGS' training set to there";
            return Err(table_error(&self.root, None, None, "there is no table `train_labels.csv`", remedy));
        };
        let images = images(&tree, &self.root)?;
        let masks = match &self.masks {
            Some(folder) => Some(Tree::open(folder)?.images(folder)?),
            None => None,
        };
        let mut draft = self.rows(&Sheet::read(&path)?, &images, masks.as_ref())?;
        draft.notes.push(
            "AIROGS tells no patients: each image counts as a patient of its own, so fellow eyes can stand in two parts of \
             a split, and intervals are too narrow"
                .into(),
        );
        if masks.is_none() {
            draft.notes.push(
                "no ROI is published: the structure `fov` is where the image is lit at all, computed from each image. It is \
                 no region of glaucoma"
                    .into(),
            );
        }
        draft.finish(&self.root, self.on_bad, self.max_pixels, threads)
    }

    fn rows(&self, sheet: &Sheet, images: &Listing, masks: Option<&Listing>) -> Result<Draft> {
        let (ids, classes) = (column(sheet, "challenge_id")?, column(sheet, "class")?);
        let mut draft = Draft::default();
        let mut labelled: BTreeMap<String, usize> = BTreeMap::new();
        for record in &sheet.records {
            let id = stem_of_id(sheet, ids, record)?;
            if let Some(first) = labelled.insert(id.to_lowercase(), record.line) {
                let problem = format!("id {} is also that of line {first}", quoted(id));
                let remedy = "keep one row an image";
                return Err(sheet.error(Some(record.line), Some(&sheet.headers[ids]), problem, remedy));
            }
            let referable = self.referable(sheet, classes, record)?;
            let files = (images.find(id)?, masks.map(|m| m.find(id)).transpose()?);
            match files {
                (Some(image), None) => add(&mut draft, id, referable, record.line, image, None),
                (Some(image), Some(Some(mask))) => {
                    add(&mut draft, id, referable, record.line, image, Some(mask));
                }
                (image, _) => draft.absent.push(Absent {
                    path: sheet.path.clone(),
                    line: Some(record.line),
                    fault: Some(if image.is_none() { Fault::ImageMissing } else { Fault::RoiMissing }),
                    what: format!(
                        "{} {}",
                        if image.is_none() { "image" } else { "disc mask of image" },
                        quoted(id)
                    ),
                }),
            }
        }
        let unlabelled = images.iter().filter(|i| !labelled.contains_key(&stem(&i.name).to_lowercase()));
        draft.absent.extend(unlabelled.map(|image| Absent {
            path: sheet.path.clone(),
            line: None,
            fault: None,
            what: format!("label of image {}", quoted(&image.file.shown.display().to_string())),
        }));
        Ok(draft)
    }

    /// RG is referable glaucoma, NRG none. The study took every class but NRG for glaucoma.
    fn referable(&self, sheet: &Sheet, column: usize, record: &Record) -> Result<bool> {
        let cell = record.cell(column);
        match (self.classes, cell.trim().to_uppercase().as_str()) {
            (Profile::Published, _) => Ok(cell != "NRG"),
            (Profile::Strict, "RG") => Ok(true),
            (Profile::Strict, "NRG") => Ok(false),
            _ => Err(sheet.error(
                Some(record.line),
                Some(&sheet.headers[column]),
                format!("the class is {}", quoted(cell)),
                "write RG (referable glaucoma) or NRG (none), or remove the row",
            )),
        }
    }
}

fn column(sheet: &Sheet, name: &str) -> Result<usize> {
    sheet.candidates(&[name]).first().copied().ok_or_else(|| {
        let remedy = format!(
            "the columns are: {}; AIROGS' table has `challenge_id` and `class`",
            sheet.columns_text()
        );
        sheet.error(Some(1), None, format!("there is no column `{name}`"), remedy)
    })
}

fn add(draft: &mut Draft, id: &str, referable: bool, line: usize, image: &Named, mask: Option<&Named>) {
    draft.rows.push(Row {
        id: id.to_owned(),
        patient: id.to_owned(),
        labels: vec![Some(referable)],
        meta: BTreeMap::new(),
        image: Some(image.file.shown.clone()),
        roi: mask.map(|m| m.file.shown.clone()),
        line: Some(line),
    });
    let disc = mask.map(|m| Structure { name: DISC, file: m.file.clone(), from: 1 });
    let structures = disc.into_iter().collect();
    draft.sources.push(Source { image: image.file.clone(), structures, resave: None });
}

fn stem_of_id<'a>(sheet: &Sheet, column: usize, record: &'a Record) -> Result<&'a str> {
    let id = record.cell(column).trim();
    match no_mere_name(id) {
        None => Ok(id),
        Some(how) => Err(sheet.error(
            Some(record.line),
            Some(&sheet.headers[column]),
            format!("the id {} is refused: {how}", quoted(id)),
            "write the id as it was published, for instance TRAIN000000",
        )),
    }
}

/// Images in the archive's folders `0` to `5`, or all in `images`, or beside the table.
fn images(tree: &Tree, root: &Path) -> Result<Listing> {
    let numbered = |n: &str| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit());
    let mut folders = vec![root.to_owned()];
    folders.extend(tree.folder(root, |n| n == "images")?);
    for outer in folders.clone() {
        folders.extend(tree.folders(&outer, numbered)?);
    }
    let listings = folders.iter().map(|f| tree.images(f)).collect::<Result<Vec<_>>>()?;
    Ok(Listing::merged(root, listings))
}
