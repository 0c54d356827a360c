//! What the product sends to a cluster. Where the tests have none, these are the statements for
//! one: its database is read and written as a cluster is, and they keep to the rules of one.
//! Those of queries are looked at where their answers are compared, in `scope`.

mod lake;
mod loads;
mod seen;
mod sources;
mod written;
