//! What answers a visitor when no person does.

mod builtin;

pub use builtin::reply;
