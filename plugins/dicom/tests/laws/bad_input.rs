//! Files and parameters that cannot be used: each is refused, with what to do.

use eyepatch_core::Params as _;
use eyepatch_data::{Bad, Fault};
use plugin_dicom::{By, Limits, Window, dicom, read_pixels};

use crate::build::{Build, JPEG, RLE, header};
use crate::fixture::{Fixture, load, table, told};

fn read(bytes: &[u8]) -> Result<eyepatch_core::Image, Bad> {
    read_pixels(bytes, &Limits::default(), Window::Stored, None)
}

#[track_caller]
fn refused(build: &Build, fault: Fault, problem: &str) {
    let bad = read(&build.bytes()).unwrap_err();
    assert!(bad.fault == fault && bad.problem.contains(problem), "{bad:?}");
    assert!(!bad.remedy.is_empty());
}

#[test]
fn what_is_no_image_is_refused_by_its_name() {
    let grey = Build::gradient(1);
    let unsupported = |build: Build, problem: &str| refused(&build, Fault::Unsupported, problem);
    unsupported(grey.clone().without(0x7fe0, 0x0010), "it has no pixels");
    unsupported(
        grey.clone().text(0x0008, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.66.4"),
        "DICOM segmentation (SEG)",
    );
    unsupported(
        grey.clone().without(0x7fe0, 0x0010).value(0x7fe0, 0x0008, "OW", vec![0; 4]),
        "floating point",
    );
    unsupported(grey.clone().value(0x0028, 0x3000, "SQ", Vec::new()), "modality table");
    unsupported(grey.clone().text(0x0028, 0x0004, "CS", "PALETTE COLOR"), "PALETTE COLOR");
    unsupported(grey.clone().number(0x0028, 0x0100, 32), "32 bits allocated");
    unsupported(grey.clone().syntax("1.2.840.10008.1.2.4.90"), "1.2.840.10008.1.2.4.90 (JPEG 2000");
    unsupported(grey.clone().syntax("1.2.840.10008.1.2.4.80"), "JPEG-LS");
    unsupported(grey.clone().syntax("1.9.9"), "its transfer syntax 1.9.9 is not read");
    unsupported(grey.clone().text(0x0028, 0x0008, "IS", "2"), "2 frames and none is chosen");
    let bad = read(&grey.syntax("1.2.840.10008.1.2.4.90").bytes()).unwrap_err();
    assert!(bad.remedy.contains("gdcmconv --raw"), "{}", bad.remedy);
}

#[test]
fn what_does_not_fit_together_is_corrupt() {
    let grey = Build::gradient(1);
    let corrupt = |build: Build, problem: &str| refused(&build, Fault::Unreadable, problem);
    corrupt(grey.clone().number(0x0028, 0x0010, 9), "its pixels take 192 bytes, and 1 frames of 9x12");
    corrupt(grey.clone().number(0x0028, 0x0010, 0), "0 rows");
    corrupt(grey.clone().without(0x0028, 0x0011), "does not say its columns");
    corrupt(grey.clone().number(0x0028, 0x0101, 17), "17 bits stored");
    corrupt(grey.clone().number(0x0028, 0x0102, 16), "do not fit in 16");
    corrupt(grey.clone().number(0x0028, 0x0102, 3), "do not fit in 16");
    corrupt(grey.clone().number(0x0028, 0x0103, 2), "pixel representation is 2");
    corrupt(grey.clone().number(0x0028, 0x0002, 3), "MONOCHROME2 has 3 values");
    corrupt(grey.clone().text(0x0028, 0x1053, "DS", "0"), "slope is 0");
    corrupt(grey.clone().text(0x0028, 0x0008, "IS", "none"), "number of frames");
    corrupt(grey.clone().syntax(RLE), "not stored as its transfer syntax");
    corrupt(grey.clone().fragments(&[&[0; 8]]), "not stored as its transfer syntax");
    corrupt(grey.clone().syntax(RLE).fragments(&[]), "no fragment");
    corrupt(grey.clone().syntax(RLE).fragments(&[&[0; 64]]), "do not have the 2 segments");
    corrupt(grey.clone().syntax(JPEG).fragments(&[&[0; 64]]), "JPEG cannot be decoded");
    let again = [header(0x0028, 0x0010, "US", 2), vec![8, 0]].concat();
    corrupt(grey.clone().without(0x7fe0, 0x0010).tail(again), "(0028,0010) stands in it twice");
    let bad = read_pixels(
        &grey.clone().text(0x0028, 0x1050, "DS", "1").bytes(),
        &Limits::default(),
        Window::File,
        None,
    );
    assert!(bad.unwrap_err().problem.contains("names none"));
    let flat = Build::grey(8, 12, &[7; 96]);
    refused(&flat, Fault::Constant, "all pixels are the same");
    assert!(read(b"").unwrap_err().problem.contains("no DICOM file"));
}

#[test]
fn claims_are_held_against_the_limits_and_the_bytes() {
    let grey = Build::gradient(1);
    let limited = |limits: Limits, build: &Build| {
        read_pixels(&build.bytes(), &limits, Window::Stored, None).unwrap_err().problem
    };
    let limits = Limits::default();
    let problem = limited(Limits { max_pixels: 95, ..limits }, &grey);
    assert!(problem.contains("8x12") && problem.contains("`max_pixels` = 95"), "{problem}");
    let problem = limited(Limits { max_frames: 9, ..limits }, &grey.clone().text(0x0028, 0x0008, "IS", "10"));
    assert!(problem.contains("10 frames") && problem.contains("`max_frames` = 9"), "{problem}");
    let problem = limited(Limits { max_bytes: 100, ..limits }, &grey);
    assert!(problem.contains("`max_bytes` = 100"), "{problem}");
    // Ten gigabytes of pixels, and an element of four.
    refused(
        &grey.clone().number(0x0028, 0x0010, 65535).number(0x0028, 0x0011, 65535),
        Fault::Unreadable,
        "65535x65535",
    );
    let long = grey.clone().without(0x7fe0, 0x0010).tail(header(0x0029, 0x1000, "OB", u32::MAX - 1));
    refused(&long, Fault::Unreadable, "claims 4294967294 bytes and 0 are left");
}

#[test]
fn nesting_has_an_end() {
    let mut deep = Vec::new();
    for _ in 0..100_000 {
        deep.extend(header(0x0040, 0x0275, "SQ", u32::MAX));
        deep.extend([0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff]);
    }
    let build = Build::gradient(1).without(0x7fe0, 0x0010).tail(deep);
    refused(&build, Fault::Unreadable, "nested more than 32 deep");
}

#[test]
fn a_deflated_bomb_is_refused() {
    use std::io::Write as _;
    let mut bomb = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..256 {
        bomb.write_all(&[0; 1 << 16]).unwrap();
    }
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    bytes.extend(header(0x0002, 0x0010, "UI", 22));
    bytes.extend(b"1.2.840.10008.1.2.1.99");
    bytes.extend(bomb.finish().unwrap());
    assert!(bytes.len() < 1 << 15);
    let limits = Limits { max_bytes: 1 << 20, ..Limits::default() };
    let bad = read_pixels(&bytes, &limits, Window::Stored, None).unwrap_err();
    assert!(bad.problem.contains("inflates to more than"), "{bad:?}");
}

#[test]
fn a_damaged_file_of_the_folder_is_named_with_its_line() {
    let fixture = Fixture::plain(3);
    fixture.write("images/s1.dcm", b"not DICOM at all");
    let error = table(&fixture.dicom()).unwrap_err();
    let text = told(&error);
    assert!(text.contains("s1.dcm") && text.contains("line 3") && text.contains("dcmconv +F"), "{text}");
    // Its header is whole and its pixels are not: found when it is read.
    let bytes = Fixture::build(1).bytes();
    fixture.write("images/s1.dcm", &bytes[..bytes.len() - 10]);
    let text = told(&load(&fixture.dicom(), 1).unwrap_err());
    assert!(text.contains("s1.dcm") && text.contains("claims 192 bytes and 182 are left"), "{text}");
}

#[test]
fn copies_lines_and_tables_that_contradict_each_other_are_refused() {
    let fixture = Fixture::plain(3);
    let error = |text: &str| {
        fixture.table(text);
        told(&table(&fixture.dicom()).unwrap_err())
    };
    let text = error("file,label\ns0,1\ns0.dcm,0\ns1,0\ns2,0\n");
    assert!(text.contains("line 3") && text.contains("same file as line 2"), "{text}");
    assert!(error("file,label\nx,1\n").contains("none of the lines belongs to one of the 3 DICOM files"));
    assert!(error("file,label\n,1\n").contains("the key is missing"));
    assert!(error("name,label\ns0,1\n").contains("no column looks like the key"));
    assert!(error("file,ill\ns0,1\n").contains("no label column is named"));
    assert!(error("file,label\ns0,2\n").contains("the label is `2`"));
    assert!(error("file,label\ns0,\n").contains("`missing_labels`"));
    fixture.image("copy.dcm", &Fixture::build(0));
    fixture.mask("copy.png", 3);
    let text = error("file,label\ns0,1\ncopy,1\n");
    assert!(text.contains("another file has its SOP Instance UID"), "{text}");
}

#[test]
fn parameters_that_make_no_sense_are_refused() {
    let whole = || dicom("a", "b", "c");
    assert_eq!(whole().check(), Ok(()));
    let says = |dicom: plugin_dicom::Dicom, what: &str| {
        let error = dicom.check().unwrap_err();
        assert!(error.contains(what), "{error}");
    };
    says(dicom("", "b", "c"), "`images` is missing");
    says(whole().frame(0), "the first is 1");
    says(whole().roi_by(By::Patient), "ROI of its own");
    says(whole().max_pixels(0), "`max_pixels` is 0");
    says(whole().window(Window::Fixed { center: 0.0, width: 0.5 }), "the width must be 1 or more");
    says(whole().patient("p").one_image_per_patient(), "give one of the two");
    let window = |text: &str| serde_json::from_str::<Window>(text);
    assert_eq!(window("\"file\"").unwrap(), Window::File);
    assert_eq!(
        window("{\"center\":40,\"width\":400}").unwrap(),
        Window::Fixed { center: 40.0, width: 400.0 }
    );
    assert!(window("\"auto\"").is_err());
}
