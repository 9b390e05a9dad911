//! Pictures of examples under every masking, and of their explanations.

use std::collections::BTreeMap;
use std::path::PathBuf;

use eyepatch_core::{Attribution, Ctx, Keep, Mask};
use eyepatch_maps::Map;
use eyepatch_maps::places::{PlaceRule, Places};
use eyepatch_report::pictures::{self, Png, Window};
use eyepatch_report::schema::{Explained, GalleryRow, Maps, Picture};

use super::gathered::Gathered;
use super::maps;
use super::plan::SweepPlan;
use super::probes::Answers;
use super::shared::Masking;
use crate::Result;
use crate::cell::{audit_name, file_name};

/// Examples that are shown under fills and controls too.
const WITH_FURTHER: usize = 2;

pub(super) type Pictures = BTreeMap<String, Vec<u8>>;

/// All that has pictures, and their files by name.
pub(super) struct Drawn {
    pub(super) files: Pictures,
    pub(super) explanations: Vec<Explained>,
    pub(super) maps: Vec<Maps>,
    pub(super) gallery: Vec<GalleryRow>,
}

pub(super) fn draw(
    plan: &SweepPlan,
    folders: &[PathBuf],
    gathered: &Gathered,
    answers: &mut Answers,
    ctx: &Ctx,
) -> Result<Drawn> {
    let mut drawer = Drawer { audit: audit_name(&plan.shared.audit.id), files: Pictures::new() };
    let gallery = maskings(plan, folders, ctx, &mut drawer)?;
    let explanations = explanations(plan, folders, gathered, &mut drawer)?;
    let maps = maps::sections(plan, &folders[0], &gathered.maps, &mut drawer)?;
    answers.draw(&plan.shared, &folders[0], &mut drawer)?;
    Ok(Drawn { files: drawer.files, explanations, maps, gallery })
}

pub(super) struct Drawer {
    audit: String,
    files: Pictures,
}

impl Drawer {
    pub(super) fn keep(&mut self, name: &str, png: Png, alt: &str) -> Picture {
        let picture = png.picture(&format!("{}-{name}", self.audit), alt);
        self.files.insert(picture.file.clone(), png.bytes);
        picture
    }
}

fn maskings(
    plan: &SweepPlan,
    folders: &[PathBuf],
    ctx: &Ctx,
    drawer: &mut Drawer,
) -> Result<Vec<GalleryRow>> {
    let s = &plan.shared;
    let prepared = &folders[0];
    let whole = s.training(prepared, 0, Keep::Full)?;
    let masker = |m: &Masking| -> Result<_> {
        let training = s.training(prepared, 0, m.card.keep)?;
        let prepared = training.prepare(&m.handle, ctx)?;
        Ok((training, prepared))
    };
    let maskers = s.maskings.iter().map(masker).collect::<Result<Vec<_>>>()?;
    let mut rows = Vec::new();
    for (i, row) in s.examples(plan.design.examples).into_iter().enumerate() {
        let r = &s.table.rows[row];
        let (image, roi) = (whole.image(row)?, whole.roi(row)?.union(&[])?);
        let positive: Vec<String> = s
            .table
            .classes
            .iter()
            .zip(&r.labels)
            .filter(|(_, l)| **l == Some(true))
            .map(|(c, _)| c.clone())
            .collect();
        let labelled = if positive.is_empty() { "no positive label".to_owned() } else { positive.join(", ") };
        let window = Window::of(&image);
        let alt = format!("{} ({labelled}) with the outline of its ROI", r.id);
        let roi = drawer.keep(&format!("{i}-roi"), pictures::outline(&image, &roi, window)?, &alt);
        let mut masked = Vec::new();
        // Fills and controls are shown on the first few only: they look alike on the others.
        let shown = s.maskings.iter().zip(&maskers).filter(|(m, _)| !m.further || i < WITH_FURTHER);
        for (m, (training, masker)) in shown {
            let shown = training.masked(row, masker.as_ref(), ctx)?;
            let alt = format!("{} under masking {}: {}", r.id, m.card.name, m.card.description);
            let name = format!("{i}-{}", file_name(&m.card.name));
            masked.push((m.card.name.clone(), drawer.keep(&name, pictures::image(&shown, window)?, &alt)));
        }
        rows.push(GalleryRow { sample: r.id.clone(), positive, roi, masked });
    }
    Ok(rows)
}

fn explanations(
    plan: &SweepPlan,
    folders: &[PathBuf],
    gathered: &Gathered,
    drawer: &mut Drawer,
) -> Result<Vec<Explained>> {
    let s = &plan.shared;
    let Some(explainer) = &plan.explainer else { return Ok(Vec::new()) };
    let whole = s.training(&folders[0], 0, Keep::Full)?;
    let mut all = Vec::new();
    for (i, (row, attribution)) in gathered.attributions.iter().enumerate() {
        let r = &s.table.rows[*row];
        let (image, roi) = (whole.image(*row)?, whole.roi(*row)?.union(&[])?);
        let class = s.table.classes[attribution.class].clone();
        let inside = share_inside(attribution, &roi)?;
        let alt = format!(
            "{} with its attribution for {class}: {:.0} % of it lies inside the ROI, which covers {:.0} % of the image",
            r.id,
            100.0 * inside.0,
            100.0 * inside.1
        );
        let png = pictures::attribution(&image, Some(&roi), attribution, Window::of(&image))?;
        all.push(Explained {
            sample: r.id.clone(),
            class,
            trained: s.maskings[s.full].card.name.clone(),
            plugin: explainer.spec().clone(),
            description: explainer.card().description,
            base_value: attribution.base_value,
            output_value: attribution.output_value,
            additivity_error: attribution.additivity_error,
            evaluations: attribution.evaluations,
            inside,
            picture: drawer.keep(&format!("{i}-attribution"), png, &alt),
        });
    }
    Ok(all)
}

/// Share of absolute attribution inside the ROI (each grid cell's value spread evenly over its pixels), and the ROI's
/// share of the image. Of an empty ROI, and of a map of zeros, the share is 0.
pub(super) fn share_inside(attribution: &Attribution, roi: &Mask) -> Result<(f64, f64)> {
    if roi.is_empty() {
        return Ok((0.0, 0.0));
    }
    let places = Places::new(roi, PlaceRule::default())?;
    let inside =
        places.on_grid(attribution.height, attribution.width)?.shares(&Map::try_from(attribution)?)?.inside;
    Ok((inside.absolute.unwrap_or(0.0), inside.area))
}
