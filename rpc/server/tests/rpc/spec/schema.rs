//! JSON Schema, as far as the specification uses it: a keyword that is not known here panics.
//!
//! Two readings are ours. Objects are closed: a field that no schema of its place names is an error, since the
//! specification's schemas do not forbid unknown fields and a misspelt optional one would go unseen. And any of the
//! alternatives of a `oneOf` will do, since some of them overlap.

use std::collections::{BTreeSet, HashMap};

use regex::Regex;
use serde_json::Value;

use super::Spec;

/// Checks values against schemas.
pub(super) struct Validator<'a> {
    pub(super) spec: &'a Spec,
}

/// The fields of an object that some schema names.
type Named = BTreeSet<String>;

/// Every `pattern` in `value`, compiled.
pub(super) fn collect_patterns(value: &Value, patterns: &mut HashMap<String, Regex>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(pattern)) = fields.get("pattern") {
                patterns.entry(pattern.clone()).or_insert_with(|| Regex::new(pattern).unwrap());
            }
            fields.values().for_each(|value| collect_patterns(value, patterns));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_patterns(item, patterns)),
        _ => {}
    }
}

impl Validator<'_> {
    /// Why `value` does not fit `schema`, which stands in `document`.
    pub(super) fn check(&self, document: &'static str, schema: &Value, value: &Value) -> Result<(), String> {
        self.place(document, schema, value)
    }

    /// The same, but the value itself may have other fields too.
    pub(super) fn check_open(
        &self,
        document: &'static str,
        schema: &Value,
        value: &Value,
    ) -> Result<(), String> {
        self.apply(document, schema, value).map(drop)
    }

    /// A value in a place of its own: all its fields must be named by `schema`.
    fn place(&self, document: &'static str, schema: &Value, value: &Value) -> Result<(), String> {
        let named = self.apply(document, schema, value)?;
        let Value::Object(fields) = value else { return Ok(()) };
        match fields.keys().find(|field| !named.contains(*field)) {
            Some(field) => Err(format!("unknown field `{field}` in {}", short(value))),
            None => Ok(()),
        }
    }

    /// Applies each keyword of `schema` to `value`; answers the fields that it names.
    fn apply(&self, document: &'static str, schema: &Value, value: &Value) -> Result<Named, String> {
        let keywords = schema.as_object().unwrap_or_else(|| panic!("{schema} is no schema"));
        let mut named = Named::new();
        for (keyword, argument) in keywords {
            match keyword.as_str() {
                "title" | "description" | "name" | "summary" | "$comment" | "default" => {}
                "$ref" => {
                    let (document, schema) = self.spec.resolve(document, argument.as_str().unwrap());
                    named.extend(self.apply(document, schema, value)?);
                }
                // Some schemas of the specification are wrapped once more.
                "schema" => named.extend(self.apply(document, argument, value)?),
                "allOf" => {
                    for schema in argument.as_array().unwrap() {
                        named.extend(self.apply(document, schema, value)?);
                    }
                }
                "oneOf" => named.extend(self.any_of(document, argument.as_array().unwrap(), value)?),
                "not" => {
                    holds(self.apply(document, argument, value).is_err(), keyword, argument, value)?;
                }
                "properties" => {
                    named.extend(self.properties(document, argument.as_object().unwrap(), value)?)
                }
                "required" => required(argument, value)?,
                "additionalProperties" => only_own(keywords, argument, value)?,
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.place(document, argument, item)
                            .map_err(|reason| format!("[{index}]{reason}"))?;
                    }
                }
                "pattern" => {
                    let pattern = self.spec.pattern(argument.as_str().unwrap());
                    holds(
                        value.as_str().is_none_or(|text| pattern.is_match(text)),
                        keyword,
                        argument,
                        value,
                    )?;
                }
                keyword => holds(simple(keyword, argument, value), keyword, argument, value)?,
            }
        }
        Ok(named)
    }

    fn any_of(&self, document: &'static str, schemas: &[Value], value: &Value) -> Result<Named, String> {
        let results: Vec<_> = schemas.iter().map(|schema| self.apply(document, schema, value)).collect();
        if results.iter().all(Result::is_err) {
            let reasons: Vec<_> = results.into_iter().filter_map(Result::err).collect();
            return Err(format!(": none of {} alternatives fits: {}", schemas.len(), reasons.join("; ")));
        }
        Ok(results.into_iter().flatten().flatten().collect())
    }

    fn properties(
        &self,
        document: &'static str,
        properties: &serde_json::Map<String, Value>,
        value: &Value,
    ) -> Result<Named, String> {
        for (name, schema) in properties {
            if let Some(value) = value.get(name) {
                self.place(document, schema, value).map_err(|reason| format!(".{name}{reason}"))?;
            }
        }
        Ok(properties.keys().cloned().collect())
    }
}

/// The keywords that need no other schema.
fn simple(keyword: &str, argument: &Value, value: &Value) -> bool {
    let length = value.as_array().map(Vec::len);
    let bound = || argument.as_u64().unwrap() as usize;
    match keyword {
        "type" => is_of_type(argument.as_str().unwrap(), value),
        "enum" => argument.as_array().unwrap().contains(value),
        "minimum" => number(value).is_none_or(|found| found >= number(argument).unwrap()),
        "maximum" => number(value).is_none_or(|found| found <= number(argument).unwrap()),
        "minItems" => length.is_none_or(|length| length >= bound()),
        "maxItems" => length.is_none_or(|length| length <= bound()),
        unknown => panic!("the keyword {unknown} is not known here"),
    }
}

fn is_of_type(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => number(value).is_some(),
        unknown => panic!("the type {unknown} is not known here"),
    }
}

fn number(value: &Value) -> Option<i128> {
    value.as_u64().map(i128::from).or_else(|| value.as_i64().map(i128::from))
}

/// One name stands without a list in places.
fn required(argument: &Value, value: &Value) -> Result<(), String> {
    let names = argument.as_array().map_or(std::slice::from_ref(argument), Vec::as_slice);
    let missing = names.iter().find(|name| value.is_object() && value.get(name.as_str().unwrap()).is_none());
    missing.map_or(Ok(()), |name| Err(format!(": {name} is missing in {}", short(value))))
}

fn only_own(
    keywords: &serde_json::Map<String, Value>,
    argument: &Value,
    value: &Value,
) -> Result<(), String> {
    assert_eq!(*argument, Value::Bool(false), "additionalProperties is known as `false` only");
    let foreign = |name: &&String| keywords["properties"].get(name.as_str()).is_none();
    let foreign = value.as_object().and_then(|fields| fields.keys().find(foreign));
    foreign.map_or(Ok(()), |name| Err(format!(": `{name}` is not allowed")))
}

fn holds(held: bool, keyword: &str, argument: &Value, value: &Value) -> Result<(), String> {
    if held { Ok(()) } else { Err(format!(": {} breaks {keyword} {}", short(value), short(argument))) }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}
