use eyepatch_core::{Dataset, Handle, LegitimateRegion, Meta, Registry};
use serde_json::json;

use crate::fixture::{Fixture, expect_table, load, notes, table};

#[test]
fn the_registry_makes_it_as_the_command_line_does() {
    let fixture = Fixture::plain(4);
    let params = json!({
        "table": fixture.path("table.csv"), "images": fixture.path("images"), "rois": fixture.path("rois"),
        "patient": "patient_id", "labels": ["label"], "where": ["age<43"],
    });
    let made: Handle<dyn Dataset> = Registry::collect().unwrap().make("eyepatch/folder", &params).unwrap();
    let ctx = eyepatch_core::Ctx::for_tests(1);
    let table = made.table(&ctx).unwrap();
    assert_eq!((table.rows.len(), table.classes.as_slice()), (3, &["label".to_owned()][..]));
    assert_eq!(made.load(2, &ctx).unwrap().id, "s2");
}

#[test]
fn names_of_columns_are_found_whatever_their_case() {
    let fixture = Fixture::plain(2);
    fixture.table("Image Index,Patient ID,Label,Mask\ns0.png,1,0,s1.png\ns1.png,2,1,s0.png\n");
    let folder = fixture.bare().patient("Patient ID");
    let found = table(&folder).unwrap();
    assert_eq!((found.rows[0].id.as_str(), found.classes[0].as_str()), ("s0.png", "Label"));
    assert!(found.rows[0].roi.as_ref().unwrap().ends_with("rois/s1.png"));
    assert!(found.rows[0].meta.is_empty());
    let said = notes(&folder);
    assert!(said.contains("id: column `Image Index` (found out)"), "{said}");
    assert!(said.contains("ROI: mask in column `Mask` (found out)"), "{said}");
    assert!(said.contains("patient: column `Patient ID`"), "{said}");
}

#[test]
fn a_column_that_names_files_goes_before_one_that_does_not() {
    let fixture = Fixture::plain(2);
    fixture.table("id,image,file,patient,label\na,first,s0.png,p,0\nb,second,s1.png,q,1\n");
    let found = table(&fixture.bare().patient("patient")).unwrap();
    assert!(found.rows[0].image.as_ref().unwrap().ends_with("s0.png"));
    assert_eq!(found.rows[0].meta["image"], Meta::Text("first".into()));
}

#[test]
fn the_id_names_the_image_where_no_column_does() {
    let fixture = Fixture::plain(2);
    std::fs::rename(fixture.path("images/s1.png"), fixture.path("images/s1.PNG")).unwrap();
    fixture.table("id,patient,label\ns0,p,0\ns1,q,1\n");
    let folder = fixture.bare().patient("patient");
    assert_eq!(load(&folder, 1).unwrap().id, "s1");
    assert!(notes(&folder).contains("image: the id, or the id and a known extension (found out)"));
}

#[test]
fn a_column_of_any_name_may_hold_masks() {
    let fixture = Fixture::empty();
    (0..2).for_each(|i| fixture.image(&format!("s{i}.png"), i));
    fixture.roi("left.png", 0);
    fixture.roi("right.png", 3);
    fixture.table("id,image,drawn_by_anna,patient,label\ns0,s0.png,left.png,p,0\ns1,s1.png,right.png,q,1\n");
    let folder = fixture.bare().patient("patient");
    assert!(table(&folder).unwrap().rows[1].roi.as_ref().unwrap().ends_with("right.png"));
    assert!(notes(&folder).contains("column `drawn_by_anna` (found out)"));
}

/// A table whose column `prior_image` names other rows' images, and so other rows' masks.
fn with_prior(rows: &[&str]) -> Fixture {
    let fixture = Fixture::plain(3);
    fixture.table(format!("id,image,prior_image,patient,label\n{}\n", rows.join("\n")));
    fixture
}

#[test]
fn an_images_own_mask_goes_before_a_column_that_names_masks() {
    let fixture = with_prior(&["s0,s0.png,s1.png,p,0", "s1,s1.png,s2.png,q,1", "s2,s2.png,s0.png,r,1"]);
    let folder = fixture.bare().patient("patient");
    let found = table(&folder).unwrap();
    assert!(found.rows[0].roi.as_ref().unwrap().ends_with("rois/s0.png"));
    assert!(found.rows[0].meta.contains_key("prior_image"));
    assert!(notes(&folder).contains("ROI: mask by the image's file name (found out)"));
}

#[test]
fn masks_are_not_guessed() {
    let rows = ["s0,s0.png,s1.png,p,0", "s1,s1.png,s2.png,q,1"];
    let fixture = with_prior(&rows);
    std::fs::remove_file(fixture.path("rois/s0.png")).unwrap();
    let folder = fixture.bare().patient("patient");
    let text = expect_table(&folder, Some(1), None, "1 of 2 images have one of their own name");
    assert!(text.contains("`prior_image`"), "{text}");
    let ignoring = folder.clone().ignore("prior_image");
    expect_table(&ignoring, Some(2), None, "ROI of image `s0`");
    assert!(table(&folder.roi_column("prior_image")).is_ok());

    // No image has a mask of its own name; two columns name masks, or one does in some rows only.
    let fixture = Fixture::empty();
    (0..2).for_each(|i| fixture.image(&format!("s{i}.png"), i));
    (0..4).for_each(|i| fixture.roi(&format!("m{i}.png"), i));
    fixture
        .table("id,image,anna,ben,patient,label\ns0,s0.png,m0.png,m1.png,p,0\ns1,s1.png,m2.png,m3.png,q,1\n");
    expect_table(&fixture.bare().patient("patient"), Some(1), None, "each of `anna`, `ben`");
    fixture.table("id,image,anna,patient,label\ns0,s0.png,m0.png,p,0\ns1,s1.png,gone.png,q,1\n");
    expect_table(&fixture.bare().patient("patient"), Some(1), None, "`anna` name some, but not in every row");
}

#[test]
fn an_id_may_be_a_file_name() {
    let fixture = Fixture::plain(2);
    fixture.table("image_id,patient,label\ns0.png,p,0\ns1.png,q,1\n");
    let folder = fixture.bare().patient("patient");
    assert_eq!(load(&folder, 1).unwrap().id, "s1.png");
    assert!(table(&folder).unwrap().rows[1].roi.as_ref().unwrap().ends_with("rois/s1.png"));
}

#[test]
fn masks_are_found_beside_images_of_the_same_folder() {
    let fixture = Fixture::empty();
    for i in 0..2 {
        fixture.image(&format!("s{i}.png"), i);
        crate::fixture::square(i).save(fixture.path("images").join(format!("s{i}_mask.png"))).unwrap();
    }
    fixture.table("id,image,patient,label\ns0,s0.png,p,0\ns1,s1.png,q,1\n");
    let images = fixture.path("images");
    let folder = plugin_folder::folder(fixture.path("table.csv"), &images, &images).patient("patient");
    assert!(load(&folder, 1).unwrap().roi.structures()["roi"].area() == 16);
    let itself = folder.roi_column("image");
    expect_table(&itself, Some(2), Some("image"), "the ROI is the image itself");
}

#[test]
fn classes_and_structures_have_names() {
    let fixture = Fixture::plain(2);
    fixture.roi("heart0.png", 4);
    fixture.roi("heart1.png", 4);
    fixture.table("id,image,l,h,patient,label,other\ns0,s0.png,s0.png,heart0.png,p,0,1\ns1,s1.png,s1.png,heart1.png,q,1,0\n");
    let region = LegitimateRegion { structures: vec!["lungs".into()], margin: 0.0, reason: "there".into() };
    let folder = fixture
        .bare()
        .patient("patient")
        .label_as("pneumonia", "label")
        .label("other")
        .structure("lungs", "l")
        .structure("heart", "h")
        .legitimate("pneumonia", region.clone());
    assert_eq!(table(&folder).unwrap().classes, ["pneumonia", "other"]);
    let roi = load(&folder, 0).unwrap().roi;
    assert_eq!(roi.structures().keys().collect::<Vec<_>>(), ["heart", "lungs"]);
    assert_ne!(roi.structures()["heart"], roi.structures()["lungs"]);
    assert!(roi.structures()["lungs"].contains(2 * 12) && !roi.structures()["heart"].contains(2 * 12));
    let wrong = LegitimateRegion { structures: vec!["liver".into()], ..region.clone() };
    expect_table(&folder.clone().legitimate("pneumonia", wrong), None, None, "structure `liver`");
    expect_table(&folder.legitimate("gout", region), None, None, "class `gout`");
}

#[test]
fn predicted_masks_are_called_so() {
    let fixture = Fixture::plain(1);
    fixture.table("id,image,lung_mask_pred,patient,label\ns0,s0.png,s0.png,p,0\n");
    let folder = fixture.bare().patient("patient");
    assert!(folder.card().roi_origin.contains("predicted masks"), "{}", folder.card().roi_origin);
    assert_eq!(folder.roi_origin("drawn by two readers").card().roi_origin, "drawn by two readers");
    assert_eq!(Fixture::plain(1).folder().card().roi_origin, "not stated");
}

#[test]
fn a_changed_data_set_reads_again() {
    let fixture = Fixture::plain(4);
    let folder = fixture.folder();
    assert_eq!(table(&folder).unwrap().rows.len(), 4);
    assert_eq!(table(&folder.filter("age<42")).unwrap().rows.len(), 2);
}
