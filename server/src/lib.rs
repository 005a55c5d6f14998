//! The Porchlight server: keeps every capture once, one exact lead a person, and serves the leads API.
//!
//! Start reading at [`app`] (the routes), go on with [`capture`] (one message's way) and [`store`] (what is kept).

pub mod analytics;
pub mod app;
pub mod assets;
pub mod assistant;
pub mod auth;
pub mod body;
pub mod capture;
pub mod chat_events;
pub mod chats;
pub mod clock;
pub mod commands;
pub mod config;
pub mod conversation;
pub mod error;
pub mod headers;
pub mod key_uses;
pub mod keys;
pub mod knowledge;
pub mod leads;
pub mod legacy;
pub mod live;
pub mod metrics;
pub mod middleware;
pub mod notices;
pub mod openapi;
pub mod origins;
pub mod params;
pub mod requirements;
pub mod site;
pub mod sites;
pub mod store;
pub mod visitors;
