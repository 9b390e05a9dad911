//! From a record to pixels.

use rayon::prelude::*;

use crate::canvas::{Frame, Pose};
use crate::chest::{Chest, Visit};
use crate::cohort::Record;
use crate::fundus::Fundus;
use crate::phantom::{Anatomy, Phantom};
use crate::scene::{Scene, Structure};
use crate::shortcuts::{Film, Plant};
use crate::stream::Stream;
use crate::{Error, disease};

/// A generated image with its true structures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width and height in pixels.
    pub size: usize,
    /// 1 (chest) or 3 (fundus: red, green, blue).
    pub channels: usize,
    /// Interleaved values, rows first.
    pub pixels: Vec<u8>,
    /// The structures, each a mask of `size` x `size`.
    pub structures: Vec<Structure>,
}

impl Phantom {
    /// All images, made in parallel on rayon's current pool; the bytes do not depend on its number of threads.
    ///
    /// # Errors
    /// As [`Phantom::image`].
    pub fn images(&self) -> Result<Vec<Picture>, Error> {
        self.records()?.par_iter().map(|record| self.picture(record)).collect()
    }
}

/// A planted shortcut that is present, with the stream it draws from.
struct Planted<'a> {
    plant: &'a dyn Plant,
    stream: String,
}

pub(crate) fn take(phantom: &Phantom, record: &Record) -> Result<Picture, Error> {
    let stream =
        |name: &str| Stream::new(phantom.seed, &format!("{name} {}", record.visit), record.patient as u64);
    let site = phantom.sites.get(record.site).ok_or_else(|| {
        Error::range("site", record.site, format!("0 to {}", phantom.sites.len().saturating_sub(1)))
    })?;
    let planted: Vec<Planted<'_>> = phantom
        .shortcuts
        .iter()
        .zip(&record.present)
        .filter(|(_, present)| **present)
        .map(|(s, _)| (s.what.plant(), s.what.column()))
        .map(|(plant, column)| Planted { plant, stream: format!("shortcut {column}") })
        .collect();

    let mut camera = site.camera.clone();
    let mut pose = pose(phantom.anatomy, &mut stream("pose"));
    for p in &planted {
        p.plant.set_camera(&mut camera);
        p.plant.position(&mut pose, &mut stream(&format!("{} position", p.stream)));
    }
    let frame = Frame::new(pose, phantom.size);
    let (healthy, diseased) = scenes(phantom, record, frame);

    // Two exposures where they differ: one of what lies outside the disease's region, one of what lies inside. So
    // disease leaks through no blur and no JPEG block, and neither does a shortcut that stays outside.
    let expose = |mut scene: Scene, inside: bool| {
        for p in planted.iter().filter(|p| !inside || p.plant.reaches_region()) {
            p.plant.place(&mut scene, frame, &mut stream(&p.stream));
        }
        camera.expose(&scene, stream("grain"))
    };
    let same = diseased.is_none() && planted.iter().all(|p| p.plant.reaches_region());
    let scene = diseased.unwrap_or_else(|| healthy.clone());
    let (depth, structures) = (scene.depth.clone(), scene.structures.clone());
    let channels = scene.planes.len();
    let mut pixels = expose(healthy, false)?;
    if !same {
        let inside = expose(scene, true)?;
        let chunks = pixels.chunks_exact_mut(channels).zip(inside.chunks_exact(channels));
        for ((to, from), depth) in chunks.zip(&depth.at) {
            if *depth > 0.0 {
                to.copy_from_slice(from);
            }
        }
    }
    print(&mut pixels, channels, phantom.size, &structures, |film| {
        for p in &planted {
            p.plant.print(film, &mut stream(&format!("{} print", p.stream)));
        }
    });
    Ok(Picture { size: phantom.size, channels, pixels, structures })
}

/// Nobody stands twice in quite the same place.
fn pose(anatomy: Anatomy, s: &mut Stream) -> Pose {
    // A chest fills its film; its body units leave room for the arms.
    let (zoom, down) = if anatomy == Anatomy::Chest { (1.15, 0.06) } else { (1.0, 0.0) };
    Pose {
        shift: (s.around(0.0, 0.02), s.around(down, 0.02)),
        zoom: zoom * s.around(1.0, 0.02),
        turn: s.around(0.0, 0.018),
    }
}

/// Whether a record's fundus is a right eye.
pub(crate) fn is_right_eye(phantom: &Phantom, record: &Record) -> bool {
    Fundus::new(&mut Stream::new(phantom.seed, "anatomy", record.patient as u64)).is_right()
}

/// The scene without disease, and with it where there is any to be seen.
fn scenes(phantom: &Phantom, record: &Record, frame: Frame) -> (Scene, Option<Scene>) {
    let patient = &mut Stream::new(phantom.seed, "anatomy", record.patient as u64);
    let visit =
        |name: &str| Stream::new(phantom.seed, &format!("{name} {}", record.visit), record.patient as u64);
    let ill = record.label && phantom.strength > 0.0;
    match phantom.anatomy {
        Anatomy::Chest => {
            let breath_out = visit("breath").around(0.0, 0.018);
            let chest = Chest::new(patient, record.male, record.age);
            let healthy = chest.scene(frame, Visit { supine: record.supine, breath_out });
            let diseased = ill.then(|| {
                let mut scene = healthy.clone();
                disease::consolidate(&mut scene, frame, phantom.strength, &mut visit("disease"));
                scene
            });
            (healthy, diseased)
        }
        Anatomy::Fundus => {
            let eye = Fundus::new(patient);
            let cupping = ill.then(|| disease::cupping(phantom.strength, &mut visit("disease")));
            (eye.scene(frame, None), cupping.map(|c| eye.scene(frame, Some(c))))
        }
    }
}

fn print(
    pixels: &mut [u8],
    channels: usize,
    size: usize,
    structures: &[Structure],
    write: impl FnOnce(&mut Film<'_>),
) {
    let mut kept = vec![0; size * size];
    for structure in structures {
        kept.iter_mut().zip(&structure.bits).for_each(|(k, b)| *k |= b);
    }
    write(&mut Film { size, channels, pixels, kept: &kept });
}
