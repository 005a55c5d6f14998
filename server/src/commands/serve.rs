//! `porchlight serve`: the listening socket, the tasks beside it, and the orderly end.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;

use crate::app::{App, router};
use crate::capture::{Limits, sweep};
use crate::config::{Installation, ServeConfig};
use crate::notices::Notices;

/// Most connections at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 8_192;

/// How long a connection may take to send the head of its next request.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);

/// How long a peer may leave what was sent to it without acknowledgement.
const PEER_PATIENCE: Duration = Duration::from_secs(60);

/// How long a peer may take nothing of what waits for it.
const READER_PATIENCE: Duration = Duration::from_secs(30);

/// How long requests under way may take to end; with what follows it stays below ten seconds.
const FINISH_PATIENCE: Duration = Duration::from_secs(6);

/// How long accepted captures may take to be committed after that.
const DRAIN_PATIENCE: Duration = Duration::from_secs(2);

/// Serves until the first signal, then ends what was begun.
pub(super) async fn run(installation: &Installation, config: &ServeConfig) -> anyhow::Result<()> {
    config.check()?;
    let mut signals = Signals::new()?;
    let (store, secret) = installation.open().await?;
    let notices = Notices::new(Arc::clone(&store), &config.mail)?;
    let listener = TcpListener::bind(&config.listen)
        .await
        .with_context(|| format!("--listen: the server cannot listen on {:?}", config.listen))?;
    let address = listener.local_addr().context("--listen")?;
    let (app, drain) = App::start(Arc::clone(&store), secret, config);
    tokio::spawn(sweep(store));
    tokio::spawn(tidy(app.limits()));
    tokio::spawn(app.finder().keep_fresh());
    if let Some(notices) = notices {
        tokio::spawn(notices.run());
    }
    // Nobody has to read it.
    let _ = writeln!(std::io::stdout(), "listening on http://{address}");

    let (live, assistant) = (app.live(), app.assistant());
    let connections = accept_until(listener, router(app), signals.next()).await;
    live.stop();
    tracing::info!("ending; a second signal ends at once");
    tokio::spawn(async move {
        signals.next().await;
        std::process::exit(1);
    });
    let finished = async { tokio::join!(connections.shutdown(), assistant.finish()) };
    if tokio::time::timeout(FINISH_PATIENCE, finished).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    if tokio::time::timeout(DRAIN_PATIENCE, drain.finish()).await.is_err() {
        tracing::error!("some captures were not committed in time; nobody was told that they were");
    }
    Ok(())
}

async fn accept_until(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()>,
) -> GracefulShutdown {
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return connections,
            accepted = accept(&listener, &places) => match accepted {
                Ok((stream, place)) => serve(stream, place, router.clone(), &connections),
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    // Mostly too many open files: ends sooner when some are closed first.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

fn serve(stream: TcpStream, place: OwnedSemaphorePermit, router: Router, connections: &GracefulShutdown) {
    // Answers are small and complete; waiting to fill packets only costs time.
    let _ = stream.set_nodelay(true);
    // A peer that has vanished is noticed by what it does not acknowledge, a heartbeat of a stream at the latest.
    let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(PEER_PATIENCE));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(READER_PATIENCE));
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE);
    let connection = builder
        .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(router))
        .into_owned();
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if connection.await.is_err() {
            tracing::debug!("a connection broke off");
        }
        drop(place);
    });
}

async fn tidy(limits: Arc<Limits>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(10));
    loop {
        ticks.tick().await;
        limits.forget_the_quiet();
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("the system delivers no signals");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
