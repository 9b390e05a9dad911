//! Small archives in the exact layout of the published ones.

use std::path::{Path, PathBuf};

use eyepatch_core::{Ctx, Dataset, Error, Params, Table};
use image::{ImageBuffer, Luma};
use plugin_chest::{ChestXray14, PadChest, chestxray14, padchest, padchest_published};
use tempfile::TempDir;

pub(crate) const WIDTH: u32 = 24;
pub(crate) const HEIGHT: u32 = 16;

/// PadChest's 36 columns.
pub(crate) const HEADER: &str = ",ImageID,ImageDir,StudyDate_DICOM,StudyID,PatientID,PatientBirth,PatientSex_DICOM,\
    ViewPosition_DICOM,Projection,MethodProjection,Pediatric,Modality_DICOM,Manufacturer_DICOM,\
    PhotometricInterpretation_DICOM,PixelRepresentation_DICOM,PixelAspectRatio_DICOM,SpatialResolution_DICOM,\
    BitsStored_DICOM,WindowCenter_DICOM,WindowWidth_DICOM,Rows_DICOM,Columns_DICOM,XRayTubeCurrent_DICOM,Exposure_DICOM,\
    ExposureInuAs_DICOM,ExposureTime,RelativeXRayExposure_DICOM,ReportID,Report,MethodLabel,Labels,Localizations,\
    LabelsLocalizationsBySentence,labelCUIS,LocalizationsCUIS";
pub(crate) const MASKS: &str =
    "ImageID,Dice RCA (Max),Dice RCA (Mean),Landmarks,Left Lung,Right Lung,Heart,Height,Width";

/// A cell in quotes.
pub(crate) fn quote(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

/// A row of PadChest's table. Arrays of the last columns go on in a second line, as NumPy prints them.
pub(crate) fn pad_row(n: u32, id: &str, dir: &str, patient: &str, projection: &str, labels: &str) -> String {
    format!(
        "{n},{id},{dir},20131223,s{n},{patient},1967.0,{},POSTEROANTERIOR,{projection},Manual review of DICOM fields,No,CR,\
         PhilipsMedicalSystems,MONOCHROME2,0,\"['1', '1']\",0.143,12,2047.0,4095.0,{HEIGHT},{WIDTH},0,0,None,10,-0.61,46{n},\
         sin hallazg . ,Physician,{},\"['loc left', 'loc right']\",\"[['normal'], ['normal']]\",['C0277877'],\
         \"['C0225740' 'C1522601'\n 'C0443246']\"\n",
        if n.is_multiple_of(2) { "F" } else { "M" },
        quote(labels)
    )
}

/// Rectangles as run lengths: rows `top` to `bottom`, columns `left` to `right`, ends outside.
fn code([left, right]: [u32; 2], [top, bottom]: [u32; 2], width: u32) -> String {
    let row = |y: u32| format!("{} {}", y * width + left + 1, right - left);
    (top..bottom).map(row).collect::<Vec<_>>().join(" ")
}

/// A row of CheXmask's file in PadChest's order of columns; the outlines differ with `n`.
pub(crate) fn mask_row(n: u32, id: &str, rca: &str, [height, width]: [u32; 2]) -> String {
    let shift = n % 3;
    format!(
        "{id},0.91,{rca},\"304,299,281,306\",{},{},{},{height},{width}\n",
        code([1 + shift, 7 + shift], [2, 12], width),
        code([14 + shift, 20 + shift], [2, 12], width),
        code([9 + shift, 13 + shift], [7, 12], width)
    )
}

/// A film of 16 bits that differs with `n`.
pub(crate) fn film(n: u32) -> ImageBuffer<Luma<u16>, Vec<u16>> {
    ImageBuffer::from_fn(WIDTH, HEIGHT, |x, y| Luma([(900 * x + 40 * y + 7 * n) as u16]))
}

/// The same in 8 bits.
pub(crate) fn flat_film(n: u32, side: u32) -> ImageBuffer<Luma<u8>, Vec<u8>> {
    ImageBuffer::from_fn(side, side, |x, y| Luma([(5 * x + 3 * y + 7 * n) as u8]))
}

/// A folder with an archive in it.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn save(&self, image: &(impl Into<image::DynamicImage> + Clone), name: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        image.clone().into().save(path).unwrap();
    }
}

/// PadChest: `labels.csv`, parts `0/` and `1/`, `Padchest.csv`.
pub(crate) struct Pad(pub(crate) Files);

const LABELS: [&str; 4] = [
    "['normal']",
    "['pneumonia', ' pleural effusion']",
    "['laminar atelectasis', '']",
    "['cardiomegaly', \"Heart's size\"]",
];

impl Pad {
    /// `n` films of `n / 2` patients, all usable.
    pub(crate) fn plain(n: u32) -> Self {
        let files = Files(tempfile::tempdir().unwrap());
        let (mut labels, mut masks) = (format!("{HEADER}\n"), format!("{MASKS}\n"));
        for i in 0..n {
            let (id, dir) = (format!("{i}_film.png"), i % 2);
            files.save(&film(i), &format!("{dir}/{id}"));
            labels +=
                &pad_row(i, &id, &format!("{dir}.0"), &format!("p{}", i / 2), "PA", LABELS[i as usize % 4]);
            masks += &mask_row(i, &id, "0.92", [HEIGHT, WIDTH]);
        }
        files.write("labels.csv", labels);
        files.write("Padchest.csv", masks);
        Self(files)
    }

    /// One film with this row, and its mask.
    pub(crate) fn of_row(row: &str) -> Self {
        let pad = Self::plain(1);
        pad.0.write("labels.csv", format!("{HEADER}\n{row}"));
        pad
    }

    pub(crate) fn strict(&self) -> PadChest {
        padchest(self.0.path(""))
    }

    pub(crate) fn published(&self) -> PadChest {
        padchest_published(self.0.path(""))
    }
}

/// ChestX-ray14: the second version of the table, parts of images, masks, boxes, the official split.
pub(crate) struct Nih(pub(crate) Files);

const FINDINGS: [&str; 6] =
    ["No Finding", "Pneumonia|Effusion", "Cardiomegaly", "Atelectasis|Mass", "Pneumothorax", "Infiltration"];

impl Nih {
    /// `n` square films, the second half in another part. Two films have boxes.
    pub(crate) fn plain(n: u32, side: u32) -> Self {
        let files = Files(tempfile::tempdir().unwrap());
        let mut table =
            "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,\
                         OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]\n"
                .to_owned();
        let mut masks = format!("{}\n", MASKS.replace("ImageID", "Image Index"));
        let (mut train, mut test) = (String::new(), String::new());
        // Further rows, so that each class is in the table; their masks are not good enough.
        for i in 0..n.max(6) {
            let id = format!("{i:08}_000.png");
            let part = if i < n / 2 { 1 } else { 2 };
            if i < n {
                files.save(&flat_film(i, side), &format!("images_{part:03}/images/{id}"));
            }
            table += &format!(
                "{id},{},{i},{},58,M,PA,2682,2749,0.143,0.143\n",
                FINDINGS[i as usize % 6],
                i / 2 + 1
            );
            masks += &mask_row(i, &id, if i < n { "0.71" } else { "0.7" }, [side, side]);
            *(if i % 3 == 0 { &mut test } else { &mut train }) += &format!("{id}\r\n");
        }
        files.write("Data_Entry_2017_v2020.csv", table);
        files.write("ChestX-Ray8.csv", masks);
        files.write("train_val_list.txt", train);
        files.write("test_list.txt", test);
        files.write(
            "BBox_List_2017.csv",
            "Image Index,Finding Label,Bbox [x,y,w,h],,,\n\
             00000000_000.png,Atelectasis,225.6,547.2,86.7,79.1,,,\n\
             00000000_000.png,Infiltrate,1,1,5,5,,,\n\
             00000001_000.png,Pneumonia,1000.5,10.0,100.0,3.0,,,\n",
        );
        Self(files)
    }

    pub(crate) fn set(&self) -> ChestXray14 {
        chestxray14(self.0.path(""))
    }
}

/// The table after a check of the parameters.
pub(crate) fn table<D: Dataset + Params>(set: &D) -> Result<std::sync::Arc<Table>, Error> {
    set.check().unwrap();
    set.table(&Ctx::for_tests(1))
}

pub(crate) fn notes(set: &impl Dataset) -> String {
    set.card().notes.join("\n")
}

/// Asserts that the table is refused with a line of this file, a column, the problem and a remedy.
#[track_caller]
pub(crate) fn expect_table<D: Dataset + Params>(
    set: &D,
    file: &str,
    line: Option<usize>,
    column: Option<&str>,
    says: &str,
) {
    let error = table(set).expect_err("bad input passed");
    let text = error.to_string();
    match &error {
        Error::Table { path, row, column: found, problem, remedy } => {
            assert!(path.ends_with(file), "{text}\nnot of {file}");
            assert_eq!((*row, found.as_deref()), (line, column), "{text}");
            assert!(problem.contains(says) && !remedy.is_empty(), "{text}\nlacks: {says}");
        }
        other => panic!("not a table error: {other}"),
    }
}

/// Asserts that a row cannot be loaded, with the file and the problem.
#[track_caller]
pub(crate) fn expect_sample(set: &impl Dataset, row: usize, file: &str, line: usize, says: &str) {
    let error = set.load(row, &Ctx::for_tests(1)).expect_err("bad input passed");
    let text = error.to_string();
    match &error {
        Error::Sample { path, row: found, problem, remedy, .. } => {
            assert!(path.as_ref().is_some_and(|p| p.ends_with(file)), "{text}\nnot of {file}");
            assert_eq!(*found, Some(line), "{text}");
            assert!(problem.contains(says) && !remedy.is_empty(), "{text}\nlacks: {says}");
        }
        other => panic!("not a sample error: {other}"),
    }
}
