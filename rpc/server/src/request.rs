//! A call as it came (JSON-RPC 2.0, section 4).

use std::borrow::Cow;

use jsonrpsee::types::{ErrorCode, Id};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A call.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Cow<'a, str>,
    pub(crate) params: Option<&'a RawValue>,
    /// Absent if nobody wants to know what came of it: a notification.
    pub(crate) id: Option<CallId<'a>>,
}

/// What an answer is known by, as it came: a string, a number or null.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallId<'a>(&'a RawValue);

/// Why a message is no call, and by which id its sender knows it.
#[derive(Debug)]
pub(crate) struct NotACall<'a> {
    pub(crate) code: ErrorCode,
    pub(crate) id: CallId<'a>,
}

/// What jsonrpsee's answers to whom it does not know begin with.
const BY_NULL: &str = r#"{"jsonrpc":"2.0","id":null"#;

/// Members that are there twice are an error; whatever else is there is not looked at.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    jsonrpc: Cow<'a, str>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct OnlyId<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}

impl<'a> Call<'a> {
    /// Reads a call.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn read(message: &'a [u8]) -> Result<Self, NotACall<'a>> {
        let refused = |code, id| NotACall { code, id };
        // Serde takes lists for structures, too.
        if message.trim_ascii_start().first() == Some(&b'[') {
            return Err(refused(ErrorCode::InvalidRequest, CallId::NULL));
        }
        match serde_json::from_slice::<Members<'a>>(message) {
            Ok(Members { jsonrpc, method, params, id }) if jsonrpc == "2.0" => match id.map(CallId::new) {
                Some(None) => Err(refused(ErrorCode::InvalidRequest, CallId::NULL)),
                id => Ok(Self { method, params, id: id.flatten() }),
            },
            Ok(Members { id, .. }) => {
                Err(refused(ErrorCode::InvalidRequest, id.and_then(CallId::new).unwrap_or(CallId::NULL)))
            }
            Err(_) if serde_json::from_slice::<IgnoredAny>(message).is_ok() => {
                let id = serde_json::from_slice::<OnlyId<'a>>(message).ok();
                let id = id.and_then(|it| CallId::new(it.id)).unwrap_or(CallId::NULL);
                Err(refused(ErrorCode::InvalidRequest, id))
            }
            Err(_) => Err(refused(ErrorCode::ParseError, CallId::NULL)),
        }
    }
}

impl<'a> CallId<'a> {
    const NULL: CallId<'static> = CallId(RawValue::NULL);

    /// `None` if it is of another type.
    fn new(id: &'a RawValue) -> Option<Self> {
        matches!(id.get().as_bytes().first()?, b'"' | b'-' | b'0'..=b'9' | b'n').then_some(Self(id))
    }

    /// As jsonrpsee has it; `None` if it would write it otherwise: numbers that are negative, large or no integers, and texts with
    /// characters that may be written in several ways.
    pub(crate) fn plain(self) -> Option<Id<'static>> {
        if self.0.get().contains('\\') {
            return None;
        }
        serde_json::from_str::<Id<'_>>(self.0.get()).ok().map(Id::into_owned)
    }

    /// The same answer, by this id instead of null. It may be long: it is not copied.
    pub(crate) fn put_into(self, answer: Box<RawValue>) -> Box<RawValue> {
        let mut text = String::from(Box::<str>::from(answer));
        if text.starts_with(BY_NULL) {
            text.replace_range(BY_NULL.len() - "null".len()..BY_NULL.len(), self.0.get());
        }
        RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
    }
}

/// A member that is there, even if it is null.
fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(members: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","method":"m"{members}}}"#)
    }

    #[test]
    fn ids_come_back_as_they_were() {
        for id in ["null", "0", "7", "-1", "1.5", "1e2", "18446744073709551616", r#""""#, r#""a\u00e9""#] {
            let message = call(&format!(r#","id":{id}"#));
            let read = Call::read(message.as_bytes()).expect(id).id.expect("no notification");
            let answer =
                RawValue::from_string(r#"{"jsonrpc":"2.0","id":null,"result":null}"#.to_owned()).unwrap();
            let expected = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":null}}"#);
            assert_eq!(read.put_into(answer).get(), expected);
            if let Some(plain) = read.plain() {
                let again: serde_json::Value = serde_json::from_str(id).unwrap();
                assert_eq!(serde_json::to_value(plain).unwrap(), again);
            }
        }
        let error = r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"no"}}"#;
        let message = call(r#","id":-1"#);
        let id = Call::read(message.as_bytes()).unwrap().id.unwrap();
        let told = id.put_into(RawValue::from_string(error.to_owned()).unwrap());
        assert_eq!(told.get(), r#"{"jsonrpc":"2.0","id":-1,"error":{"code":1,"message":"no"}}"#);
    }

    #[test]
    fn a_call_without_an_id_is_a_notification() {
        assert!(Call::read(call("").as_bytes()).unwrap().id.is_none());
        assert!(Call::read(call(r#","id":null"#).as_bytes()).unwrap().id.is_some());
    }

    #[test]
    fn what_is_no_call_is_refused_by_its_id_if_it_has_one() {
        let invalid = ErrorCode::InvalidRequest;
        for (message, code, id) in [
            (call(r#","id":true"#), invalid, "null"),
            (call(r#","id":[1]"#), invalid, "null"),
            (call(r#","id":{}"#), invalid, "null"),
            (call(r#","id":1,"id":2"#), invalid, "null"),
            (call(r#","id":1,"method":"n""#), invalid, "1"),
            (call(r#","id":1,"params":[],"params":[]"#), invalid, "1"),
            (r#"{"jsonrpc":"1.0","id":-3,"method":"m"}"#.to_owned(), invalid, "-3"),
            (r#"{"id":"a","method":"m"}"#.to_owned(), invalid, r#""a""#),
            (r#"{"jsonrpc":"2.0","id":1,"method":5}"#.to_owned(), invalid, "1"),
            ("7".to_owned(), invalid, "null"),
            (r#"["2.0","m",[],7]"#.to_owned(), invalid, "null"),
            ("[7]".to_owned(), invalid, "null"),
            ("{".to_owned(), ErrorCode::ParseError, "null"),
        ] {
            let refused = Call::read(message.as_bytes()).expect_err(&message);
            assert_eq!((refused.code, refused.id.0.get()), (code, id), "{message}");
        }
    }
}
