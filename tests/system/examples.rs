//! The pages of `examples/` in a real browser, behind a real edge: on each the chat opens, and what is written arrives.

use std::path::Path;

use serde_json::{Value, json};
use xtask::site;

use crate::browser::Browser;
use crate::system::{System, setting};

/// One visitor who goes through all of them.
struct Tour {
    system: System,
    visitor: Browser,
}

impl Tour {
    /// Serves an example and goes to its first page; gives its address.
    async fn visit(&self, example: &str) -> String {
        let folder = Path::new(&setting("PORCHLIGHT_TEST_EXAMPLES")).join(example);
        let address = site::serve(&folder, 0, &self.system.edge, &self.system.server.business.site_key);
        let address = address.await.unwrap();
        self.visitor.go(&format!("{address}/")).await;
        address
    }

    /// Writes under an address of the example's own; gives the lead that comes of it.
    async fn write(&self, example: &str) -> Value {
        let email = format!("{example}@example.com");
        self.visitor.open_chat().await;
        self.visitor.write(&format!("Do you have a trike? {email}")).await;
        self.visitor.wait("sent('stored') === 1").await;
        self.lead(&email).await
    }

    async fn lead(&self, email: &str) -> Value {
        let leads = self.system.server.get(&format!("/api/leads-enhanced?search={email}")).await;
        assert_eq!(leads["total"], 1, "{email}: {leads}");
        leads["leads"][0].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_each_examples_page_the_chat_opens_and_a_message_arrives() {
    let tour = Tour { system: System::start("sqlite").await, visitor: Browser::open().await };
    let site = tour.visit("site").await;
    assert_eq!(tour.write("site").await["source"], format!("{site}/"));
    strict_policy(&tour).await;
    single_page_app(&tour).await;
    nextjs(&tour).await;
    tour.visit("wordpress").await;
    tour.write("wordpress").await;
    shopify(&tour).await;
    consent_manager(&tour).await;
    tour.visitor.close().await;
}

async fn strict_policy(tour: &Tour) {
    let loaded = "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/plain.js'))";
    let address = tour.visit("strict-policy").await;
    tour.write("strict").await;
    assert_eq!(
        tour.visitor.run(&format!("return [crossOriginIsolated, {loaded}]")).await,
        json!([true, false])
    );
    tour.visitor.forget_everything(&address).await;
    tour.visitor.go(&format!("{address}/no-webassembly")).await;
    tour.write("plain").await;
    assert_eq!(tour.visitor.run(&format!("return {loaded}")).await, json!(true));
}

async fn single_page_app(tour: &Tour) {
    let address = tour.visit("spa").await;
    tour.visitor.wait("document.querySelector('a[href=\"/trike\"]')").await;
    tour.visitor.run("window.same = true; document.querySelector('a[href=\"/trike\"]').click()").await;
    tour.visitor.wait("document.title.startsWith('Trike')").await;
    tour.visitor.run("document.querySelector('h1 + button').click()").await;
    tour.visitor.wait("shown(part('panel'))").await;
    assert_eq!(tour.write("spa").await["source"], format!("{address}/trike"));
    tour.visitor.wait("same && document.body.textContent.includes('We write to spa@example.com')").await;
}

async fn nextjs(tour: &Tour) {
    let address = tour.visit("nextjs").await;
    tour.visitor.wait("part('launcher')").await;
    tour.visitor.run("window.same = true; document.querySelector('a[href=\"/pricing\"]').click()").await;
    tour.visitor.wait("same && document.querySelector('h1 + button')").await;
    tour.visitor.run("document.querySelector('h1 + button').click()").await;
    tour.visitor.wait("shown(part('panel'))").await;
    assert_eq!(tour.write("nextjs").await["source"], format!("{address}/pricing"));
}

/// The shop knows its customer, and which language it speaks.
async fn shopify(tour: &Tour) {
    tour.visit("shopify").await;
    tour.visitor.open_chat().await;
    tour.visitor.wait("part('address').textContent.includes('jane@acme.com')").await;
    tour.visitor.write("Bonjour").await;
    tour.visitor.wait("sent('stored') === 1 && part('panel').lang === 'fr'").await;
    tour.lead("jane@acme.com").await;
}

/// Nothing before the consent, nothing after it is taken back.
async fn consent_manager(tour: &Tour) {
    tour.visit("consent-manager").await;
    tour.visitor.wait("document.querySelector('#cc-main .cm__btn')").await;
    let asked = "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/widget.js'))";
    assert_eq!(tour.visitor.run(&format!("return root() !== null || {asked}")).await, json!(false));
    tour.visitor.run("CookieConsent.acceptCategory('all'); CookieConsent.hide()").await;
    tour.write("consent").await;
    tour.visitor.run("CookieConsent.acceptCategory([])").await;
    tour.visitor.wait("root() === null && Object.keys(localStorage).length === 0").await;
    tour.visitor.reload().await;
    tour.visitor.wait("window.CookieConsent?.validConsent()").await;
    assert_eq!(tour.visitor.run(&format!("return root() !== null || {asked}")).await, json!(false));
    tour.visitor.run("CookieConsent.acceptCategory('all')").await;
    tour.visitor.open_chat().await;
}
