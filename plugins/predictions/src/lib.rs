//! A model that arrives as a score file written by any other software.
