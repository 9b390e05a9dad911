//! How long the check takes a thousand images, beside loading them: `cargo run --release -p eyepatch-check --example
//! time_per_image`. Real films where `EYEPATCH_DATA` says where they are, and the quickstart's films.

use std::path::PathBuf;
use std::time::Instant;

use eyepatch_check::{Input, check};
use eyepatch_core::{Ctx, Dataset, Result, Seed};
use eyepatch_report::schema::Severity;
use plugin_folder::folder;
use plugin_phantom::phantom_chest;
use rayon::prelude::*;

fn main() -> Result<()> {
    let ctx =
        Ctx::new(Seed::root(1), std::thread::available_parallelism().map_or(1, std::num::NonZero::get))?;
    time("phantom, 64 px", &phantom_chest().with_patients(400).with_visits(1, 2), &ctx)?;
    if let Some(data) = std::env::var_os("EYEPATCH_DATA").map(PathBuf::from) {
        let home = data.join("nih_pneumonia_1000");
        let films = folder(home.join("labels.csv"), home.join("images"), home.join("masks_lung_pred"))
            .patient("patient_id")
            .label_as("pneumonia", "label");
        time("NIH films, 512 px", &films, &ctx)?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "it is what the example is for")]
fn time(name: &str, set: &dyn Dataset, ctx: &Ctx) -> Result<()> {
    let table = set.table(ctx)?;
    let start = Instant::now();
    let loaded: Vec<Result<usize>> = ctx.install(|| {
        (0..table.rows.len()).into_par_iter().map(|r| Ok(set.load(r, ctx)?.image.width())).collect()
    });
    let loaded = loaded.into_iter().collect::<Result<Vec<_>>>()?.len();
    let loading = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let found = check(&Input { dataset: set, table: &table, sources: &[], splits: &[] }, ctx)?;
    let checking = start.elapsed().as_secs_f64();
    let each = 1000.0 / loaded as f64;
    println!(
        "{name}: {loaded} images; a thousand take {:.2} s to load and {:.2} s to check, loading included; {} alarms",
        loading * each,
        checking * each,
        found.count(Severity::Alarm)
    );
    Ok(())
}
