use super::*;

fn stamp(ulid: &str) -> Stamp {
    Stamp { ulid: ulid.to_owned(), ..Stamp::default() }
}

/// A widget whose settings are known, and which may send at once.
fn fresh() -> State {
    dressed(Settings::default())
}

fn dressed(settings: Settings) -> State {
    let mut state = State::default();
    state.update(Event::Restored(None, Vec::new(), String::new()));
    state.update(Event::Dressed(Box::new(settings)));
    state
}

fn say(state: &mut State, text: &str, ulid: &str) -> Vec<Effect> {
    state.update(Event::Typed(text.to_owned()));
    let mut effects = state.update(Event::Submitted(stamp(ulid)));
    if effects.contains(&Effect::Lock) {
        effects.extend(state.update(Event::Locked(None)));
    }
    effects
}

fn take(state: &mut State, id: &str, answer: Answer) -> Vec<Effect> {
    state.update(Event::Taken(id.into(), answer, 0.5))
}

fn answer(token: &str) -> Answer {
    Answer { session_token: Some(token.to_owned()), ..Answer::default() }
}

fn line(id: &str, role: &str) -> Line {
    Line { id: id.into(), role: role.into(), ..Line::default() }
}

fn ids(state: &State) -> Vec<&str> {
    state.lines.iter().map(|line| line.id.as_str()).collect()
}

fn sent(effects: &[Effect]) -> Option<(&str, Option<&str>)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Send(outgoing, token) => Some((outgoing.message_id.as_str(), token.as_deref())),
        _ => None,
    })
}

fn kept(effects: &[Effect]) -> Vec<&Outgoing> {
    let kept = effects.iter().filter_map(|effect| match effect {
        Effect::Keep(outgoing) => Some(outgoing),
        _ => None,
    });
    kept.collect()
}

fn waited(effects: &[Effect]) -> Option<u32> {
    effects.iter().find_map(|effect| match effect {
        Effect::Wait(milliseconds) => Some(*milliseconds),
        _ => None,
    })
}

fn left(id: &str, seq: u32) -> Outgoing {
    Outgoing { session_id: "sess_1".into(), message_id: id.into(), seq, ..Outgoing::default() }
}

fn session(token: Option<&str>) -> Session {
    Session { id: "sess_1".into(), token: token.map(str::to_owned), next_seq: 2, ..Session::default() }
}

#[test]
fn a_message_is_kept_before_it_is_sent_and_forgotten_when_it_is_taken() {
    let mut state = fresh();
    let effects = say(&mut state, "  Hello ", "1");
    let at = |wanted: fn(&Effect) -> bool| effects.iter().position(wanted).unwrap();
    assert!(at(|e| matches!(e, Effect::Keep(_))) < at(|e| matches!(e, Effect::Send(..))));
    assert_eq!((kept(&effects)[0].text.as_str(), kept(&effects)[0].seq), ("Hello", 0));
    assert_eq!(sent(&effects), Some(("msg_1", None)));
    assert_eq!(state.lines[0].delivery, Delivery::Kept);
    let effects = take(&mut state, "msg_1", answer("st_1"));
    assert!(effects.contains(&Effect::Forget("msg_1".into())) && effects.contains(&Effect::Unlock));
    assert_eq!(state.lines[0].delivery, Delivery::Stored);
    assert_eq!(sent(&say(&mut state, "More", "2")), Some(("msg_2", Some("st_1"))));
}

#[test]
fn messages_go_one_by_one_in_their_order() {
    let mut state = fresh();
    assert_eq!(sent(&say(&mut state, "one", "1")), Some(("msg_1", None)));
    assert_eq!(sent(&say(&mut state, "two", "2")), None);
    assert_eq!(sent(&take(&mut state, "msg_1", answer("st_1"))), Some(("msg_2", Some("st_1"))));
}

#[test]
fn a_refused_message_keeps_nobody_waiting_and_can_be_sent_again() {
    let mut state = fresh();
    say(&mut state, "one", "1");
    say(&mut state, "two", "2");
    let effects = state.update(Event::Refused("msg_1".into(), "too odd".into()));
    assert_eq!(sent(&effects), Some(("msg_2", None)));
    assert!(effects.contains(&Effect::Tell(News::Error("msg_1".into(), "too odd".into()))));
    assert_eq!(state.lines[0].delivery, Delivery::Failed("too odd".into()));
    take(&mut state, "msg_2", Answer::default());
    assert_eq!(state.update(Event::Retried("msg_1".into())).last(), Some(&Effect::Lock));
    assert_eq!(sent(&state.update(Event::Locked(None))), Some(("msg_1", None)));
}

#[test]
fn pauses_grow_with_chance_and_honour_the_servers_wish() {
    let mut state = fresh();
    say(&mut state, "one", "1");
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let effects = state.update(Event::Unanswered("msg_1".into(), None, 1.0));
        pauses.extend(waited(&effects));
        assert_eq!(sent(&say(&mut state, "more", "x")), None, "nothing is sent during a pause");
        assert_eq!(sent(&state.update(Event::Awake(true))), Some(("msg_1", None)));
    }
    assert_eq!(pauses, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
    let effects = state.update(Event::Unanswered("msg_1".into(), Some(90.0), 0.0));
    assert_eq!(effects, [Effect::Wait(90_000)]);
    state.update(Event::Awake(true));
    assert_eq!(state.update(Event::Unanswered("msg_1".into(), None, 0.0)), [Effect::Wait(1_000)]);
}

#[test]
fn what_the_edge_has_is_asked_for_until_the_server_has_it() {
    let mut state = fresh();
    say(&mut state, "one", "1");
    let effects = take(&mut state, "msg_1", Answer { queued: true, ..Answer::default() });
    assert!(kept(&effects)[0].queued && waited(&effects).is_some() && effects.contains(&Effect::Unlock));
    assert_eq!(state.lines[0].delivery, Delivery::Queued);
    assert_eq!(sent(&say(&mut state, "two", "2")), Some(("msg_2", None)), "the next one does not wait");
    take(&mut state, "msg_2", answer("st_1"));
    assert!(state.update(Event::Awake(true)).contains(&Effect::Lock));
    assert_eq!(sent(&state.update(Event::Locked(None))), Some(("msg_1", Some("st_1"))));
    take(&mut state, "msg_1", answer("st_1"));
    assert_eq!(state.lines[0].delivery, Delivery::Stored);
}

#[test]
fn a_reload_goes_on_where_it_was() {
    let mut state = State::default();
    let mut known = session(Some("st_1"));
    known.email = Some("a@b.com".into());
    let old = Outgoing { sent_at: "2026-01-01".into(), ..left("msg_old", 0) };
    let young = |id: &str, seq| Outgoing { sent_at: "2026-01-09".into(), ..left(id, seq) };
    let restored = vec![young("msg_b", 2), young("msg_a", 1), old];
    let mut effects = state.update(Event::Restored(Some(known), restored, "2026-01-02".into()));
    assert!(effects.contains(&Effect::LoadHistory("sess_1".into(), "st_1".into())));
    assert_eq!(state.lines[0].delivery, Delivery::Failed("expired".into()));
    effects = state.update(Event::Dressed(Box::default()));
    assert_eq!(effects, [Effect::Lock]);
    effects = state.update(Event::Locked(None));
    assert_eq!(sent(&effects), Some(("msg_a", Some("st_1"))));
    assert_eq!(state.address.email.as_deref(), Some("a@b.com"));
    state.update(Event::History(vec![line("msg_0", "visitor"), line("msg_a", "visitor")]));
    assert_eq!(ids(&state), ["msg_0", "msg_a", "msg_old", "msg_b"]);
}

#[test]
fn a_full_outbox_says_so_and_keeps_what_it_has() {
    let mut state = fresh();
    let mut refused = 0;
    for number in 0..502 {
        let effects = say(&mut state, "x", &number.to_string());
        refused += usize::from(kept(&effects).is_empty());
    }
    assert_eq!(refused, 2);
    assert_eq!(state.lines.last().map(|line| &line.delivery), Some(&Delivery::Failed("full".into())));
}

#[test]
fn a_message_that_the_browser_cannot_keep_gets_no_tick_and_is_sent() {
    let mut state = fresh();
    let effects = say(&mut state, "one", "1");
    assert!(sent(&effects).is_some());
    state.update(Event::Unkept("msg_1".into()));
    assert_eq!(state.lines[0].delivery, Delivery::Held);
    state.update(Event::Unanswered("msg_1".into(), None, 0.0));
    assert!(sent(&state.update(Event::Awake(true))).is_some());
}

#[test]
fn another_tab_takes_over_what_a_closed_one_has_left() {
    let mut state = fresh();
    let effects = state.update(Event::SessionElsewhere(Some(session(None))));
    assert_eq!(effects, []);
    assert_eq!(state.update(Event::KeptElsewhere(left("msg_a", 0))), [Effect::Lock]);
    assert_eq!(sent(&state.update(Event::Locked(Some(vec![left("msg_a", 0)])))), Some(("msg_a", None)));
}

#[test]
fn another_tab_sends_nothing_that_was_sent_meanwhile() {
    let mut state = fresh();
    state.update(Event::SessionElsewhere(Some(session(Some("st_1")))));
    state.update(Event::KeptElsewhere(left("msg_a", 0)));
    let effects = state.update(Event::Locked(Some(Vec::new())));
    assert_eq!(sent(&effects), None);
    assert!(effects.contains(&Effect::LoadHistory("sess_1".into(), "st_1".into())));
    assert!(effects.contains(&Effect::Unlock));
    assert_eq!(state.lines[0].delivery, Delivery::Queued, "the history says whether it is stored");
    state.update(Event::History(vec![line("msg_a", "visitor")]));
    assert_eq!(state.lines[0].delivery, Delivery::Stored);
}

#[test]
fn numbers_go_on_where_another_tab_has_stopped() {
    let mut state = fresh();
    say(&mut state, "one", "1");
    let kept_by_other = Session { id: "sess_1".into(), next_seq: 7, ..Session::default() };
    let stamp = Stamp { session: Some(kept_by_other), ..stamp("2") };
    let effects = state.update(Event::Said("two".into(), stamp));
    assert_eq!(kept(&effects)[0].seq, 7);
}

#[test]
fn leaving_flushes_what_fits_and_keeps_it_all() {
    let mut state = fresh();
    for number in 0..10 {
        say(&mut state, &"x".repeat(3_999), &number.to_string());
    }
    for number in 10..19 {
        say(&mut state, &"ж".repeat(3_999), &number.to_string());
    }
    let effects = state.update(Event::Leaving);
    let flushed = effects.iter().filter(|effect| matches!(effect, Effect::Flush(..))).count();
    assert_eq!(flushed, 10, "ten of 4.5 KB fit, the next of 8.5 KB does not");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Forget(_))));
    assert_eq!(effects.last(), Some(&Effect::Unlock));
}

#[test]
fn an_answer_grows_word_by_word() {
    let mut state = fresh();
    say(&mut state, "one", "1");
    take(&mut state, "msg_1", answer("st_1"));
    assert!(state.typing);
    state.update(Event::Delta("msg_1".into(), "Hel".into()));
    state.update(Event::Delta("msg_1".into(), "lo".into()));
    assert!(!state.typing);
    assert_eq!((state.lines[1].text.as_str(), state.lines[1].partial), ("Hello", true));
    let effects = state.update(Event::Reply("msg_1".into(), line("msg_r", "assistant")));
    assert!(effects.contains(&Effect::Tell(News::Message(line("msg_r", "assistant")))));
    assert_eq!(ids(&state), ["msg_1", "msg_r"]);
    assert_eq!(state.update(Event::Ended("msg_1".into())), []);
    assert!(!state.typing);
}

#[test]
fn an_answer_that_breaks_off_is_read_from_the_history() {
    let mut state = fresh();
    say(&mut state, "one", "1");
    take(&mut state, "msg_1", answer("st_1"));
    state.update(Event::Delta("msg_1".into(), "Hel".into()));
    let effects = state.update(Event::Ended("msg_1".into()));
    assert_eq!(effects, [Effect::LoadHistory("sess_1".into(), "st_1".into())]);
    assert_eq!(ids(&state), ["msg_1"]);
}

#[test]
fn what_arrives_while_closed_is_unread_until_the_panel_opens() {
    let mut state = State::default();
    let known = Session { seen: Some("m_2".into()), ..session(Some("st_1")) };
    state.update(Event::Restored(Some(known), Vec::new(), String::new()));
    state.update(Event::Dressed(Box::default()));
    let history = ["m_1", "m_2", "m_3", "m_4"].map(|id| line(id, "agent"));
    state.update(Event::History(history.to_vec()));
    assert_eq!(state.unread, 2);
    let effects = state.update(Event::Opened);
    assert_eq!(state.unread, 0);
    let seen = effects.iter().any(
        |effect| matches!(effect, Effect::KeepSession(session) if session.seen.as_deref() == Some("m_4")),
    );
    assert!(seen);
    state.update(Event::Arrived(line("m_5", "agent")));
    assert_eq!((state.unread, state.lines.len()), (0, 5));
    state.update(Event::Arrived(line("m_5", "agent")));
    assert_eq!(state.lines.len(), 5, "nothing is shown twice");
}

#[test]
fn a_person_is_heard_behind_a_closed_panel_as_long_as_somebody_looks_at_the_page() {
    let mut state = State::default();
    let listen = Effect::Listen("sess_1".into(), "st_1".into(), None);
    let effects = state.update(Event::Restored(Some(session(Some("st_1"))), Vec::new(), String::new()));
    assert!(effects.contains(&listen));
    state.update(Event::Arrived(line("m_1", "agent")));
    assert_eq!(state.unread, 1);
    state.update(Event::Opened);
    assert!(!state.update(Event::Closed).contains(&Effect::Deafen));
    assert_eq!(state.update(Event::Hidden), [Effect::Deafen]);
    assert_eq!(state.update(Event::Listening), []);
    assert!(!state.update(Event::Awake(true)).contains(&listen), "a pause that ends brings nobody to look");
    assert!(state.update(Event::Awake(false)).contains(&listen));
}

#[test]
fn what_the_server_asks_to_wait_is_waited_whatever_wakes_the_page() {
    let mut state = fresh();
    say(&mut state, "one", "1");
    state.update(Event::Unanswered("msg_1".into(), Some(300.0), 0.0));
    for event in [Event::Awake(false), Event::Offline(false), Event::Retried("msg_1".into())] {
        assert_eq!(sent(&state.update(event)), None);
    }
    assert!(sent(&state.update(Event::Awake(true))).is_some());
}

#[test]
fn an_address_that_the_server_has_no_more_is_not_shown() {
    let mut state = fresh();
    say(&mut state, "I am jane@acme.com", "1");
    take(&mut state, "msg_1", Answer { email: Some("jane@acme.com".into()), ..answer("st_1") });
    assert_eq!(state.address.email.as_deref(), Some("jane@acme.com"));
    say(&mut state, "two", "2");
    take(&mut state, "msg_2", answer("st_1"));
    assert_eq!(state.address.email, None);
}

#[test]
fn who_deletes_the_conversation_is_asked_anew() {
    let mut state = State::default();
    let settings = Settings { consent: Consent::Ask, ..Settings::default() };
    state.update(Event::Dressed(Box::new(settings)));
    state.update(Event::Agreed);
    say(&mut state, "one", "1");
    take(&mut state, "msg_1", answer("st_1"));
    state.update(Event::EraseConfirmed);
    state.update(Event::Erased(true));
    assert!(state.asks_consent());
}

#[test]
fn the_stream_is_asked_for_again_unless_the_server_has_none() {
    let mut state = fresh();
    state.update(Event::Opened);
    say(&mut state, "one", "1");
    let effects = take(&mut state, "msg_1", answer("st_1"));
    assert!(effects.contains(&Effect::Listen("sess_1".into(), "st_1".into(), None)));
    let history = || Effect::LoadHistory("sess_1".into(), "st_1".into());
    assert_eq!(state.update(Event::Placed("6".into())), [history()], "for what came before the stream");
    state.update(Event::Arrived(line("m_1", "agent")));
    assert_eq!(state.update(Event::Placed("7".into())), []);
    assert_eq!(state.update(Event::Deafened(true, 1.0)), [Effect::WaitToListen(2_000)]);
    assert_eq!(
        state.update(Event::Listening),
        [Effect::Listen("sess_1".into(), "st_1".into(), Some("7".into()))]
    );
    let effects = state.update(Event::Leaving);
    assert!(effects.contains(&Effect::Deafen), "the page may be kept for the way back");
    let again = Effect::Listen("sess_1".into(), "st_1".into(), Some("7".into()));
    assert_eq!(state.update(Event::Awake(true)), [again]);
    assert_eq!(state.update(Event::Missed), [history()]);
    assert_eq!(state.update(Event::Deafened(false, 1.0)), []);
    assert_eq!(state.update(Event::Listening), []);
}

#[test]
fn nothing_is_kept_or_sent_before_the_visitor_agrees() {
    let mut state = dressed(Settings { consent: Consent::Ask, ..Settings::default() });
    assert!(state.asks_consent());
    let effects = say(&mut state, "I am jane@acme.com", "1");
    assert!(kept(&effects).is_empty() && sent(&effects).is_none());
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::KeepSession(_))));
    assert!(!state.update(Event::Leaving).iter().any(|effect| matches!(effect, Effect::Flush(..))));
    assert_eq!(state.lines[0].delivery, Delivery::Held);
    let effects = state.update(Event::Agreed);
    assert_eq!(kept(&effects).len(), 1);
    assert_eq!(sent(&state.update(Event::Locked(None))), Some(("msg_1", None)));
    assert_eq!(state.lines[0].delivery, Delivery::Kept);
}

#[test]
fn whoever_declines_leaves_nothing() {
    let mut state = dressed(Settings { consent: Consent::Ask, ..Settings::default() });
    state.update(Event::Opened);
    say(&mut state, "I am jane@acme.com", "1");
    let effects = state.update(Event::Declined);
    assert!(kept(&effects).is_empty() && !state.open && state.lines.is_empty());
    assert!(state.address.email.is_none() && state.asks_consent());
}

#[test]
fn settings_are_waited_for_before_anything_is_kept() {
    let mut state = State::default();
    state.update(Event::Restored(None, Vec::new(), String::new()));
    assert!(kept(&say(&mut state, "one", "1")).is_empty());
    let effects = state.update(Event::Dressed(Box::default()));
    assert_eq!((kept(&effects).len(), effects.contains(&Effect::Lock)), (1, true));
}

#[test]
fn the_panel_opens_by_itself_once_and_remembers_a_close() {
    let rule = Rule { after_seconds: Some(5), ..Rule::default() };
    let mut state = State::default();
    let settings = Settings { opening: vec![rule], ..Settings::default() };
    let effects = state.update(Event::Dressed(Box::new(settings)));
    assert!(effects.contains(&Effect::Watch(true)));
    let visit = |seconds| Event::Visiting("https://a.com/".into(), Visit { seconds, ..Visit::default() });
    state.update(visit(4));
    assert!(!state.open);
    let effects = state.update(visit(5));
    assert!(state.open && !effects.contains(&Effect::Focus(Place::Input)), "the focus stays");
    assert!(effects.contains(&Effect::Watch(false)));
    assert!(state.update(Event::Closed).contains(&Effect::RememberClosed));
    state.update(Event::Opened);
    assert!(state.update(Event::Closed).contains(&Effect::RememberClosed), "also what was opened by hand");
    let mut state = fresh();
    state.update(Event::Opened);
    assert!(!state.update(Event::Closed).contains(&Effect::RememberClosed), "no rule, nothing to remember");
}

#[test]
fn outside_the_hours_the_widget_says_so() {
    let hours = Hours(vec![Span { days: 1 << 1, from: 540, to: 1_020 }]);
    let mut state = State::default();
    let effects =
        state.update(Event::Dressed(Box::new(Settings { hours: Some(hours), ..Settings::default() })));
    assert!(effects.contains(&Effect::AskTime));
    state.update(Event::Clock(1, 539));
    assert!(state.away);
    state.update(Event::Clock(1, 540));
    assert!(!state.away);
}

#[test]
fn a_conversation_can_be_deleted() {
    let mut state = fresh();
    say(&mut state, "one", "1");
    state.update(Event::EraseAsked);
    assert_eq!(state.update(Event::EraseConfirmed), [], "what is under way is waited for");
    let effects = take(&mut state, "msg_1", answer("st_1"));
    assert!(effects.contains(&Effect::Erase("sess_1".into(), "st_1".into())));
    state.update(Event::Erased(false));
    assert_eq!((state.erasing, state.lines.len()), (Erasing::Failed, 1));
    state.update(Event::EraseConfirmed);
    assert!(state.update(Event::Erased(true)).contains(&Effect::ForgetAll));
    assert!(state.lines.is_empty() && state.erasing == Erasing::No);
    assert_eq!(kept(&say(&mut state, "afresh", "2"))[0].session_id, "sess_2");
}

#[test]
fn the_address_is_seen_while_typing_and_travels_with_the_message() {
    let mut state = fresh();
    state.update(Event::Typed("write to jane@gmial.com".into()));
    assert_eq!(state.address.email.as_deref(), Some("jane@gmial.com"));
    assert_eq!(state.address.suggestion.as_deref(), Some("jane@gmail.com"));
    state.update(Event::SuggestionTaken(stamp("0")));
    assert_eq!(state.address.email.as_deref(), Some("jane@gmail.com"));
    let effects = state.update(Event::Submitted(stamp("1")));
    assert_eq!(kept(&effects)[0].email.as_deref(), Some("jane@gmail.com"));
    assert!(effects.contains(&Effect::Tell(News::Email("jane@gmail.com".into()))));
    let effects = say(&mut state, "no address here", "2");
    assert_eq!(kept(&effects)[0].email, None);
    assert_eq!(state.address.email.as_deref(), Some("jane@gmail.com"));
}

#[test]
fn an_address_changed_after_the_message_is_a_message_of_its_own() {
    let mut state = fresh();
    say(&mut state, "I am jane@acme.com", "1");
    state.update(Event::AddressOpened);
    state.update(Event::AddressSaved(Some("nonsense".into()), stamp("2")));
    assert!(state.address.wrong && state.address.editing);
    let effects = state.update(Event::AddressSaved(Some("jane@example.org".into()), stamp("2")));
    assert_eq!(kept(&effects)[0].text, "jane@example.org");
    assert_eq!(state.lines.len(), 2);
}

#[test]
fn an_address_that_the_page_knows_travels_with_the_next_message() {
    let mut state = fresh();
    let effects = state.update(Event::Identified(Some("Jane@Acme.com".into()), Some("Jane".into())));
    assert_eq!(effects, [Effect::Tell(News::Email("jane@acme.com".into()))]);
    assert_eq!(kept(&say(&mut state, "Hello", "1"))[0].email.as_deref(), Some("jane@acme.com"));
    let effects = state.update(Event::Identified(Some("nonsense".into()), None));
    assert_eq!(effects, [Effect::Tell(News::Error(String::new(), "invalid_email".into()))]);
}

#[test]
fn nothing_is_kept_before_the_visitor_writes() {
    let mut state = fresh();
    let quiet = |effects: &[Effect]| {
        effects.iter().all(|e| matches!(e, Effect::Focus(_) | Effect::Tell(_) | Effect::Watch(_)))
    };
    assert!(quiet(&state.update(Event::Opened)));
    state.update(Event::Typed("   ".into()));
    assert!(quiet(&state.update(Event::Submitted(stamp("1")))));
    assert!(quiet(&state.update(Event::Closed)));
    assert!(quiet(&state.update(Event::Identified(Some("a@b.com".into()), None))));
    assert_eq!(state.update(Event::Leaving), [Effect::Unlock]);
}
