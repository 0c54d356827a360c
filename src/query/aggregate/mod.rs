//! Sales put together and measured. A line is one line of an order, whatever it is
//! joined with; an order is counted once, however many of its lines are looked at.

mod answer;
mod base;
mod by;
mod columns;
mod converted;
mod decimal;
mod dimension;
mod gaps;
mod groups;
mod lake;
mod measure;
mod owned;
mod resolve;
mod rollup;
mod row_of;
mod shown;
mod statement;
mod total;
mod totals;

pub use answer::{Answer, Form};
pub use columns::FromColumns;
pub use dimension::{DIMENSIONS, Dimension, SALES_GROUP};
pub use groups::{Engine, Groups, Top};
pub use lake::Asked;
pub use measure::{LineValue, MOST as MOST_MEASURES, Measure, Measures, Statistic, value};
pub use owned::{MeasureForm, Owners};
pub use shown::Shown;
