//! Answers as visitors hear them: over HTTP, through the real router, on SQLite and on a real MongoDB.
//!
//! MongoDB's address comes from `PORCHLIGHT_TEST_MONGODB_URI`; without it the MongoDB half fails, it never skips.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by stopping")]

mod extraction;
mod harness;
mod model;
mod provider;
mod security;
mod streaming;

mod suite {
    pub(crate) use crate::extraction::*;
    pub(crate) use crate::model::*;
    pub(crate) use crate::security::*;
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
    a_busy_model_is_asked_again_when_it_has_said,
    a_model_that_fails_at_once_is_not_noticed,
    a_person_silences_the_model,
    a_models_links_lead_to_the_business_alone,
    a_persons_words_are_never_replaced,
    a_prompt_holds_its_own_session_and_nothing_else,
    a_site_key_alone_never_has_a_session_read,
    a_business_may_have_a_model_of_its_own,
    a_spent_budget_is_answered_without_the_model,
    an_answer_comes_as_events,
    an_answer_is_written_to_its_end_for_who_went_away,
    an_answer_that_breaks_off_is_an_error_and_the_capture_stands,
    requirements_are_drawn_out_once_the_visitor_pauses,
    rubbish_leaves_the_built_in_requirements,
    what_a_crash_left_unanswered_is_answered_when_it_comes_again,
    who_takes_no_stream_waits_a_short_while_and_then_not_at_all,
    words_come_as_the_model_writes_them,
}
