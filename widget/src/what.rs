//! The numbers by which WebAssembly and browser speak of what happens and of what is to be done; `what.ts` has the
//! same ones for `host.js`. Names would be bytes on both sides.

macro_rules! numbered {
    ($(#[$doc:meta])* $kind:ident: $($name:ident)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "`app.rs` and `host.rs` say what each is for")]
        pub enum $kind { $($name),* }

        impl $kind {
            const ALL: &[Self] = &[$(Self::$name),*];

            /// By its number.
            pub fn of(number: u32) -> Option<Self> {
                Self::ALL.get(number as usize).copied()
            }
        }
    };
}

numbered! {
    /// What the browser tells.
    Happening:
    Begin Stamp Session Message Line Rule Span
    Start Dress Identify
    Typed Send Say Open Close Toggle Edit Save Leave Suggest Retry Agree Decline Sound Erase EraseYes EraseNo
    CanFind Awake Hidden Listen Locked Leaving Offline Visit Clock
    Taken Delta Reply NoReply Ended Answered History Arrived Placed Mode Missed Deafened Erased
    KeptElsewhere GoneElsewhere SessionElsewhere
}

numbered! {
    /// What the browser is to do.
    Act:
    Set Line Trim Focus Chime
    Keep KeepSession Forget ForgetAll
    Lock Send Flush History Listen Deafen Erase
    Wait WaitToListen Watch AskTime StayClosed Tell
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that `what.ts` lists for a kind, in their order.
    fn listed(kind: &str) -> Vec<&'static str> {
        let behind = include_str!("../what.ts").split_once(&format!("enum {kind} {{")).unwrap().1;
        let names = behind.split_once('}').unwrap().0.split([',', '\n', ' ']);
        names.filter(|name| !name.is_empty()).collect()
    }

    fn names(all: &[impl std::fmt::Debug]) -> Vec<String> {
        all.iter().map(|one| format!("{one:?}")).collect()
    }

    #[test]
    fn both_sides_count_alike() {
        assert_eq!(names(Happening::ALL), listed("Happening"));
        assert_eq!(names(Act::ALL), listed("Act"));
        assert_eq!((Happening::of(1), Act::of(99)), (Some(Happening::Stamp), None));
    }
}
