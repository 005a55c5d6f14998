//! The Porchlight server: keeps every capture once, one exact lead a person, and serves the leads API.
//!
//! Start reading at [`app`] (the routes), go on with [`capture`] (one message's way) and [`store`] (what is kept).

pub mod assistant;
pub mod conversation;
pub mod leads;
pub mod requirements;
pub mod store;
