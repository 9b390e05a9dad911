//! From declared experiments to a plan of cells, a run store, and results.
