//! From RIM-ONE DL's folders to rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use eyepatch_core::{Meta, Result, Row};
use eyepatch_data::{Fault, quoted, table_error};

use super::params::{Partition, RimOneDl};
use crate::loaded::{Absent, Draft, Loaded};
use crate::pixels::{CUP, DISC, Source, Structure};
use crate::tree::{Listing, Named, Tree, stem};

impl RimOneDl {
    /// Reads both archives.
    pub(super) fn read(&self, threads: usize) -> Result<Loaded> {
        let tree = Tree::open(&self.root)?;
        // The folder of the image archive may have been given itself, or its content beside the other archive's.
        let images = tree.folder(&self.root, |n| n == "rim-one_dl_images")?.unwrap_or(self.root.clone());
        let drawn = tree.folder(&self.root, |n| n == "rim-one_dl_reference_segmentations")?;
        let drawn = drawn.ok_or_else(|| missing(&self.root, "RIM-ONE_DL_reference_segmentations"))?;
        let shelves = shelves(&tree, &images, self.partition)?
            .ok_or_else(|| missing(&images, self.partition.folder()))?;
        one_place_each(&images, &shelves)?;
        let masks = CLASSES.map(|(class, _)| -> Result<Listing> {
            let folder = tree.folder(&drawn, |n| n == class)?.ok_or_else(|| missing(&drawn, class))?;
            tree.images(&folder)
        });
        let [normal, glaucoma] = masks;
        let masks = [normal?, glaucoma?];
        let hospitals = hospitals(&tree, &images)?;
        let mut draft = Draft::default();
        for shelf in &shelves {
            let masks = &masks[usize::from(shelf.glaucoma)];
            shelf
                .images
                .iter()
                .try_for_each(|image| row(&tree, &mut draft, shelf, image, masks, &hospitals))?;
        }
        draft.notes.push(
            "RIM-ONE DL tells no patients: each image counts as a patient of its own, so two images of one patient can \
             stand in two parts of a split, and intervals are too narrow"
                .into(),
        );
        draft.finish(&self.root, self.on_bad, self.max_pixels, threads)
    }
}

/// The classes' folders.
const CLASSES: [(&str, bool); 2] = [("normal", false), ("glaucoma", true)];
/// The parts' folders.
const PARTS: [(&str, &str); 2] = [("training_set", "train"), ("test_set", "test")];

/// The images of one part and class.
struct Shelf {
    part: &'static str,
    glaucoma: bool,
    images: Listing,
}

fn missing(folder: &Path, what: &str) -> eyepatch_core::Error {
    let remedy =
        "unpack both archives, images and reference segmentations, into this folder as they were published";
    table_error(folder, None, None, format!("there is no folder `{what}`"), remedy)
}

/// All images of a partition; `None` where its folder is not there.
fn shelves(tree: &Tree, images: &Path, partition: Partition) -> Result<Option<Vec<Shelf>>> {
    let Some(folder) = tree.folder(images, |n| n == partition.folder())? else { return Ok(None) };
    let mut shelves = Vec::new();
    for (set, part) in PARTS {
        let set_folder = tree.folder(&folder, |n| n == set)?.ok_or_else(|| missing(&folder, set))?;
        for (class, glaucoma) in CLASSES {
            let of = tree.folder(&set_folder, |n| n == class)?.ok_or_else(|| missing(&set_folder, class))?;
            shelves.push(Shelf { part, glaucoma, images: tree.images(&of)? });
        }
    }
    Ok(Some(shelves))
}

/// No image is in two parts or classes, or there with two extensions.
fn one_place_each(images: &Path, shelves: &[Shelf]) -> Result<()> {
    let all = Listing::merged(images, shelves.iter().map(|s| s.images.clone()));
    all.iter().try_for_each(|image| all.find(stem(&image.name)).map(|_| ()))
}

/// Names of images by where they were taken, as far as the partition by hospital tells.
fn hospitals(tree: &Tree, images: &Path) -> Result<BTreeMap<String, &'static str>> {
    let shelves = shelves(tree, images, Partition::ByHospital)?.unwrap_or_default();
    let of = |part: &str| if part == "train" { "HUC" } else { "HUMS or HCSC" };
    let names =
        |s: &Shelf| -> BTreeSet<String> { s.images.iter().map(|i| stem(&i.name).to_lowercase()).collect() };
    Ok(shelves.iter().flat_map(|s| names(s).into_iter().map(|name| (name, of(s.part)))).collect())
}

fn row(
    tree: &Tree,
    draft: &mut Draft,
    shelf: &Shelf,
    image: &Named,
    masks: &Listing,
    hospitals: &BTreeMap<String, &'static str>,
) -> Result<()> {
    let stem = stem(&image.name);
    let mut structures = Vec::with_capacity(2);
    for (name, published) in [(DISC, "Disc"), (CUP, "Cup")] {
        let mask = format!("{stem}-1-{published}-T");
        match masks.find(&mask)? {
            Some(found) => structures.push(Structure { name, file: found.file.clone(), from: 1 }),
            None => {
                let text = format!("{mask}.txt").to_lowercase();
                let only_text = tree.file(&masks.folder, |n| n == text)?.is_some();
                let told = if only_text { " (only its outline as text, which is not read)" } else { "" };
                let what = format!("{name} mask {}{told}", quoted(&format!("{mask}.png")));
                let path = masks.folder.clone();
                draft.absent.push(Absent { path, line: None, fault: Some(Fault::RoiMissing), what });
                return Ok(());
            }
        }
    }
    let text = |v: &str| Meta::Text(v.to_owned());
    let version = stem.split('_').next().filter(|v| matches!(*v, "r1" | "r2" | "r3"));
    let hospital = hospitals.get(&stem.to_lowercase());
    let meta = [
        ("part", text(shelf.part)),
        ("version", version.map_or(Meta::Missing, text)),
        ("hospital", hospital.map_or(Meta::Missing, |h| text(h))),
    ];
    draft.rows.push(Row {
        id: stem.to_owned(),
        patient: stem.to_owned(),
        labels: vec![Some(shelf.glaucoma)],
        meta: meta.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        image: Some(image.file.shown.clone()),
        roi: structures.first().map(|s| s.file.shown.clone()),
        line: None,
    });
    draft.sources.push(Source { image: image.file.clone(), structures, resave: None });
    Ok(())
}
