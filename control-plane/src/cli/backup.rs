//! `backup` and `restore`: the database in one file. The order-signing key is a file of its own.

use super::{Stop, absent};
use crate::{
    config::{Data, DataOptions},
    fleet, say, serve,
    store::{self, BackupError},
};
use rustix::process::geteuid;
use shared::time::Timestamp;
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Copies the database while `serve` works on it.
pub(super) async fn back_up(file: PathBuf, data: DataOptions) -> Result<(), Stop> {
    let data = Data::resolve(data)?;
    if !data.database_file().exists() {
        return Err(Stop::Failed(absent(&data)));
    }
    let (database, named) = (data.database, file.clone());
    let bytes = blocking(move || store::back_up(&database, &named)).await?;
    say::say(format!("{}: {bytes} bytes, whole and on disk", file.display()));
    Ok(())
}

/// Puts a backup in the place of the database. `serve` must not run.
pub(super) async fn restore(file: PathBuf, data: DataOptions) -> Result<(), Stop> {
    let data = Data::resolve(data)?;
    // Files of another user would keep the service from starting.
    if let Ok(dir) = fs::metadata(&data.dir)
        && dir.uid() != geteuid().as_raw()
    {
        return Err(Stop::Failed(format!(
            "{} belongs to another user: run this as that one, as in `runuser -u control-plane -- control-plane \
             restore …`",
            data.dir.display()
        )));
    }
    let _lock = serve::take(&data).map_err(Stop::failed)?;
    let (database, named) = (data.database.clone(), file.clone());
    let restored = blocking(move || store::restore(&named, &database, Timestamp::now())).await?;
    say::say(format!("{} is restored from {}", data.database_file().display(), file.display()));
    if let Some(kept) = restored.kept {
        say::say(format!("the database that was there is kept as {}", kept.display()));
    }
    say::say(key(&data.dir));
    Ok(())
}

fn key(dir: &Path) -> String {
    match fleet::order_key_file(dir) {
        Ok(Some(path)) => format!("the order-signing key is there: {}", path.display()),
        Ok(None) => format!(
            "{} holds no order-signing key: put your copy there as order-signing.key before `serve`, or enrol every \
             PBX again",
            dir.display()
        ),
        Err(error) => error.to_string(),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, Stop> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Stop::failed),
        Err(error) => Err(Stop::failed(error)),
    }
}
