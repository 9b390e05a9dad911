//! The facade: prelude, main macro and command line.
