//! A proxy on loopback between edge and server, or between browser and edge, that does what networks do.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// What becomes of connections. A change breaks those that are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: they reach the server.
    None,
    /// They are reset at once.
    Refuse,
    /// Every request is answered 500.
    Fail,
    /// The server gets the request, the answer is reset behind its headers.
    Cut,
    /// The request is taken and never answered.
    Swallow,
    /// Every piece of the answer comes so much later.
    Delay(Duration),
}

/// The proxy; it ends with its owner.
pub(crate) struct Faults {
    pub(crate) port: u16,
    fault: watch::Sender<Fault>,
    task: AbortHandle,
}

impl Faults {
    /// A proxy to a port of the loopback address.
    pub(crate) async fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (fault, watched) = watch::channel(Fault::None);
        let task = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut watched = watched.clone();
                let fault = *watched.borrow_and_update();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = watched.changed() => {}
                        () = serve(&mut client, fault, server) => {}
                    }
                    // Reset rather than closed: nobody must take it for a whole answer.
                    let _ = client.set_zero_linger();
                });
            }
        });
        Self { port, fault, task: task.abort_handle() }
    }

    pub(crate) fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(client: &mut TcpStream, fault: Fault, server: u16) {
    match fault {
        Fault::Refuse => {}
        Fault::None => {
            if let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await {
                let _ = copy_bidirectional(client, &mut server).await;
            }
        }
        Fault::Fail => {
            let _ = read_head(client).await;
            let answer =
                b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = client.write_all(answer).await;
            let _ = client.flush().await;
            // The rest of the request is taken, so that the answer is not lost to a reset.
            let _ = tokio::time::timeout(Duration::from_secs(1), drain(client)).await;
        }
        Fault::Cut => {
            if let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await {
                let (mut from_client, mut to_client) = client.split();
                let (mut from_server, mut to_server) = server.split();
                tokio::select! {
                    _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
                    head = read_head(&mut from_server) => {
                        let head = head.unwrap_or_default();
                        let end = head.windows(4).position(|four| four == b"\r\n\r\n");
                        let shown = end.map_or(head.len(), |end| (end + 8).min(head.len()));
                        let _ = to_client.write_all(&head[..shown]).await;
                    }
                }
            }
        }
        Fault::Swallow => drain(client).await,
        Fault::Delay(time) => {
            if let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await {
                let (mut from_client, mut to_client) = client.split();
                let (mut from_server, mut to_server) = server.split();
                tokio::select! {
                    _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
                    _ = copy_late(&mut from_server, &mut to_client, time) => {}
                }
            }
        }
    }
}

/// Reads until the end of a request's or answer's headers has come.
async fn read_head(stream: &mut (impl AsyncReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut buffer = [0; 4_096];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut buffer).await? {
            0 => break,
            read => head.extend(&buffer[..read]),
        }
    }
    Ok(head)
}

async fn copy_late(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    time: Duration,
) -> std::io::Result<()> {
    let mut buffer = [0; 4_096];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        tokio::time::sleep(time).await;
        to.write_all(&buffer[..read]).await?;
    }
}

async fn drain(stream: &mut TcpStream) {
    let mut buffer = [0; 4_096];
    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}
