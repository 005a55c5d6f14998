//! Answers as visitors hear them: over HTTP, through the real router, on SQLite and on a real MongoDB.
//!
//! MongoDB's address comes from `PORCHLIGHT_TEST_MONGODB_URI`; without it the MongoDB half fails, it never skips.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by stopping")]

mod harness;
mod streaming;

mod suite {
    pub(crate) use crate::streaming::*;
}

macro_rules! on_every_store {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                crate::suite::$case(crate::harness::Place::sqlite()).await;
            })+
        }

        mod mongodb {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                crate::suite::$case(crate::harness::Place::mongodb()).await;
            })+
        }
    };
}

on_every_store! {
    an_answer_comes_as_events,
}
