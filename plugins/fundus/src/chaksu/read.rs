//! From Chákṣu's folders to rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use eyepatch_core::{Meta, Result, Row};
use eyepatch_data::{Fault, quoted, table_error};

use super::folders::{self, Shelf};
use super::labels::{Entry, Labels};
use super::names::{CAMERAS, Camera, entry_stem, published_patient, told_patient};
use super::params::{Chaksu, Part};
use crate::loaded::{Absent, Draft, Loaded};
use crate::params::Profile;
use crate::pixels::{CUP, Source};
use crate::resave::Resave;
use crate::tree::{Listing, Named, Tree, stem};

/// Reads the archive.
pub(crate) fn read(data: &Chaksu, threads: usize) -> Result<Loaded> {
    let tree = Tree::open(&data.root)?;
    let parts = parts(data, &tree)?;
    // What the other part has, by camera: its table may list those images too.
    let stems = |i: usize| -> Vec<BTreeSet<String>> {
        let stems = |l: &Listing| l.iter().map(|n| stem(&n.name).to_lowercase()).collect();
        parts.get(i).map(|p| p.images.iter().map(stems).collect()).unwrap_or_default()
    };
    let elsewhere: Vec<_> = (0..parts.len()).map(|i| stems(1 - i)).collect();
    let mut reader = Reader { data, draft: Draft::default(), tally: BTreeMap::new(), cup: true };
    for (opened, elsewhere) in parts.into_iter().zip(elsewhere) {
        if data.parts.contains(&opened.part) {
            let shelves = folders::shelves(data, &tree, &opened.folder, opened.images)?;
            reader.cup &= shelves.iter().all(|s| s.masks.iter().any(|m| m.structure() == CUP));
            for (i, shelf) in shelves.iter().enumerate() {
                reader.shelf(opened.part, shelf, &shelves, elsewhere.get(i))?;
            }
        }
    }
    let Reader { mut draft, tally, cup, .. } = reader;
    if !cup {
        draft.sources.iter_mut().for_each(|s| s.structures.retain(|m| m.name != CUP));
    }
    let mut loaded = draft.finish(&data.root, data.on_bad, data.max_pixels, threads)?;
    let notes = super::notes::of(data, &loaded.table.rows, &tally, cup);
    loaded.notes.splice(0..0, notes);
    Ok(loaded)
}

/// A part of the archive and its images by camera.
struct Opened {
    part: Part,
    folder: PathBuf,
    images: Vec<Listing>,
}

/// The parts that are asked for, and the other one where it can be read.
fn parts(data: &Chaksu, tree: &Tree) -> Result<Vec<Opened>> {
    let mut parts = Vec::new();
    for part in Part::ALL {
        let open = || -> Result<Option<Opened>> {
            let Some(folder) = folders::part(tree, &data.root, part)? else { return Ok(None) };
            let images = folders::images(tree, &folder)?;
            Ok(Some(Opened { part, folder, images }))
        };
        match (open(), data.parts.contains(&part)) {
            (Ok(Some(opened)), _) => parts.push(opened),
            (Ok(None), true) => {
                let problem = format!("there is no folder of part `{}`", part.name());
                let remedy =
                    "unpack both archives, `Train` and `Test`, here, or ask for one of them with `parts`";
                return Err(table_error(&data.root, None, None, problem, remedy));
            }
            (Err(error), true) => return Err(error),
            (Ok(None) | Err(_), false) => {}
        }
    }
    Ok(parts)
}

/// What is counted on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Count {
    /// Labels whose image is in the other part.
    OtherPart,
    /// Labels without an image that the study passed over.
    NoImage,
    /// Images without a label that the study passed over.
    NoLabel,
    /// Decisions that the study did not know.
    Unknown,
}

struct Reader<'a> {
    data: &'a Chaksu,
    draft: Draft,
    tally: BTreeMap<(Count, &'static str, &'static str), usize>,
    /// All cameras have masks of the cup.
    cup: bool,
}

impl Reader<'_> {
    fn count(&mut self, what: Count, part: Part, camera: Camera, n: usize) {
        if n > 0 {
            *self.tally.entry((what, part.name(), camera.name)).or_default() += n;
        }
    }

    /// One camera's images of one part. `elsewhere` has the names of its images in the other part, where that is there.
    fn shelf(
        &mut self,
        part: Part,
        shelf: &Shelf,
        shelves: &[Shelf],
        elsewhere: Option<&BTreeSet<String>>,
    ) -> Result<()> {
        let labels = Labels::read(&shelf.table, shelf.camera, self.data.decisions)?;
        self.count(Count::Unknown, part, shelf.camera, labels.unknown_to_study);
        let mut labelled = BTreeSet::new();
        for entry in &labels.entries {
            let stem = entry_stem(&entry.entry).to_lowercase();
            match self.image(shelf, shelves, entry)? {
                Some(image) => {
                    labelled.insert(image.name.clone());
                    self.row(part, shelf, entry, image)?;
                }
                None if self.data.names == Profile::Published => {
                    self.count(Count::NoImage, part, shelf.camera, 1);
                }
                None if elsewhere.map_or(shelf.camera.lists_both_parts(), |e| e.contains(&stem)) => {
                    self.count(Count::OtherPart, part, shelf.camera, 1);
                }
                None => self.draft.absent.push(Absent {
                    path: shelf.table.clone(),
                    line: Some(entry.line),
                    fault: Some(Fault::ImageMissing),
                    what: format!("image {}", quoted(entry_stem(&entry.entry))),
                }),
            }
        }
        for image in shelf.images.iter().filter(|i| !labelled.contains(&i.name)) {
            if self.data.names == Profile::Published {
                self.count(Count::NoLabel, part, shelf.camera, 1);
            } else {
                let what = format!("label of image {}", quoted(&image.file.shown.display().to_string()));
                self.draft.absent.push(Absent { path: shelf.table.clone(), line: None, fault: None, what });
            }
        }
        Ok(())
    }

    /// A label's image. The study looked for one exact name in the folders of all cameras; here it is the image of this
    /// camera with this name, whatever its capitals and extension.
    fn image<'s>(&self, shelf: &'s Shelf, shelves: &'s [Shelf], entry: &Entry) -> Result<Option<&'s Named>> {
        if self.data.names == Profile::Strict {
            return shelf.images.find(entry_stem(&entry.entry));
        }
        let name = shelf.camera.published(&entry.entry);
        let own = shelf.images.exactly(&name);
        Ok(own.or_else(|| shelves.iter().find_map(|s| s.images.exactly(&name))))
    }

    fn row(&mut self, part: Part, shelf: &Shelf, entry: &Entry, image: &Named) -> Result<()> {
        let (camera, stem) = (shelf.camera, stem(&image.name));
        let mut structures = Vec::with_capacity(2);
        for masks in &shelf.masks {
            match masks.of(stem)? {
                Some(structure) => structures.push(structure),
                None => {
                    self.draft.absent.push(Absent {
                        path: shelf.table.clone(),
                        line: Some(entry.line),
                        fault: Some(Fault::RoiMissing),
                        what: format!("{} mask of image {}", masks.structure(), quoted(&image.name)),
                    });
                    return Ok(());
                }
            }
        }
        let patient = match self.data.patients {
            Profile::Published => published_patient(&image.name),
            Profile::Strict => {
                let told = told_patient(stem).unwrap_or_else(|| stem.to_owned());
                format!("{}/{told}", camera.name)
            }
        };
        let text = |v: &str| Meta::Text(v.to_owned());
        let meta = [("camera", text(camera.name)), ("part", text(part.name()))];
        let roi: Option<&Path> = structures.first().map(|s| s.file.shown.as_path());
        self.draft.rows.push(Row {
            id: format!("{}/{}/{stem}", part.name(), camera.name),
            patient,
            labels: vec![Some(entry.glaucoma)],
            meta: meta.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            image: Some(image.file.shown.clone()),
            roi: roi.map(Path::to_path_buf),
            line: Some(entry.line),
        });
        let resave = (self.data.resave == Profile::Published)
            .then_some(Resave { side: self.data.resave_side, jpeg: camera.jpeg });
        self.draft.sources.push(Source { image: image.file.clone(), structures, resave });
        Ok(())
    }
}

impl Camera {
    /// Bosch's table is the same in both parts of the archive and lists the images of both.
    fn lists_both_parts(self) -> bool {
        self == CAMERAS[0]
    }
}
