//! A JPEG's segments: the frame, its tables and its scans (ITU-T T.81, annex B).

use crate::bad::Bad;
use crate::jpeg::bits::{Bits, Codes, ends_early};
use crate::jpeg::blocks::{Blocks, Pass};
use crate::jpeg::grey;

/// A component of the frame.
struct Component {
    id: u8,
    /// Blocks across and down in one unit of an interleaved scan.
    sampling: (usize, usize),
    quantiser: usize,
    /// Progressive only: which of each block's 64 coefficients are no longer 0, a bit each.
    nonzero: Vec<u64>,
    seen: bool,
}

/// A JPEG up to its frame header, and the walk over what follows.
pub(super) struct Frame<'a> {
    pub(super) width: u16,
    pub(super) height: u16,
    bytes: &'a [u8],
    at: usize,
    progressive: bool,
    components: Vec<Component>,
    dc: [Option<Codes>; 4],
    ac: [Option<Codes>; 4],
    /// Quantisation tables: the steps of a block's coefficients, the mean's first.
    steps: [Option<[i32; 64]>; 4],
    /// Units between two restart markers; 0: there are none.
    restart: usize,
    /// The picture of a baseline JPEG of one component, once its scan was walked.
    levels: Option<Vec<u8>>,
}

/// A component in a scan, and its tables.
struct Part {
    component: usize,
    dc: usize,
    ac: usize,
}

impl<'a> Frame<'a> {
    /// Reads up to the frame's header.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Bad> {
        let mut frame = Self {
            width: 0,
            height: 0,
            bytes,
            at: 2,
            progressive: false,
            components: Vec::new(),
            dc: [const { None }; 4],
            ac: [const { None }; 4],
            steps: [None; 4],
            restart: 0,
            levels: None,
        };
        loop {
            let marker = frame.marker()?;
            let segment = frame.segment()?;
            match marker {
                0xc0..=0xc2 => {
                    frame.header(segment, marker == 0xc2)?;
                    return Ok(frame);
                }
                0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                    return Err(Bad::unsupported("a lossless, hierarchical or arithmetic-coded JPEG"));
                }
                _ => frame.table(marker, segment)?,
            }
        }
    }

    /// Number of components.
    pub(super) fn channels(&self) -> usize {
        self.components.len()
    }

    /// Walks all scans up to the end marker. What follows it does not matter: cameras put more images there, and
    /// programs that cut an image out of a DICOM file a zero byte.
    ///
    /// Gives the grey levels of a baseline JPEG of one component, which are decoded on the way; `None` of any other.
    pub(super) fn check(mut self) -> Result<Option<Vec<u8>>, Bad> {
        loop {
            let marker = self.marker()?;
            if marker == 0xd9 {
                let whole = self.components.iter().all(|c| c.seen);
                return if whole { Ok(self.levels) } else { Err(ends_early()) };
            }
            let segment = self.segment()?;
            if marker == 0xda { self.scan(segment)? } else { self.table(marker, segment)? }
        }
    }

    /// The next marker's code. Any number of 0xff may stand before it.
    fn marker(&mut self) -> Result<u8, Bad> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let fill = rest.iter().take_while(|&&b| b == 0xff).count();
        match rest.get(fill) {
            None => Err(ends_early()),
            Some(_) if fill == 0 => Err(Bad::corrupt("bytes between the parts of the JPEG belong to none")),
            Some(&code) => {
                self.at += fill + 1;
                Ok(code)
            }
        }
    }

    /// A segment's content, after its length, which counts its own two bytes.
    fn segment(&mut self) -> Result<&'a [u8], Bad> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let &[high, low, ..] = rest else { return Err(ends_early()) };
        let length = word(high, low);
        let content = rest.get(2..length).ok_or_else(ends_early)?;
        self.at += length;
        Ok(content)
    }

    fn header(&mut self, segment: &[u8], progressive: bool) -> Result<(), Bad> {
        let &[depth, h1, h0, w1, w0, n, ref rest @ ..] = segment else { return Err(ends_early()) };
        if depth != 8 {
            return Err(Bad::unsupported(format!("a JPEG of {depth} bits")));
        }
        (self.width, self.height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
        self.progressive = progressive;
        self.components = rest.chunks_exact(3).map(Component::read).collect();
        let sampled = |c: &Component| (1..=4).contains(&c.sampling.0) && (1..=4).contains(&c.sampling.1);
        let counted = n > 0 && rest.len() == 3 * usize::from(n);
        if counted && self.width > 0 && self.height > 0 && self.components.iter().all(sampled) {
            Ok(())
        } else {
            Err(Bad::corrupt("the JPEG's frame header makes no sense"))
        }
    }

    /// Takes in codes, quantisation tables and the restart interval; other segments say nothing of the amount of data.
    fn table(&mut self, marker: u8, segment: &[u8]) -> Result<(), Bad> {
        let taken = match (marker, segment) {
            (0xc4, _) => self.codes(segment),
            (0xdb, _) => self.quantisers(segment),
            (0xdd, &[high, low]) => {
                self.restart = word(high, low);
                Some(())
            }
            (0xfe | 0xe0..=0xef, _) => Some(()),
            _ => None,
        };
        taken.ok_or_else(|| Bad::corrupt(format!("the JPEG's part {marker:#04x} is damaged or out of place")))
    }

    fn codes(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&place, rest)) = segment.split_first() {
            let (counts, rest) = rest.split_at_checked(16)?;
            let (values, rest) = rest.split_at_checked(counts.iter().map(|&n| usize::from(n)).sum())?;
            let tables = if place >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            *tables.get_mut(usize::from(place & 15))? = Some(Codes::new(counts, values)?);
            segment = rest;
        }
        Some(())
    }

    fn quantisers(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&place, rest)) = segment.split_first() {
            let width = if place >> 4 == 0 { 1 } else { 2 };
            let (table, rest) = rest.split_at_checked(64 * width)?;
            let mut steps = [0; 64];
            for (step, bytes) in steps.iter_mut().zip(table.chunks_exact(width)) {
                *step = bytes.iter().fold(0, |all, &byte| all << 8 | i32::from(byte));
            }
            *self.steps.get_mut(usize::from(place & 15))? = Some(steps);
            segment = rest;
        }
        Some(())
    }

    fn scan(&mut self, segment: &[u8]) -> Result<(), Bad> {
        let (parts, pass) = self
            .scan_header(segment)
            .ok_or_else(|| Bad::corrupt("a scan header of the JPEG makes no sense"))?;
        for part in &parts {
            self.components[part.component].seen |= pass.starts();
        }
        if let (None, Some(scan)) = (&self.levels, self.grey_scan(&parts, pass)) {
            let (levels, end) = scan.decode(Bits::new(self.bytes, self.at))?;
            (self.levels, self.at) = (Some(levels), end);
        } else {
            self.at = self.walk(&parts, pass)?;
        }
        Ok(())
    }

    /// As if it were an image of several components.
    #[cfg(test)]
    pub(super) fn without_picture(self) -> Self {
        Self { levels: Some(Vec::new()), ..self }
    }

    /// The scan of a baseline JPEG of one component, if all of its tables are there.
    fn grey_scan(&self, parts: &[Part], pass: Pass) -> Option<grey::Scan<'_>> {
        let ([component], [part], Pass::Whole) = (self.components.as_slice(), parts, pass) else {
            return None;
        };
        Some(grey::Scan {
            size: (self.height.into(), self.width.into()),
            dc: self.dc.get(part.dc)?.as_ref()?,
            ac: self.ac.get(part.ac)?.as_ref()?,
            steps: self.steps.get(component.quantiser)?.as_ref()?,
            restart: self.restart,
        })
    }

    fn scan_header(&self, segment: &[u8]) -> Option<(Vec<Part>, Pass)> {
        let (&n, rest) = segment.split_first()?;
        let (parts, rest) = rest.split_at_checked(2 * usize::from(n))?;
        let &[first, last, bits] = rest else { return None };
        let part = |p: &[u8]| {
            let component = self.components.iter().position(|c| c.id == p[0])?;
            Some(Part { component, dc: usize::from(p[1] >> 4), ac: usize::from(p[1] & 15) })
        };
        let parts = parts.chunks_exact(2).map(part).collect::<Option<Vec<_>>>()?;
        let pass = Pass::of(self.progressive, first, last, bits)?;
        (parts.len() == 1 || (pass.holds_means() && !parts.is_empty())).then_some((parts, pass))
    }

    /// The number of units in a scan, and the blocks of each part in one.
    fn units(&self, parts: &[Part]) -> (usize, Vec<usize>) {
        let most = |of: fn(&Component) -> usize| self.components.iter().map(of).max().unwrap_or(1);
        let (h_most, v_most) = (most(|c| c.sampling.0), most(|c| c.sampling.1));
        let sampling = |p: &Part| self.components[p.component].sampling;
        let (width, height) = (usize::from(self.width), usize::from(self.height));
        if let [part] = parts {
            let (h, v) = sampling(part);
            let blocks = |pixels: usize, part: usize, most: usize| (pixels * part).div_ceil(most).div_ceil(8);
            return (blocks(width, h, h_most) * blocks(height, v, v_most), vec![1]);
        }
        let units = width.div_ceil(8 * h_most) * height.div_ceil(8 * v_most);
        (units, parts.iter().map(|p| sampling(p).0 * sampling(p).1).collect())
    }

    /// Walks a scan's data and returns where they end.
    fn walk(&mut self, parts: &[Part], pass: Pass) -> Result<usize, Bad> {
        let (units, counts) = self.units(parts);
        let first = parts[0].component;
        // Scans of details hold one component, a block a unit; only they ask what earlier ones have set.
        let mut nonzero = std::mem::take(&mut self.components[first].nonzero);
        if !pass.holds_means() {
            nonzero.resize(units, 0);
        }
        let mut blocks: Vec<Blocks> = parts.iter().map(|p| self.blocks(p, pass)).collect();
        let mut bits = Bits::new(self.bytes, self.at);
        for unit in 0..units {
            if self.restart > 0 && unit > 0 && unit % self.restart == 0 {
                blocks.iter_mut().try_for_each(Blocks::end)?;
                bits.restart(unit / self.restart - 1)?;
            }
            for (blocks, &count) in blocks.iter_mut().zip(&counts) {
                for _ in 0..count {
                    blocks.walk(&mut bits, nonzero.get_mut(unit).unwrap_or(&mut 0))?;
                }
            }
        }
        blocks.iter_mut().try_for_each(Blocks::end)?;
        self.components[first].nonzero = nonzero;
        bits.end()
    }

    fn blocks(&self, part: &Part, pass: Pass) -> Blocks<'_> {
        let steps = self.steps.get(self.components[part.component].quantiser).and_then(Option::as_ref);
        let step = steps.map_or(1, |steps| steps[0]);
        let dc = self.dc.get(part.dc).and_then(Option::as_ref);
        Blocks::new(pass, dc, self.ac.get(part.ac).and_then(Option::as_ref), step)
    }
}

impl Component {
    fn read(bytes: &[u8]) -> Self {
        Self {
            id: bytes[0],
            sampling: (usize::from(bytes[1] >> 4), usize::from(bytes[1] & 15)),
            quantiser: bytes[2].into(),
            nonzero: Vec::new(),
            seen: false,
        }
    }
}

fn word(high: u8, low: u8) -> usize {
    usize::from(u16::from_be_bytes([high, low]))
}
