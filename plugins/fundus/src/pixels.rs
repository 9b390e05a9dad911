//! A sample's image and ROI.

use eyepatch_core::{Image, Mask, Roi};
use eyepatch_data::decode::{self, Levels};
use eyepatch_data::{Bad, Fault, File};

use crate::fov;
use crate::resave::Resave;

/// The optic disc: what lies in the disc's outline, the cup included.
pub(crate) const DISC: &str = "disc";
/// The cup within the disc.
pub(crate) const CUP: &str = "cup";

/// A structure: a file and the lowest of its grey levels (at 8 bit) that is inside.
#[derive(Debug, Clone)]
pub(crate) struct Structure {
    pub(crate) name: &'static str,
    pub(crate) file: File,
    pub(crate) from: u8,
}

/// Where a row's pixels are.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) image: File,
    /// None: the ROI is the field of view.
    pub(crate) structures: Vec<Structure>,
    /// How the study stored it once more, where that is asked for.
    pub(crate) resave: Option<Resave>,
}

/// A row's image and ROI.
pub(crate) fn read(source: &Source, max_pixels: u64) -> Result<(Image, Roi), Bad> {
    let file = &source.image;
    let bytes = file.read(max_pixels, Fault::Unreadable)?;
    let image = decode::image(&bytes, max_pixels).map_err(|bad| bad.of(&file.shown))?;
    let size = (image.width(), image.height());
    let odd = |e: eyepatch_core::Error| Bad::new(Fault::RoiUnreadable, e.to_string(), "mend it");
    let Some(first) = source.structures.first() else {
        // An image cropped to the retina has nothing outside; it is not to be masked anyway.
        let fov = fov::of(&image).map_err(odd)?;
        return Ok((image, Roi::new([(fov::FOV.to_owned(), fov)]).map_err(odd)?));
    };
    let levels = levels(&source.structures, size, max_pixels)?;
    let (image, levels) = match source.resave {
        None => (image, levels),
        Some(resave) => {
            let unfit = |e: eyepatch_core::Error| Bad::corrupt(e).of(&file.shown);
            let masks =
                levels.into_iter().map(|l| resave.mask(l)).collect::<Result<_, _>>().map_err(unfit)?;
            (resave.image(&image).map_err(unfit)?, masks)
        }
    };
    let mut structures = Vec::with_capacity(levels.len());
    for (structure, levels) in source.structures.iter().zip(levels) {
        let inside = levels.values.iter().map(|&v| u8::from(v >= structure.from)).collect();
        let mask = Mask::new(levels.width, levels.height, inside).map_err(odd)?;
        structures.push((structure.name.to_owned(), mask));
    }
    let roi = Roi::new(structures).map_err(odd)?;
    eyepatch_data::check_extent(&roi).map_err(|bad| bad.of(&first.file.shown))?;
    if roi.structures().get(DISC).is_some_and(Mask::is_empty) {
        let remedy = "mend the mask, or drop the row (`on_bad`: \"drop\")";
        return Err(Bad::new(Fault::RoiEmpty, "no pixel is inside the disc", remedy).of(&first.file.shown));
    }
    Ok((image, roi))
}

/// The grey levels of each structure's file; a file that holds several is read once.
fn levels(structures: &[Structure], size: (usize, usize), max_pixels: u64) -> Result<Vec<Levels>, Bad> {
    let mut all: Vec<Levels> = Vec::with_capacity(structures.len());
    for (i, structure) in structures.iter().enumerate() {
        let again = i.checked_sub(1).filter(|&i| structures[i].file == structure.file);
        let levels = match again {
            Some(before) => all[before].clone(),
            None => one(&structure.file, size, max_pixels)?,
        };
        all.push(levels);
    }
    Ok(all)
}

fn one(file: &File, (width, height): (usize, usize), max_pixels: u64) -> Result<Levels, Bad> {
    let bytes = file.read(max_pixels, Fault::RoiUnreadable)?;
    let levels = decode::levels(&bytes, max_pixels);
    let levels = levels.map_err(|bad| Bad { fault: Fault::RoiUnreadable, ..bad.of(&file.shown) })?;
    if (levels.width, levels.height) == (width, height) {
        return Ok(levels);
    }
    let problem = format!(
        "the ROI is {}x{} and the image {height}x{width} (rows x columns)",
        levels.height, levels.width
    );
    let remedy = "give the image that the ROI was drawn on: one of the two was scaled or turned";
    Err(Bad::new(Fault::RoiSize, problem, remedy).of(&file.shown))
}
