//! From files to pixels, and the hash of what they are made of.

use eyepatch_core::{ContentHash, Error, Hasher, Image, Pixels, Result, Roi, Sample};
use eyepatch_data::{Bad, Fault, check_extent, decode};

use crate::loaded::{Cache, Loaded};
use crate::options::Options;

impl Loaded {
    /// A row's sample.
    pub(crate) fn load(&self, options: &Options<'_>, row: usize) -> Result<Sample> {
        self.check(row)?;
        let entry = &self.table.rows[row];
        let (image, roi) = self.pixels(options, row).map_err(|bad| Error::Sample {
            sample: entry.id.clone(),
            path: bad.path,
            row: entry.line,
            problem: bad.problem,
            remedy: bad.remedy,
        })?;
        Ok(Sample {
            id: entry.id.clone(),
            patient: entry.patient.clone(),
            labels: entry.labels.clone(),
            image,
            roi,
        })
    }

    /// A hash over all that `load` depends on.
    pub(crate) fn content(&self, options: &Options<'_>, cache: &Cache, row: usize) -> Result<ContentHash> {
        self.check(row)?;
        let (entry, source) = (&self.table.rows[row], &self.sources[row]);
        let labels: Vec<u8> = entry.labels.iter().map(|l| l.map_or(2, u8::from)).collect();
        let image = cache.hash(&source.image)?;
        let mut hash = Hasher::new().part(&entry.id).part(&entry.patient).part(labels).part(image.0);
        let (height, width) = source.mask.size.unwrap_or_default();
        hash = hash.part(height.to_le_bytes()).part(width.to_le_bytes());
        let codes = self.masks.codes(&entry.id, source.mask, options.structures)?;
        for (name, code) in options.structures.iter().zip(codes) {
            hash = hash.part(name).part(code);
        }
        if let Some(boxes) = &self.boxes {
            hash = hash.part(boxes.text(&entry.id));
        }
        Ok(hash.finish())
    }

    /// A row's image and ROI.
    pub(crate) fn pixels(&self, options: &Options<'_>, row: usize) -> Result<(Image, Roi), Bad> {
        let (entry, source) = (&self.table.rows[row], &self.sources[row]);
        let file = &source.image;
        let bytes = file.read(options.max_pixels, Fault::Unreadable)?;
        let image = decode::image(&bytes, options.max_pixels).and_then(decode::grey);
        let image = image.and_then(|image| deep(image, options.bits)).map_err(|bad| bad.of(&file.shown))?;
        let size = (image.width(), image.height());
        let mut structures = self.masks.masks(&entry.id, source.mask, options.structures, size)?;
        if let Some(boxes) = &self.boxes {
            structures.extend(boxes.masks(&entry.id, size)?);
        }
        let odd = |e: Error| Bad::new(Fault::RoiUnreadable, e.to_string(), "mend it").of(self.masks.path());
        let roi = Roi::new(structures).map_err(odd)?;
        check_extent(&roi).map_err(|bad| bad.of(self.masks.path()))?;
        Ok((image, roi))
    }

    fn check(&self, row: usize) -> Result<()> {
        let rows = self.table.rows.len();
        if row < rows { Ok(()) } else { Err(Error::shape("row", format!("below {rows}"), row.to_string())) }
    }
}

/// The depth that the archive has.
fn deep(image: Image, wanted: Option<u8>) -> Result<Image, Bad> {
    let bits = match image.pixels() {
        Pixels::U8(_) => 8,
        Pixels::U16(_) => 16,
        Pixels::F32(_) => 32,
    };
    match wanted {
        Some(wanted) if wanted != bits => Err(Bad::new(
            Fault::Unsupported,
            format!("the image has {bits} bits a pixel and not {wanted}"),
            format!(
                "use the archive's own files; where they were converted on purpose, set `bits` to {bits} or null"
            ),
        )),
        _ => Ok(image),
    }
}
