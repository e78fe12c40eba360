//! `/threads`: a page that shows the chain's threads to people. It is part of the program, asks this server by JSON-RPC
//! like everyone, and may load nothing from elsewhere.

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// What the page may do: run its own scripts and styles, and ask any node or thread. Nothing can be put around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self' http: https: ws: wss:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// A file of the page.
struct File {
    path: &'static str,
    kind: &'static str,
    text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const FILES: [File; 10] = [
    File { path: "/threads", kind: HTML, text: include_str!("../../../page/threads.html") },
    File { path: "/threads/style.css", kind: CSS, text: include_str!("../../../page/style.css") },
    File { path: "/threads/icon.svg", kind: SVG, text: include_str!("../../../page/icon.svg") },
    File { path: "/threads/app.js", kind: SCRIPT, text: include_str!("../../../page/app.js") },
    File { path: "/threads/details.js", kind: SCRIPT, text: include_str!("../../../page/details.js") },
    File { path: "/threads/dom.js", kind: SCRIPT, text: include_str!("../../../page/dom.js") },
    File { path: "/threads/format.js", kind: SCRIPT, text: include_str!("../../../page/format.js") },
    File { path: "/threads/list.js", kind: SCRIPT, text: include_str!("../../../page/list.js") },
    File { path: "/threads/rpc.js", kind: SCRIPT, text: include_str!("../../../page/rpc.js") },
    File { path: "/threads/status.js", kind: SCRIPT, text: include_str!("../../../page/status.js") },
];

/// The page's routes.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES
        .iter()
        .fold(Router::new(), |router, file| router.route(file.path, get(|| async { file.response() })))
}

impl File {
    fn response(&self) -> Response {
        let headers = [
            (CONTENT_TYPE, self.kind),
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            // Another version of the program has another page.
            (CACHE_CONTROL, "no-cache"),
        ];
        (headers, self.text).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a chain holds must never become markup.
    #[test]
    fn scripts_make_no_markup() {
        for file in FILES.iter().filter(|file| file.kind == SCRIPT) {
            let makers =
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("];
            for maker in makers {
                assert!(!file.text.contains(maker), "{}: {maker}", file.path);
            }
        }
    }

    /// Without the network the page is whole.
    #[test]
    fn everything_that_is_loaded_is_here() {
        for file in &FILES {
            let quoted = file.text.split(['"', '\'']).skip(1).step_by(2);
            for name in quoted.filter(|name| name.ends_with(".js") || name.ends_with(".css")) {
                let name = name.rsplit('/').next().unwrap_or_default();
                assert!(FILES.iter().any(|file| file.path.ends_with(name)), "{}: {name}", file.path);
            }
        }
    }
}
