//! The program from outside.

mod demo;
mod load;
mod pages;
