//! A headless Chromium with a fresh profile, and the widget's parts as a visitor finds them.

use std::process::{Command, Stdio};
use std::time::Duration;

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

use xtask::process::{Process, free_port};

use crate::system::setting;

/// One visitor's browser.
pub(crate) struct Browser {
    client: Client,
    _driver: Process,
    profile: tempfile::TempDir,
}

impl Browser {
    pub(crate) async fn open() -> Self {
        Self::chromium(tempfile::tempdir().expect("a temporary directory"), json!({})).await
    }

    /// One whose visitor has forbidden all pages to keep anything.
    pub(crate) async fn open_without_storage() -> Self {
        let wishes = json!({ "profile.default_content_setting_values.cookies": 2 });
        Self::chromium(tempfile::tempdir().expect("a temporary directory"), wishes).await
    }

    async fn chromium(profile: tempfile::TempDir, wishes: Value) -> Self {
        let arguments = [
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--window-size=1280,900".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let binary = setting("PORCHLIGHT_TEST_CHROMIUM");
        let options =
            json!({ "goog:chromeOptions": { "args": arguments, "binary": binary, "prefs": wishes } });
        let port = free_port().unwrap();
        let mut driver = Command::new(setting("PORCHLIGHT_TEST_CHROMEDRIVER"));
        driver.arg(format!("--port={port}")).arg("--silent");
        Self::start(&mut driver, port, &options, profile).await
    }

    /// Firefox, which has no [`Browser::cdp`].
    pub(crate) async fn firefox() -> Self {
        let profile = tempfile::tempdir().expect("a temporary directory");
        let binary = setting("PORCHLIGHT_TEST_FIREFOX");
        let options = json!({ "moz:firefoxOptions": { "args": ["-headless"], "binary": binary } });
        let port = free_port().unwrap();
        let mut driver = Command::new(setting("PORCHLIGHT_TEST_GECKODRIVER"));
        driver.arg(format!("--port={port}")).args(["--log", "fatal"]);
        driver.arg("--profile-root").arg(profile.path()).stdout(Stdio::null()).stderr(Stdio::null());
        Self::start(&mut driver, port, &options, profile).await
    }

    async fn start(driver: &mut Command, port: u16, wanted: &Value, profile: tempfile::TempDir) -> Self {
        let driver = Process::start("the browser's driver", driver).unwrap();
        let capabilities = wanted.as_object().expect("an object");
        let address = format!("http://127.0.0.1:{port}");
        for _ in 0..100 {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            if let Ok(client) = builder.capabilities(capabilities.clone()).connect(&address).await {
                return Self { client, _driver: driver, profile };
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the browser's driver gives no session");
    }

    /// Kills the browser, and starts it again with what it has kept.
    pub(crate) async fn killed(self) -> Self {
        let Self { client, _driver: driver, profile } = self;
        let lock = std::fs::read_link(profile.path().join("SingletonLock")).expect("the browser runs");
        let lock = lock.to_string_lossy().into_owned();
        let (_, id) = lock.rsplit_once('-').expect("a host and a process");
        let killed = Command::new("kill").args(["-s", "KILL", id]).status().expect("kill runs");
        assert!(killed.success(), "the browser is there to be killed");
        drop((client, driver));
        Self::chromium(profile, json!({})).await
    }

    pub(crate) async fn go(&self, page: &str) {
        self.client.goto(page).await.expect("the page loads");
    }

    pub(crate) async fn reload(&self) {
        self.client.refresh().await.expect("the page loads again");
    }

    /// Opens the chat as a visitor does.
    pub(crate) async fn open_chat(&self) {
        self.wait("part('launcher') !== null").await;
        self.run("if (!shown(part('panel'))) part('launcher').click()").await;
        self.wait("shown(part('panel')) && part('input') !== null").await;
    }

    /// Types a message and presses the button.
    pub(crate) async fn write(&self, text: &str) {
        self.type_text(text).await;
        self.run("part('send').click()").await;
    }

    /// Types into the text box without sending.
    pub(crate) async fn type_text(&self, text: &str) {
        let script = "const box = part('input'); box.focus(); box.value = arguments[0];
            box.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));";
        self.run_with(script, vec![json!(text)]).await;
    }

    /// Waits until an expression over the widget's parts holds; at most 20 s.
    pub(crate) async fn wait(&self, condition: &str) {
        for _ in 0..200 {
            if self.run(&format!("return Boolean({condition})")).await == Value::Bool(true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let seen = self.run("return root() ? root().textContent : document.documentElement.outerHTML").await;
        panic!("{condition} has not come true within 20 s; the widget shows {seen}");
    }

    /// The texts of the messages of one role, in the order shown.
    pub(crate) async fn messages(&self, role: &str) -> Vec<String> {
        let script = "return [...root().querySelectorAll(`[part~=message][data-role=${arguments[0]}]`)]
            .map((message) => (message.querySelector('[part=text]') ?? message).textContent.trim())";
        let texts = self.run_with(script, vec![json!(role)]).await;
        texts
            .as_array()
            .expect("a list")
            .iter()
            .map(|text| text.as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Runs a script that may use the helpers above; gives what it returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.run_with(script, Vec::new()).await
    }

    async fn run_with(&self, script: &str, arguments: Vec<Value>) -> Value {
        const PRELUDE: &str = "
            const root = () => document.querySelector('porchlight-widget')?.shadowRoot ?? null;
            const part = (name) => root()?.querySelector(`[part~=${name}]`) ?? null;
            const shown = (element) => element !== null && element.getClientRects().length > 0;
            const focused = () => root()?.activeElement?.getAttribute('part').split(' ').pop() ?? null;
            const sent = (state) => root()?.querySelectorAll(`[part~=message][data-state=${state}]`).length ?? 0;";
        self.client.execute(&format!("{PRELUDE}\n{script}"), arguments).await.expect("the script runs")
    }

    /// A command of the browser's own protocol.
    pub(crate) async fn cdp(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.client.issue_cmd(DevTools(body.to_string())).await.expect("the browser knows the command")
    }

    /// Presses a key: `Tab`, `Shift+Tab`, `Enter` or `Escape`.
    pub(crate) async fn press(&self, key: &str) {
        let (shift, key) = key.strip_prefix("Shift+").map_or((0, key), |key| (8, key));
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            _ => (27, ""),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code,
                "modifiers": shift });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.cdp("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Goes back by the keyboard; gives the parts that have had the focus.
    pub(crate) async fn stops_back(&self, count: usize) -> Value {
        let mut stops = Vec::new();
        for _ in 0..count {
            self.press("Shift+Tab").await;
            stops.push(self.run("return focused()").await);
        }
        Value::Array(stops)
    }

    /// Types into whatever has the focus.
    pub(crate) async fn insert(&self, text: &str) {
        self.cdp("Input.insertText", json!({ "text": text })).await;
    }

    /// Takes the network away, or gives it back.
    pub(crate) async fn online(&self, online: bool) {
        let network =
            json!({ "offline": !online, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.cdp("Network.enable", json!({})).await;
        self.cdp("Network.emulateNetworkConditions", network).await;
    }

    /// As if the browser had never been on the pages of this address.
    pub(crate) async fn forget_everything(&self, origin: &str) {
        self.go("about:blank").await;
        self.cdp("Storage.clearDataForOrigin", json!({ "origin": origin, "storageTypes": "all" })).await;
    }

    /// What is on the screen, as PNG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.expect("a picture")
    }

    pub(crate) async fn close(self) {
        self.client.close().await.expect("the browser ends");
    }
}

/// A command of the browser's own protocol on its way through chromedriver.
#[derive(Debug)]
struct DevTools(String);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.0.clone()))
    }
}
