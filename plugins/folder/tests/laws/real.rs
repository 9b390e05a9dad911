//! The plugin on real X-rays, where they are there: EYEPATCH_DATA names the folder that holds `nih_pneumonia_1000`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use eyepatch_core::{Ctx, Dataset};
use plugin_folder::folder;

#[test]
fn the_nih_set_is_read_from_either_folder() {
    let Some(data) = std::env::var_os("EYEPATCH_DATA").map(|d| PathBuf::from(d).join("nih_pneumonia_1000"))
    else {
        println!("skipped: EYEPATCH_DATA is not set");
        return;
    };
    let ctx = Ctx::new(eyepatch_core::Seed::root(1), 2).unwrap();
    let apart = folder(data.join("labels.csv"), data.join("images"), data.join("masks_lung_pred"));
    let together = folder(data.join("labels.csv"), &data, &data);
    let [apart, together] = [apart, together]
        .map(|f| f.patient("patient_id").label("label").filter("lung_pred_uncertainty<=0.12"));
    let table = apart.table(&ctx).unwrap();
    let patients: BTreeSet<&String> = table.rows.iter().map(|r| &r.patient).collect();
    println!("{} rows, {} patients\n{:#?}", table.rows.len(), patients.len(), apart.card());
    assert_eq!((table.rows.len(), patients.len()), (964, 667));
    assert!(apart.card().roi_origin.contains("predicted masks"));
    let other = together.table(&ctx).unwrap();
    for row in 0..table.rows.len() {
        assert_eq!(table.rows[row].id, other.rows[row].id);
        let sample = apart.load(row, &ctx).unwrap();
        if row % 50 == 0 {
            assert!(together.load(row, &ctx).unwrap() == sample);
            assert_eq!(apart.content(row, &ctx).unwrap(), together.content(row, &ctx).unwrap());
        }
    }
}

/// Checks of a JPEG's data are of use only where they let whole files pass.
#[test]
fn the_kermany_set_is_read() {
    let Some(data) =
        std::env::var_os("EYEPATCH_DATA").map(|d| PathBuf::from(d).join("kermany_pediatric_600"))
    else {
        println!("skipped: EYEPATCH_DATA is not set");
        return;
    };
    let ctx = Ctx::new(eyepatch_core::Seed::root(1), 2).unwrap();
    let folder = folder(data.join("labels.csv"), data.join("images"), data.join("masks_lung_pred"));
    let folder = folder.patient("patient_id").label("label");
    let rows = folder.table(&ctx).unwrap().rows.len();
    assert_eq!(rows, 600);
    (0..rows).for_each(|row| drop(folder.load(row, &ctx).unwrap()));
}
