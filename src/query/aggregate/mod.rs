//! Sales put together and measured. A line is one line of an order, whatever it is
//! joined with; an order is counted once, however many of its lines are looked at.

mod base;
mod by;
mod converted;
mod dimension;
mod gaps;
mod groups;
mod lake;
mod measure;
mod owned;
mod rollup;
mod statement;
mod totals;

pub use dimension::{DIMENSIONS, Dimension, SALES_GROUP};
pub use groups::{Engine, Groups, Top};
pub use lake::{Asked, Form, LakeAnswer, Shown};
pub use measure::{LineValue, MOST as MOST_MEASURES, Measure, Measures, Statistic, value};
pub use owned::{MeasureForm, Owners};
