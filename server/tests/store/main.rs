//! One suite for every store: the model's histories and the cases, each on SQLite and on real MongoDBs,
//! a replica set and a standalone server.
//!
//! MongoDB's addresses come from `PORCHLIGHT_TEST_MONGODB_URI` and `PORCHLIGHT_TEST_STANDALONE_URI`; without them its
//! part fails, it never skips.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by stopping")]

mod answers;
mod cases;
mod figures;
mod harness;
mod histories;
mod knowledge;
mod live;
mod migration;
mod model;
mod processes;
mod search;
mod sites;

mod suite {
    pub(crate) use crate::answers::*;
    pub(crate) use crate::cases::*;
    pub(crate) use crate::figures::*;
    pub(crate) use crate::knowledge::*;
    pub(crate) use crate::live::*;
    pub(crate) use crate::migration::*;
    pub(crate) use crate::processes::*;
    pub(crate) use crate::search::*;
    pub(crate) use crate::sites::*;
}

macro_rules! on_every_store {
    (cases: $($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                crate::suite::$case(crate::harness::sqlite().await).await;
            })+
        }

        mod mongodb {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                crate::suite::$case(crate::harness::mongodb().await).await;
            })+
        }

        mod standalone_mongodb {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                crate::suite::$case(crate::harness::standalone().await).await;
            })+
        }
    };
}

on_every_store! { cases:
    a_business_has_so_much_room,
    a_conversation_taken_back_leaves_nothing_and_does_not_return,
    a_document_takes_the_place_of_its_namesake,
    a_lead_is_as_old_as_its_oldest_chat,
    a_lead_is_left_with_its_other_conversations,
    a_lead_that_people_worked_on_stays_without_what_the_visitor_said,
    a_site_is_replaced_only_in_the_state_that_was_read,
    an_erased_leads_sessions_leave_the_leads_that_shared_them,
    a_lead_of_many_sessions_shows_the_newest_and_counts_all,
    a_message_kept_by_another_process_is_a_repetition,
    a_message_is_kept_once_within_a_batch_too,
    a_missing_seq_takes_the_next_number,
    messages_without_a_seq_stand_by_their_time,
    a_persons_first_answer_is_timed,
    a_lead_of_many_old_chats_is_erased_whole,
    a_returning_lead_keeps_what_people_decided,
    admins_are_apart,
    an_address_brought_to_another_process_is_seen,
    an_admin_is_unique_and_the_secret_stays,
    an_agents_message_is_one_of_the_session,
    an_answer_names_what_it_was_taken_from,
    an_answer_needs_its_question_and_no_person,
    an_answer_that_comes_late_takes_its_place,
    an_owed_answer_is_kept_once,
    a_model_of_ones_own_is_kept,
    budgets_hold_whoever_asks_at_once,
    what_a_model_drew_out_holds_until_something_is_added,
    an_edit_of_a_stale_lead_is_refused_and_a_no_op_changes_nothing,
    an_erased_lead_is_gone_and_replays_do_not_bring_it_back,
    another_process_finishes_what_a_crash_left,
    a_message_under_way_does_not_keep_an_erased_address,
    commits_at_the_same_time_are_each_answered,
    concurrent_edits_are_all_kept,
    conversations_of_a_lead_come_in_order,
    documents_of_businesses_are_apart,
    erasure_is_told_and_takes_the_mode_along,
    every_change_stands_in_the_history,
    figures_equal_a_full_scan_after_every_kind_of_change,
    filters_combine,
    history_reads_in_the_order_of_writing,
    keys_are_found_by_hash_until_they_are_revoked,
    leads_forget_what_the_old_way_deletes,
    lists_equal_a_full_scan,
    numbers_go_on_where_another_process_has_written,
    odd_text_is_kept_to_the_letter,
    old_chats_become_leads_once,
    sorts_and_walks_show_each_lead_once_with_ties,
    tags_of_old_chats_are_leads_since_they_are_there,
    the_assistant_is_silent_while_a_person_has_the_session,
    the_old_view_groups_chats_by_address,
    the_opener_is_answered_and_a_repetition_gets_the_same_answer,
    what_others_change_is_found_at_once,
    what_another_process_adds_is_known_soon,
    what_another_process_erased_stays_erased,
    what_happens_is_told_in_order_and_again,
    what_was_drawn_out_before_stands,
}

#[tokio::test(flavor = "multi_thread")]
async fn random_histories_end_as_the_model_on_sqlite() {
    histories::random_histories_end_as_the_model(harness::sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_histories_end_as_the_model_on_mongodb() {
    histories::random_histories_end_as_the_model(harness::mongodb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_captures_end_as_the_model_on_sqlite() {
    histories::concurrent_captures_end_as_the_model(harness::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_captures_end_as_the_model_on_mongodb() {
    histories::concurrent_captures_end_as_the_model(harness::mongodb().await).await;
}
