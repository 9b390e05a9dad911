use super::{Call, Gpu, Id, Kernels, Launch, Output, Source, blocks, count};
use crate::{
    KernelError,
    coalition::{Coalitions, Pairs},
};

/// Coalitions on the device, 32 to a word for each player.
pub struct DeviceCoalitions<G: Gpu> {
    rows: usize,
    players: usize,
    /// `[rows / 32][players]`, bit `i` for row `32 * chunk + i`.
    shown: G::Buffer<u32>,
}

impl<G: Gpu> DeviceCoalitions<G> {
    /// Number of coalitions.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of players.
    #[must_use]
    pub fn players(&self) -> usize {
        self.players
    }
}

/// Boxes on the device, some for each coalition.
pub struct DeviceBoxes<G: Gpu> {
    starts: G::Buffer<u32>,
    boxes: G::Buffer<u32>,
    coalitions: usize,
    /// Behind the last row, column and plane of any of them.
    ends: [u32; 3],
}

/// Rows, columns and planes of a box, from the first to before the last.
pub type Bounds = [(u32, u32); 3];

/// Pairs on the device, in the order in which they are added up.
pub struct DevicePairs<G: Gpu> {
    coalitions: usize,
    players: usize,
    starts: G::Buffer<u32>,
    with: G::Buffer<u32>,
    without: G::Buffer<u32>,
    weights: G::Buffer<f64>,
}

/// Chunks of 32 coalitions lie along a grid's y, which has this many places.
const CHUNKS: usize = 65_535;

fn chunks(rows: usize) -> Result<u32, KernelError> {
    if rows > 32 * CHUNKS {
        return Err(KernelError::TooLarge { what: "a batch of coalitions", found: rows, limit: 32 * CHUNKS });
    }
    count("a batch of coalitions", rows.div_ceil(32))
}

impl<G: Gpu> Kernels<G> {
    /// Brings coalitions to the device.
    ///
    /// # Errors
    /// [`KernelError::TooLarge`] for more than 2,097,120 coalitions, [`KernelError::Gpu`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn coalitions(&self, coalitions: &Coalitions) -> Result<DeviceCoalitions<G>, KernelError> {
        let (rows, players) = (coalitions.rows(), coalitions.players());
        let chunks = chunks(rows)?;
        let mut shown = self.gpu().alloc((chunks as usize).saturating_mul(players))?;
        if rows > 0 && players > 0 {
            let bits = self.gpu().upload(coalitions.words())?;
            let call =
                self.gpu().call(Source::Coalition, "coalition_columns")?.input(&bits).output(&mut shown);
            let call = call.value(count("coalitions", rows)?).value(count("players", players)?);
            // SAFETY: `bits` has a word for every 64 players of every row, `shown` one for every player and chunk.
            unsafe { call.launch(Launch::blocks(blocks("players", players)?, chunks)) }?;
        }
        Ok(DeviceCoalitions { rows, players, shown })
    }

    /// Writes one image a coalition, as [`crate::coalition::composite`] does: `image` and `background` are planes (CHW)
    /// as [`Kernels::compose`] writes them for one image, `ids` the segment of each pixel, `out` takes dense NCHW.
    ///
    /// # Errors
    /// [`KernelError::Length`], [`KernelError::TooLarge`], [`KernelError::Gpu`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn composite_into<I: Id, O: Output>(
        &self,
        image: &G::Buffer<O>,
        background: &G::Buffer<O>,
        ids: &G::Buffer<I>,
        coalitions: &DeviceCoalitions<G>,
        out: &mut G::Buffer<O>,
    ) -> Result<(), KernelError> {
        let (size, values) = (self.gpu().len(ids), self.gpu().len(image));
        let planes = values.checked_div(size).unwrap_or(0);
        self.holds("the image", planes * size, image)?;
        self.holds("the background", values, background)?;
        self.holds("the output", coalitions.rows.saturating_mul(values), out)?;
        if values == 0 || coalitions.rows == 0 {
            return Ok(());
        }
        let launch = Launch::blocks(blocks("an image", size.div_ceil(4))?, chunks(coalitions.rows)?);
        let name = format!("composite_{}_{}", I::NAME, O::NAME);
        let call = self.gpu().call(Source::Coalition, &name)?;
        let call = call.input(image).input(background).input(ids).input(&coalitions.shown).output(out);
        let call = call.value(count("coalitions", coalitions.rows)?);
        let call = call.value(count("players", coalitions.players)?);
        let call = call.value(count("the channels", planes)?).value(count("an image", size)?);
        // SAFETY: all buffers were found to have the lengths that these sizes ask for, the kernel's name says their
        // types, and it asks for no player past the last.
        unsafe { call.launch(launch) }
    }

    /// As [`Kernels::composite_into`], into a new buffer.
    ///
    /// # Errors
    /// As [`Kernels::composite_into`].
    pub fn composite<I: Id, O: Output>(
        &self,
        image: &G::Buffer<O>,
        background: &G::Buffer<O>,
        ids: &G::Buffer<I>,
        coalitions: &DeviceCoalitions<G>,
    ) -> Result<G::Buffer<O>, KernelError> {
        let mut out = self.gpu().alloc(coalitions.rows.saturating_mul(self.gpu().len(image)))?;
        self.composite_into(image, background, ids, coalitions, &mut out)?;
        Ok(out)
    }

    /// Brings boxes to the device: those that each coalition shows.
    ///
    /// # Errors
    /// [`KernelError::TooLarge`] for 65,536 coalitions or more, [`KernelError::Gpu`].
    pub fn boxes(&self, coalitions: &[Vec<Bounds>]) -> Result<DeviceBoxes<G>, KernelError> {
        if coalitions.len() > CHUNKS {
            let what = "a batch of coalitions";
            return Err(KernelError::TooLarge { what, found: coalitions.len(), limit: CHUNKS });
        }
        let all = coalitions.iter().map(Vec::len).sum();
        count("boxes", all)?;
        let (mut starts, mut boxes) = (vec![0], Vec::with_capacity(6 * all));
        let mut ends = [0; 3];
        for one in coalitions {
            for bounds in one {
                boxes.extend(bounds.iter().flat_map(|&(first, end)| [first, end]));
                ends.iter_mut().zip(bounds).for_each(|(last, &(_, end))| *last = end.max(*last));
            }
            starts.push((boxes.len() / 6) as u32);
        }
        let (starts, boxes) = (self.gpu().upload(&starts)?, self.gpu().upload(&boxes)?);
        Ok(DeviceBoxes { starts, boxes, coalitions: coalitions.len(), ends })
    }

    /// Writes one image a coalition of boxes: what lies in one of its boxes is `image`'s, all else `background`'s. All are
    /// dense planes (CHW, then NCHW), `[planes, height, width]` an image.
    ///
    /// # Errors
    /// [`KernelError::Length`], [`KernelError::Index`] where a box reaches past the image, [`KernelError::TooLarge`],
    /// [`KernelError::Gpu`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn composite_boxes(
        &self,
        image: &G::Buffer<f32>,
        background: &G::Buffer<f32>,
        boxes: &DeviceBoxes<G>,
        [planes, height, width]: [usize; 3],
        out: &mut G::Buffer<f32>,
    ) -> Result<(), KernelError> {
        let values = planes.saturating_mul(height).saturating_mul(width);
        self.holds("the image", values, image)?;
        self.holds("the background", values, background)?;
        self.holds("the output", values.saturating_mul(boxes.coalitions), out)?;
        for (what, end, len) in [
            ("row", boxes.ends[0], height),
            ("column", boxes.ends[1], width),
            ("plane", boxes.ends[2], planes),
        ] {
            if end as usize > len {
                return Err(KernelError::Index { what, index: end as usize, len });
            }
        }
        if values == 0 || boxes.coalitions == 0 {
            return Ok(());
        }
        let threads = width.div_ceil(4) * height * planes;
        count("an image", threads)?;
        let launch = Launch::blocks(blocks("an image", threads)?, count("coalitions", boxes.coalitions)?);
        let call = self.gpu().call(Source::Coalition, "composite_boxes")?.input(image).input(background);
        let call = call.input(&boxes.boxes).input(&boxes.starts).output(out);
        let call = call.value(count("the planes", planes)?).value(count("an image", height)?);
        let call = call.value(count("an image", width)?);
        // SAFETY: all images were found to have the lengths that these sizes ask for; `starts` has one more value than there
        // are coalitions, and `boxes` six for each box that they count.
        unsafe { call.launch(launch) }
    }

    /// Brings pairs to the device.
    ///
    /// # Errors
    /// [`KernelError::Gpu`].
    pub fn pairs(&self, pairs: &Pairs) -> Result<DevicePairs<G>, KernelError> {
        let all = pairs.as_slice();
        Ok(DevicePairs {
            coalitions: pairs.coalitions(),
            players: pairs.players(),
            starts: self.gpu().upload(pairs.starts())?,
            with: self.gpu().upload(&all.iter().map(|p| p.with).collect::<Vec<_>>())?,
            without: self.gpu().upload(&all.iter().map(|p| p.without).collect::<Vec<_>>())?,
            weights: self.gpu().upload(&all.iter().map(|p| p.weight).collect::<Vec<_>>())?,
        })
    }

    /// Adds every player's weighted contributions to `phi`, as [`Pairs::add`] does.
    ///
    /// # Errors
    /// [`KernelError::Length`], [`KernelError::TooLarge`], [`KernelError::Gpu`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn add_pairs(
        &self,
        pairs: &DevicePairs<G>,
        outputs: &G::Buffer<f32>,
        classes: usize,
        phi: &mut G::Buffer<f64>,
    ) -> Result<(), KernelError> {
        let sums = pairs.players.saturating_mul(classes);
        self.holds("the outputs", pairs.coalitions.saturating_mul(classes), outputs)?;
        self.holds("phi", sums, phi)?;
        count("players times classes", sums)?;
        if sums == 0 || pairs.coalitions == 0 {
            return Ok(());
        }
        let call = self.gpu().call(Source::Coalition, "coalition_pairs")?;
        let call = call.input(&pairs.starts).input(&pairs.with).input(&pairs.without).input(&pairs.weights);
        let call = call.input(outputs).output(phi);
        let call = call.value(count("players", pairs.players)?).value(count("classes", classes)?);
        // SAFETY: a start for each player and one more, all within the pairs, whose coalitions `Pairs::new` has
        // checked against the number that `outputs` has rows for; `phi` has a value for each player and class.
        unsafe { call.launch(Launch::blocks(blocks("players times classes", sums)?, 1)) }
    }

    /// Adds every coalition to every player's `phi`, as [`crate::coalition::add_signed`] does.
    ///
    /// # Errors
    /// [`KernelError::Length`], [`KernelError::TooLarge`] (65,536 classes or more), [`KernelError::Gpu`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    pub fn add_signed(
        &self,
        coalitions: &DeviceCoalitions<G>,
        shown: &G::Buffer<f64>,
        hidden: &G::Buffer<f64>,
        outputs: &G::Buffer<f32>,
        classes: usize,
        phi: &mut G::Buffer<f64>,
    ) -> Result<(), KernelError> {
        let (rows, players) = (coalitions.rows, coalitions.players);
        self.holds("the weights of shown players", rows, shown)?;
        self.holds("the weights of hidden players", rows, hidden)?;
        self.holds("the outputs", rows.saturating_mul(classes), outputs)?;
        self.holds("phi", players.saturating_mul(classes), phi)?;
        if classes > CHUNKS {
            return Err(KernelError::TooLarge { what: "a number of classes", found: classes, limit: CHUNKS });
        }
        if rows == 0 || players == 0 || classes == 0 {
            return Ok(());
        }
        let call = self.gpu().call(Source::Coalition, "coalition_signed")?.input(&coalitions.shown);
        let call = call.input(shown).input(hidden).input(outputs).output(phi);
        let call = call.value(count("coalitions", rows)?).value(count("players", players)?);
        let call = call.value(count("classes", classes)?);
        let launch = Launch::blocks(blocks("players", players)?, count("classes", classes)?);
        // SAFETY: a weight of either kind and a row of outputs for each coalition, a word for each player and chunk of
        // them, and a `phi` for each player and class.
        unsafe { call.launch(launch) }
    }
}
