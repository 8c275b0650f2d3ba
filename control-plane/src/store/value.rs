//! Values between Rust and the database, the same for every engine.

use super::StoreError;
use shared::{
    ids::{
        AccountId, AlertId, ApiKeyId, AttemptId, CallId, EndpointId, IncidentId, InviteId, JournalId,
        LetterId, OrgId, PbxId, PhoneId, ProjectId, RequestId, SessionId, VerificationId,
    },
    outcome::{AttemptStatus, CallStatus, Reason},
    phone::E164,
    severity::Severity,
    time::Timestamp,
};

/// What a column can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Integer(i64),
    /// TEXT.
    Text(String),
    /// BYTEA or BLOB.
    Bytes(Vec<u8>),
}

impl Value {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Integer(_) => "a number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// One row of an answer.
pub struct Row(pub(super) Vec<Value>);

impl Row {
    /// Reads a column by its position, from 0.
    ///
    /// # Errors
    /// [`StoreError::Column`] where it holds something else, or is not there.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T, StoreError> {
        let value = self.0.get(column).unwrap_or(&Value::Null);
        T::from_value(value).ok_or(StoreError::Column { column, found: value.kind(), wanted: T::WANTED })
    }
}

/// Something that can be a parameter of a statement.
pub trait ToValue: Sync {
    /// As the database holds it.
    fn to_value(&self) -> Value;
}

/// Something that a column can be read as.
pub trait FromValue: Sized {
    /// What a column must hold, for the error.
    const WANTED: &'static str;
    /// Reads it; `None` where the column holds something else.
    fn from_value(value: &Value) -> Option<Self>;
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const WANTED: &'static str = T::WANTED;

    fn from_value(value: &Value) -> Option<Self> {
        if *value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

impl FromValue for String {
    const WANTED: &'static str = "text";

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value {
        self.as_slice().to_value()
    }
}

impl FromValue for Vec<u8> {
    const WANTED: &'static str = "bytes";

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Bytes(bytes) = value { Some(bytes.clone()) } else { None }
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Integer(i64::from(*self))
    }
}

impl FromValue for bool {
    const WANTED: &'static str = "0 or 1";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(0) => Some(false),
            Value::Integer(1) => Some(true),
            Value::Integer(_) | Value::Null | Value::Text(_) | Value::Bytes(_) => None,
        }
    }
}

macro_rules! integers {
    ($($kind:ty),*) => {$(
        impl ToValue for $kind {
            fn to_value(&self) -> Value {
                Value::Integer(i64::from(*self))
            }
        }

        impl FromValue for $kind {
            const WANTED: &'static str = "a number in range";

            fn from_value(value: &Value) -> Option<Self> {
                if let Value::Integer(number) = value { Self::try_from(*number).ok() } else { None }
            }
        }
    )*};
}

integers!(i64, u16, u32);

impl ToValue for Timestamp {
    fn to_value(&self) -> Value {
        Value::Integer(self.as_micros())
    }
}

impl FromValue for Timestamp {
    const WANTED: &'static str = "microseconds since 1970";

    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(Self::from_micros)
    }
}

/// Types that are stored as the text they show, and read back by parsing it.
macro_rules! as_text {
    ($($kind:ty => $wanted:literal, $read:expr;)*) => {$(
        impl ToValue for $kind {
            fn to_value(&self) -> Value {
                Value::Text(self.to_string())
            }
        }

        impl FromValue for $kind {
            const WANTED: &'static str = $wanted;

            fn from_value(value: &Value) -> Option<Self> {
                let Value::Text(text) = value else { return None };
                let read: fn(&str) -> Option<Self> = $read;
                read(text)
            }
        }
    )*};
}

as_text! {
    OrgId => "an id", |text| text.parse().ok();
    AccountId => "an id", |text| text.parse().ok();
    SessionId => "an id", |text| text.parse().ok();
    InviteId => "an id", |text| text.parse().ok();
    PhoneId => "an id", |text| text.parse().ok();
    ProjectId => "an id", |text| text.parse().ok();
    EndpointId => "an id", |text| text.parse().ok();
    RequestId => "an id", |text| text.parse().ok();
    AlertId => "an id", |text| text.parse().ok();
    CallId => "an id", |text| text.parse().ok();
    AttemptId => "an id", |text| text.parse().ok();
    PbxId => "an id", |text| text.parse().ok();
    VerificationId => "an id", |text| text.parse().ok();
    ApiKeyId => "an id", |text| text.parse().ok();
    JournalId => "an id", |text| text.parse().ok();
    LetterId => "an id", |text| text.parse().ok();
    IncidentId => "an id", |text| text.parse().ok();
    E164 => "a number that may be dialled", |text| text.parse().ok();
    Severity => "a severity", Severity::from_word;
    CallStatus => "a call status", CallStatus::from_word;
    AttemptStatus => "an attempt status", AttemptStatus::from_word;
    Reason => "a reason", Reason::from_word;
}
