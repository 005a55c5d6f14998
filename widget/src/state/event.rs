//! What happens, and what is to be done about it.

use super::message::{Answer, Line, Outgoing, Session, Stamp};
use super::settings::{Settings, Visit};

/// What happens.
#[derive(Debug)]
pub enum Event {
    /// What the browser has kept from before, and the oldest time that is still sent (RFC 3339).
    Restored(Option<Session>, Vec<Outgoing>, String),
    /// The site's settings have come, or will not come.
    Dressed(Box<Settings>),
    /// The visitor opens the panel.
    Opened,
    /// The visitor closes it.
    Closed,
    /// The visitor opens or closes it.
    Toggled,
    /// The text box holds this now.
    Typed(String),
    /// The visitor sends what stands in the text box.
    Submitted(Stamp),
    /// The page sends a text.
    Said(String, Stamp),
    /// The page says who the visitor is: an address, and a name.
    Identified(Option<String>, Option<String>),
    /// The visitor wants to change the address.
    AddressOpened,
    /// The visitor has typed an address; none ends the change.
    AddressSaved(Option<String>, Stamp),
    /// The visitor takes the likelier address.
    SuggestionTaken(Stamp),
    /// The visitor sends a refused message again.
    Retried(String),
    /// The visitor has said yes to the question about privacy.
    Agreed,
    /// The visitor has said no.
    Declined,
    /// The visitor wants to hear answers, or not.
    SoundToggled,
    /// The visitor wants the conversation deleted.
    EraseAsked,
    /// The visitor means it.
    EraseConfirmed,
    /// The visitor does not.
    EraseCancelled,
    /// The server, or the edge, has taken a message; chance from 0 to 1.
    Taken(String, Answer, f64),
    /// A piece of the answer to a message.
    Delta(String, String),
    /// The answer to a message.
    Reply(String, Line),
    /// Nobody could answer this message; it is stored all the same.
    NoReply(String),
    /// Nothing more comes for this message.
    Ended(String),
    /// The message will never be taken, for this reason.
    Refused(String, String),
    /// It is not known whether the message was taken: seconds that the server asks for, and chance from 0 to 1.
    Unanswered(String, Option<f64>, f64),
    /// The pause is over (`true`), or the network is back, or the page is looked at again.
    Awake(bool),
    /// Nobody looks at the page any more.
    Hidden,
    /// Addresses can be found from now on.
    CanFind,
    /// The network has gone, or has come back.
    Offline(bool),
    /// The session's messages.
    History(Vec<Line>),
    /// Somebody has written to the visitor.
    Arrived(Line),
    /// The stream is at this place.
    Placed(String),
    /// Who answers from now on: whether it is a person.
    Mode(bool),
    /// The place in the stream is too old.
    Missed,
    /// The stream has ended: whether it is of use to ask again, and chance from 0 to 1.
    Deafened(bool, f64),
    /// The pause before the stream is asked for again is over.
    Listening,
    /// The conversation is deleted at the server, or could not be.
    Erased(bool),
    /// This tab sends now. What the browser keeps, where it can keep.
    Locked(Option<Vec<Outgoing>>),
    /// The browser could not keep a message.
    Unkept(String),
    /// Another tab has kept a message.
    KeptElsewhere(Outgoing),
    /// Another tab's message, or one that another tab has sent, is not kept any more.
    GoneElsewhere(String),
    /// Another tab has changed the session, or deleted it.
    SessionElsewhere(Option<Session>),
    /// The page is being left.
    Leaving,
    /// The visitor is on the page with this address, and has done this there.
    Visiting(String, Visit),
    /// It is this day of the week (1 is Monday) and minute of the day where the business is.
    Clock(u32, u32),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Keep the session.
    KeepSession(Session),
    /// Keep a message until it is taken, or until the server has it from the edge.
    Keep(Outgoing),
    /// It is taken.
    Forget(String),
    /// Leave nothing of this site in the browser.
    ForgetAll,
    /// Become the one tab that sends.
    Lock,
    /// Let another tab send.
    Unlock,
    /// Send a message, with the session's key where there is one.
    Send(Box<Outgoing>, Option<String>),
    /// Send it so that it outlives the page; nobody waits for the answer.
    Flush(Box<Outgoing>, Option<String>),
    /// Wake up after so many milliseconds.
    Wait(u32),
    /// Ask for the session's messages: its id and its key.
    LoadHistory(String, String),
    /// Listen for messages of a session: its id, its key, and the place in the stream.
    Listen(String, String, Option<String>),
    /// Stop listening.
    Deafen,
    /// Listen again after so many milliseconds.
    WaitToListen(u32),
    /// Delete the session at the server: its id and its key.
    Erase(String, String),
    /// Put the focus somewhere.
    Focus(Place),
    /// Tell the page.
    Tell(News),
    /// Say from now on what the visitor does on the page, or do not any more.
    Watch(bool),
    /// Ask what time it is where the business is.
    AskTime,
    /// Remember for this visit that the visitor has closed what opens by itself.
    RememberClosed,
    /// Make a short sound.
    Sound,
}

/// Where the focus can be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The text box, or what stands in its place.
    Input,
    /// The button that opens the panel.
    Launcher,
    /// The box for the address.
    Address,
    /// The question whether to delete.
    Erase,
}

/// What the page can hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The widget is there.
    Ready,
    /// The panel is shown.
    Open,
    /// The panel is hidden.
    Close,
    /// A message of the visitor's or for the visitor.
    Message(Line),
    /// The conversation's address is this now.
    Email(String),
    /// Something went wrong: which message, and why.
    Error(String, String),
}
