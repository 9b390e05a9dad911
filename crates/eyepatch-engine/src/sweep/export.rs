//! Masked images and their manifest, for a model that lives elsewhere.

use std::path::{Path, PathBuf};

use eyepatch_core::{Ctx, Image, Seed};

use super::plan::SweepPlan;
use super::work::manifest_rows;
use super::{MaskingSweep, plan::Role};
use crate::audit::AuditInfo;
use crate::data::encode_png;
use crate::run::{Observer, Options, Planned};
use crate::schedule::execute;
use crate::store::{Store, write_atomically};
use crate::{Error, Result};

/// What an export wrote.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Export {
    /// The manifest.
    pub manifest: PathBuf,
    /// Rows of the manifest.
    pub rows: usize,
    /// Distinct masked images.
    pub images: usize,
}

pub(super) fn export(
    sweep: &MaskingSweep,
    audit: &AuditInfo,
    options: &Options,
    folder: &Path,
    observer: &dyn Observer,
) -> Result<Export> {
    let plan = SweepPlan::new(sweep, audit, options)?;
    let store = Store::open(folder.join("store"))?;
    // Prepared and surveyed, nothing trained.
    let needed = plan.roles.iter().take_while(|r| matches!(r, Role::Prepare | Role::Survey)).count();
    let done = execute(&plan.cells()[..needed], audit, &store, options, observer)?;
    let shared = &plan.shared;
    let ctx = Ctx::new(Seed::root(audit.seed).child(audit.stream()), options.threads)?
        .with_cancel(options.cancel.clone());
    let keep = |path: &str, image: &Image| {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
        std::fs::write(&path, encode_png(image)?).map_err(Error::io(&path))
    };
    let rows = manifest_rows(shared, &done[0].folder, &ctx, &keep)?;
    let images = rows.iter().map(|r| &r.path).collect::<std::collections::BTreeSet<_>>().len();
    let manifest = folder.join("manifest.csv");
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in &rows {
        writer.serialize(row).map_err(|e| Error::io(&manifest)(std::io::Error::other(e)))?;
    }
    let bytes = writer.into_inner().map_err(|e| Error::io(&manifest)(e.into_error()))?;
    write_atomically(&manifest, &bytes)?;
    Ok(Export { manifest, rows: rows.len(), images })
}
