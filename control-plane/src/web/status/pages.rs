//! What was made last: whoever asks gets that for some seconds, however many they are.

use super::{Language, Seen, document::StatusDocument, feed, history, no_such_page, page};
use crate::{
    secret::hash_of,
    status::{Overview, incidents},
    store::StoreError,
    web::{App, problem::Problem},
};
use bytes::Bytes;
use hyper::header::HeaderValue;
use shared::{ids::IncidentId, time::Timestamp};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Mutex, time::timeout};

/// Just after the start the first look is waited for.
const FIRST_LOOK: Duration = Duration::from_secs(2);
/// A database that takes longer is done without.
const PATIENCE: Duration = Duration::from_secs(2);
/// Most pages that are kept.
const MOST: usize = 64;
/// Incidents on a page of the history.
pub(super) const INCIDENTS: u16 = 20;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Page {
    Json,
    Feed,
    Whole(Language),
    History(Language, Option<IncidentId>),
}

/// A page, made.
#[derive(Clone)]
pub(super) struct Made {
    at: Instant,
    pub(super) body: Bytes,
    /// Its `ETag`.
    pub(super) tag: HeaderValue,
}

/// Everything that was made. One at a time is made, and the others wait for it; the history alone is read beside.
#[derive(Default)]
pub(crate) struct Pages(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    made: HashMap<Page, Made>,
    seen: Option<(Instant, Arc<Seen>)>,
    /// How often something was made.
    #[cfg(test)]
    count: usize,
}

impl Pages {
    /// A page that is not older than the limits say.
    pub(super) async fn get(&self, app: &App, page: Page) -> Result<Made, Problem> {
        let age = app.limits.status_page_age;
        let mut shelf = self.0.lock().await;
        if let Some(made) = shelf.made.get(&page).filter(|made| made.at.elapsed() < age) {
            return Ok(made.clone());
        }
        let body = match page {
            Page::Json => StatusDocument::from(&*shelf.seen(app).await).written()?,
            Page::Feed => feed::render(&*shelf.seen(app).await, &app.public_url),
            Page::Whole(language) => page::render(&*shelf.seen(app).await, language),
            Page::History(language, before) => {
                // There are as many as there are incidents: whoever reads them holds up nobody who asks how things stand.
                drop(shelf);
                return self.history(app, language, before).await;
            }
        };
        Ok(shelf.keep(page, body, age))
    }

    async fn history(
        &self,
        app: &App,
        language: Language,
        before: Option<IncidentId>,
    ) -> Result<Made, Problem> {
        let page = Page::History(language, before);
        let read = app.store.read(move |tx| incidents::past(tx, before, INCIDENTS));
        let found = timeout(PATIENCE, read).await.unwrap_or(Err(StoreError::Overloaded));
        let mut shelf = self.0.lock().await;
        match found {
            Ok(found) => {
                let (past, next) = found.ok_or_else(no_such_page)?;
                let body = history::render(&past, before, next, language);
                Ok(shelf.keep(page, body, app.limits.status_page_age))
            }
            // What was told before is better than nothing.
            Err(error) => shelf.made.get(&page).cloned().ok_or_else(|| error.into()),
        }
    }

    /// Something was told: whoever asks next is told of it.
    pub(in crate::web) async fn forget(&self) {
        let mut shelf = self.0.lock().await;
        shelf.made.clear();
        shelf.seen = None;
    }

    #[cfg(test)]
    pub(super) async fn count(&self) -> usize {
        self.0.lock().await.count
    }
}

impl Shelf {
    async fn seen(&mut self, app: &App) -> Arc<Seen> {
        if let Some((at, seen)) = &self.seen
            && at.elapsed() < app.limits.status_page_age
        {
            return Arc::clone(seen);
        }
        let batch = app.board.first(FIRST_LOOK).await;
        let now = Timestamp::now();
        let read = timeout(PATIENCE, app.store.read(move |tx| Overview::read(tx, now))).await;
        let overview = match read.unwrap_or(Err(StoreError::Overloaded)) {
            Ok(overview) => overview,
            Err(error) => {
                tracing::warn!(%error, "the status page goes by what was read before");
                let before = self.seen.take().map(|(_, seen)| seen.overview.clone());
                before.unwrap_or_else(|| Overview::empty(now))
            }
        };
        let seen = Arc::new(Seen { now, batch, overview });
        self.seen = Some((Instant::now(), Arc::clone(&seen)));
        seen
    }

    fn keep(&mut self, page: Page, body: String, age: Duration) -> Made {
        #[cfg(test)]
        {
            self.count += 1;
        }
        let tag = format!("\"{}\"", hash_of(&body).get(..32).unwrap_or_default());
        // Hexadecimal digits in quotes are a header.
        let tag = HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""));
        let made = Made { at: Instant::now(), body: body.into(), tag };
        if self.made.len() >= MOST {
            self.made.retain(|_, made| made.at.elapsed() < age);
        }
        if self.made.len() >= MOST {
            self.made.retain(|page, _| !matches!(page, Page::History(..)));
        }
        self.made.insert(page, made.clone());
        made
    }
}
