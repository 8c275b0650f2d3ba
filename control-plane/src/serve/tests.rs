//! What whoever watches the process is told.

use super::*;
use crate::store::Database;
use std::{path::Path, time::Duration};

fn settings_in(dir: &Path) -> Settings {
    let database = Database::Sqlite(dir.join("x.db"));
    Settings {
        data: Data { dir: dir.into(), database },
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        public_url: None,
        tls: None,
        metrics_listen: None,
        trusted_proxies: web::TrustedProxies::default(),
        mail: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watchdog_hears_of_turns_of_the_dispatcher_and_of_nothing_else() {
    const WATCHDOG: Duration = Duration::from_millis(300);
    const PATIENCE: Duration = Duration::from_secs(20);
    let dir = tempfile::tempdir().unwrap();
    let settings = settings_in(dir.path());
    let (manager, heard) = Manager::heard(Some(WATCHDOG));
    let service = Service { manager, ..Service::none() };
    let server = Server::start_as(&settings, Limits::default(), service).await.unwrap();
    let alive =
        || tokio::task::block_in_place(|| while heard.recv_timeout(PATIENCE).unwrap() != Word::Alive {});
    // Nothing happens, and it turns all the same.
    alive();
    alive();
    // A disk that hangs: the turn that needs it does not come to its end, and nobody says otherwise.
    let (hung, hangs) = std::sync::mpsc::channel::<()>();
    let (go_on, goes_on) = std::sync::mpsc::channel::<()>();
    let store = server.app.store.clone();
    let disk = tokio::spawn(async move {
        store
            .write(move |_| {
                let _ = (hung.send(()), goes_on.recv());
                Ok::<_, StoreError>(())
            })
            .await
    });
    tokio::task::block_in_place(|| hangs.recv_timeout(PATIENCE)).unwrap();
    tokio::time::sleep(WATCHDOG * 3).await;
    // The beat of a turn that had begun, and the one before the turn that hangs.
    assert!(heard.try_iter().filter(|word| *word == Word::Alive).count() <= 2);
    go_on.send(()).unwrap();
    disk.await.unwrap().unwrap();
    alive();
    server.stop().await;
}

#[tokio::test]
async fn a_server_whose_dispatcher_is_gone_does_not_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings_in(dir.path());
    let mut server = Server::start(&settings, Limits::default()).await.unwrap();
    server.app.dispatcher.abort();
    let error = tokio::time::timeout(Duration::from_secs(10), server.broken()).await;
    assert!(matches!(error, Ok(ServeError::DispatcherEnded)));
    server.stop().await;
}
