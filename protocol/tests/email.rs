//! What counts as an address: a table of texts, and properties that hold for every text.

use porchlight_protocol::email::{Email, find_emails};
use proptest::prelude::*;

fn check(text: &str, expected: &[&str]) {
    let found: Vec<String> = find_emails(text).into_iter().map(|hit| String::from(hit.email)).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn plain_addresses_are_found_and_their_surroundings_left_out() {
    check("Hi, jane@acme.com", &["jane@acme.com"]);
    check("Mail Jane.Doe+x@Acme.CO.UK!", &["jane.doe+x@acme.co.uk"]);
    check("(bo@x.org), <ed@x.org>; mailto:al@x.org", &["bo@x.org", "ed@x.org", "al@x.org"]);
    check("hm..ed@x.org", &["ed@x.org"]);
    check("_ed@x.org_", &["ed@x.org"]);
    check("www.ed@x.org", &["ed@x.org"]);
    check("x.orgPhone ed@x.orgPhone ed@x.org2pm ed@x.org-see", &["ed@x.org", "ed@x.org", "ed@x.org"]);
    check("ed@x.org.hope", &["ed@x.org"]);
    check("ed@shop.com.sg ed@shop.com.call", &["ed@shop.com.sg", "ed@shop.com"]);
    check("ed@x.com.My phone, ED@X.Com.Au", &["ed@x.com", "ed@x.com.au"]);
}

#[test]
fn letters_of_any_script_around_an_address_do_not_hide_it() {
    check("信箱bo@x.org", &["bo@x.org"]);
    check("信箱99@x.orgへ", &["99@x.org"]);
    check("почта: ed@x.org спасибо", &["ed@x.org"]);
    check("ed＠x．org", &["ed@x.org"]);
    check("jo\u{200b}e@x.org", &["joe@x.org"]);
}

#[test]
fn what_only_looks_like_an_address_is_none() {
    for text in [
        "a@b",
        "a@b.png",
        "a@b.local",
        "@ed@social.example.org",
        "ed@x.org@y.org",
        "https://user@host.com/",
        "git@github.com:a/b.git",
        "ssh -p 22 bo@x.org",
        "icon@2x.co",
        "tea@4.pm",
        "sip:bo@x.org",
        "u@h.org:dir/x",
        "\"a b\"@x.org",
        "a@[10.1.2.3]",
        "ed.@x.org",
        "they sit at acme dot org",
        "bought at acme.org",
        "a@@@b.com",
    ] {
        check(text, &[]);
    }
}

#[test]
fn spelled_and_mistyped_addresses_are_read() {
    check("bo (at) acme (dot) org", &["bo@acme.org"]);
    check("mail: bo at acme dot org", &["bo@acme.org"]);
    check("bo at gmail dot com", &["bo@gmail.com"]);
    check("bo@acme dot org", &["bo@acme.org"]);
    check("bo@ acme.org", &["bo@acme.org"]);
    check("bo@aol,com bo@yahoo,co,uk", &["bo@aol.com", "bo@yahoo.co.uk"]);
    check("bo@gmail com", &["bo@gmail.com"]);
    check("bo@gmailcom", &["bo@gmail.com"]);
    check("bo@gmail", &["bo@gmail.com"]);
    check("bo@@acme.org", &["bo@acme.org"]);
    check("see https://x.org/?mail=ed@x.org&a=1", &["ed@x.org"]);
}

#[test]
fn hostile_texts_are_read_in_passing() {
    for shape in ["a", "@", "a.", "a@", "(at)", "x at y dot ", "a@b.co/", "a@b.co:", "://", "ssh - "] {
        let _ = find_emails(&shape.repeat(20_000));
    }
}

proptest! {
    #[test]
    fn hits_are_slices_in_order_and_normal_forms_stand(text in "[a-zA-Z0-9@.(),: \n_+'-]{0,80}|.{0,60}") {
        let mut end = 0;
        for hit in find_emails(&text) {
            prop_assert!(hit.start >= end && hit.start < hit.end);
            prop_assert!(text.get(hit.start..hit.end).is_some());
            let again = Email::parse(hit.email.as_str());
            prop_assert_eq!(again.map(String::from), Ok(String::from(hit.email)));
            end = hit.end;
        }
    }
}
