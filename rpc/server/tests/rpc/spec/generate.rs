//! Parameters that fit a method's schemas, and others that do not, out of a list of choices: the same choices make the same
//! parameters, and fewer make simpler ones.

use serde_json::{Map, Value, json};

use super::Spec;

/// Choices, and what is chosen where a text is due.
pub(crate) struct Choices<'a> {
    left: std::vec::IntoIter<u32>,
    words: &'a [String],
}

impl<'a> Choices<'a> {
    pub(crate) fn new(choices: Vec<u32>, words: &'a [String]) -> Self {
        Self { left: choices.into_iter(), words }
    }

    /// A number below `count`; 0 once no choice is left.
    fn below(&mut self, count: usize) -> usize {
        self.left.next().map_or(0, |choice| choice as usize % count.max(1))
    }

    fn of<'b, T>(&mut self, list: &'b [T]) -> &'b T {
        &list[self.below(list.len())]
    }
}

impl Spec {
    /// Parameters of a method by name, in order. Some that may be left out are, and then all after them.
    pub(crate) fn random_params(&self, method: &str, choices: &mut Choices<'_>) -> Vec<(String, Value)> {
        let (document, description) = self.method(method);
        let mut params = Vec::new();
        for param in description["params"].as_array().unwrap() {
            if param["required"] != true && choices.below(2) == 0 {
                break;
            }
            // One that is described in words only.
            let value = match param.get("schema") {
                Some(schema) => self.value(document, schema, choices),
                None => json!(choices.of(choices.words).clone()),
            };
            params.push((param["name"].as_str().unwrap().to_owned(), value));
        }
        params
    }

    fn value(&self, document: &'static str, schema: &Value, choices: &mut Choices<'_>) -> Value {
        if let Some(reference) = schema.get("$ref") {
            let (document, schema) = self.resolve(document, reference.as_str().unwrap());
            return self.value(document, schema, choices);
        }
        if let Some(schema) = schema.get("schema") {
            return self.value(document, schema, choices);
        }
        if let Some(alternatives) = schema["oneOf"].as_array() {
            return self.value(document, choices.of(alternatives), choices);
        }
        if let Some(values) = schema["enum"].as_array() {
            return choices.of(values).clone();
        }
        let mut fields = Map::new();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            match self.value(document, part, choices) {
                Value::Object(part) => fields.extend(part),
                other => return other,
            }
        }
        match schema["type"].as_str() {
            Some("string") => self.text(schema, choices),
            Some("integer") => integer(schema, choices),
            Some("boolean") => json!(choices.below(2) == 1),
            Some("array") => {
                let least = schema["minItems"].as_u64().unwrap_or_default() as usize;
                let count = least + choices.below(3);
                (0..count).map(|_| self.value(document, &schema["items"], choices)).collect()
            }
            _ => {
                let required = |name: &str| match &schema["required"] {
                    Value::Array(names) => names.iter().any(|required| required == name),
                    one => one == name,
                };
                for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                    if required(name) || choices.below(2) == 1 {
                        fields.insert(name.clone(), self.value(document, schema, choices));
                    }
                }
                Value::Object(fields)
            }
        }
    }

    /// One of the words that fit.
    fn text(&self, schema: &Value, choices: &mut Choices<'_>) -> Value {
        let words = choices.words;
        let Some(pattern) = schema["pattern"].as_str() else { return json!(choices.of(words)) };
        let fitting: Vec<_> = words.iter().filter(|word| self.pattern(pattern).is_match(word)).collect();
        assert!(!fitting.is_empty(), "no word fits {pattern}");
        json!(choices.of(&fitting))
    }
}

fn integer(schema: &Value, choices: &mut Choices<'_>) -> Value {
    let least = schema["minimum"].as_i64().unwrap_or_default();
    let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
    let numbers = [least, least.saturating_add(1), 2, 5, 1024, 1025, i64::from(u32::MAX), most];
    json!((*choices.of(&numbers)).clamp(least, most))
}

/// Changes something, somewhere in `value`.
pub(crate) fn damage(value: &mut Value, choices: &mut Choices<'_>) {
    match value {
        Value::Object(fields) if !fields.is_empty() && choices.below(4) > 0 => {
            let names: Vec<_> = fields.keys().cloned().collect();
            let name = choices.of(&names).clone();
            match choices.below(6) {
                0 => drop(fields.remove(&name)),
                1 => drop(fields.insert("surplus".to_owned(), json!(1))),
                _ => damage(&mut fields[&name], choices),
            }
        }
        Value::Array(items) if !items.is_empty() && choices.below(4) > 0 => {
            let at = choices.below(items.len());
            match choices.below(6) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                _ => damage(&mut items[at], choices),
            }
        }
        value => {
            let mut deep = json!([]);
            for _ in 0..100 {
                deep = json!([deep]);
            }
            let prime = "0x800000000000011000000000000000000000000000000000000000000000001";
            let others = [
                Value::Null,
                json!(true),
                json!(-1),
                json!(1.5),
                json!(u64::MAX),
                json!(1e300),
                json!(""),
                json!("0x"),
                json!("0X1"),
                json!("0x0001"),
                json!("latest"),
                json!(prime),
                json!("é".repeat(1000)),
                json!([]),
                json!({}),
                deep,
            ];
            *value = choices.of(&others).clone();
        }
    }
}
