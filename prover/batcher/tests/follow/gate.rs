//! The way to a node, which a test closes, opens, and leads elsewhere.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Gate {
    address: SocketAddr,
    leads_to: watch::Sender<Option<SocketAddr>>,
}

impl Gate {
    pub(crate) async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (leads_to, way) = watch::channel(Some(parse(target)));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, way.clone()));
            }
        });
        Self { address, leads_to }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn close(&self) {
        self.leads_to.send_replace(None);
    }

    pub(crate) fn lead_to(&self, target: &str) {
        self.leads_to.send_replace(Some(parse(target)));
    }
}

fn parse(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").parse().unwrap()
}

/// Passes a connection on until the way changes.
async fn pass(mut client: TcpStream, mut way: watch::Receiver<Option<SocketAddr>>) {
    let Some(target) = *way.borrow_and_update() else { return };
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = way.changed() => {}
    }
}
