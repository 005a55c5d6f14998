//! The same chat in another engine.

use serde_json::json;

use crate::browser::Browser;
use crate::system::Server;
use crate::widget::{pages, stored};

/// A whole visit: the address is noticed, the answer comes, a reload shows both, a person's words come by themselves.
#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_with_firefox_has_a_conversation() {
    let mut server = Server::open("sqlite");
    let site = pages(&server, "", &[]).await;
    let visitor = Browser::firefox().await;
    visitor.go(&format!("{site}/first")).await;
    visitor.open_chat().await;
    visitor.wait("focused() === 'input'").await;
    visitor.type_text("I am jane@gmial.com").await;
    visitor
        .wait("shown(part('suggestion')) && part('suggestion').textContent.includes('jane@gmail.com')")
        .await;
    visitor.run("part('suggestion').click()").await;
    visitor.write("I am jane@gmial.com").await;
    visitor.wait(&format!("{} && root().querySelector('[data-role=assistant]')", stored(1))).await;
    let lead = server.leads(1).await.remove(0);
    assert_eq!(
        (&lead["email"], &lead["source"]),
        (&json!("jane@gmail.com"), &json!(format!("{site}/first")))
    );
    server.say(lead["sessionId"].as_str().unwrap(), "Kim here").await;
    visitor.wait("root().querySelector('[data-role=agent]')?.textContent.includes('Kim here')").await;
    server.turn_off();
    visitor.write("And on Sunday?").await;
    visitor.wait("sent('kept') === 1").await;
    server.turn_on();
    visitor.reload().await;
    visitor.open_chat().await;
    visitor.wait(&format!("{} && root().querySelector('[data-role=agent]')", stored(2))).await;
    assert_eq!(server.stored_messages().await.len(), 2);
    visitor.run("porchlight.destroy()").await;
    visitor.wait("root() === null").await;
    visitor.close().await;
}

/// With WebAssembly, and where it is forbidden.
#[tokio::test(flavor = "multi_thread")]
async fn firefox_keeps_to_strict_policies_too() {
    let server = Server::open("sqlite");
    let visitor = Browser::firefox().await;
    for (count, word) in [(1, " 'wasm-unsafe-eval'"), (2, "")] {
        let edge = server.address();
        let policy =
            format!("default-src 'none'; style-src 'self'; script-src {edge}{word}; connect-src {edge}");
        let site = pages(&server, "", &[("content-security-policy", policy)]).await;
        visitor.go(&site).await;
        visitor.open_chat().await;
        visitor.write(&format!("I am jane{count}@acme.com")).await;
        visitor.wait(&stored(1)).await;
        let plain =
            "return performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/plain.js'))";
        assert_eq!(visitor.run(plain).await, json!(word.is_empty()));
        server.leads(count).await;
    }
    visitor.close().await;
}
