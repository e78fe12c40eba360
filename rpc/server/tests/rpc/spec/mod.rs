//! The JSON-RPC specification, to which every answer in these tests is held (see `docs/testing.md`).
//!
//! The OpenRPC documents come out of a published crate (`tools/third-party`), in a slightly older version and with
//! its users' edits; [`amend`] puts right what 0.10.3 says otherwise.

mod amend;
#[allow(dead_code, reason = "only the tests of the server ask at random")]
pub(crate) mod generate;
mod schema;

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

pub(crate) const API: &str = "starknet_api_openrpc.json";
pub(crate) const WRITE: &str = "starknet_write_api.json";
pub(crate) const TRACE: &str = "starknet_trace_api_openrpc.json";
pub(crate) const EXECUTABLES: &str = "starknet_executables.json";
pub(crate) const WEBSOCKET: &str = "starknet_ws_api.json";

/// The specification.
pub(crate) static SPEC: LazyLock<Spec> = LazyLock::new(Spec::load);

/// The documents of the specification by file name.
pub(crate) struct Spec {
    documents: HashMap<&'static str, Value>,
    patterns: HashMap<String, Regex>,
}

/// An error that a method may answer with.
#[derive(Debug, Clone)]
pub(crate) struct SpecError {
    pub(crate) name: String,
    pub(crate) code: i64,
    pub(crate) message: String,
    document: &'static str,
    data: Option<Value>,
}

impl Spec {
    fn load() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/third-party/specs");
        let mut documents = HashMap::new();
        for name in [API, WRITE, TRACE, EXECUTABLES, WEBSOCKET] {
            let path = folder.join(name);
            let text = std::fs::read(&path).unwrap_or_else(|error| {
                panic!("{}: {error}; tools/third-party/fetch brings it", path.display())
            });
            documents.insert(name, serde_json::from_slice(&text).unwrap());
        }
        amend::amend(&mut documents);
        let mut patterns = HashMap::new();
        documents.values().for_each(|document| schema::collect_patterns(document, &mut patterns));
        Self { documents, patterns }
    }

    /// The names of a document's methods.
    pub(crate) fn methods(&self, document: &'static str) -> Vec<&str> {
        let methods = self.documents[document]["methods"].as_array().unwrap();
        methods.iter().map(|method| method["name"].as_str().unwrap()).collect()
    }

    /// The names of a method's parameters, in order.
    pub(crate) fn param_names(&self, method: &str) -> Vec<&str> {
        let params = self.method(method).1["params"].as_array().unwrap();
        params.iter().map(|param| param["name"].as_str().unwrap()).collect()
    }

    /// Why `result` is not what `method` answers.
    pub(crate) fn check_result(&self, method: &str, result: &Value) -> Result<(), String> {
        let (document, description) = self.method(method);
        self.check(document, &description["result"]["schema"], result)
            .map_err(|reason| format!("{method}: {reason}"))
    }

    /// Why `value` cannot be the parameter `name` of the call or notification `method`.
    #[allow(dead_code, reason = "only notifications need it, which the tests of the server receive")]
    pub(crate) fn check_param(&self, method: &str, name: &str, value: &Value) -> Result<(), String> {
        let (document, description) = self.method(method);
        let params = description["params"].as_array().unwrap();
        let param = params.iter().find(|param| param["name"] == name);
        let param = param.unwrap_or_else(|| panic!("{method} has no parameter {name}"));
        self.check(document, &param["schema"], value).map_err(|reason| format!("{method}, {name}: {reason}"))
    }

    /// Why `method` may not answer with this error. JSON-RPC's own errors are anyone's.
    pub(crate) fn check_error(
        &self,
        method: &str,
        code: i64,
        message: &str,
        data: &Value,
    ) -> Result<(), String> {
        if code < 0 {
            return Ok(());
        }
        let errors = self.errors(method);
        let error = errors.iter().find(|error| error.code == code);
        let error = error.ok_or_else(|| format!("{method} has no error {code} ({message})"))?;
        if error.message != message {
            return Err(format!("{method}, error {code}: `{message}` where `{}` is due", error.message));
        }
        let Some(expected) = &error.data else { return Ok(()) };
        let check = schema::Validator { spec: self }.check_open(error.document, expected, data);
        check.map_err(|reason| format!("{method}, data of {code}: {reason}"))
    }

    /// The errors that `method` may answer with.
    pub(crate) fn errors(&self, method: &str) -> Vec<SpecError> {
        let (document, description) = self.method(method);
        let Some(errors) = description.get("errors") else { return Vec::new() };
        errors.as_array().unwrap().iter().map(|error| self.error(document, error)).collect()
    }

    fn error(&self, document: &'static str, reference: &Value) -> SpecError {
        let reference = reference["$ref"].as_str().unwrap();
        let (document, error) = self.resolve(document, reference);
        let data = error.get("data").map(|data| match data {
            Value::String(kind) => serde_json::json!({ "type": kind }),
            schema => schema.clone(),
        });
        SpecError {
            name: reference.rsplit('/').next().unwrap().to_owned(),
            code: error["code"].as_i64().unwrap(),
            message: error["message"].as_str().unwrap().to_owned(),
            document,
            data,
        }
    }

    fn check(&self, document: &'static str, schema: &Value, value: &Value) -> Result<(), String> {
        schema::Validator { spec: self }.check(document, schema, value)
    }

    fn method(&self, name: &str) -> (&'static str, &Value) {
        self.documents
            .iter()
            .find_map(|(document, content)| {
                let methods = content["methods"].as_array().unwrap();
                methods.iter().find(|method| method["name"] == name).map(|method| (*document, method))
            })
            .unwrap_or_else(|| panic!("the specification has no method {name}"))
    }

    /// What a reference inside `document` names, and the document it is in.
    fn resolve(&self, document: &'static str, reference: &str) -> (&'static str, &Value) {
        let (file, pointer) = reference.split_once('#').unwrap();
        let file = file.rsplit('/').next().unwrap();
        let document = match file {
            "" => document,
            file => *self.documents.keys().find(|name| **name == file).unwrap(),
        };
        let value = self.documents[document].pointer(pointer);
        (document, value.unwrap_or_else(|| panic!("{reference} in {document} names nothing")))
    }

    fn pattern(&self, pattern: &str) -> &Regex {
        &self.patterns[pattern]
    }
}
