//! The schema: DDL only, up and down.
