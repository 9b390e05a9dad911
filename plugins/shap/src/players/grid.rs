use super::Segmentation;
use crate::Error;

/// Cells of nearly equal size, rows first, as many as fit: no cell is empty.
pub(super) fn grid(height: usize, width: usize, rows: usize, columns: usize) -> Result<Segmentation, Error> {
    let (rows, columns) = (rows.clamp(1, height), columns.clamp(1, width));
    let player = |pixel: usize| {
        let (y, x) = (pixel / width, pixel % width);
        // The cell whose range holds the pixel: cell i starts at i * side / cells, rounded up.
        (y * rows / height) * columns + x * columns / width
    };
    let players: Vec<usize> = (0..height * width).map(player).collect();
    let name = |cell: usize| format!("row {}, column {}", cell / columns + 1, cell % columns + 1);
    Segmentation::new(height, width, &players, (0..rows * columns).map(name).collect())
}
