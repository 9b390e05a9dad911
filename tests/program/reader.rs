//! A reader study from a run to its scores.
