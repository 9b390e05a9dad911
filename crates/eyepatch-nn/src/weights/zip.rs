//! The zip container that `torch.save` writes: stored entries, nothing compressed.
//!
//! The zip crate serves any archive and allocates by the number of entries that one claims to have. This reader serves
//! one writer and takes nothing on trust: entries lie apart from each other and before the directory, and the two
//! records of an entry agree.

use super::error::{Refused, clipped};
use super::limits;
use std::collections::HashMap;
use std::ops::Range;

const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR64: &[u8] = b"PK\x06\x07";
const CENTRAL: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
/// Says that the number is in the zip64 record.
const IN_64: u64 = 0xffff_ffff;

type Result<T> = std::result::Result<T, Refused>;

fn refuse<T>(problem: impl Into<String>) -> Result<T> {
    Err(Refused::Zip(problem.into()))
}

/// Little-endian numbers of a record, one after the other.
struct Record<'a> {
    rest: &'a [u8],
    what: &'static str,
    at: usize,
}

impl<'a> Record<'a> {
    fn new(file: &'a [u8], at: usize, what: &'static str) -> Self {
        Self { rest: file.get(at..).unwrap_or_default(), what, at }
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8]> {
        let truncated = Refused::Truncated { what: self.what, at: self.at };
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn number(&mut self, bytes: usize) -> Result<u64> {
        Ok(self.bytes(bytes)?.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b)))
    }

    fn signature(&mut self, expected: &[u8]) -> Result<()> {
        match self.bytes(4)? == expected {
            true => Ok(()),
            false => refuse(format!("no {} at byte {}", self.what, self.at)),
        }
    }
}

/// Where the central directory lies and how many entries it has.
struct Directory {
    place: Range<usize>,
    entries: usize,
}

/// The stored entries of a container: their names, and the bytes of their data.
#[derive(Debug)]
pub(super) struct Entries<'a> {
    file: &'a [u8],
    data: HashMap<&'a str, (Range<usize>, u32)>,
}

impl<'a> Entries<'a> {
    /// Reads the directory and checks every entry, but not the sums of their data.
    pub(super) fn read(file: &'a [u8]) -> Result<Self> {
        let directory = directory(file)?;
        let mut data = HashMap::with_capacity(directory.entries);
        let mut taken = Vec::with_capacity(directory.entries);
        let mut record = Record::new(file, directory.place.start, "entry of the directory");
        record.rest = &file[directory.place.clone()];
        for _ in 0..directory.entries {
            let entry = Central::read(&mut record)?;
            let place = entry.data(file, directory.place.start)?;
            taken.push(entry.header..place.end);
            if data.insert(entry.name, (place, entry.sum)).is_some() {
                return refuse(format!("two entries are named `{}`", clipped(entry.name)));
            }
        }
        if !record.rest.is_empty() {
            return refuse("its directory is longer than its entries");
        }
        taken.sort_unstable_by_key(|range| range.start);
        if let Some(pair) = taken.windows(2).find(|pair| pair[0].end > pair[1].start) {
            return refuse(format!("entries overlap at byte {}", pair[1].start));
        }
        Ok(Self { file, data })
    }

    /// The data of an entry and where it lies in the file.
    pub(super) fn get(&self, name: &str) -> Option<(&'a [u8], Range<usize>)> {
        let (place, _) = self.data.get(name)?;
        Some((self.file.get(place.clone())?, place.clone()))
    }

    /// The same, once its checksum is known to be right. torch leaves the sum at 0 where it was told to write none.
    pub(super) fn checked(&self, name: &str) -> Result<(&'a [u8], Range<usize>)> {
        let Some((data, place)) = self.get(name) else {
            return refuse(format!("it has no entry `{}`", clipped(name)));
        };
        let sum = self.data.get(name).map_or(0, |(_, sum)| *sum);
        if sum != 0 && sum != crc32fast::hash(data) {
            return refuse(format!("`{}` is damaged: its checksum is wrong", clipped(name)));
        }
        Ok((data, place))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.data.keys().copied()
    }
}

/// Finds the central directory from the file's end.
fn directory(file: &[u8]) -> Result<Directory> {
    // The end record is 22 bytes and a comment that reaches to the file's end.
    let ends_here = |at: &usize| {
        let comment = file.get(at + 20..at + 22).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])));
        file[*at..].starts_with(END) && comment == Some(file.len() - at - 22)
    };
    let last = file.len().saturating_sub(21);
    let Some(at) = (last.saturating_sub(1 << 16)..last).rev().find(ends_here) else {
        return refuse("it has no end: the file was cut off, or is no zip file");
    };
    let mut record = Record::new(file, at + 4, "end of the directory");
    let disks = record.number(2)? | record.number(2)?;
    let here = record.number(2)?;
    let numbers = [record.number(2)?, record.number(4)?, record.number(4)?];
    let (end, [entries, size, start]) = match at.checked_sub(20).filter(|&l| file[l..].starts_with(LOCATOR64))
    {
        Some(locator) => directory64(file, locator, numbers)?,
        None => (at, numbers),
    };
    if disks != 0 || here != numbers[0] {
        return refuse("it is one part of several");
    }
    let limit = limits::ENTRIES as u64;
    if entries > limit {
        return Err(Refused::Limit { what: "entries of the zip container", got: entries, limit });
    }
    let stop = start.checked_add(size).filter(|&stop| stop <= end as u64);
    let (Some(stop), true) = (stop, entries <= size / 46) else {
        return refuse(format!("{entries} entries in {size} bytes from byte {start} are not in the file"));
    };
    Ok(Directory { place: start as usize..stop as usize, entries: entries as usize })
}

/// The same from the records for large files. Where both tell a number they must agree.
fn directory64(file: &[u8], locator: usize, small: [u64; 3]) -> Result<(usize, [u64; 3])> {
    let mut record = Record::new(file, locator + 8, "locator of the directory");
    let at = usize::try_from(record.number(8)?).unwrap_or(usize::MAX);
    if at.checked_add(56).is_none_or(|stop| stop > locator) {
        return refuse("its zip64 record lies outside the file");
    }
    let mut record = Record::new(file, at, "zip64 record");
    record.signature(END64)?;
    record.bytes(20)?;
    let here = record.number(8)?;
    let large = [record.number(8)?, record.number(8)?, record.number(8)?];
    let agree = small.iter().zip(large).zip([0xffff, IN_64, IN_64]).all(|((s, l), no)| *s == no || *s == l);
    if here != large[0] || !agree {
        return refuse("its two directories disagree");
    }
    Ok((at, large))
}

/// What the directory says of an entry.
struct Central<'a> {
    name: &'a str,
    method: u64,
    sum: u32,
    size: usize,
    header: usize,
}

impl<'a> Central<'a> {
    fn read(record: &mut Record<'a>) -> Result<Self> {
        record.signature(CENTRAL)?;
        record.bytes(4)?;
        let (flags, method) = (record.number(2)?, record.number(2)?);
        record.bytes(4)?;
        let sum = record.number(4)? as u32;
        let (packed, size) = (record.number(4)?, record.number(4)?);
        let lengths = [record.number(2)?, record.number(2)?, record.number(2)?];
        record.bytes(8)?;
        let header = record.number(4)?;
        let name = record.bytes(lengths[0] as usize)?;
        let extra = record.bytes(lengths[1] as usize)?;
        record.bytes(lengths[2] as usize)?;
        let Ok(name) = std::str::from_utf8(name) else { return refuse("an entry's name is not UTF-8") };
        let [size, packed, header] = in_64(extra, [size, packed, header])?;
        if flags & 1 != 0 || method != 0 || packed != size {
            let problem = "is compressed or encrypted, and torch.save stores its entries";
            return refuse(format!("`{}` {problem}: save the weights again", clipped(name)));
        }
        let usize_of = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Ok(Self { name, method, sum, size: usize_of(size), header: usize_of(header) })
    }

    /// Where the data lie, from the entry's own header, which must be of the same entry.
    fn data(&self, file: &[u8], directory: usize) -> Result<Range<usize>> {
        let mut record = Record::new(file, self.header, "header of an entry");
        record.signature(LOCAL)?;
        record.bytes(4)?;
        let method = record.number(2)?;
        record.bytes(16)?;
        let (name, extra) = (record.number(2)? as usize, record.number(2)? as usize);
        if record.bytes(name)? != self.name.as_bytes() || method != self.method {
            return refuse(format!("`{}` has another header than in the directory", clipped(self.name)));
        }
        record.bytes(extra)?;
        let start = file.len() - record.rest.len();
        match start.checked_add(self.size).filter(|&stop| stop <= directory) {
            Some(stop) => Ok(start..stop),
            None => refuse(format!(
                "`{}` claims {} bytes from byte {start}, and there are {}",
                clipped(self.name),
                self.size,
                directory.saturating_sub(start)
            )),
        }
    }
}

/// The numbers, with those that did not fit into 32 bits taken from the extra field.
fn in_64(extra: &[u8], mut numbers: [u64; 3]) -> Result<[u64; 3]> {
    let mut fields = Record { rest: extra, what: "extra field of an entry", at: 0 };
    while numbers.contains(&IN_64) && !fields.rest.is_empty() {
        let (id, length) = (fields.number(2)?, fields.number(2)? as usize);
        let mut field = Record { rest: fields.bytes(length)?, ..fields };
        if id == 1 {
            for number in numbers.iter_mut().filter(|n| **n == IN_64) {
                *number = field.number(8)?;
            }
            break;
        }
    }
    Ok(numbers)
}
