//! One connection: TLS where there is any, HTTP/1 or HTTP/2, and who answers each request.

use super::{
    Response, Site,
    body::Body,
    problem::{Kind, Problem},
    server::Place,
    tls,
};
use futures_util::FutureExt;
use hyper::{
    Method, Request, Version,
    body::{Body as _, Incoming},
    header::{
        CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY,
        STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    },
    rt::Executor,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use std::{
    any::Any,
    convert::Infallible,
    net::SocketAddr,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, interval_at, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use warp::{Reply, http::StatusCode};

/// Requests that one HTTP/2 connection may have open at once.
const STREAMS: u32 = 64;
/// Time for a connection on which nothing is under way to end by itself when the server stops.
const CLOSING: Duration = Duration::from_secs(1);
/// What hyper reads of a request's head before it gives up by itself, a multiple of our own limits:
/// up to ours, the answer is a problem document.
const HYPER_FACTOR: usize = 4;

/// Who is on the other side; in the extensions of every request.
#[derive(Clone)]
pub(super) struct Peer {
    /// The client's: where a trusted proxy speaks for it, the one that the proxy says.
    pub(super) address: SocketAddr,
    /// Whether a trusted proxy is at the other end of the connection.
    pub(super) is_proxy: bool,
    /// What binds a proof to the TLS session; `None` on plain TCP.
    pub(super) binding: Option<[u8; 32]>,
    /// Kept by whoever takes the connection over.
    pub(super) place: Place,
}

/// Serves a connection to its end.
pub(super) async fn serve(
    stream: TcpStream,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    site: Site,
    place: Place,
) {
    // Answers are written whole: nothing is won by waiting for more.
    let _ = stream.set_nodelay(true);
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    let is_proxy = site.proxies.trusts(address.ip());
    let Some(tls) = tls else {
        return speak(stream, Peer { address, is_proxy, binding: None, place }, site).await;
    };
    let handshake = tokio::select! {
        done = timeout(site.limits.handshake_time, tls.accept(stream)) => done,
        () = site.stop.cancelled() => return,
    };
    match handshake {
        Ok(Ok(stream)) => {
            let binding = tls::binding(&stream);
            speak(stream, Peer { address, is_proxy, binding, place }, site).await;
        }
        Ok(Err(error)) => tracing::debug!(peer = %address, %error, "a TLS handshake failed"),
        Err(_) => tracing::debug!(peer = %address, "a TLS handshake took too long"),
    }
}

async fn speak<S>(stream: S, peer: Peer, site: Site)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = site.limits;
    let mut http = auto::Builder::new(Tracked(site.tasks.clone()));
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle_time)
        .max_headers(limits.header_fields * HYPER_FACTOR)
        .max_buf_size((limits.header_bytes * HYPER_FACTOR).max(8192));
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(limits.header_bytes * HYPER_FACTOR).unwrap_or(u32::MAX));
    let activity = Arc::new(Activity::default());
    let service = service_fn({
        let (site, activity) = (site.clone(), Arc::clone(&activity));
        move |mut request: Request<Incoming>| {
            let client = site.proxies.client(peer.address.ip(), request.headers());
            let address = if client == peer.address.ip() { peer.address } else { SocketAddr::new(client, 0) };
            request.extensions_mut().insert(Peer { address, ..peer.clone() });
            let (site, under_way) = (site.clone(), Activity::begin(&activity));
            async move {
                let mut response = answer(request, site, address).await;
                // What goes on for long is under way until its body is over.
                if let Some(Lasting(until)) = response.extensions_mut().remove() {
                    drop(until.set(Box::new(under_way)));
                }
                Ok::<_, Infallible>(response)
            }
        }
    });
    let mut connection = pin!(http.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let mut watch = interval_at(Instant::now() + limits.idle_time, limits.idle_time);
    let mut stopping = false;
    let mut seen = Some(0);
    loop {
        tokio::select! {
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                }
                return;
            }
            () = site.stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
                // hyper waits for the rest of a head that has begun; nobody else does now.
                watch = interval_at(Instant::now() + CLOSING, CLOSING);
                seen = activity.idle_since();
            }
            // hyper bounds the head of an HTTP/1 request; this bounds what comes before it knows the
            // version, idle HTTP/2, and a client that does not take its answer.
            _ = watch.tick() => {
                let begun = activity.idle_since();
                if begun.is_some() && begun == seen {
                    return;
                }
                seen = begun;
            }
        }
    }
}

/// Of an answer that goes on for long: kept by its body, which lets go of it at its end. Meanwhile the connection is not
/// idle, however little is sent on it.
#[derive(Clone, Default)]
pub(super) struct Lasting(Arc<OnceLock<Box<dyn Any + Send + Sync>>>);

/// What goes on on a connection.
#[derive(Default)]
struct Activity {
    begun: AtomicUsize,
    under_way: AtomicUsize,
}

/// A request that is being answered.
struct UnderWay(Arc<Activity>);

impl Activity {
    fn begin(this: &Arc<Self>) -> UnderWay {
        this.begun.fetch_add(1, Ordering::Relaxed);
        this.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(this))
    }

    /// How many requests had begun when the last one was answered; `None` while one is under way.
    fn idle_since(&self) -> Option<usize> {
        (self.under_way.load(Ordering::Relaxed) == 0).then(|| self.begun.load(Ordering::Relaxed))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs HTTP/2's tasks among ours, so that none outlives the server.
#[derive(Clone)]
struct Tracked(TaskTracker);

impl<F> Executor<F> for Tracked
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        self.0.spawn(future);
    }
}

/// So long a browser comes by TLS alone once it was here (RFC 6797).
const A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Answers one request, whatever it is.
async fn answer(request: Request<Incoming>, site: Site, peer: SocketAddr) -> Response {
    let (method, version, is_secure) = (request.method().clone(), request.version(), site.is_secure);
    // The id in a webhook's path is its credential.
    let surface: String = request.uri().path().split('/').take(3).collect::<Vec<_>>().join("/");
    let span = tracing::info_span!("request", %method, surface, %peer);
    let answering = async {
        let started = Instant::now();
        let answering = AssertUnwindSafe(dispatch(request, site)).catch_unwind();
        let response = answering.await.unwrap_or_else(|_| {
            tracing::error!("a handler panicked");
            Problem::internal().into_response()
        });
        let took_ms = started.elapsed().as_millis();
        tracing::debug!(status = response.status().as_u16(), took_ms, "answered");
        response
    };
    let mut response = finish(answering.instrument(span).await, &method, version);
    if is_secure {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, A_YEAR);
    }
    response
}

async fn dispatch(request: Request<Incoming>, site: Site) -> Response {
    if let Some(problem) = too_large(&request, &site) {
        return problem.into_response();
    }
    if let Some(agents) = site.agents.filter(|_| request.uri().path().starts_with("/agent/v1/")) {
        return agents.answer(request).await;
    }
    let (parts, incoming) = request.into_parts();
    let body = Body::new(incoming, &parts.headers, &site.limits, &site.tasks);
    let routes = TowerToHyperService::new(warp::service(site.routes));
    match routes.call(Request::from_parts(parts, body)).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn too_large(request: &Request<Incoming>, site: &Site) -> Option<Problem> {
    let limits = &site.limits;
    let bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if request.headers().len() > limits.header_fields || bytes > limits.header_bytes {
        let detail = format!(
            "at most {} header fields of {} bytes together",
            limits.header_fields, limits.header_bytes
        );
        return Some(Problem::new(Kind::HeadersTooLarge, detail));
    }
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits.header_bytes {
        let detail = format!("path and query are at most {} bytes; send a body instead", limits.header_bytes);
        return Some(Problem::new(Kind::UriTooLong, detail));
    }
    None
}

/// Headers that every answer has.
fn finish(mut response: Response, method: &Method, version: Version) -> Response {
    let status = response.status();
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return response;
    }
    let length = response.body().size_hint().exact();
    let headers = response.headers_mut();
    let fixed = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // What is left of the body may never come.
    let ends = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE);
    if ends && version < Version::HTTP_2 {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if *method == Method::HEAD {
        if let Some(length) = length {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        *response.body_mut() = "".into();
    }
    response
}
