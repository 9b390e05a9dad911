//! A dataset from a table, a folder of images and a folder of ROIs.
