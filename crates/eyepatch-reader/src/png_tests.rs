use super::*;

/// Names of a PNG file's chunks, in their order.
fn chunks(file: &[u8]) -> Vec<String> {
    let (mut at, mut names) = (8, Vec::new());
    while at < file.len() {
        let length = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        names.push(String::from_utf8(file[at + 4..at + 8].to_vec()).unwrap());
        at += length + 12;
    }
    names
}

fn read(file: &[u8]) -> (png::OutputInfo, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    (info, bytes)
}

#[test]
fn pixels_come_back_and_nothing_else_is_there() {
    let eight = Image::new(3, 2, 1, Pixels::U8(vec![0, 1, 2, 200, 254, 255])).unwrap();
    let deep = Image::new(2, 2, 1, Pixels::U16(vec![0, 1, 4095, 65535])).unwrap();
    let colour = Image::new(1, 2, 3, Pixels::U8(vec![1, 2, 3, 4, 5, 6])).unwrap();
    let files = encode(&[eight, deep, colour]).unwrap();
    for file in &files {
        let mut names = chunks(file);
        names.dedup();
        assert_eq!(names, ["IHDR", "IDAT", "IEND"]);
    }
    assert_eq!(read(&files[0]).1, [0, 1, 2, 200, 254, 255]);
    let (info, bytes) = read(&files[1]);
    assert_eq!((info.bit_depth, bytes), (png::BitDepth::Sixteen, vec![0, 0, 0, 1, 15, 255, 255, 255]));
    assert_eq!(read(&files[2]).1, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn floats_share_one_scale() {
    let float = |v: Vec<f32>| Image::new(2, 1, 1, Pixels::F32(v)).unwrap();
    let within = encode(&[float(vec![0.0, 0.5]), float(vec![0.25, 1.0])]).unwrap();
    assert_eq!(read(&within[0]).1, [0, 0, 128, 0]);
    let beyond = encode(&[float(vec![-1.0, 0.0]), float(vec![0.0, 3.0])]).unwrap();
    // -1 is black and 3 white; 0 is the same grey in both.
    assert_eq!(read(&beyond[0]).1, [0, 0, 64, 0]);
    assert_eq!(read(&beyond[1]).1, [64, 0, 255, 255]);
}
