use std::path::Path;

use eyepatch_core::{Ctx, Keep, Masker, NoDonors, Roi, Sample, Seed, Shape, TrainingPart};
use serde_json::json;

use super::args::MaskArgs;
use super::error::CliError;
use super::observer::{Terminal, options};
use super::{Linked, Outcome, files, plan};

/// The masker behind `eyepatch mask`, by id: any linked plugin of that id serves.
pub(crate) const REGION: &str = "eyepatch/region";

/// No training part: fills that learn from one cannot be had for a single image.
struct Nothing;

impl TrainingPart for Nothing {
    fn len(&self) -> usize {
        0
    }

    fn sample(&self, _index: usize) -> eyepatch_core::Result<Sample> {
        Err(eyepatch_core::Error::EmptyRegion { what: "the training part".into() })
    }
}

pub(crate) fn mask(args: &MaskArgs, linked: &Linked) -> Result<Outcome, CliError> {
    match (&args.plan, &args.image, &args.roi, args.keep) {
        (Some(planned), ..) => all(args, planned, linked),
        (None, Some(image), Some(roi), Some(keep)) => one(args, (image, roi, keep.into()), linked),
        _ => Err(CliError::usage("nothing to mask", "give --image, --roi and --keep, or --plan")),
    }
}

fn one(
    args: &MaskArgs,
    (image, roi, keep): (&Path, &Path, Keep),
    linked: &Linked,
) -> Result<Outcome, CliError> {
    let shape: Shape = args.shape.into();
    let params = json!({ "keep": keep, "shape": shape, "dilate": args.dilate, "fill": args.fill });
    let masker = linked.registry.make::<dyn Masker>(REGION, &params)?;
    let source = files::read_image(image)?;
    let mask = files::read_roi(roi)?;
    let name = image.file_name().unwrap_or_default().to_string_lossy();
    if (mask.width(), mask.height()) != (source.width(), source.height()) {
        return Err(CliError::file(
            roi,
            format!(
                "the ROI has {}x{} pixels, its image {}x{} ({})",
                mask.width(),
                mask.height(),
                source.width(),
                source.height(),
                image.display()
            ),
            "give the ROI at its image's size",
        ));
    }
    let ctx = Ctx::new(Seed::root(0).child(&name), 1)?;
    let prepared = masker.prepare(&Nothing, &ctx)?;
    let masked = prepared
        .apply(&source, &Roi::single(mask)?, &NoDonors, &ctx)
        .map_err(|e| CliError::file(roi, &e, e.remedy().unwrap_or_default()))?;
    files::write_image(&args.out, &masked)?;
    Ok(Outcome::Fine)
}

fn all(args: &MaskArgs, planned: &Path, linked: &Linked) -> Result<Outcome, CliError> {
    let options = options(&args.how)?;
    let terminal = Terminal::new(options.threads);
    for (info, experiment) in plan::load(planned, linked)? {
        let export = experiment.export(&info, &options, &args.out, &terminal)?.ok_or_else(|| {
            CliError::usage(format!("audit `{}` masks nothing", info.id), "choose a masking sweep")
        })?;
        terminal.end();
        files::print(&format!(
            "{} masked images, {} rows in {}\n",
            export.images,
            export.rows,
            export.manifest.display()
        ))?;
    }
    Ok(Outcome::Fine)
}
