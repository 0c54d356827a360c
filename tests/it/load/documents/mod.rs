//! Orders as JSON documents.

mod answers;
mod large;
mod pages;
mod rejects;
mod same;
mod turns;

use crate::support::sample::{CUSTOMER, INVENTORY, OFFER, PERSON, PRODUCT, RATE, STORE, TERRITORY};

/// All files of a sample but those of orders and lines.
const OTHERS: [&str; 8] = [PERSON, PRODUCT, CUSTOMER, OFFER, INVENTORY, TERRITORY, STORE, RATE];
