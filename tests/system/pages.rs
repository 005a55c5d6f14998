//! What other people's pages do to the widget: cover it, bend it, swap their bodies, go elsewhere without loading, come
//! back from memory, forbid storage or fill it.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::system::Server;
use crate::widget::{pages, stored, visited};

/// What the business reads: page and text of each visitor message of its one lead.
async fn conversation(server: &Server) -> Vec<(String, String)> {
    let lead = server.leads(1).await.remove(0);
    let lead = lead["_id"].as_str().unwrap();
    let told = server.get(&format!("/api/chats?leadId={lead}")).await;
    let messages =
        told["conversations"].as_array().unwrap().iter().flat_map(|one| one["messages"].as_array().unwrap());
    let of = |message: &Value, name: &str| message[name].as_str().unwrap_or_default().to_owned();
    let visitors = messages.filter(|message| message["role"] == "visitor");
    visitors.map(|message| (of(message, "pageUrl"), of(message, "text"))).collect()
}

/// Bends and covers everything that is not in the browser's own top layer.
const BENT: &str = "<style>
    html { filter: grayscale(1); overflow: hidden; }
    body { transform: scale(.5) rotate(5deg); perspective: 10px; will-change: transform; contain: paint; height: 40px; }
    body > * { position: fixed !important; inset: 0; z-index: 2147483647 !important; background: tomato; opacity: .9; }
    </style>";

#[tokio::test(flavor = "multi_thread")]
async fn it_stands_in_its_corner_whatever_is_bent_and_laid_over_it() {
    let (_server, visitor) = visited(BENT).await;
    visitor.wait("shown(part('launcher'))").await;
    let corner = "const { x, y, right, bottom } = part('launcher').getBoundingClientRect();
        const { clientWidth, clientHeight } = document.documentElement;
        const hit = document.elementFromPoint((x + right) / 2, (y + bottom) / 2);
        return [clientWidth - right, clientHeight - bottom, right - x, hit?.localName]";
    assert_eq!(visitor.run(corner).await, json!([20, 20, 56, "porchlight-widget"]));
    visitor.open_chat().await;
    // Dialogs and whole screens of the page come and go above it.
    visitor
        .run(
            "const dialog = document.body.appendChild(document.createElement('dialog'));
        dialog.showModal(); dialog.close(); dialog.remove();
        for (const one of document.querySelectorAll('[popover]:not(porchlight-widget)')) one.hidePopover();",
        )
        .await;
    let hit = "const { x, y, width, height } = part('input').getBoundingClientRect();
        return document.elementFromPoint(x + width / 2, y + height / 2)?.localName";
    assert_eq!(visitor.run(hit).await, json!("porchlight-widget"));
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_dark_where_the_page_is() {
    let server = Server::open("sqlite");
    let visitor = Browser::open().await;
    let like = async |scheme: &str| {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        visitor.cdp("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    };
    let cases = [
        ("<style>body { background: oklch(0.985 0.002 247.839) }</style>", false, false),
        ("<style>body { background: lab(98 0 0) }</style>", false, false),
        ("<style>body { background: #222 }</style>", true, true),
        ("<style>html { background: color(srgb 0.1 0.1 0.1) }</style>", true, true),
        ("<style>body { background: rgb(0 0 0 / 3%) }</style>", false, false),
        ("", false, false),
        ("<style>html { color-scheme: light dark }</style>", false, true),
        ("<meta name=color-scheme content='light dark'>", false, true),
        ("<style>html { color-scheme: dark }</style>", true, true),
        ("<style>html { --porchlight-scheme: dark } body { background: #fff }</style>", true, true),
    ];
    for (head, in_light, in_dark) in cases {
        let site = pages(&server, head, &[]).await;
        for (scheme, expected) in [("light", in_light), ("dark", in_dark)] {
            like(scheme).await;
            visitor.go(&site).await;
            visitor.open_chat().await;
            let dark = visitor.run("return root().host.hasAttribute('data-dark')").await;
            assert_eq!(dark, json!(expected), "{head} for who likes it {scheme}");
        }
    }
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_is_enough_for_a_strict_policy() {
    let server = Server::open("sqlite");
    let policy =
        "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic' 'wasm-unsafe-eval'; connect-src EDGE";
    let headers = [("content-security-policy", policy.replace("EDGE", &server.address()))];
    let (edge, key) = (server.address(), &server.business.site_key);
    let tag = format!("<script async nonce=abc src='{edge}/widget.js' data-site='{key}'></script>");
    let site = pages(&server, &tag, &headers).await;
    let visitor = Browser::open().await;
    visitor.go(&site).await;
    visitor.open_chat().await;
    visitor.write("I am jane@acme.com").await;
    visitor.wait(&stored(1)).await;
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_says_where_it_was_written_and_the_first_where_it_began() {
    let server = Server::open("sqlite");
    let site = pages(&server, "", &[]).await;
    let visitor = Browser::open().await;
    visitor.go(&format!("{site}/first?utm_source=x")).await;
    visitor.open_chat().await;
    let navigate = "navigation.addEventListener('navigate', (event) => event.intercept({ handler: async () => {} }), { once: true });
        navigation.navigate('/third')";
    let ways = [
        ("", "first?utm_source=x"),
        ("history.pushState({}, '', '/second')", "second"),
        (navigate, "third"),
        ("history.back()", "second"),
        ("history.replaceState({}, '', '/fourth?a=b')", "fourth?a=b"),
        ("location.hash = 'part'", "fourth?a=b#part"),
    ];
    let mut wanted = Vec::new();
    for (way, page) in ways {
        visitor.run(way).await;
        let page = format!("{site}/{page}");
        visitor.wait(&format!("location.href === '{page}'")).await;
        let text = format!("Message {} of jane@acme.com", wanted.len());
        visitor.write(&text).await;
        wanted.push((page, text));
        visitor.wait(&stored(wanted.len())).await;
    }
    assert_eq!(conversation(&server).await, wanted);
    let lead = server.leads(1).await.remove(0);
    assert_eq!(lead["source"], format!("{site}/first?utm_source=x"));
    visitor.close().await;
}

/// Another document in place of this one, in ways that routers have found.
const SWAPS: [&str; 5] = [
    "document.body.replaceWith(document.createElement('body'))",
    "document.body.innerHTML = '<main>another page</main>'",
    "document.documentElement.replaceChildren(document.createElement('head'), document.createElement('body'))",
    "document.body.remove(); document.documentElement.append(document.createElement('body'))",
    "const html = document.createElement('html');
        html.append(document.createElement('head'), document.createElement('body'));
        document.documentElement.replaceWith(html)",
];

#[tokio::test(flavor = "multi_thread")]
async fn it_outlives_whatever_a_router_swaps() {
    let server = Server::open("sqlite");
    let site = pages(&server, "<script>window.faults = []; addEventListener('error', ({ message }) => faults.push(message))</script>", &[]).await;
    let visitor = Browser::open().await;
    visitor.go(&site).await;
    visitor.open_chat().await;
    visitor.type_text("I am jane@").await;
    for swap in SWAPS {
        visitor.run(swap).await;
        visitor
            .wait("document.querySelectorAll('porchlight-widget').length === 1 && shown(part('panel'))")
            .await;
        assert_eq!(visitor.run("return part('input').value").await, json!("I am jane@"), "{swap}");
    }
    visitor.write("I am jane@acme.com").await;
    visitor.wait(&stored(1)).await;
    assert_eq!(visitor.run("return faults").await, json!([]));
    server.leads(1).await;
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stays_one_while_turbo_drives_the_page() {
    let server = Server::open("sqlite");
    let turbo = std::fs::read_to_string(crate::system::setting("PORCHLIGHT_TEST_TURBO")).unwrap();
    let site = pages(&server, &format!("<script>{turbo}</script>"), &[]).await;
    let visitor = Browser::open().await;
    visitor.go(&format!("{site}/first")).await;
    visitor.open_chat().await;
    visitor.write("I am jane@acme.com").await;
    visitor.wait(&stored(1)).await;
    visitor.run("window.same = true").await;
    for turn in 0..3 {
        visitor.run("document.querySelector('a').click()").await;
        visitor.wait("location.pathname === '/second' && !document.documentElement.ariaBusy").await;
        visitor
            .wait("document.querySelectorAll('porchlight-widget').length === 1 && shown(part('panel'))")
            .await;
        visitor.write(&format!("Turn {turn}")).await;
        visitor.wait(&stored(2 + turn)).await;
        // From Turbo's memory of the page, as it was when it was left.
        visitor.run("history.back()").await;
        visitor.wait("location.pathname === '/first' && !document.documentElement.ariaBusy").await;
        visitor
            .wait("document.querySelectorAll('porchlight-widget').length === 1 && shown(part('panel'))")
            .await;
    }
    assert_eq!(visitor.run("return same").await, json!(true));
    let told = conversation(&server).await;
    assert!(told[1..].iter().all(|(page, _)| *page == format!("{site}/second")), "{told:?}");
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tags_are_one_chat() {
    let server = Server::open("sqlite");
    let again = format!(
        "<script src='{}/widget.js' data-site='{}'></script>",
        server.address(),
        server.business.site_key
    );
    let site = pages(&server, &format!("{again}{again}"), &[]).await;
    let visitor = Browser::open().await;
    visitor.go(&site).await;
    visitor.open_chat().await;
    visitor.write("I am jane@acme.com").await;
    visitor.wait(&stored(1)).await;
    assert_eq!(visitor.run("return document.querySelectorAll('porchlight-widget').length").await, json!(1));
    assert_eq!(server.stored_messages().await.len(), 1);
    visitor.run("porchlight.destroy()").await;
    visitor.wait("root() === null && !window.porchlight").await;
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_comes_back_from_memory_goes_on() {
    let server = Server::open("sqlite");
    let site = pages(&server, "", &[]).await;
    let visitor = Browser::open().await;
    visitor.go(&format!("{site}/first")).await;
    visitor.open_chat().await;
    visitor.write("I am jane@acme.com").await;
    visitor.wait(&stored(1)).await;
    visitor.run("addEventListener('pageshow', ({ persisted }) => (window.back = persisted)); location.href = '/bare'").await;
    visitor.wait("location.pathname === '/bare'").await;
    visitor.run("history.back()").await;
    visitor.wait("location.pathname === '/first' && window.back === true && shown(part('panel'))").await;
    let session = server.leads(1).await[0]["sessionId"].as_str().unwrap().to_owned();
    server.say(&session, "Kim here").await;
    visitor.wait("root().querySelector('[data-role=agent]')?.textContent.includes('Kim here')").await;
    visitor.write("Good to see you").await;
    visitor.wait(&stored(2)).await;
    visitor.close().await;
}

/// Keeps nothing, and says that it has kept nothing until the server has it.
async fn works_without_storage(server: &mut Server, visitor: Browser, page: &str) {
    visitor.go(page).await;
    visitor.open_chat().await;
    server.turn_off();
    visitor.write("I am jane@acme.com").await;
    visitor.wait("sent('held') === 1 && part('state').textContent !== ''").await;
    assert_eq!(visitor.run("return sent('kept') + sent('queued') + sent('stored')").await, json!(0));
    server.turn_on();
    visitor.wait(&stored(1)).await;
    visitor.write("Another one").await;
    visitor.wait(&stored(2)).await;
    visitor.close().await;
    let texts = conversation(server).await.into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(texts, ["I am jane@acme.com", "Another one"]);
    assert_eq!(server.leads(1).await[0]["conversationCount"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_visitor_forbids_storage_messages_live_in_memory() {
    let mut server = Server::open("sqlite");
    let site = pages(&server, "", &[]).await;
    works_without_storage(&mut server, Browser::open_without_storage().await, &site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_an_origin_has_no_storage_and_a_chat() {
    let mut server = Server::open("sqlite");
    let headers = [("content-security-policy", "sandbox allow-scripts".to_owned())];
    let site = pages(&server, "", &headers).await;
    works_without_storage(&mut server, Browser::open().await, &site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_storage_loses_nothing_while_the_page_is_there() {
    let mut server = Server::open("sqlite");
    let fill = "<script>for (let size = 4e6, at = 0; size >= 1;)
        try { localStorage.setItem('filler' + at++, 'x'.repeat(size)); } catch { size = Math.floor(size / 2); }</script>";
    let site = pages(&server, fill, &[]).await;
    works_without_storage(&mut server, Browser::open().await, &site).await;
}
