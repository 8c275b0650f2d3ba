//! Work that keeps a processor busy: rules over a large payload. Few at once, so that calls are placed meanwhile.

use crate::web::problem::{Kind, Problem};
use std::time::Duration;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

/// So many at once.
const AT_ONCE: usize = 2;
static ROOM: Semaphore = Semaphore::const_new(AT_ONCE);
/// Longest wait for room.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so many seconds somebody who was turned away may ask again.
const RETRY: u32 = 5;

/// Does this work where it holds up nobody.
///
/// # Errors
/// [`Kind::TooBusy`] where others keep it from beginning.
pub(super) async fn reckon<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let busy = || {
        Problem::new(Kind::TooBusy, "too many rules are tried at this moment".to_owned()).retry_after(RETRY)
    };
    let room = timeout(PATIENCE, ROOM.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())?;
    let done = spawn_blocking(move || {
        // Kept to the end of the work, also where whoever asked for it has gone.
        let _room = room;
        work()
    });
    done.await.map_err(|_| Problem::internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_finds_no_room_is_told_to_come_again() {
        let all = ROOM.acquire_many(AT_ONCE as u32).await.unwrap();
        let refused = reckon(|| ()).await.unwrap_err();
        assert!(format!("{refused:?}").contains("TooBusy"), "{refused:?}");
        drop(all);
        assert_eq!(reckon(|| 7).await.unwrap_or_default(), 7);
    }
}
