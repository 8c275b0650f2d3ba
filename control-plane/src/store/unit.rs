//! Units of work without their types: the engine is compiled once, not once for each of the hundreds that there are.

use super::{StoreError, Tx};
use std::any::Any;

/// A unit, ready to run.
pub(super) type Unit = Box<dyn FnOnce(&mut Tx<'_>) -> Done + Send>;

/// What a unit came to.
pub(super) struct Done {
    /// Whether what it wrote is to stay.
    pub(super) is_ok: bool,
    /// Its `Result`.
    result: Box<dyn Any + Send>,
}

/// Takes the types off a unit. [`Done::result`] puts them back on.
pub(super) fn untyped<T, E>(unit: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Unit
where
    T: Send + 'static,
    E: Send + 'static,
{
    Box::new(move |tx| Done::of(unit(tx)))
}

impl Done {
    fn of<T: Send + 'static, E: Send + 'static>(result: Result<T, E>) -> Self {
        Self { is_ok: result.is_ok(), result: Box::new(result) }
    }

    /// What the unit gave. It is of the type that the unit had, or it is a defect of the caller.
    pub(super) fn result<T, E>(self) -> Result<T, E>
    where
        T: 'static,
        E: From<StoreError> + 'static,
    {
        self.result.downcast().map_or_else(|_| Err(StoreError::Panicked.into()), |result| *result)
    }
}
