//! Region and fill maskers: the five published strategies and their dilations.
