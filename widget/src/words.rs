//! What the widget says.

/// The texts of one language. `{}` stands for an address.
#[derive(Debug)]
pub struct Words {
    /// The panel's title where the business has given no name.
    pub title: &'static str,
    /// The first words of the conversation.
    pub greeting: &'static str,
    /// In the empty text box.
    pub placeholder: &'static str,
    /// The button that sends.
    pub send: &'static str,
    /// The button that closes the panel.
    pub close: &'static str,
    /// Where the answer will go.
    pub reply_to: &'static str,
    /// The button that lets the visitor change the address.
    pub change: &'static str,
    /// The label of the box for the address.
    pub address: &'static str,
    /// The button that takes the changed address.
    pub save: &'static str,
    /// Below an address that is none.
    pub bad_address: &'static str,
    /// A likelier address.
    pub did_you_mean: &'static str,
    /// A message that is kept in the browser.
    pub kept: &'static str,
    /// A message that has arrived.
    pub stored: &'static str,
    /// A message that will not be taken.
    pub failed: &'static str,
    /// The button that sends such a message again.
    pub retry: &'static str,
}

/// English.
pub const ENGLISH: Words = Words {
    title: "Chat with us",
    greeting: "Hello! How can we help you?",
    placeholder: "Write a message…",
    send: "Send",
    close: "Close",
    reply_to: "We’ll reply to {}",
    change: "Change",
    address: "Your e-mail address",
    save: "Save",
    bad_address: "This does not look like an e-mail address.",
    did_you_mean: "Did you mean {}?",
    kept: "Waiting to be sent",
    stored: "Delivered",
    failed: "Not sent",
    retry: "Try again",
};
