//! How the widget looks and how it is used by everybody: each state in light and dark, in both directions, on a desktop
//! and a phone. The pictures go to `target/screenshots`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::system::{Server, create_business_for, setting};

/// What the screen and the visitor's wishes are.
#[derive(Clone, Copy)]
struct Screen {
    scheme: &'static str,
    locale: &'static str,
    width: u32,
    height: u32,
}

const DESKTOP: Screen = Screen { scheme: "light", locale: "en", width: 1280, height: 900 };
const PHONE: Screen = Screen { width: 390, height: 844, ..DESKTOP };

impl Screen {
    /// Both widths, both schemes, both directions.
    fn all() -> impl Iterator<Item = Self> {
        let widths = [DESKTOP, PHONE].into_iter();
        let dressed = widths.flat_map(|screen| ["light", "dark"].map(|scheme| Self { scheme, ..screen }));
        dressed.flat_map(|screen| ["en", "ar"].map(|locale| Self { locale, ..screen }))
    }

    fn name(&self, state: &str) -> String {
        format!("{state}-{}-{}-{}", self.width, self.scheme, self.locale)
    }

    async fn put_on(&self, visitor: &Browser) {
        let metrics = json!({ "width": self.width, "height": self.height, "deviceScaleFactor": 1,
            "mobile": self.width < 500 });
        visitor.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = json!({ "name": "prefers-color-scheme", "value": self.scheme });
        visitor.cdp("Emulation.setEmulatedMedia", json!({ "features": [scheme] })).await;
    }
}

/// Pages of the demo shop whose tag carries more, and a server that is asked by them without an edge between.
struct Pages {
    address: String,
    server: Server,
    _folder: tempfile::TempDir,
}

impl Pages {
    /// Each page has a name, the tag's further attributes, and more of its head. Nobody answers on the pages `elsewhere`:
    /// their tag is that of a business whose widget belongs on other pages.
    async fn serve(pages: &[(&str, &str, &str)]) -> Self {
        let server = Server::open("sqlite");
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/site");
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::copy(shop.join("style.css"), folder.path().join("style.css")).unwrap();
        let plain = std::fs::read_to_string(shop.join("index.html")).unwrap();
        let elsewhere =
            create_business_for(&server.database, "elsewhere@example.com", Some("https://elsewhere.example"));
        for (name, attributes, head) in pages {
            let tag = format!("data-site=\"__PORCHLIGHT_SITE_KEY__\" {attributes}");
            let mut page = plain.replace("data-site=\"__PORCHLIGHT_SITE_KEY__\"", &tag);
            if name.starts_with("elsewhere") {
                page = page.replace("__PORCHLIGHT_SITE_KEY__", &elsewhere.site_key);
            }
            let page = page.replace("</head>", &format!("{head}</head>"));
            std::fs::write(folder.path().join(format!("{name}.html")), page).unwrap();
        }
        let key = &server.business.site_key;
        let address = xtask::site::serve(folder.path(), 0, &server.address(), key).await.unwrap();
        Self { address, server, _folder: folder }
    }

    fn page(&self, name: &str) -> String {
        format!("{}/{name}.html", self.address)
    }
}

/// What is wrong with what is shown, if anything: it must fit, and be large enough for a finger.
const FLAWS: &str = "
    const flaws = [], box = (element) => element.getBoundingClientRect();
    const wide = [document.documentElement, part('messages'), part('panel')].filter(Boolean);
    for (const element of wide) if (element.scrollWidth > element.clientWidth + 1)
        flaws.push(`${element.getAttribute('part') ?? 'the page'} is ${element.scrollWidth} wide in ${element.clientWidth}`);
    const panel = part('panel');
    if (shown(panel)) {
        const { left, top, right, bottom } = box(panel);
        if (left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1)
            flaws.push(`the panel is at ${[left, top, right, bottom]} in ${innerWidth} x ${innerHeight}`);
    }
    for (const target of root().querySelectorAll('button, input, textarea')) {
        if (!shown(target)) continue;
        const { width, height } = box(target);
        // Where something has been scrolled by parts of a pixel, a box is so as well.
        if (width < 43.9 || height < 43.9) flaws.push(`${target.getAttribute('part')} is ${width} x ${height}`);
    }
    return flaws;";

/// Takes a picture of a state, and asserts that nothing is wrong with it.
async fn look(visitor: &Browser, screen: &Screen, state: &str) {
    let name = screen.name(state);
    // What moves has come to rest; nothing moves longer than 200 ms but the dots of an answer being written.
    let still = "root().getAnimations({ subtree: true }).every((moving) => moving.playState !== 'running'
        || moving.effect.getComputedTiming().iterations === Infinity)";
    visitor.wait(still).await;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.png")), visitor.picture().await).unwrap();
    assert_eq!(visitor.run(FLAWS).await, json!([]), "{name}");
    // The rules are of structure and colour: both directions are alike in them.
    if screen.locale == "en" {
        assert_accessible(visitor, &name).await;
    }
}

async fn assert_accessible(visitor: &Browser, name: &str) {
    if visitor.run("return typeof axe").await == json!("undefined") {
        visitor.run(&std::fs::read_to_string(setting("PORCHLIGHT_TEST_AXE")).unwrap()).await;
    }
    let check = "return axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(
        ({ id, nodes }) => [id, ...nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`)]))";
    assert_eq!(visitor.run(check).await, json!([]), "axe on {name}");
}

const EXTRA: [(&str, &str, &str); 8] = [
    ("en", "data-locale=\"en\"", ""),
    ("ar", "data-locale=\"ar\"", ""),
    ("ask-en", "data-locale=\"en\" data-consent=\"ask\"", ""),
    ("ask-ar", "data-locale=\"ar\" data-consent=\"ask\"", ""),
    (
        "notice-en",
        "data-locale=\"en\" data-consent=\"notice\" data-position=\"left\" data-color=\"#ffd400\"",
        "",
    ),
    (
        "notice-ar",
        "data-locale=\"ar\" data-consent=\"notice\" data-position=\"left\" data-color=\"#ffd400\"",
        "",
    ),
    ("elsewhere-en", "data-locale=\"en\"", ""),
    ("elsewhere-ar", "data-locale=\"ar\"", ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_state_fits_and_is_accessible() {
    let pages = Pages::serve(&EXTRA).await;
    let visitor = Browser::open().await;
    for screen in Screen::all() {
        screen.put_on(&visitor).await;
        visitor.forget_everything(&pages.address).await;
        conversation(&visitor, &pages, &screen).await;
        consent(&visitor, &pages, &screen).await;
    }
    visitor.close().await;
    pages.server.leads(1).await;
}

/// From the closed launcher to the wish to delete everything.
async fn conversation(visitor: &Browser, pages: &Pages, screen: &Screen) {
    visitor.go(&pages.page(screen.locale)).await;
    visitor.wait("shown(part('launcher'))").await;
    look(visitor, screen, "closed").await;
    open(visitor).await;
    look(visitor, screen, "open").await;
    visitor.type_text("Hi, do you have a used cargo bike below $900? jane@gmial.com").await;
    visitor.wait("shown(part('suggestion'))").await;
    look(visitor, screen, "typed").await;
    visitor.run("part('suggestion').click()").await;
    visitor.run("part('send').click()").await;
    visitor.wait("sent('stored') === 1 && root().querySelector('[data-role=assistant]') !== null").await;
    visitor.write("It should carry three children").await;
    visitor.wait("sent('stored') === 2").await;
    look(visitor, screen, "conversation").await;
    visitor.run("part('address-edit').click(); part('address-input').value = 'jane@'; part('address-save').click()").await;
    visitor.wait("part('address-error').textContent !== ''").await;
    look(visitor, screen, "address").await;
    visitor.run("part('address-cancel').click(); part('menu-button').click()").await;
    visitor.wait("shown(part('menu'))").await;
    look(visitor, screen, "menu").await;
    visitor.run("part('erase').click()").await;
    visitor.wait("shown(part('sure'))").await;
    look(visitor, screen, "delete").await;
    visitor.run("part('erase-no').click()").await;
    visitor.online(false).await;
    visitor.write("Are you open on Sunday?").await;
    visitor.wait("sent('kept') === 1 && part('banner').textContent !== ''").await;
    look(visitor, screen, "offline").await;
    visitor.online(true).await;
    visitor.wait("sent('stored') === 3").await;
    visitor.run("part('close').click(); porchlight.send('And on Monday?')").await;
    visitor.wait("shown(part('badge'))").await;
    look(visitor, screen, "unread").await;
}

async fn consent(visitor: &Browser, pages: &Pages, screen: &Screen) {
    visitor.forget_everything(&pages.address).await;
    visitor.go(&pages.page(&format!("ask-{}", screen.locale))).await;
    open(visitor).await;
    visitor.wait("shown(part('consent')) && !shown(part('input'))").await;
    look(visitor, screen, "ask").await;
    visitor.go(&pages.page(&format!("notice-{}", screen.locale))).await;
    open(visitor).await;
    visitor.wait("shown(part('notice'))").await;
    look(visitor, screen, "notice").await;
    visitor.go(&pages.page(&format!("elsewhere-{}", screen.locale))).await;
    open(visitor).await;
    // Nothing is known of this business, also whether it asks first.
    visitor.wait("shown(part('consent'))").await;
    visitor.run("part('agree').click()").await;
    visitor.write("Is this the right place?").await;
    visitor.wait("sent('kept') === 1 && part('banner').textContent !== ''").await;
    look(visitor, screen, "waiting").await;
    // As if the browser had been closed for longer than a message is sent.
    visitor
        .run(
            "for (const [key, text] of Object.entries(localStorage)) localStorage[key] =
        text.replace(/\"sentAt\":\"20../, '\"sentAt\":\"2001')",
        )
        .await;
    visitor.reload().await;
    open(visitor).await;
    visitor.wait("sent('failed') === 1 && part('reason').textContent !== '' && shown(part('retry'))").await;
    look(visitor, screen, "failed").await;
}

async fn open(visitor: &Browser) {
    visitor.wait("shown(part('launcher'))").await;
    visitor.run("if (!shown(part('panel'))) part('launcher').click()").await;
    visitor
        .wait(
            "shown(part('panel')) && part('title').textContent !== '' && part('greeting').textContent !== ''",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_chat_is_used_by_keyboard() {
    let pages = Pages::serve(&EXTRA[..1]).await;
    let visitor = Browser::open().await;
    visitor.go(&pages.page("en")).await;
    visitor.wait("shown(part('launcher'))").await;
    // The launcher is the last stop of the page.
    visitor.run("[...document.querySelectorAll('a')].at(-1).focus()").await;
    visitor.press("Tab").await;
    visitor.wait("focused() === 'launcher'").await;
    visitor.press("Enter").await;
    visitor.wait("shown(part('panel')) && focused() === 'input'").await;
    visitor.insert("Hello, I am jane@gmial.com").await;
    visitor.wait("shown(part('suggestion'))").await;
    assert_eq!(visitor.stops_back(2).await, json!(["address-edit", "suggestion"]));
    visitor.press("Enter").await;
    visitor.wait("focused() === 'input' && part('address').textContent.includes('jane@gmail.com')").await;
    visitor.press("Enter").await;
    visitor.wait("sent('stored') === 1 && focused() === 'input'").await;
    assert_eq!(visitor.stops_back(1).await, json!(["address-edit"]));
    visitor.press("Enter").await;
    visitor.wait("focused() === 'address-input'").await;
    visitor.insert("nonsense").await;
    visitor.press("Enter").await;
    let told =
        "focused() === 'address-input' && part('address-input').getAttribute('aria-invalid') === 'true'
        && root().getElementById(part('address-input').getAttribute('aria-describedby')).textContent !== ''";
    visitor.wait(told).await;
    visitor.press("Escape").await;
    visitor.wait("!shown(part('address-editor')) && focused() === 'input'").await;
    // Escape goes one step back at a time, and in the end the focus is where it was.
    visitor.run("part('menu-button').focus()").await;
    visitor.press("Enter").await;
    visitor.wait("shown(part('menu')) && focused() === 'sound'").await;
    visitor.press("Escape").await;
    visitor.wait("!shown(part('menu')) && focused() === 'menu-button' && shown(part('panel'))").await;
    visitor.press("Escape").await;
    visitor.wait("!shown(part('panel')) && focused() === 'launcher'").await;
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_the_focus_stays_within_the_sheet() {
    let pages = Pages::serve(&EXTRA[..1]).await;
    let visitor = Browser::open().await;
    PHONE.put_on(&visitor).await;
    visitor.go(&pages.page("en")).await;
    open(&visitor).await;
    visitor.wait("focused() === 'input' && part('panel').getAttribute('aria-modal') === 'true'").await;
    visitor.wait("String(Object.values(part('panel').getBoundingClientRect().toJSON()).slice(0, 4)) === '0,0,390,844'").await;
    for _ in 0..12 {
        visitor.press("Tab").await;
        assert_ne!(visitor.run("return focused()").await, Value::Null, "the focus has left the sheet");
    }
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_announced_once() {
    let pages = Pages::serve(&EXTRA[..1]).await;
    let visitor = Browser::open().await;
    visitor.go(&pages.page("en")).await;
    open(&visitor).await;
    // Like a screen reader: what is added to the live region, unless a part of it says that it is not live.
    visitor
        .run(
            "window.heard = [];
        new MutationObserver((changes) => {
            for (const { addedNodes, target } of changes) for (const node of addedNodes) {
                const element = node.nodeType === 1 ? node : target;
                if (!element.closest('[aria-live=off], [aria-hidden=true]')) heard.push(node.textContent);
            }
        }).observe(part('messages'), { childList: true, subtree: true, characterData: true })",
        )
        .await;
    visitor.write("Hello, I am jane@acme.com").await;
    visitor.wait("sent('stored') === 1 && root().querySelector('[data-role=assistant]') !== null").await;
    let texts = visitor.messages("assistant").await;
    let heard = visitor.run("return heard").await;
    let times = heard
        .as_array()
        .unwrap()
        .iter()
        .filter(|heard| heard.as_str().unwrap_or_default().contains(&texts[0]));
    assert_eq!(times.count(), 1, "{heard}");
    let live = "return [part('messages').getAttribute('role'), part('messages').getAttribute('aria-live'),
        part('panel').getAttribute('role'), part('panel').getAttribute('aria-modal')]";
    assert_eq!(visitor.run(live).await, json!(["log", "polite", "dialog", null]));
    visitor.close().await;
}

const HOSTILE: &str = "<style>
    * { all: unset !important; color: red !important; font-size: 40px !important; line-height: 3 !important; }
    html { font-size: 62.5% !important; } porchlight-widget { display: none !important; opacity: 0 !important; }
    button, div, p, section { letter-spacing: 9px !important; visibility: hidden !important; }
    </style>";

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_pages_styles_do_not_reach_it() {
    let pages =
        Pages::serve(&[("en", "data-locale=\"en\"", ""), ("hostile", "data-locale=\"en\"", HOSTILE)]).await;
    let visitor = Browser::open().await;
    let measure = "const size = (name) => { const { x, y, width, height } = part(name).getBoundingClientRect();
            return [document.documentElement.clientWidth - x, y, width, height].map(Math.round) };
        const style = ['color', 'fontSize', 'lineHeight', 'letterSpacing', 'visibility', 'opacity', 'display'];
        const of = (name) => style.map((property) => getComputedStyle(part(name))[property]);
        return ['launcher', 'panel', 'title', 'greeting', 'input', 'send'].map((name) => [name, size(name), of(name)])";
    let mut seen = Vec::new();
    for page in ["en", "hostile"] {
        visitor.go(&pages.page(page)).await;
        open(&visitor).await;
        visitor
            .wait("root().getAnimations({ subtree: true }).every(({ playState }) => playState !== 'running')")
            .await;
        seen.push(visitor.run(measure).await);
    }
    assert_eq!(seen[0], seen[1]);
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn motion_print_and_zoom_are_as_the_visitor_wants_them() {
    let pages = Pages::serve(&EXTRA[..1]).await;
    let visitor = Browser::open().await;
    visitor.go(&pages.page("en")).await;
    open(&visitor).await;
    let moves = "return getComputedStyle(part('panel')).animationName";
    assert_eq!(visitor.run(moves).await, json!("rise"));
    let duration = "return parseFloat(getComputedStyle(part('panel')).animationDuration)";
    assert!(visitor.run(duration).await.as_f64().unwrap() <= 0.2);
    let media = |media: &str, name: &str, value: &str| json!({ "media": media, "features": [{ "name": name, "value": value }] });
    visitor.cdp("Emulation.setEmulatedMedia", media("", "prefers-reduced-motion", "reduce")).await;
    assert_eq!(visitor.run(moves).await, json!("none"));
    visitor.cdp("Emulation.setEmulatedMedia", media("print", "prefers-reduced-motion", "reduce")).await;
    assert_eq!(visitor.run("return shown(part('panel')) || shown(part('launcher'))").await, json!(false));
    visitor.cdp("Emulation.setEmulatedMedia", media("", "forced-colors", "active")).await;
    let framed =
        "return ['panel', 'greeting', 'send'].map((name) => getComputedStyle(part(name)).borderTopWidth)";
    assert_eq!(visitor.run(framed).await, json!(["1px", "1px", "1px"]));
    // 1280 x 900 at 400 %: what is written can be read and answered.
    let zoomed = Screen { width: 320, height: 225, ..DESKTOP };
    zoomed.put_on(&visitor).await;
    visitor.write("Is this too small? jane@acme.com").await;
    visitor.wait("sent('stored') === 1").await;
    assert_eq!(visitor.run(FLAWS).await, json!([]));
    let reachable = "const { top, bottom } = part('input').getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight";
    assert_eq!(visitor.run(reachable).await, json!(true));
    look(&visitor, &zoomed, "zoomed").await;
    visitor.close().await;
}
