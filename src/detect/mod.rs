//! From measurements to suspects: series statistics, growth clusters, and what the source and the routes say of them.
//!
//! [`judge`] is the way in. [`resources`] and [`clusters`] find what grows, in the counts of resources and between
//! heap snapshots; [`from_resources`] and [`from_heap`] make suspects of it; [`merge`] joins the sides of one leak.

pub mod advice;
pub mod anchor;
mod answerable;
mod bounds;
pub mod cluster;
mod cluster_routes;
pub mod clusters;
pub mod counted;
mod declarations;
pub mod dominance;
mod evidence;
pub mod floors;
pub mod from_heap;
pub mod from_resources;
pub mod growers;
pub mod growing_way;
pub mod growth;
pub mod holder;
pub mod input;
pub mod intervals;
pub mod isolation;
pub mod judge;
pub mod listing;
mod load;
pub mod losses;
pub mod merge;
pub mod monitor;
pub mod naming;
pub mod observations;
mod piles;
pub mod profile;
pub mod proof;
pub mod resources;
pub mod routes;
mod rows;
pub mod series;
mod shared;
mod sides;
pub mod site;
pub mod sites;
mod slowing;
pub mod steps;
mod suspect_id;
mod timer_callbacks;
mod touches;
mod verdict;
mod worker_threads;
mod written;
