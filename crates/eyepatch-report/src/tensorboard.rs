//! Training curves as TensorBoard event files.
//!
//! A file is a sequence of records (length, its checksum, bytes, their checksum: TensorFlow's `record_writer.cc`), each a
//! protocol buffer `Event` (`event.proto`, `summary.proto`).

use eyepatch_core::Epoch;

use crate::schema::{AuditResult, Training};

/// An event file for each model of an audit: its path, `TRAINED/fold-N/events.out.tfevents.0.eyepatch` with folds from 0,
/// and its bytes. Models without a history have none.
#[must_use]
pub fn files(audit: &AuditResult) -> Vec<(String, Vec<u8>)> {
    paths(&audit.model.training).into_iter().map(|(path, t)| (path, events(&t.history))).collect()
}

/// Trainings that have a history, each with the path of its file.
fn paths(all: &[Training]) -> Vec<(String, &Training)> {
    let mut folders: Vec<(&str, String)> = vec![];
    let mut paths = vec![];
    for t in all.iter().filter(|t| !t.history.is_empty()) {
        if !folders.iter().any(|(trained, _)| *trained == t.trained) {
            let safe = |c: char| if c.is_ascii_alphanumeric() || "-+".contains(c) { c } else { '_' };
            let mut folder: String = t.trained.chars().map(safe).collect();
            // Different names may look alike now.
            while folder.is_empty() || folders.iter().any(|(_, other)| other.eq_ignore_ascii_case(&folder)) {
                folder.push('_');
            }
            folders.push((&t.trained, folder));
        }
        let folder = folders.iter().find(|(trained, _)| *trained == t.trained).map_or("_", |(_, f)| f);
        paths.push((format!("{folder}/fold-{}/events.out.tfevents.0.eyepatch", t.fold), t));
    }
    paths
}

/// The events of one training: `loss/train`, `loss/validation` and `learning rate` at each epoch (the step, from 1).
/// Wall times are the epoch in seconds since 1970, so that the same training gives the same bytes.
#[must_use]
pub fn events(history: &[Epoch]) -> Vec<u8> {
    let mut file = vec![];
    let mut version = field(1, &0f64.to_le_bytes(), Wire::Fixed64);
    version.extend(field(3, b"brain.Event:2", Wire::Bytes));
    record(&mut file, &version);
    for epoch in history {
        let values = [
            ("loss/train", Some(epoch.train_loss)),
            ("loss/validation", epoch.validation_loss),
            ("learning rate", epoch.learning_rate),
        ];
        let mut summary = vec![];
        for (tag, value) in values.into_iter().filter_map(|(tag, value)| Some((tag, value?))) {
            let mut scalar = field(1, tag.as_bytes(), Wire::Bytes);
            scalar.extend(field(2, &(value as f32).to_le_bytes(), Wire::Fixed32));
            summary.extend(field(1, &scalar, Wire::Bytes));
        }
        let mut event = field(1, &(epoch.epoch as f64).to_le_bytes(), Wire::Fixed64);
        event.extend(field(2, &varint(epoch.epoch as u64), Wire::Varint));
        event.extend(field(5, &summary, Wire::Bytes));
        record(&mut file, &event);
    }
    file
}

/// How a protocol buffer's field is written.
#[derive(Clone, Copy)]
enum Wire {
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}

fn field(number: u64, value: &[u8], wire: Wire) -> Vec<u8> {
    let mut bytes = varint(number << 3 | wire as u64);
    if matches!(wire, Wire::Bytes) {
        bytes.extend(varint(value.len() as u64));
    }
    bytes.extend(value);
    bytes
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = vec![];
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn record(file: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u64).to_le_bytes();
    for part in [&length[..], &masked(&length), data, &masked(data)] {
        file.extend(part);
    }
}

/// CRC-32C, rotated and shifted as TensorFlow stores it.
fn masked(data: &[u8]) -> [u8; 4] {
    crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// Castagnoli's CRC, bit by bit: event files are short.
fn crc32c(data: &[u8]) -> u32 {
    !data.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82f6_3b78 * (crc & 1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_castagnoli() {
        // RFC 3720, B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
    }

    #[test]
    fn every_model_has_a_file_of_its_own() {
        let training = |trained: &str, fold| Training {
            trained: trained.into(),
            fold,
            history: vec![Epoch { epoch: 1, train_loss: 0.5, validation_loss: None, learning_rate: None }],
        };
        let silent = Training { history: vec![], ..training("Silent", 0) };
        let all = [
            training("a/b", 0),
            training("a_b", 0),
            training("A/B", 1),
            training("../x", 0),
            training("a/b", 1),
            silent,
        ];
        let names: Vec<String> = paths(&all).into_iter().map(|(path, _)| path).collect();
        let folders: Vec<&str> =
            names.iter().map(|n| n.strip_suffix("/events.out.tfevents.0.eyepatch").unwrap()).collect();
        assert_eq!(folders, ["a_b/fold-0", "a_b_/fold-0", "A_B__/fold-1", "___x/fold-0", "a_b/fold-1"]);
    }

    /// The file that TensorBoard's own writer makes of the same events: `tests/golden/events.py`.
    #[test]
    fn bytes_are_those_of_tensorboard() {
        let epoch = |epoch, train_loss, validation_loss, learning_rate| Epoch {
            epoch,
            train_loss,
            validation_loss,
            learning_rate,
        };
        let history = [
            epoch(1, 0.75, Some(0.8125), Some(1e-4)),
            epoch(2, 0.1, None, None),
            epoch(300, 1e9, Some(0.0), Some(0.5)),
        ];
        assert_eq!(events(&history), include_bytes!("../tests/golden/events.tfevents"));
    }
}
