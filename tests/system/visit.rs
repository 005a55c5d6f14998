//! What a business has set, as a visitor's browser does it: rules of opening, hours, consent; and what visitors expect of a
//! chat: what is unread, the transcript, the end of it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::system::{Business, Server, create_business};
use crate::widget::{bare_pages, pages, stored, visited};

/// A server and pages that carry the tag of whichever site their address names.
struct Shop {
    server: Server,
    address: String,
}

impl Shop {
    async fn open() -> Self {
        let server = Server::open("sqlite");
        let tag = format!(
            "<style>body {{ height: 4000px }}</style><script>
            const tag = document.createElement('script');
            tag.src = '{}/widget.js';
            tag.dataset.site = new URLSearchParams(location.search).get('site');
            document.head.append(tag);</script>",
            server.address()
        );
        let address = bare_pages(&tag).await;
        Self { server, address }
    }

    /// A business with these settings, and the address of its page.
    async fn business(&self, name: &str, settings: Value) -> (Business, String) {
        let business = create_business(&self.server.database, &format!("{name}@example.com"));
        let url = format!("{}/api/site", self.server.address());
        let request = reqwest::Client::new().put(url).bearer_auth(&business.api_key).json(&settings);
        assert_eq!(request.send().await.unwrap().status(), 200, "{name}");
        let page = format!("{}/{name}?site={}", self.address, business.site_key);
        (business, page)
    }
}

/// Whether the panel has opened by itself.
const OPEN: &str = "shown(part('panel'))";

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_opens_by_itself_when_a_rule_says_so_and_once() {
    let shop = Shop::open().await;
    let visitor = Browser::open().await;
    let never = json!({ "url": "*/elsewhere*", "afterSeconds": 0 });
    let rules = [
        ("time", json!({ "afterSeconds": 1 }), ""),
        ("scroll", json!({ "scrollPercent": 60 }), "scrollTo(0, 2600)"),
        (
            "exit",
            json!({ "onExit": true }),
            "document.documentElement.dispatchEvent(new MouseEvent('mouseleave', { clientY: -1 }))",
        ),
        (
            "address",
            json!({ "url": "*/pricing?*", "afterSeconds": 0 }),
            "history.pushState({}, '', '/pricing' + location.search)",
        ),
    ];
    for (name, rule, act) in rules {
        let (_, page) = shop.business(name, json!({ "opening": [never, rule] })).await;
        visitor.go(&page).await;
        visitor.wait("part('panel')").await;
        if !act.is_empty() {
            // Long enough for a rule of another kind to have opened it.
            visitor.run("return new Promise((done) => setTimeout(done, 1500))").await;
            assert_eq!(visitor.run(&format!("return {OPEN}")).await, json!(false), "{name}");
        }
        visitor.run("document.body.tabIndex = 0; document.body.focus()").await;
        visitor.run(act).await;
        visitor.wait(OPEN).await;
        assert_eq!(
            visitor.run("return focused()").await,
            Value::Null,
            "{name}: nobody has asked for the focus"
        );
        visitor.run("part('close').click()").await;
        visitor.wait(&format!("!{OPEN}")).await;
        visitor.reload().await;
        visitor.wait("part('panel')").await;
        visitor.run(act).await;
        visitor.run("return new Promise((done) => setTimeout(done, 1500))").await;
        assert_eq!(visitor.run(&format!("return {OPEN}")).await, json!(false), "{name}: closed is closed");
    }
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_the_hours_it_says_so_in_the_businesss_words() {
    let shop = Shop::open().await;
    let visitor = Browser::open().await;
    let days = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 86_400;
    // The first of January 1970 was a Thursday. Far from today, whatever the time zone.
    let elsewhen = (days + 3 + 3) % 7 + 1;
    let hours = |days: &[u64]| {
        json!({ "timeZone": "Pacific/Auckland", "away": "Back on Monday.",
        "open": [{ "days": days, "from": "00:00", "to": "24:00" }] })
    };
    let (_, page) = shop.business("closed", json!({ "hours": hours(&[elsewhen]) })).await;
    visitor.go(&page).await;
    visitor.open_chat().await;
    visitor.wait("shown(part('away')) && part('away').textContent === 'Back on Monday.'").await;
    visitor.write("I am jane@acme.com").await;
    visitor.wait(&stored(1)).await;
    let (_, page) = shop.business("open", json!({ "hours": hours(&[1, 2, 3, 4, 5, 6, 7]) })).await;
    visitor.go(&page).await;
    visitor.open_chat().await;
    visitor.wait("part('title').textContent !== ''").await;
    assert_eq!(visitor.run("return shown(part('away'))").await, json!(false));
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_first_has_said_nothing_before() {
    let mut shop = Shop::open().await;
    let visitor = Browser::open().await;
    let (business, page) =
        shop.business("asked", json!({ "consent": "ask", "privacyUrl": "https://acme.com/privacy" })).await;
    visitor.go(&page).await;
    visitor.open_chat().await;
    visitor.wait("shown(part('consent')) && !shown(part('input'))").await;
    assert_eq!(visitor.run("return part('privacy').href").await, json!("https://acme.com/privacy"));
    let nothing = "localStorage.length + sessionStorage.length + document.cookie.length === 0 &&
        !performance.getEntriesByType('resource').some(({ name }) => name.includes('/api/chat'))";
    visitor.run("porchlight.send('I am jane@acme.com')").await;
    visitor.wait("sent('held') === 1").await;
    assert_eq!(visitor.run(&format!("return {nothing}")).await, json!(true));
    visitor.run("part('decline').click()").await;
    visitor.wait(&format!("!{OPEN} && {nothing} && sent('held') === 0")).await;
    visitor.open_chat().await;
    visitor.wait("shown(part('consent'))").await;
    visitor.run("porchlight.send('I am bo@acme.com'); part('agree').click()").await;
    visitor.wait(&format!("{} && shown(part('input'))", stored(1))).await;
    visitor.reload().await;
    visitor.open_chat().await;
    visitor.wait("shown(part('input')) && !shown(part('consent'))").await;
    shop.server.business = business;
    assert_eq!(shop.server.leads(1).await[0]["email"], "bo@acme.com");
    assert_eq!(shop.server.stored_messages().await.len(), 1, "what was declined went nowhere");
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_know_whether_to_ask_asks() {
    let head = "<script>
        const real = fetch;
        fetch = (address, ...more) => String(address).includes('/api/widget') ? Promise.reject(new TypeError()) : real(address, ...more);
        </script>";
    let (_server, visitor) = visited(head).await;
    visitor.open_chat().await;
    visitor.wait("shown(part('consent'))").await;
    visitor.run("porchlight.send('I am jane@acme.com')").await;
    visitor.wait("sent('held') === 1 && localStorage.length === 0").await;
    visitor.run("part('agree').click()").await;
    visitor.wait(&stored(1)).await;
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_covers_the_page_by_itself_has_the_focus() {
    let shop = Shop::open().await;
    let (_, page) = shop.business("phone", json!({ "opening": [{ "afterSeconds": 1 }] })).await;
    let visitor = Browser::open().await;
    let phone = json!({ "width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": false });
    visitor.cdp("Emulation.setDeviceMetricsOverride", phone).await;
    visitor.go(&page).await;
    visitor.wait(OPEN).await;
    visitor.wait("focused() === 'close' && part('panel').ariaModal === 'true'").await;
    visitor.press("Escape").await;
    visitor.wait(&format!("!{OPEN}")).await;
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unread_is_counted_until_it_is_seen() {
    let server = Server::open("sqlite");
    let site = pages(&server, "<script>window.sounds = 0; AudioContext = class extends AudioContext { constructor() { super(); sounds++; } }</script>", &[]).await;
    let visitor = Browser::open().await;
    visitor.go(&site).await;
    visitor.open_chat().await;
    visitor.write("I am jane@acme.com").await;
    visitor.wait(&format!("{} && root().querySelector('[data-role=assistant]')", stored(1))).await;
    let session = server.leads(1).await[0]["sessionId"].as_str().unwrap().to_owned();
    visitor.run("porchlight.close()").await;
    visitor.wait(&format!("!{OPEN}")).await;
    visitor.run("porchlight.send('Is anybody there?')").await;
    visitor
        .wait(&format!(
            "{} && part('badge').textContent === '1' && document.title === '(1) A page'",
            stored(2)
        ))
        .await;
    visitor.wait("part('launcher').ariaLabel.includes('1')").await;
    server.say(&session, "Kim here").await;
    visitor.wait("part('badge').textContent === '2' && document.title === '(2) A page'").await;
    visitor.open_chat().await;
    visitor.wait("document.title === 'A page' && !shown(part('badge'))").await;
    visitor.wait("root().querySelector('[data-role=agent]')").await;
    assert_eq!(visitor.run("return sounds").await, json!(0), "nobody has asked for sounds");
    visitor
        .run("part('menu-button').click(); root().querySelector('[part=menu] [aria-pressed]').click()")
        .await;
    server.say(&session, "And now?").await;
    visitor.wait("root().querySelectorAll('[data-role=agent]').length === 2 && sounds === 1").await;
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_transcript_is_copied_and_downloaded() {
    let server = Server::open("sqlite");
    let site = pages(&server, "", &[]).await;
    let visitor = Browser::open().await;
    let folder = tempfile::tempdir().unwrap();
    visitor
        .cdp("Browser.setDownloadBehavior", json!({ "behavior": "allow", "downloadPath": folder.path() }))
        .await;
    let wishes = json!({ "origin": site, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    visitor.cdp("Browser.grantPermissions", wishes).await;
    visitor.go(&site).await;
    visitor.open_chat().await;
    visitor.write("I am jane@acme.com").await;
    visitor.wait(&format!("{} && root().querySelector('[data-role=assistant]')", stored(1))).await;
    let answer = visitor.messages("assistant").await.remove(0);
    visitor.run("part('menu-button').click(); root().querySelector('[data-do=copy]').click()").await;
    visitor.wait("root().querySelector('[data-do=copy]').textContent === 'Copied'").await;
    let text = visitor.run("return navigator.clipboard.readText()").await;
    let text = text.as_str().unwrap().to_owned();
    assert!(
        text.starts_with("Acme\n\nYou (") && text.contains("I am jane@acme.com\n") && text.contains(&answer),
        "{text}"
    );
    visitor.run("root().querySelector('[data-do=download]').click()").await;
    let file = folder.path().join("Acme.txt");
    let mut downloaded = String::new();
    for _ in 0..200 {
        // The browser makes the file before it fills it.
        downloaded = std::fs::read_to_string(&file).unwrap_or_default();
        if downloaded == text {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(downloaded, text);
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_deletes_the_conversation_in_the_widget() {
    let (server, visitor) = visited("").await;
    visitor.open_chat().await;
    visitor.write("I am jane@acme.com").await;
    visitor.wait(&format!("{} && localStorage.length > 0", stored(1))).await;
    server.leads(1).await;
    visitor
        .run("part('menu-button').click(); root().querySelector('[part=menu] button:last-child').click()")
        .await;
    visitor.wait("shown(part('sure'))").await;
    visitor.run("root().querySelector('[part=sure] button').click()").await;
    visitor
        .wait("root().querySelectorAll('[part~=message]').length === 0 && part('banner').textContent !== ''")
        .await;
    visitor.wait("localStorage.length === 0").await;
    assert!(server.stored_messages().await.is_empty());
    server.leads(0).await;
    visitor.write("I am bo@acme.com").await;
    visitor.wait(&stored(1)).await;
    assert_eq!(server.leads(1).await[0]["email"], "bo@acme.com");
    visitor.close().await;
}
