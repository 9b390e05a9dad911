//! Each image with its own ROI: files of one name in several folders.

use plugin_folder::OnBad;
use serde_json::json;

use crate::fixture::{Fixture, expect_table, load, notes, table};

/// Images `train/1.png` and `val/1.png`.
fn two_folders() -> Fixture {
    let fixture = Fixture::empty();
    fixture.image("train/1.png", 1);
    fixture.image("val/1.png", 2);
    fixture.table("id,image,patient_id,label,part\na,train/1.png,p,0,train\nb,val/1.png,q,1,val\n");
    fixture
}

fn left_edge(folder: &plugin_folder::Folder, row: usize) -> usize {
    load(folder, row).unwrap().roi.structures()["roi"].bits()[24..36].iter().position(|&b| b == 1).unwrap()
}

#[test]
fn masks_lie_under_their_images_paths() {
    let fixture = two_folders();
    fixture.roi("train/1.png", 1);
    fixture.roi("val/1_mask.png", 3);
    let folder = fixture.folder();
    assert_eq!([left_edge(&folder, 0), left_edge(&folder, 1)], [1, 3]);
    // A mask at the top does not come before.
    fixture.roi("1.png", 0);
    let folder = fixture.folder();
    assert_eq!([left_edge(&folder, 0), left_edge(&folder, 1)], [1, 3]);
}

#[test]
fn one_mask_does_not_serve_two_images() {
    let fixture = two_folders();
    fixture.roi("1.png", 1);
    let text = expect_table(&fixture.folder(), Some(2), None, "ROI of image `train/1`");
    assert!(text.contains("other rows' images have that name too"), "{text}");
    // Even where one of the two is dropped: the mask may be that one's.
    expect_table(&fixture.folder().filter("part==train"), Some(2), None, "ROI of image `train/1`");
    let dropped = expect_table(&fixture.folder().on_bad(OnBad::Drop), None, None, "no row is left");
    assert!(!dropped.is_empty());
}

#[test]
fn a_bare_name_is_enough_where_it_is_the_only_one() {
    let fixture = two_folders();
    fixture.image("val/2.png", 2);
    fixture.table("id,image,patient_id,label\na,train/1.png,p,0\nb,val/2.png,q,1\n");
    fixture.roi("1.png", 1);
    fixture.roi("2_roi.png", 3);
    let folder = fixture.folder();
    assert_eq!([left_edge(&folder, 0), left_edge(&folder, 1)], [1, 3]);
}

#[test]
fn one_mask_named_in_two_rows_is_refused() {
    let fixture = Fixture::plain(3);
    fixture.table(
        "id,image,mask,patient_id,label\n\
         s0,s0.png,s0.png,p,0\ns1,s1.png,s1.png,q,0\ns2,s2.png,b/s0.png,r,1\n",
    );
    let text = expect_table(&fixture.folder(), Some(4), None, "rois/s0.png`, is also that of line 2");
    assert!(text.contains("mask"), "{text}");
}

fn coco(names: [&str; 2]) -> String {
    json!({
        "images": [{"id": 1, "file_name": names[0]}, {"id": 2, "file_name": names[1]}],
        "annotations": [{"id": 1, "image_id": 1, "bbox": [1, 2, 4, 4]}],
    })
    .to_string()
}

#[test]
fn outlines_of_one_folder_are_not_those_of_another() {
    let fixture = two_folders();
    fixture.write("rois.json", coco(["train/1.png", "train/2.png"]));
    let outlines = |part: &str| {
        let (table, images) = (fixture.path("table.csv"), fixture.path("images"));
        let folder = plugin_folder::folder(table, images, fixture.path("rois.json"));
        folder.patient("patient_id").label("label").filter(format!("part=={part}"))
    };
    assert_eq!(left_edge(&outlines("train"), 0), 1);
    expect_table(&outlines("val"), Some(3), None, "outlines of `b` (other rows' images have that name too");
    // The annotations list the name twice, one of them without an outline.
    fixture.write("rois.json", coco(["train/1.png", "val/1.png"]));
    fixture.table("id,image,patient_id,label,part\nc,test/1.png,q,1,test\n");
    fixture.image("test/1.png", 1);
    expect_table(&outlines("test"), Some(2), None, "outlines of `c`");
    assert!(notes(&outlines("test").on_bad(OnBad::Drop)).is_empty());
}

#[test]
fn one_outline_of_two_rows_is_refused() {
    let fixture = Fixture::empty();
    fixture.image("1.png", 1);
    fixture.image("1.tif", 2);
    fixture.table("id,image,patient_id,label\na,1.png,p,0\nb,1.tif,q,1\n");
    fixture.write("rois.csv", "sample,x,y,width,height\n1,1,1,2,2\n");
    let rois = fixture.path("rois.csv");
    let folder = plugin_folder::folder(fixture.path("table.csv"), fixture.path("images"), rois);
    let folder = folder.patient("patient_id").label("label");
    expect_table(&folder, Some(3), None, "outlines of `1`, is also that of line 2");
    fixture.write("rois.csv", "sample,x,y,width,height\n1.png,1,1,2,2\n1.tif,2,1,2,2\n");
    table(&plugin_folder::Folder::clone(&folder)).unwrap();
}
