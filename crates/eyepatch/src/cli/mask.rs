use std::path::Path;

use eyepatch_core::{Ctx, Donors, Image, Keep, Mask, Masker, Roi, Sample, Seed, Shape, TrainingPart};
use serde_json::{Value, json};

use super::args::MaskArgs;
use super::error::CliError;
use super::observer::{Terminal, options};
use super::{Linked, Outcome, files, plan};

/// The masker behind `eyepatch mask`, by id: any linked plugin of that id serves.
pub(crate) const REGION: &str = "eyepatch/region";

/// The images that a fill learns from.
struct Training(Vec<Sample>);

impl TrainingPart for Training {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn sample(&self, index: usize) -> eyepatch_core::Result<Sample> {
        Ok(self.0[index].clone())
    }
}

/// The one ROI that `--control swap:OTHER.png` swaps in, or none.
struct Other(Option<Roi>);

impl Donors for Other {
    fn len(&self) -> usize {
        usize::from(self.0.is_some())
    }

    fn roi(&self, _index: usize) -> eyepatch_core::Result<Roi> {
        self.0.clone().ok_or_else(|| eyepatch_core::Error::EmptyRegion { what: "the other ROI".into() })
    }

    fn agrees(&self, _index: usize, _class: usize) -> Option<bool> {
        Some(true)
    }
}

/// Whose region, as the masker's parameter, and the ROI that it needs.
fn control(text: &str) -> Result<(Value, Other), CliError> {
    let plain = |of: &str| Ok((json!(of), Other(None)));
    match text.split_once(':') {
        None if text == "none" => plain("own"),
        None if matches!(text, "moved" | "blob") => plain(text),
        Some(("swap", path)) => {
            let roi = files::read_roi(Path::new(path))?;
            Ok((json!("swap-same"), Other(Some(Roi::single(roi)?))))
        }
        Some(("dice", dice)) if dice.parse::<f32>().is_ok() => {
            Ok((json!({ "perturbed": dice.parse::<f32>().unwrap_or(1.0) }), Other(None)))
        }
        Some((part @ ("rim" | "corners" | "background"), of)) if of.parse::<f32>().is_ok() => {
            Ok((json!({ part: of.parse::<f32>().unwrap_or_default() }), Other(None)))
        }
        _ => Err(CliError::usage(
            format!("no control `{text}`"),
            "there are: none, swap:OTHER.png, moved, blob, dice:D with D from 0 to 1, and rim:F, corners:F, background:F with a \
             fraction F of the shorter side",
        )),
    }
}

/// Fills that would put the image's own hidden part back.
fn takes_pictures(fill: &str) -> bool {
    fill == "average" || fill.starts_with("donors")
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
    if args.how.quick || args.how.threads.is_some() {
        return Err(CliError::usage(
            "--quick and --threads do not go with --image",
            "leave them out, or give --plan",
        ));
    }
    let shape: Shape = args.shape.map_or(Shape::Exact, Into::into);
    let (of, other) = control(args.control.as_deref().unwrap_or("none"))?;
    let params = json!({
        "keep": keep, "shape": shape, "dilate": args.dilate.unwrap_or(0), "of": of,
        "fill": args.fill.as_deref().unwrap_or("black"), "feather": args.feather.unwrap_or(0),
    });
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
    let ctx = Ctx::new(Seed::root(args.seed.unwrap_or(1907)).child(&name), 1)?;
    let training = training(args, &source, &mask)?;
    if args.training.is_empty() && args.fill.as_deref().is_some_and(takes_pictures) {
        return Err(CliError::usage(
            "this fill is made of other images, and there is none but the one to be masked",
            "give others with --training",
        ));
    }
    if masker.learns() && args.training.is_empty() {
        tracing::warn!(
            "the fill learns from the image itself, its hidden part included; --training gives it others"
        );
    }
    let prepared = masker.prepare(&training, &ctx)?;
    let masked = prepared
        .apply(&source, &Roi::single(mask)?, &other, &ctx)
        .map_err(|e| CliError::file(roi, &e, e.remedy().unwrap_or_default()))?;
    files::write_image(&args.out, &masked)?;
    if !args.json {
        return Ok(Outcome::Fine);
    }
    files::print_json(&json!({
        "out": args.out, "width": masked.width(), "height": masked.height(), "masking": masker.card(),
    }))
}

/// The images given with `--training`, or the image itself. Fills look at their pixels only, not at the ROI.
fn training(args: &MaskArgs, source: &Image, roi: &Mask) -> Result<Training, CliError> {
    let sample = |id: String, image: Image, roi: Mask| -> Result<Sample, CliError> {
        Ok(Sample { patient: id.clone(), id, labels: Vec::new(), image, roi: Roi::single(roi)? })
    };
    if args.training.is_empty() {
        return Ok(Training(vec![sample("the image itself".into(), source.clone(), roi.clone())?]));
    }
    let read = |path: &std::path::PathBuf| {
        let image = files::read_image(path)?;
        let whole = Mask::filled(image.width(), image.height(), true);
        sample(path.display().to_string(), image, whole)
    };
    Ok(Training(args.training.iter().map(read).collect::<Result<_, _>>()?))
}

fn all(args: &MaskArgs, planned: &Path, linked: &Linked) -> Result<Outcome, CliError> {
    let options = options(&args.how)?;
    let chosen = plan::load(planned, linked)?;
    // A second export would overwrite the first.
    let remedy = "name one of them, and give each a folder of its own";
    let (info, experiment) = plan::only(&chosen, &planned.to_string_lossy(), remedy)?;
    let terminal = Terminal::new(options.threads);
    let export = experiment.export(info, &options, &args.out, &terminal);
    terminal.end();
    let export = export?.ok_or_else(|| {
        CliError::usage(format!("audit `{}` masks nothing", info.id), "choose a masking sweep")
    })?;
    if args.json {
        return files::print_json(&export);
    }
    let manifest = export.manifest.display();
    files::print(&format!("{} masked images, {} rows in {manifest}\n", export.images, export.rows))
}
