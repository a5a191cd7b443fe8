//! A proxy before PostgreSQL that counts flights: bursts from the client that no reply had to come between.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
};

/// Replies are held back this long. Whatever the client sends without waiting for them arrives meanwhile, and counts as
/// the same flight; what it sends only afterwards is another.
const HOLD: Duration = Duration::from_millis(25);

/// A counting proxy.
pub struct Proxy {
    flights: Arc<AtomicUsize>,
    port: u16,
}

impl Proxy {
    /// Starts one before the server of this URL.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    pub fn start(database_url: &str) -> Self {
        let place =
            database_url.rsplit('@').next().and_then(|place| place.split('/').next()).expect("a host").to_owned();
        let flights = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&flights);
        let (ready, port) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                ready.send(listener.local_addr().expect("an address").port()).expect("someone waits");
                while let Ok((client, _)) = listener.accept().await {
                    let server = TcpStream::connect(&place).await.expect("the server answers");
                    let counter = Arc::clone(&counter);
                    tokio::spawn(async move {
                        let replied = Arc::new(AtomicBool::new(true));
                        let (from_client, to_client) = client.into_split();
                        let (from_server, to_server) = server.into_split();
                        tokio::spawn(requests(from_client, to_server, Arc::clone(&replied), counter));
                        replies(from_server, to_client, replied).await;
                    });
                }
            });
        });
        Self { flights, port: port.recv().expect("the proxy starts") }
    }

    /// The same database through the proxy.
    ///
    /// # Panics
    /// Where the URL is none.
    #[must_use]
    pub fn url(&self, database_url: &str) -> String {
        let (before, place) = database_url.rsplit_once('@').expect("a URL with credentials");
        let (_, database) = place.split_once('/').expect("a database");
        format!("{before}@127.0.0.1:{}/{database}", self.port)
    }

    /// Flights since the last call.
    #[must_use]
    pub fn take(&self) -> usize {
        self.flights.swap(0, Ordering::SeqCst)
    }
}

async fn requests(
    mut from: tcp::OwnedReadHalf,
    mut to: tcp::OwnedWriteHalf,
    replied: Arc<AtomicBool>,
    counter: Arc<AtomicUsize>,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if replied.swap(false, Ordering::SeqCst) {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

async fn replies(mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf, replied: Arc<AtomicBool>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        tokio::time::sleep(HOLD).await;
        replied.store(true, Ordering::SeqCst);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
