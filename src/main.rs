//! The `salesgraph` program.

fn main() {}
