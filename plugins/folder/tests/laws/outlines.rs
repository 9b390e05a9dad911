use plugin_folder::{Folder, RoiFrom};
use serde_json::{Value, json};

use crate::fixture::{Fixture, expect_sample, expect_table, load, notes, table};

/// Three images, and a file of outlines `name`.
fn drawn(name: &str, text: &str) -> (Fixture, Folder) {
    let fixture = Fixture::plain(3);
    fixture.write(name, text);
    let folder = plugin_folder::folder(fixture.path("table.csv"), fixture.path("images"), fixture.path(name));
    (fixture, folder.patient("patient_id").label("label"))
}

/// Rows of `#` and `.` of one structure.
fn picture(folder: &Folder, row: usize, structure: &str) -> Vec<String> {
    let roi = load(folder, row).unwrap().roi;
    let bits = roi.structures()[structure].bits().to_vec();
    bits.chunks(12).map(|r| r.iter().map(|b| if *b == 1 { '#' } else { '.' }).collect()).collect()
}

fn block(left: usize, top: usize, width: usize, height: usize) -> Vec<String> {
    let inside = |x: usize, y: usize| (left..left + width).contains(&x) && (top..top + height).contains(&y);
    (0..8).map(|y| (0..12).map(|x| if inside(x, y) { '#' } else { '.' }).collect()).collect()
}

#[test]
fn boxes_and_polygons_from_csv() {
    let text = "sample,structure,x,y,width,height,polygon\n\
                s0,disc,2,1,3,4,\n\
                s1.png,disc,0,0,1,1,\n\
                s1,cup,,,,,\"4 2, 10 2, 10 6, 4 6\"\n\
                s2,disc,-5,-5,7,7,\n\
                elsewhere,disc,1,1,1,1,\n";
    let (_files, folder) = drawn("boxes.csv", &text.replace("s1.png", "s1"));
    table(&folder).unwrap();
    assert_eq!(picture(&folder, 0, "disc"), block(2, 1, 3, 4));
    assert_eq!(picture(&folder, 0, "cup"), block(0, 0, 0, 0));
    assert_eq!(picture(&folder, 1, "cup"), block(4, 2, 6, 4));
    assert_eq!(picture(&folder, 2, "disc"), block(0, 0, 2, 2));
    let said = notes(&folder);
    assert!(said.contains("outlines of 1 images belong to no row"), "{said}");
}

#[test]
fn corners_may_be_given_and_files_named() {
    let (_files, folder) =
        drawn("boxes.csv", "image,xmin,ymin,xmax,ymax\ns0.png,1,1,4,3\nsub/s1.png,0,0,2,2\ns2,5,5,6,6\n");
    assert_eq!(picture(&folder, 0, "roi"), block(1, 1, 3, 2));
    assert_eq!(picture(&folder, 1, "roi"), block(0, 0, 2, 2));
    assert_eq!(picture(&folder, 2, "roi"), block(5, 5, 1, 1));
}

#[test]
fn bad_boxes_are_named() {
    let header = "sample,x,y,width,height,polygon\n";
    for (row, column, says) in [
        ("s0,1,1,nan,2,", Some("width"), "no finite number"),
        ("s0,1,1,0,2,", Some("width"), "no width"),
        ("s0,1,1,,2,", Some("width"), "no finite number"),
        ("s0,,,,,", None, "no outline"),
        ("s0,1,1,2,2,1 1 2 2 3 3", None, "a box and a polygon"),
        ("s0,,,,,1 1 2 2", Some("polygon"), "a polygon of 4 numbers"),
    ] {
        let (_files, folder) = drawn("boxes.csv", &format!("{header}s1,1,1,2,2,\n{row}\n"));
        expect_table(&folder, Some(3), column, says);
    }
    let (_files, folder) = drawn("boxes.csv", "sample,left,top\ns0,1,2\n");
    expect_table(&folder, Some(1), None, "not the columns of a ROI table");
    let (_files, folder) = drawn("boxes.csv", "sample,x,y,width,height\ns0,1,1,2,2\ns2,90,90,2,2\n");
    expect_table(&folder, Some(3), None, "outlines of `s1`");
    let (_files, folder) =
        drawn("boxes.csv", "sample,x,y,width,height\ns0,1,1,2,2\ns1,1,1,1,1\ns2,90,90,2,2\n");
    expect_sample(&folder, 2, "boxes.csv", 4, "empty");
}

fn coco(annotations: &Value) -> String {
    json!({
        "images": [
            {"id": 1, "file_name": "s0.png", "width": 12, "height": 8},
            {"id": 2, "file_name": "train/s1.png"},
            {"id": 3, "file_name": "s2.png"},
        ],
        "categories": [{"id": 7, "name": "lung"}, {"id": 8, "name": "heart"}],
        "annotations": annotations,
    })
    .to_string()
}

#[test]
fn coco_boxes_polygons_and_runs() {
    // Run lengths of the block at column 1, row 2, 2 wide and 3 high, columns first; compressed by pycocotools.
    let plain = json!({"size": [8, 12], "counts": [10, 3, 5, 3, 75]});
    let compressed = json!({"size": [8, 12], "counts": COMPRESSED});
    let (_files, folder) = drawn(
        "coco.json",
        &coco(&json!([
            {"id": 1, "image_id": 1, "category_id": 7, "bbox": [0, 0, 12, 8], "segmentation": [[4, 2, 10, 2, 10, 6, 4, 6], [0, 0, 1, 0, 1, 1, 0, 1]]},
            {"id": 2, "image_id": 1, "category_id": 8, "bbox": [2, 1, 3, 4]},
            {"id": 3, "image_id": 2, "category_id": 7, "segmentation": plain},
            {"id": 4, "image_id": 3, "category_id": 7, "segmentation": compressed},
        ])),
    );
    table(&folder).unwrap();
    let mut two = block(4, 2, 6, 4);
    two[0].replace_range(0..1, "#");
    assert_eq!(picture(&folder, 0, "lung"), two);
    assert_eq!(picture(&folder, 0, "heart"), block(2, 1, 3, 4));
    assert_eq!(picture(&folder, 1, "lung"), block(1, 2, 2, 3));
    assert_eq!(picture(&folder, 2, "lung"), block(1, 2, 2, 3));
    assert_eq!(load(&folder, 2).unwrap().roi.structures()["heart"].area(), 0, "all ROIs have all structures");
}

/// `pycocotools.mask.encode` of that block (see `coco_golden.py`).
const COMPRESSED: &str = include_str!("coco_golden.txt");

#[test]
fn bad_coco_is_named() {
    for (annotations, says) in [
        (
            json!([{"id": 5, "image_id": 9, "category_id": 7, "bbox": [0, 0, 1, 1]}]),
            "annotation 5: `images` has no id 9",
        ),
        (
            json!([{"id": 5, "image_id": 1, "category_id": 9, "bbox": [0, 0, 1, 1]}]),
            "`categories` has no id 9",
        ),
        (json!([{"id": 5, "image_id": 1, "category_id": 7, "bbox": [0, 0, 1]}]), "`bbox` is not"),
        (
            json!([{"id": 5, "image_id": 1, "category_id": 7, "segmentation": [[0, 0, 1, 1]]}]),
            "a polygon of 4 numbers",
        ),
        (
            json!([{"id": 5, "image_id": 1, "category_id": 7, "segmentation": {"size": [8, 12], "counts": [1, 2]}}]),
            "do not add up",
        ),
        (
            json!([{"id": 5, "image_id": 1, "category_id": 7, "segmentation": {"size": [8, 12], "counts": "P"}}]),
            "end too early",
        ),
        (json!([{"id": 5, "image_id": 1, "category_id": 7}]), "neither"),
    ] {
        let (_files, folder) = drawn("coco.json", &coco(&annotations));
        expect_table(&folder, None, None, says);
    }
    let (_files, folder) = drawn("coco.json", "{\n\"images\": [],\n oops");
    expect_table(&folder, Some(3), None, "no COCO JSON");
    let (_files, folder) = drawn("roi.txt", "sample,x,y,width,height\ns0,1,1,2,2\ns1,1,1,1,1\ns2,1,1,2,2\n");
    table(&folder.roi_from(RoiFrom::Csv)).unwrap();
}

#[test]
fn columns_of_masks_beside_outlines_are_refused() {
    let boxes = "sample,x,y,width,height\ns0,1,1,2,2\ns1,1,1,2,2\ns2,1,1,2,2\n";
    let (_files, folder) = drawn("boxes.csv", boxes);
    table(&folder).unwrap();
    let text =
        expect_table(&folder.clone().roi_column("mask"), None, None, "`roi` (--roi-column) names `mask`");
    assert!(text.contains("boxes.csv"), "{text}");
    expect_table(&folder.structure("lungs", "l"), None, None, "`structures` names `l`");
    let annotations = json!([{"id": 1, "image_id": 1, "category_id": 7, "bbox": [1, 1, 2, 2]}]);
    let (_files, folder) = drawn("coco.json", &coco(&annotations));
    expect_table(&folder.roi_column("mask"), None, None, "a file of outlines");
}

#[test]
fn coco_of_another_image_size_is_refused() {
    let text = json!({
        "images": (0..3).map(|i| json!({"id": i, "file_name": format!("s{i}.png"), "width": 24, "height": 16})).collect::<Vec<_>>(),
        "annotations": (0..3).map(|i| json!({"id": i, "image_id": i, "bbox": [1, 1, 4, 4]})).collect::<Vec<_>>(),
    });
    let (_files, folder) = drawn("coco.json", &text.to_string());
    expect_sample(&folder, 1, "coco.json", 3, "drawn on 16x24 pixels and the image is 8x12");
}
