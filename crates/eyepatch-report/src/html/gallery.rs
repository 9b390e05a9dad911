//! Examples of every masking.

use std::collections::BTreeMap;

use eyepatch_core::Keep;
use serde::Serialize;

use super::evidence::{Bytes, role};
use super::picture::Shown;
use crate::Result;
use crate::schema::{GalleryRow, MaskingSummary};

/// One image under every masking.
#[derive(Serialize)]
pub(super) struct Example<'a> {
    sample: &'a str,
    positive: String,
    roi: Shown,
    strips: Vec<Strip<'a>>,
}

/// Pictures that are to be compared.
#[derive(Serialize)]
struct Strip<'a> {
    title: &'static str,
    masked: Vec<Masked<'a>>,
}

#[derive(Serialize)]
struct Masked<'a> {
    name: &'a str,
    picture: Shown,
    /// The number of the anchor by which the masking's first picture is found.
    anchor: Option<usize>,
}

/// The examples; the first picture of each masking gets an anchor.
pub(super) fn examples<'a>(
    gallery: &'a [GalleryRow],
    maskings: &[MaskingSummary],
    bytes: Bytes<'_>,
) -> Result<Vec<Example<'a>>> {
    let mut examples: Vec<_> = gallery.iter().map(|g| example(g, maskings, bytes)).collect::<Result<_>>()?;
    let mut seen = BTreeMap::new();
    for picture in examples.iter_mut().flat_map(|e| &mut e.strips).flat_map(|s| &mut s.masked) {
        let next = seen.len() + 1;
        seen.entry(picture.name).or_insert_with(|| {
            picture.anchor = Some(next);
            next
        });
    }
    Ok(examples)
}

/// The anchors of maskings that are shown, by name.
pub(super) fn anchors<'a>(examples: &[Example<'a>]) -> BTreeMap<&'a str, usize> {
    let pictures = examples.iter().flat_map(|e| &e.strips).flat_map(|s| &s.masked);
    pictures.filter_map(|p| Some((p.name, p.anchor?))).collect()
}

fn example<'a>(g: &'a GalleryRow, maskings: &[MaskingSummary], bytes: Bytes<'_>) -> Result<Example<'a>> {
    let strip = |title, wanted: &dyn Fn(&MaskingSummary) -> bool| -> Result<Strip<'a>> {
        let named = |name: &str| maskings.iter().find(|m| m.card.name == name);
        // A picture of a masking that the result does not list is shown with the first.
        let fits = |name: &str| named(name).map_or(title == "Maskings", wanted);
        let shown = g.masked.iter().filter(|(name, _)| fits(name));
        let masked = shown.map(|(name, p)| {
            Ok(Masked { name: name.as_str(), picture: Shown::new(p, bytes)?, anchor: None })
        });
        Ok(Strip { title, masked: masked.collect::<Result<_>>()? })
    };
    let first = maskings.iter().find(|m| m.card.is_own_whole_roi() && m.card.keep == Keep::Outside);
    let first = first.map(|m| m.card.name.as_str());
    let mut strips = vec![strip("Maskings", &|m| role(m) == "matrix")?];
    if g.masked.iter().any(|(name, _)| maskings.iter().any(|m| m.further && m.card.name == *name)) {
        strips.push(strip("Fills", &|m| role(m) == "fill" || Some(m.card.name.as_str()) == first)?);
        strips.push(strip("Controls", &|m| role(m) == "control")?);
        strips.retain(|s| s.masked.len() > usize::from(s.title == "Fills"));
    }
    Ok(Example {
        sample: &g.sample,
        positive: if g.positive.is_empty() { "no class".into() } else { g.positive.join(", ") },
        roi: Shown::new(&g.roi, bytes)?,
        strips,
    })
}
