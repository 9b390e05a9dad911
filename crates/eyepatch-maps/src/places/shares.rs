use serde::{Deserialize, Serialize};

use super::Place;
use crate::overlap::overlaps;
use crate::{Map, MapsError};

const PLACES: usize = Place::ALL.len();

/// What part of each cell of a grid lies in each place, from exact overlaps.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceWeights {
    height: usize,
    width: usize,
    /// By place, the part of each cell; those of a cell add up to 1.
    parts: [Vec<f64>; PLACES],
    /// Each place's share of the image.
    area: [f64; PLACES],
}

/// One place's share of a map.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceShare {
    /// The place's share of the image, 0 to 1: what a map that is spread evenly would have there.
    pub area: f64,
    /// Its share of the sum of positive values, 0 to 1; `None` where no value is positive.
    pub positive: Option<f64>,
    /// Its share of the sum of absolute values, 0 to 1; `None` where all values are 0.
    pub absolute: Option<f64>,
    /// The sum of its values with their signs, on the output's scale.
    pub net: f64,
}

/// The shares of all places. Those of the five places add up to 1; `outside` is all but `inside`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceShares {
    /// [`Place::Inside`].
    pub inside: PlaceShare,
    /// [`Place::Box`].
    pub in_box: PlaceShare,
    /// [`Place::Rim`].
    pub rim: PlaceShare,
    /// [`Place::Corners`].
    pub corners: PlaceShare,
    /// [`Place::Background`].
    pub background: PlaceShare,
    /// All that is not inside the ROI.
    pub outside: PlaceShare,
}

impl PlaceShares {
    /// The share of one place.
    #[must_use]
    pub fn of(&self, place: Place) -> PlaceShare {
        match place {
            Place::Inside => self.inside,
            Place::Box => self.in_box,
            Place::Rim => self.rim,
            Place::Corners => self.corners,
            Place::Background => self.background,
        }
    }
}

/// Sums over a place.
#[derive(Clone, Copy, Default)]
struct Sums {
    area: f64,
    positive: f64,
    absolute: f64,
    net: f64,
}

impl Sums {
    fn and(self, other: Self) -> Self {
        Self {
            area: self.area + other.area,
            positive: self.positive + other.positive,
            absolute: self.absolute + other.absolute,
            net: self.net + other.net,
        }
    }

    fn share(self, all: Self) -> PlaceShare {
        let of = |part: f64, whole: f64| (whole > 0.0).then(|| (part / whole).clamp(0.0, 1.0));
        PlaceShare {
            area: self.area,
            positive: of(self.positive, all.positive),
            absolute: of(self.absolute, all.absolute),
            net: self.net,
        }
    }
}

impl PlaceWeights {
    pub(super) fn new(
        places: &[u8],
        image: (usize, usize),
        (height, width): (usize, usize),
    ) -> Result<Self, MapsError> {
        if height == 0 || width == 0 {
            return Err(MapsError::Shape { height, width, found: 0 });
        }
        let columns = overlaps(image.1, width);
        let mut counts = vec![[0_u64; PLACES]; height * width];
        for row in overlaps(image.0, height) {
            let pixels = &places[row.from * image.1..][..image.1];
            let cells = &mut counts[row.to * width..][..width];
            for column in &columns {
                cells[column.to][usize::from(pixels[column.from])] += row.length * column.length;
            }
        }
        let mut area = [0; PLACES];
        places.iter().for_each(|p| area[usize::from(*p)] += 1);
        let pixels = (image.0 * image.1) as f64;
        Ok(Self {
            height,
            width,
            // A cell is as many units large as the image has pixels.
            parts: std::array::from_fn(|place| counts.iter().map(|c| c[place] as f64 / pixels).collect()),
            area: area.map(|n: u64| n as f64 / pixels),
        })
    }

    /// The shares of a map on this grid.
    ///
    /// # Errors
    /// [`MapsError::Shape`] for a map on another grid.
    pub fn shares(&self, map: &Map) -> Result<PlaceShares, MapsError> {
        self.check(map)?;
        let mut sums = self.area.map(|area| Sums { area, ..Sums::default() });
        for (sum, parts) in sums.iter_mut().zip(&self.parts) {
            for (value, part) in map.values().iter().zip(parts) {
                let value = value * part;
                sum.positive += value.max(0.0);
                sum.absolute += value.abs();
                sum.net += value;
            }
        }
        let [inside, in_box, rim, corners, background] = sums;
        let outside = in_box.and(rim).and(corners).and(background);
        let all = inside.and(outside);
        Ok(PlaceShares {
            inside: inside.share(all),
            in_box: in_box.share(all),
            rim: rim.share(all),
            corners: corners.share(all),
            background: background.share(all),
            outside: outside.share(all),
        })
    }

    /// The share of absolute attribution outside of the ROI alone, quicker than [`PlaceWeights::shares`]; NaN where
    /// all values are 0.
    ///
    /// # Errors
    /// [`MapsError::Shape`] for a map on another grid.
    pub fn absolute_outside(&self, map: &Map) -> Result<f64, MapsError> {
        self.check(map)?;
        let (mut inside, mut all) = (0.0, 0.0);
        for (value, part) in map.values().iter().zip(&self.parts[Place::Inside as usize]) {
            inside += value.abs() * part;
            all += value.abs();
        }
        Ok((1.0 - inside / all).clamp(0.0, 1.0))
    }

    fn check(&self, map: &Map) -> Result<(), MapsError> {
        if (map.height(), map.width()) == (self.height, self.width) {
            return Ok(());
        }
        Err(MapsError::Shape { height: self.height, width: self.width, found: map.values().len() })
    }
}
