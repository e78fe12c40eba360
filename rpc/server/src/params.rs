//! A request's parameters: by position or by name, into one struct per method.

use jsonrpsee::types::Params;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::RpcError;

/// The parameters of a method that takes none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParams {}

/// Reads parameters given by position (`[..]`) or by name (`{..}`).
///
/// A derived `Deserialize` reads a struct from either form, so the struct's field order is the positional order;
/// `deny_unknown_fields` refuses misspelt names, and a list that is too long is refused as well.
pub(crate) fn parse<T: DeserializeOwned>(params: &Params<'_>) -> Result<T, RpcError> {
    let text = params.as_str().unwrap_or("[]");
    let mut input = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut input).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        RpcError::InvalidParams(if path == "." { message } else { format!("{path}: {message}") })
    })?;
    input.end().map_err(|error| RpcError::InvalidParams(error.to_string()))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        number: u64,
        #[serde(default)]
        flags: Option<Vec<String>>,
    }

    fn read(text: &str) -> Result<Example, String> {
        parse(&Params::new(Some(text))).map_err(|error| error.to_string())
    }

    #[test]
    fn by_position_and_by_name() {
        assert_eq!(read("[1]").unwrap(), Example { number: 1, flags: None });
        assert_eq!(read("[1, null]").unwrap(), Example { number: 1, flags: None });
        assert_eq!(read(r#"[1, ["a"]]"#).unwrap(), Example { number: 1, flags: Some(vec!["a".into()]) });
        assert_eq!(read(r#"{"number": 1}"#).unwrap(), Example { number: 1, flags: None });
        parse::<NoParams>(&Params::new(None)).unwrap();
        parse::<NoParams>(&Params::new(Some("[]"))).unwrap();
        parse::<NoParams>(&Params::new(Some("{}"))).unwrap();
    }

    #[test]
    fn errors_name_the_field() {
        assert!(read(r#"{"number": 1, "flag": []}"#).unwrap_err().contains("unknown field `flag`"));
        assert!(read(r#"{"number": "x"}"#).unwrap_err().contains("number: "));
        assert!(read(r#"{"number": 1, "flags": [1]}"#).unwrap_err().contains("flags[0]: "));
        assert!(read("{}").unwrap_err().contains("missing field `number`"));
        assert!(read("[1, [], 3]").is_err());
        assert!(read("[]").is_err());
        assert!(read(r#"{"number": 1, "number": 2}"#).unwrap_err().contains("duplicate field `number`"));
        assert!(parse::<NoParams>(&Params::new(Some("[1]"))).is_err());
        assert!(parse::<NoParams>(&Params::new(Some(r#"{"a": 1}"#))).is_err());
        let nested = format!("{{\"flags\": {}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(read(&nested).is_err());
    }
}
