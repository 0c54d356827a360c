//! What a caller may not see does not exist for it: an answer tells nothing of it, be it by
//! its content, a count, an error, an order or an estimate.

mod cluster;
mod documents;
mod exports;
mod filters;
mod grants;
mod random;
mod sdl;
mod tables;
mod twins;
mod walk;
