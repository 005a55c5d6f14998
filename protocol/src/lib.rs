//! What the parts of Porchlight share: ids, wire types, and what counts as an e-mail address.
//!
//! No I/O, no clock, no randomness; it compiles for the server, the edge and the browser alike.

pub mod capture;
pub mod email;
pub mod fields;
pub mod ids;
pub mod lead;
pub mod origins;
pub mod problem;
pub mod signature;
pub mod site;
pub mod time;
pub mod widget;
