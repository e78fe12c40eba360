//! How nodes are asked over HTTP.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::Client;
use starknet_rust::providers::Url;

/// How long a connection is kept that nothing is sent over. Servers close such after a while, our node after 30 s; a request that is
/// just then sent over it is lost.
const IDLE: Duration = Duration::from_secs(10);

/// A client for the server at `url`. One on this machine is asked directly, whatever proxy the environment names.
///
/// # Errors
/// If the system's certificates cannot be used.
pub fn http_client(url: &Url) -> reqwest::Result<Client> {
    let builder = Client::builder().pool_idle_timeout(IDLE);
    if is_here(url) { builder.no_proxy().build() } else { builder.build() }
}

/// Whether it is this machine's loopback address.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_several_names() {
        let is_here = |url: &str| is_here(&Url::parse(url).unwrap());
        for url in
            ["http://127.0.0.1:5050/rpc", "http://127.1.2.3", "http://localhost:1", "http://[::1]:5050"]
        {
            assert!(is_here(url), "{url}");
        }
        for url in ["http://10.0.0.1", "https://localhost.example.org/rpc", "http://[2001:db8::1]:5050"] {
            assert!(!is_here(url), "{url}");
        }
    }
}
