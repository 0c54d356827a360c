//! Sales totals by group.

mod columns;
mod currency;
mod groups;
mod measures;
mod owned;
mod pages;
mod real;
mod refuse;
mod rollup;
