use super::*;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(5);
const A_WHILE: Duration = Duration::from_millis(300);

/// An agent's and the control plane's end of one connection, and the line between.
async fn connected() -> (TcpStream, TcpStream, Proxy) {
    let target = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let proxy = Proxy::open(0, target.local_addr().unwrap().port()).await.unwrap();
    let agent = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap();
    let (control_plane, _) = timeout(SOON, target.accept()).await.unwrap().unwrap();
    (agent, control_plane, proxy)
}

async fn heard(by: &mut TcpStream) -> Vec<u8> {
    let mut buffer = vec![0; 64];
    let length = timeout(SOON, by.read(&mut buffer)).await.expect("nothing came").unwrap_or(0);
    buffer.truncate(length);
    buffer
}

async fn hears_nothing(by: &mut TcpStream) -> bool {
    timeout(A_WHILE, by.read(&mut [0; 64])).await.is_err()
}

#[tokio::test]
async fn what_is_said_comes_through_both_ways_and_so_does_the_end() {
    let (mut agent, mut control_plane, _proxy) = connected().await;
    agent.write_all(b"hello").await.unwrap();
    assert_eq!(heard(&mut control_plane).await, b"hello");
    control_plane.write_all(b"welcome").await.unwrap();
    assert_eq!(heard(&mut agent).await, b"welcome");
    drop(control_plane);
    assert_eq!(heard(&mut agent).await, b"");
}

#[tokio::test]
async fn a_cut_line_breaks_connections_and_takes_no_new_ones() {
    let (mut agent, mut control_plane, proxy) = connected().await;
    proxy.set(Line { cut: true, ..Line::default() });
    assert_eq!(heard(&mut agent).await, b"");
    assert_eq!(heard(&mut control_plane).await, b"");
    let mut again = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap();
    assert_eq!(heard(&mut again).await, b"");
}

#[tokio::test]
async fn a_silent_direction_keeps_everything_back_until_it_speaks_again() {
    let (mut agent, mut control_plane, proxy) = connected().await;
    proxy.set(Line { mute: true, ..Line::default() });
    agent.write_all(b"report").await.unwrap();
    control_plane.write_all(b"order").await.unwrap();
    assert_eq!(heard(&mut agent).await, b"order");
    assert!(hears_nothing(&mut control_plane).await);
    drop(agent);
    assert!(hears_nothing(&mut control_plane).await, "the end of the connection came through");
    proxy.set(Line::default());
    assert_eq!(heard(&mut control_plane).await, b"report");
    assert_eq!(heard(&mut control_plane).await, b"");
}

#[tokio::test]
async fn a_slow_line_keeps_the_order_of_things() {
    let (mut agent, mut control_plane, proxy) = connected().await;
    let delay = Duration::from_millis(400);
    proxy.set(Line { delay, ..Line::default() });
    let begun = Instant::now();
    agent.write_all(b"first").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    proxy.set(Line::default());
    agent.write_all(b"second").await.unwrap();
    let mut all = Vec::new();
    while all.len() < b"firstsecond".len() {
        all.extend(heard(&mut control_plane).await);
    }
    assert_eq!(all, b"firstsecond");
    assert!(begun.elapsed() >= delay);
}
