//! What browsers are told about the answers of server and edge.

use reqwest::header::HeaderMap;
use serde_json::json;

use crate::browser::Browser;
use crate::system::System;

const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

async fn headers_of(address: String) -> HeaderMap {
    let answer = reqwest::get(&address).await.unwrap();
    let headers = answer.headers().clone();
    assert_eq!(headers["x-content-type-options"], "nosniff", "{address}");
    assert_eq!(headers["referrer-policy"], "no-referrer", "{address}");
    headers
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_says_what_it_may_become() {
    let system = System::start("sqlite").await;
    let key = &system.server.business.site_key;
    let paths = [
        "/widget.js",
        "/porchlight.d.ts",
        &format!("/api/widget?siteKey={key}"),
        "/api/widget",
        "/nothing",
        "/",
    ];
    for path in paths {
        let headers = headers_of(format!("{}{path}", system.edge)).await;
        assert_eq!(headers["content-security-policy"], NO_PAGE, "{path} of the edge");
        assert_eq!(headers["cross-origin-resource-policy"], "cross-origin", "{path} of the edge");
    }
    for path in ["/healthz", "/openapi.json", "/api/leads-enhanced", "/nothing", "/metrics"] {
        let headers = headers_of(format!("{}{path}", system.server.address())).await;
        assert_eq!(headers["content-security-policy"], NO_PAGE, "{path} of the server");
    }
    let docs = format!("{}/docs", system.server.address());
    let policy = headers_of(docs.clone()).await["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    let reader = Browser::open().await;
    reader.go(&docs).await;
    // Its script has run, and its styles hold.
    reader.wait("document.querySelectorAll('details').length > 10").await;
    let styled = "return getComputedStyle(document.querySelector('.verb')).fontWeight";
    assert_eq!(reader.run(styled).await, json!("700"));
    let foreign = "const script = document.createElement('script');
        script.textContent = 'window.run = true'; document.body.append(script);
        return 'run' in window";
    assert_eq!(reader.run(foreign).await, json!(false), "no other script runs there");
    reader.close().await;
}
