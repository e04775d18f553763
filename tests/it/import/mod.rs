//! `athens import`: real module caches, checkouts, other roots; what is refused, and what a killed one leaves.

mod cache;
mod checkouts;
mod crawl;
mod interrupted;
mod outcomes;
mod roots;
