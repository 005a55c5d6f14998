//! Tabs are closed and the browser is killed while messages are under way, over a network that delays, drops and cuts:
//! what is shown as stored was answered, what was answered is in the database, and nothing is there twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::browser::Browser;
use crate::faults::{Fault, Faults};
use crate::system::Server;
use crate::widget::bare_pages;

/// A page on which each tab tells its opener which messages were answered well, or were in the history.
const HEAR: &str = "<script>
    window.answered = [];
    const ask = window.fetch;
    window.fetch = async (...request) => {
      const answer = await ask(...request);
      const { method, body } = request[1] ?? {};
      const heard = (text) => (window.opener ?? window).answered.push(text);
      if (method === 'POST' && answer.ok) heard(JSON.parse(body).text);
      else if (method === 'GET' && answer.ok && /\\/api\\/chat\\?/.test(request[0])) {
        const { messages } = await answer.clone().json();
        for (const { role, text } of messages) if (role === 'visitor') heard(text);
      }
      return answer;
    };
    window.shown = () => [...document.querySelector('porchlight-widget').shadowRoot
      .querySelectorAll('[data-role=visitor][data-state=stored] [part=text]')].map(({ textContent }) => textContent);
    </script>";

/// Opens a tab with the chat.
const OPEN_TAB: &str = "return (async () => {
    window.tab = open('/');
    const until = async (holds) => {
      while (!holds()) await new Promise((done) => setTimeout(done, 20));
    };
    await until(() => tab.porchlight?.open);
    tab.porchlight.open();
    const part = (name) => tab.document.querySelector('porchlight-widget')?.shadowRoot.querySelector(`[part~=${name}]`);
    await until(() => part('greeting')?.textContent);
    })()";

/// Sends there, and closes it so many milliseconds later; gives what it has shown as stored.
const SEND_AND_CLOSE: &str = "return new Promise((done) => {
    tab.setTimeout(() => {
      const shown = tab.shown();
      tab.close();
      done(shown);
    }, TIME);
    tab.porchlight.send('TEXT');
    })";

/// A server, its pages, and a proxy between both and the browser.
struct Sea {
    server: Server,
    faults: Faults,
    site: String,
}

impl Sea {
    async fn open() -> Self {
        let server = Server::open_with("sqlite", vec![("PORCHLIGHT_SESSION_BURST", "0".to_owned())]);
        let faults = Faults::before(server.port).await;
        let tag = format!(
            "{HEAR}<script>if (!location.pathname.startsWith('/bare')) {{
            const tag = document.createElement('script');
            tag.src = 'http://127.0.0.1:{}/widget.js';
            tag.dataset.site = '{}';
            document.head.append(tag); }}</script>",
            faults.port, server.business.site_key
        );
        let site = bare_pages(&tag).await;
        Self { server, faults, site }
    }

    /// How often each text is in the database.
    async fn stored(&self) -> BTreeMap<String, usize> {
        let mut count = BTreeMap::new();
        for (_, text) in self.server.stored_messages().await {
            *count.entry(text).or_default() += 1;
        }
        count
    }
}

fn texts(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tab_closed_at_any_moment_of_a_send_loses_nothing_and_doubles_nothing() {
    let sea = Sea::open().await;
    let visitor = Browser::open().await;
    visitor.go(&format!("{}/bare", sea.site)).await;
    let late = Fault::Delay(Duration::from_millis(60));
    let times = (0..=200).step_by(10).map(|time| (late, time));
    let coarse = [Fault::Cut, Fault::Refuse, Fault::Fail, Fault::Swallow].into_iter();
    let coarse = coarse.flat_map(|fault| (0..=120).step_by(40).map(move |time| (fault, time)));
    let mut sent = Vec::new();
    let mut shown = BTreeSet::new();
    for (fault, time) in times.chain(coarse) {
        let text = format!("Message {:02} of jane@acme.com", sent.len());
        sea.faults.set(Fault::None);
        visitor.run(OPEN_TAB).await;
        sea.faults.set(fault);
        let script = SEND_AND_CLOSE.replace("TIME", &time.to_string()).replace("TEXT", &text);
        shown.extend(texts(&visitor.run(&script).await));
        sent.push(text);
    }
    let answered = texts(&visitor.run("return answered").await);
    let stored: BTreeSet<String> = sea.stored().await.into_keys().collect();
    assert!(shown.is_subset(&answered), "{:?}", shown.difference(&answered));
    assert!(answered.is_subset(&stored), "{:?}", answered.difference(&stored));

    sea.faults.set(Fault::None);
    visitor.go(&sea.site).await;
    visitor.open_chat().await;
    visitor.wait(&format!("sent('stored') === {} && localStorage.length === 1", sent.len())).await;
    assert_eq!(sea.stored().await, sent.iter().map(|text| (text.clone(), 1)).collect());
    let order: Vec<String> = sea.server.stored_messages().await.into_iter().map(|(_, text)| text).collect();
    assert_eq!(order, sent);
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_browser_doubles_nothing_and_what_it_has_shown_is_stored() {
    let sea = Sea::open().await;
    let mut visitor = Browser::open().await;
    let mut shown = BTreeSet::new();
    let faults = [Fault::Delay(Duration::from_millis(60)), Fault::Cut, Fault::Fail];
    for (turn, time) in [0, 40, 80, 120, 160, 200].into_iter().enumerate() {
        sea.faults.set(Fault::None);
        visitor.go(&sea.site).await;
        visitor.open_chat().await;
        sea.faults.set(faults[turn % faults.len()]);
        let send = format!(
            "for (const part of ['a', 'b', 'c']) porchlight.send(`Message {turn}${{part}} of jane@acme.com`);
            return new Promise((done) => setTimeout(() => done(shown()), {time}))"
        );
        // The helper of the same name hides the page's.
        shown.extend(texts(&visitor.run(&send.replace("shown()", "window.shown()")).await));
        visitor = visitor.killed().await;
    }
    sea.faults.set(Fault::None);
    visitor.go(&sea.site).await;
    visitor.open_chat().await;
    visitor.wait("sent('kept') + sent('queued') + sent('held') === 0").await;
    visitor.write("And the last one").await;
    visitor.wait("root().querySelector('[data-role=visitor]:last-child, [data-role=visitor]:nth-last-child(2)')?.dataset.state === 'stored'").await;
    shown.extend(texts(&visitor.run("return window.shown()").await));
    let stored = sea.stored().await;
    assert!(stored.values().all(|count| *count == 1), "{stored:?}");
    assert!(shown.iter().all(|text| stored.contains_key(text)), "{shown:?} of {stored:?}");
    visitor.close().await;
}
