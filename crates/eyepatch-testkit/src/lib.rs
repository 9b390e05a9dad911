//! Property-test strategies and the laws every plugin must keep.
