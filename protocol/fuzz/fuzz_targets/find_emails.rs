//! Whatever the text: no panic, hits in order inside it, and normal forms that are addresses themselves.
#![no_main]

use libfuzzer_sys::fuzz_target;
use porchlight_protocol::email::{Email, find_emails};

fuzz_target!(|text: &str| {
    let mut end = 0;
    for hit in find_emails(text) {
        assert!(hit.start >= end && hit.start < hit.end, "hits are in order");
        assert!(text.get(hit.start..hit.end).is_some(), "a hit is a slice of the text");
        assert_eq!(Email::parse(hit.email.as_str()).as_ref(), Ok(&hit.email), "a normal form stands by itself");
        end = hit.end;
    }
});
