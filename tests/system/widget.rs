//! The widget on pages that are not ours: strict policies, the page's own scripts, several tabs, nothing left behind.

use axum::Router;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{Html, IntoResponse};

use crate::browser::Browser;
use crate::system::Server;

/// Serves one page under every path of a free port of the loopback address, with headers of its own; a path that
/// begins with `/bare` has no tag. Gives its address.
pub(crate) async fn pages(server: &Server, head: &str, headers: &[(&'static str, String)]) -> String {
    let (edge, key) = (server.address(), &server.business.site_key);
    let tag = format!("<script async src='{edge}/widget.js' data-site='{key}'></script>");
    serve(head, &tag, headers).await
}

/// The same without a tag of its own.
pub(crate) async fn bare_pages(head: &str) -> String {
    serve(head, "", &[]).await
}

async fn serve(head: &str, tag: &str, headers: &[(&'static str, String)]) -> String {
    let page = |tag: &str| {
        format!(
            "<!doctype html><html lang=en><title>A page</title>{head}{tag}<body><p>Hello <a href=/second>on</a>"
        )
    };
    let (with, without) = (page(tag), page(""));
    let headers: Vec<(&str, HeaderValue)> =
        headers.iter().map(|(name, value)| (*name, value.parse().unwrap())).collect();
    let answer = async move |uri: Uri| {
        let page = if uri.path().starts_with("/bare") { without } else { with };
        // Pages that may not be kept cannot come back from the browser's memory.
        let mut answer = ([(header::CACHE_CONTROL, "no-cache")], Html(page)).into_response();
        answer
            .headers_mut()
            .extend(headers.into_iter().map(|(name, value)| (header::HeaderName::from_static(name), value)));
        answer
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    address
}

/// A server and a browser that is on a page with this head and the server's tag.
pub(crate) async fn visited(head: &str) -> (Server, Browser) {
    let server = Server::open("sqlite");
    let site = pages(&server, head, &[]).await;
    let visitor = Browser::open().await;
    visitor.go(&site).await;
    (server, visitor)
}

/// Whether as many of the visitor's messages are shown as stored.
pub(crate) fn stored(count: usize) -> String {
    format!("root().querySelectorAll('[data-role=visitor][data-state=stored]').length === {count}")
}

/// `policy` may name the edge; `plain` says whether JavaScript has to take WebAssembly's place.
async fn works_under(policy: &str, plain: bool) {
    let server = Server::open("sqlite");
    let policy = policy.replace("EDGE", &server.address());
    let headers = [
        ("content-security-policy", policy),
        ("cross-origin-embedder-policy", "require-corp".to_owned()),
        ("cross-origin-opener-policy", "same-origin".to_owned()),
    ];
    let site = pages(&server, "", &headers).await;
    let visitor = Browser::open().await;
    visitor.go(&site).await;
    visitor.open_chat().await;
    visitor.write("I am jane@acme.com").await;
    visitor.wait(&stored(1)).await;
    let loaded = "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/plain.js'))";
    visitor.wait(&format!("{loaded} === {plain} && crossOriginIsolated")).await;
    assert_eq!(server.leads(1).await[0]["email"], "jane@acme.com");
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_under_a_strict_policy_with_trusted_types_and_cross_origin_isolation() {
    let policy = "default-src 'none'; style-src 'self'; script-src EDGE 'wasm-unsafe-eval'; connect-src EDGE; \
        require-trusted-types-for 'script'; trusted-types 'none'";
    works_under(policy, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_policy_forbids_webassembly_plain_javascript_takes_its_place() {
    works_under("default-src 'none'; script-src EDGE; connect-src EDGE", true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_drives_the_widget_and_hears_of_it() {
    let head = "<script>
        window.heard = [];
        window.porchlight = [];
        for (const name of ['ready', 'open', 'close', 'message', 'email', 'error'])
          porchlight.push(['on', name, (event) => heard.push([name, event])]);
        porchlight.push(['on', 'open', () => { throw new Error('the page has its own faults'); }]);
        porchlight.push(['opne'], ['open']);
        window.count = (name) => heard.filter(([heard]) => heard === name).length;
        </script>";
    let server = Server::open("sqlite");
    let site = pages(&server, head, &[]).await;
    let visitor = Browser::open().await;
    visitor.go(&site).await;
    visitor.wait("count('ready') === 1 && count('open') === 1 && shown(part('panel'))").await;
    visitor.run("window.off = porchlight.on('close', () => heard.push(['extra'])); porchlight.close()").await;
    visitor.wait("count('close') === 1 && count('extra') === 1 && !shown(part('panel'))").await;
    visitor.run("off(); porchlight.open(); porchlight.close()").await;
    visitor.wait("count('close') === 2 && count('extra') === 1").await;
    visitor.run("porchlight.identify({ email: 'no address' })").await;
    visitor.wait("heard.some(([name, event]) => name === 'error' && event.reason === 'invalid_email')").await;
    visitor.run("porchlight.identify({ email: 'Jane@Acme.com', name: 'Jane' })").await;
    visitor.wait("heard.some(([name, event]) => name === 'email' && event.email === 'jane@acme.com')").await;
    visitor.run("history.pushState({}, '', '/second?utm_source=x'); porchlight.send('Hello')").await;
    visitor.wait(&stored(1)).await;
    visitor.wait("heard.some(([name, event]) => name === 'message' && event.text === 'Hello')").await;
    let lead = server.leads(1).await.remove(0);
    assert_eq!(lead["email"], "jane@acme.com");
    assert_eq!(lead["source"], format!("{site}/second?utm_source=x"));
    visitor.run("window.english = part('send').ariaLabel; porchlight.setLocale('de-AT')").await;
    visitor.wait("part('send').ariaLabel !== english && part('panel').lang === 'de'").await;
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_presses_twice_while_it_loads_gets_the_panel() {
    let (_server, visitor) = visited("").await;
    visitor.wait("part('launcher')").await;
    let press = "part('launcher').click(); part('launcher').click(); return part('launcher').ariaBusy";
    assert_eq!(visitor.run(press).await, "true", "the button shows that something is on its way");
    visitor.wait("shown(part('panel')) && part('launcher').ariaBusy === 'false'").await;
    visitor.run("return new Promise((done) => setTimeout(done, 300))").await;
    assert_eq!(visitor.run("return shown(part('panel'))").await, true);
    visitor.run("part('launcher').click()").await;
    visitor.wait("!shown(part('panel'))").await;
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_title_and_no_address_of_a_page_keeps_a_message_from_being_sent() {
    let head = "<script>
        document.title = 'x'.repeat(255) + '\\u{1f600}'.repeat(300) + '\\ud83d';
        history.replaceState({}, '', '/' + 'y'.repeat(3000));
        </script>";
    let (_server, visitor) = visited(head).await;
    visitor.open_chat().await;
    visitor.run("porchlight.send('\u{4e2d}'.repeat(4000))").await;
    visitor.wait(&stored(1)).await;
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_or_sent_before_the_visitor_writes() {
    let (_server, visitor) = visited("").await;
    visitor.open_chat().await;
    visitor.type_text("I am jane@acme.com").await;
    visitor.wait("part('address').textContent.includes('jane@acme.com')").await;
    visitor.run("porchlight.close()").await;
    visitor.wait("!shown(part('panel'))").await;
    let kept = "localStorage.length + sessionStorage.length + document.cookie.length";
    let sent =
        "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/chat')).length";
    assert_eq!(visitor.run(&format!("return {kept} + {sent}")).await, 0);
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn destroyed_it_leaves_no_trace_and_can_come_back() {
    // Counts what lives: timers, and listeners on what outlives the widget.
    let head = "<script>
        window.alive = { timers: new Set(), listeners: [] };
        for (const [set, clear] of [['setTimeout', 'clearTimeout'], ['setInterval', 'clearInterval']]) {
          const [start, stop] = [window[set], window[clear]];
          window[set] = (act, ...rest) => {
            const timer = start(() => { if (set === 'setTimeout') alive.timers.delete(timer); act(); }, ...rest);
            alive.timers.add(timer);
            return timer;
          };
          window[clear] = (timer) => { alive.timers.delete(timer); stop(timer); };
        }
        const listen = EventTarget.prototype.addEventListener;
        EventTarget.prototype.addEventListener = function (name, act, options) {
          alive.listeners.push([this ?? window, name, options?.signal]);
          return listen.call(this, name, act, options);
        };
        window.listening = () => alive.listeners.filter(([target, name, signal]) =>
          (!(target instanceof Node) || target.isConnected || target === document) && !(target instanceof AbortSignal) && !signal?.aborted);
        </script>";
    let server = Server::open("sqlite");
    let site = pages(&server, head, &[]).await;
    let visitor = Browser::open().await;
    visitor.go(&site).await;
    visitor.open_chat().await;
    visitor.write("Hello").await;
    visitor.wait(&stored(1)).await;
    visitor.wait("listening().length > 0").await;
    visitor.run("window.nodes = document.querySelectorAll('*').length; porchlight.destroy()").await;
    visitor.wait("root() === null && !('porchlight' in window)").await;
    visitor.wait("alive.timers.size === 0 && listening().length === 0").await;
    visitor.wait("document.querySelectorAll('*').length === nodes - 1 && document.title === 'A page'").await;

    let tag = "const again = document.createElement('script');
        again.src = document.querySelector('script[data-site]').src;
        again.dataset.site = document.querySelector('script[data-site]').dataset.site;
        document.head.append(again);";
    visitor.run(tag).await;
    visitor.open_chat().await;
    visitor.wait("root().querySelectorAll('[data-role=visitor]').length === 1").await;
    visitor.write("Here again").await;
    visitor.wait(&stored(2)).await;
    visitor.run(tag).await;
    visitor.run("document.body.replaceWith(document.createElement('body'))").await;
    visitor
        .wait("document.querySelectorAll('porchlight-widget').length === 1 && shown(part('launcher'))")
        .await;
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tab_sends_what_a_closed_one_has_left() {
    let mut server = Server::open("sqlite");
    let site = pages(&server, "", &[]).await;
    let visitor = Browser::open().await;
    visitor.go(&format!("{site}/bare")).await;
    // Frames of one site share storage and locks as its tabs do.
    visitor.run("for (const _ of [1, 2]) document.body.append(Object.assign(document.createElement('iframe'), { src: '/' }))").await;
    visitor.wait("frames.length === 2 && [0, 1].every((tab) => frames[tab].porchlight?.open)").await;
    visitor.run("for (const tab of [0, 1]) frames[tab].porchlight.open()").await;
    let shown = "(tab, state) => frames[tab].document.querySelector('porchlight-widget').shadowRoot
        .querySelectorAll(`[data-role=visitor][data-state=${state}]`).length";
    visitor.run(&format!("window.inTab = {shown}")).await;
    visitor.wait("[0, 1].every((tab) => frames[tab].document.querySelector('porchlight-widget').shadowRoot.querySelector('[part~=panel]'))").await;
    server.turn_off();
    visitor.run("frames[0].porchlight.send('one, jane@acme.com')").await;
    visitor.wait("inTab(0, 'kept') === 1 && inTab(1, 'kept') === 1").await;
    visitor.run("frames[1].porchlight.send('two')").await;
    visitor.wait("inTab(0, 'kept') === 2 && inTab(1, 'kept') === 2").await;
    visitor.run("document.querySelector('iframe').remove()").await;
    server.turn_on();
    visitor.wait("inTab(0, 'stored') === 2").await;
    let stored = server.stored_messages().await;
    let texts: Vec<&str> = stored.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["one, jane@acme.com", "two"]);
    assert_eq!(server.leads(1).await[0]["conversationCount"], 1);
    visitor.close().await;
}

/// A module that fails is replaced by another, which goes on with what is kept and what was being written.
#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_after_its_module_has_failed() {
    let server = Server::open("sqlite");
    let head = "<script>
        const real = WebAssembly.instantiateStreaming;
        WebAssembly.instantiateStreaming = async (...given) => {
            const made = await real.apply(WebAssembly, given);
            const { happen, ...others } = made.instance.exports;
            if (!happen) return made;
            const failing = (...numbers) => {
                if (!window.fail) return happen(...numbers);
                window.fail = false;
                throw new WebAssembly.RuntimeError('unreachable');
            };
            return { instance: { exports: { ...others, happen: failing } } };
        };
    </script>";
    let site = pages(&server, head, &[]).await;
    let visitor = Browser::open().await;
    visitor.go(&site).await;
    visitor.open_chat().await;
    visitor.write("Hello").await;
    visitor.wait(&stored(1)).await;
    // With the typed text, and with nothing else that happens meanwhile.
    let fail =
        "part('input').addEventListener('input', () => window.fail = true, { capture: true, once: true })";
    visitor.run(fail).await;
    visitor.type_text("I am jane@acme.com").await;
    visitor
        .wait("window.fail === false && shown(part('panel')) && part('input').value === 'I am jane@acme.com'")
        .await;
    assert_eq!(visitor.run("return root().querySelectorAll('[part=panel]').length").await, 1);
    visitor.wait(&stored(1)).await;
    visitor.run("part('send').click()").await;
    visitor.wait(&stored(2)).await;
    assert_eq!(visitor.messages("visitor").await, ["Hello", "I am jane@acme.com"]);
    assert_eq!(server.stored_messages().await.len(), 2);
    assert_eq!(server.leads(1).await[0]["conversationCount"], 1);
    visitor.close().await;
}
