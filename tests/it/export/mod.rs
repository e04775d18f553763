//! `athens export`: what goes into bundles, and what comes out of them elsewhere.

mod damaged;
mod selected;
mod there_and_back;
