//! Curated tables, as other programs read them.



mod readers;


