//! `GET /metrics`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{MetricsError, MetricsSource, Recorder};

/// How often reports are put into their histograms' buckets, so that they take no room if nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Serves metrics. Dropping it stops it at once.
pub struct MetricsServer {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl MetricsServer {
    /// Listens on `address`; answers `/metrics` from `recorder` and `sources`.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn start(
        address: SocketAddr,
        recorder: Recorder,
        sources: Arc<dyn MetricsSource>,
    ) -> Result<Self, MetricsError> {
        let bind = |source| MetricsError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let (stop, mut stopped) = oneshot::channel();
        let prometheus = recorder.prometheus.clone();
        let answer = move || {
            let (recorder, sources) = (recorder.clone(), Arc::clone(&sources));
            async move {
                let text = tokio::task::spawn_blocking(move || recorder.render(&*sources)).await;
                ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text.unwrap_or_default())
            }
        };
        let router = Router::new().route("/metrics", get(answer));
        let task = tokio::spawn(async move {
            let mut upkeep = tokio::time::interval(UPKEEP);
            let serve = axum::serve(listener, router).into_future();
            tokio::pin!(serve);
            loop {
                tokio::select! {
                    // It never ends by itself.
                    _ = &mut serve => return,
                    _ = &mut stopped => return,
                    _ = upkeep.tick() => prometheus.run_upkeep(),
                }
            }
        });
        Ok(Self { address, stop, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it; nothing waits for a last scrape.
    pub async fn stop(self) {
        // A failed send or join means that it has ended already.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}
