//! The page at `/threads`, as a browser gets it.

use reqwest::Method;

use crate::chain::Chain;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_served_with_a_strict_policy() {
    let chain = Chain::start().await;
    let url = format!("http://{}/threads", chain.server.address());
    let page = chain.http.get(&url).send().await.unwrap();
    assert_eq!(page.status().as_u16(), 200);
    let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(header("x-content-type-options"), "nosniff");
    let policy = header("content-security-policy");
    for rule in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");

    // No script and no style stands in the page itself, and whatever it names is there.
    let text = page.text().await.unwrap();
    assert!(!text.contains("<style") && !text.contains("style=") && !text.contains("onclick"));
    let named: Vec<_> = text.split('"').filter(|part| part.starts_with("threads/")).collect();
    assert!(named.len() >= 3, "{named:?}");
    for path in named {
        assert_eq!(chain.get(&format!("/{path}")).await.0, 200, "{path}");
    }
    assert_eq!(chain.get("/threads/none.js").await.0, 404);
    let post = chain.http.request(Method::POST, &url).send().await.unwrap();
    assert_eq!(post.status().as_u16(), 405);
    chain.server.stop().await;
}
