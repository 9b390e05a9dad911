use eyepatch_kernels::roi::components::{Connectivity, fill_holes, label};
use eyepatch_kernels::roi::{area, centroid};

use super::{crc32, mask_crc, records, unpack};

#[test]
fn parts_and_holes_equal_opencv_and_scipy() {
    let masks: Vec<_> = records(include_str!("morphology.txt")).collect();
    let mut seen = 0;
    for fields in records(include_str!("components.txt")) {
        let source = &masks[fields[0].parse::<usize>().unwrap()];
        let (w, h): (usize, usize) = (source[1].parse().unwrap(), source[2].parse().unwrap());
        let mask = unpack(source[3], w * h);
        let connectivity = if fields[1] == "4" { Connectivity::Four } else { Connectivity::Eight };
        let name = format!("{} {w}x{h}, {connectivity:?}", source[0]);

        let found = label(&mask, w, h, connectivity).unwrap();
        assert_eq!(found.parts().len().to_string(), fields[2], "{name}");
        let labels: Vec<u8> = found.labels().iter().flat_map(|l| l.to_le_bytes()).collect();
        assert_eq!(format!("{:08x}", crc32(&labels, 0)), fields[3], "{name}");
        assert_eq!(mask_crc(&fill_holes(&mask, w, h, connectivity).unwrap()), fields[4], "{name}");
        for (part, field) in found.parts().iter().zip(&fields[5..]) {
            let numbers: Vec<f64> = field.split(',').map(|n| n.parse().unwrap()).collect();
            let b = part.bounds;
            let whole = [part.area, b.x0, b.y0, b.x1, b.y1].map(|n| n as f64);
            assert_eq!(whole, numbers[..5], "{name}");
            let (x, y) = part.centroid;
            assert!((x - numbers[5]).abs() < 1e-10 && (y - numbers[6]).abs() < 1e-10, "{name}: {x}, {y}");
        }
        if let [part] = found.parts() {
            assert_eq!(
                (area(&mask), centroid(&mask, w, h).unwrap()),
                (part.area, Some(part.centroid)),
                "{name}"
            );
        }
        seen += 1;
    }
    assert_eq!(seen, 2 * masks.len());
}
