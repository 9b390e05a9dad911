use proptest::prelude::*;

use super::*;

#[test]
fn reads_back_and_starts_data_at_64_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.npy");
    let bytes = encode("|u1", &[2, 3], &[1, 2, 3, 4, 5, 6]);
    assert_eq!((bytes.len() - 6) % 64, 0);
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(read(&path, "|u1", &[2, 3], 1).unwrap(), [1, 2, 3, 4, 5, 6]);
    assert!(matches!(read(&path, "|u1", &[3, 2], 1), Err(Error::Damaged { .. })));
}

/// A header as NumPy 2.3 writes it, byte for byte (`numpy.save` of `zeros((2, 3), "<u2")`).
#[test]
fn reads_what_numpy_writes() {
    let mut bytes =
        b"\x93NUMPY\x01\x00v\x00{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3), }".to_vec();
    bytes.resize(127, b' ');
    bytes.push(b'\n');
    let header = Header::parse(&bytes).unwrap();
    assert_eq!(header, Header { element: Element::U16, shape: vec![2, 3], start: 128 });
    assert_eq!(header.length().unwrap(), 12);
}

fn parsed(text: &str) -> Result<Header> {
    let length = u16::try_from(text.len()).unwrap();
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(length.to_le_bytes());
    bytes.extend(text.as_bytes());
    Header::parse(&bytes)
}

#[test]
fn order_quotes_and_blanks_do_not_matter() {
    for text in [
        "{'shape': (4,), 'descr': '|u1', 'fortran_order': False}",
        "{\"descr\":\"|u1\",\"fortran_order\":True,\"shape\":(4,),}\n",
        " { 'descr' : '<u1' , 'fortran_order' : False , 'shape' : ( 4L, ) , } ",
    ] {
        let header = parsed(text).unwrap();
        assert_eq!((header.element, header.shape), (Element::U8, vec![4]), "{text}");
    }
    assert_eq!(parsed("{'descr': '<f4', 'fortran_order': False, 'shape': ()}").unwrap().length().unwrap(), 4);
}

#[test]
fn what_is_not_read_is_said() {
    for (text, problem) in [
        ("{'descr': '>u2', 'fortran_order': False, 'shape': (4,)}", "numbers are \">u2\""),
        ("{'descr': [('a', '<u2')], 'fortran_order': False, 'shape': (4,)}", "records"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (4,)}", "numbers are \"|O\""),
        ("{'descr': '|u1', 'fortran_order': True, 'shape': (4, 4)}", "Fortran order"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (4)}", "dictionary"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (-4,)}", "dictionary"),
        ("{'descr': '|u1', 'fortran_order': False}", "dictionary"),
        ("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (4,)}", "dictionary"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4)}", "any memory"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (9223372036854775807,)}", "any memory"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}", "dictionary"),
    ] {
        let error = parsed(text).unwrap_err().to_string();
        assert!(error.contains(problem), "{text}: {error}");
    }
    assert!(Header::parse(b"PK\x03\x04").unwrap_err().to_string().contains("does not begin"));
    assert!(Header::parse(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{").unwrap_err().to_string().contains("longer"));
    assert!(Header::parse(b"\x93NUMPY\x01\x00\x76\x00{'descr'").unwrap_err().to_string().contains("cut off"));
}

#[test]
fn a_header_can_be_written_over_with_another_shape() {
    let (small, large) = (header("|u1", &[0, 512, 512], 128), header("|u1", &[112_120, 512, 512], 128));
    assert_eq!((small.len(), large.len()), (128, 128));
    assert_eq!(Header::parse(&large).unwrap().shape, [112_120, 512, 512]);
}

proptest! {
    #[test]
    fn damage_is_an_error_and_never_a_panic(
        at in 0usize..128, byte in any::<u8>(), cut in 0usize..140, noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let whole = encode("<u2", &[7, 5, 3], &[0; 12]);
        let mut spoilt = whole.clone();
        spoilt[at] = byte;
        if let Ok(header) = Header::parse(&spoilt) {
            prop_assert!(header.start <= spoilt.len());
        }
        prop_assert!(Header::parse(&whole[..cut.min(127)]).is_err());
        let _ = Header::parse(&noise);
        let _ = Header::parse(&[MAGIC, &[1, 0, 100, 0], &noise].concat());
    }

    #[test]
    fn what_is_written_is_read(shape in prop::collection::vec(0usize..1000, 0..6), which in 0usize..3) {
        let element = [Element::U8, Element::U16, Element::F32][which];
        let bytes = encode(element.descr(), &shape, &[]);
        prop_assert_eq!(Header::parse(&bytes).unwrap(), Header { element, shape, start: bytes.len() });
    }
}
