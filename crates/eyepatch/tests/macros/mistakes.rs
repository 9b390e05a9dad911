//! Every mistake that the macros catch, with the message that it gets. `TRYBUILD=overwrite` records new messages.

#[test]
fn mistakes_are_told_where_they_are() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("../../tests/ui/*.rs");
}
