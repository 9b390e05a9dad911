//! Chákṣu's folders.

use std::path::{Path, PathBuf};

use eyepatch_core::Result;
use eyepatch_data::table_error;

use super::names::{CAMERAS, Camera};
use super::params::{Chaksu, Masks, Part};
use crate::params::Profile;
use crate::pixels::{CUP, DISC, Structure};
use crate::tree::{Listing, Tree};

/// What a part of the archive has of one camera.
pub(crate) struct Shelf {
    pub(crate) camera: Camera,
    pub(crate) table: PathBuf,
    pub(crate) images: Listing,
    pub(crate) masks: Vec<MaskFolder>,
}

/// Where masks of a structure lie, and the lowest grey level inside.
pub(crate) struct MaskFolder {
    structure: &'static str,
    from: u8,
    files: Listing,
}

/// The folder of a part, `None` where it was not unpacked.
pub(crate) fn part(tree: &Tree, root: &Path, part: Part) -> Result<Option<PathBuf>> {
    let named = |n: &str| n == part.name();
    let Some(folder) = tree.folder(root, named)? else { return Ok(None) };
    // Unpacked into a folder of the archive's name.
    let inner = tree.folder(&folder, named)?;
    Ok(Some(inner.unwrap_or(folder)))
}

fn numbered(tree: &Tree, part: &Path, number: &str, published: &str) -> Result<PathBuf> {
    let found = tree.folder(part, |n| n.starts_with(number))?;
    found.ok_or_else(|| missing(part, published))
}

fn missing(folder: &Path, what: &str) -> eyepatch_core::Error {
    let remedy = "unpack the whole archive as it was published";
    table_error(folder, None, None, format!("there is no folder `{what}`"), remedy)
}

/// The images of a part's cameras.
pub(crate) fn images(tree: &Tree, part: &Path) -> Result<Vec<Listing>> {
    let originals = numbered(tree, part, "1.0", "1.0_Original_Fundus_Images")?;
    let listing = |camera: &Camera| {
        let folder = tree.folder(&originals, |n| camera.is(n))?;
        tree.images(&folder.ok_or_else(|| missing(&originals, camera.name))?)
    };
    CAMERAS.iter().map(listing).collect()
}

/// All that a part has of each camera, in the study's order.
pub(crate) fn shelves(data: &Chaksu, tree: &Tree, part: &Path, images: Vec<Listing>) -> Result<Vec<Shelf>> {
    let tables = numbered(tree, part, "6.0", "6.0_Glaucoma_Decision")?;
    let shelf = |(camera, images): (Camera, Listing)| {
        let is_table = |name: &str| {
            let name = name.strip_prefix("glaucoma_decision_comparison_");
            name.and_then(|n| n.strip_suffix("_majority.csv")).is_some_and(|n| camera.is(n))
        };
        let table = tree.file(&tables, is_table)?.ok_or_else(|| {
            let published = format!("Glaucoma_Decision_Comparison_{}_majority.csv", camera.name);
            let remedy = "unpack the whole archive as it was published";
            table_error(&tables, None, None, format!("there is no table `{published}`"), remedy)
        })?;
        Ok(Shelf { camera, table, images, masks: masks(data, tree, part, camera)? })
    };
    CAMERAS.into_iter().zip(images).map(shelf).collect()
}

/// In the images of both structures the disc is near 127 and the cup near 255.
const DISC_FROM: u8 = 64;
const CUP_FROM: u8 = 192;
/// In the images of one structure the inside is near 255.
const HALF: u8 = 128;

fn masks(data: &Chaksu, tree: &Tree, part: &Path, camera: Camera) -> Result<Vec<MaskFolder>> {
    let staple = |folder: &Path| {
        let found = tree.folder(folder, |n| n == "staple")?;
        tree.images(&found.ok_or_else(|| missing(folder, "STAPLE"))?)
    };
    let of_camera = |fused: &Path| {
        let found = tree.folder(fused, |n| camera.is(n))?;
        found.ok_or_else(|| missing(fused, camera.name))
    };
    if data.masks == Masks::Together {
        let folder = of_camera(&numbered(tree, part, "4.0", "4.0_OD_CO_Fusion_Images")?)?;
        let disc_from = if data.discs == Profile::Published { 1 } else { DISC_FROM };
        let each = [(DISC, disc_from), (CUP, CUP_FROM)];
        return each
            .into_iter()
            .map(|(structure, from)| Ok(MaskFolder { structure, from, files: staple(&folder)? }))
            .collect();
    }
    let folder = of_camera(&numbered(tree, part, "5.0", "5.0_OD_OC_Mean_Median_Majority_STAPLE")?)?;
    let mut found = Vec::new();
    for structure in [DISC, CUP] {
        match tree.folder(&folder, |n| n == structure)? {
            Some(folder) => found.push(MaskFolder { structure, from: HALF, files: staple(&folder)? }),
            None if structure == CUP => {}
            None => return Err(missing(&folder, "Disc")),
        }
    }
    Ok(found)
}

impl MaskFolder {
    /// The structure's mask of an image.
    pub(crate) fn of(&self, stem: &str) -> Result<Option<Structure>> {
        let file = self.files.find(stem)?.map(|named| named.file.clone());
        Ok(file.map(|file| Structure { name: self.structure, file, from: self.from }))
    }

    /// The structure, for messages.
    pub(crate) fn structure(&self) -> &'static str {
        self.structure
    }
}
