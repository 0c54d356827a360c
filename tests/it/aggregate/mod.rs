//! Sales totals by group.

mod groups;
mod measures;
mod owned;
mod pages;
mod real;
mod refuse;
mod rollup;
