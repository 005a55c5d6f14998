//! The whole system as a visitor and a business see it: a real browser on a page of `examples/site`, the widget,
//! the Workers runtime, the server, and a real database behind it.
//!
//! Everything that is needed is named by `PORCHLIGHT_TEST_…` variables, which `cargo xtask test` sets; what is
//! missing fails the test, nothing is skipped.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by stopping")]

mod api;
mod bad_input;
mod browser;
mod business;
mod crash;
mod database;
mod edge;
mod examples;
mod faults;
mod firefox;
mod headers;
mod knowledge;
mod listener;
mod live;
mod look;
mod mail;
mod migration;
mod outage;
mod outbox;
mod pages;
#[path = "../../server/tests/assistant/provider.rs"]
#[expect(dead_code, reason = "the server's own tests use all of it")]
mod provider;
mod signature;
mod site;
mod streams;
mod system;
mod tenants;
mod visit;
mod visitor;
mod widget;
