//! What a class's entry points take, and random arguments of these types.

use std::collections::HashMap;

use serde_json::Value;
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_types_core::felt::Felt;

use super::random::Random;

/// An entry point, by its types.
#[derive(Clone)]
pub struct Function {
    pub name: String,
    pub selector: Felt,
    pub inputs: Vec<String>,
}

#[derive(Default)]
pub struct Abi {
    pub functions: Vec<Function>,
    pub constructor: Option<Vec<String>>,
    /// Types of a struct's members.
    structs: HashMap<String, Vec<String>>,
    /// Types of an enum's variants.
    enums: HashMap<String, Vec<String>>,
}

/// Values that mean something in the scene.
pub trait Values {
    fn address(&self, random: &mut Random) -> Felt;
    fn class_hash(&self, random: &mut Random) -> Felt;
    fn felt(&self, random: &mut Random) -> Felt;
}

impl Abi {
    pub fn parse(abi: &Value) -> Self {
        let items: Value = match abi.as_str() {
            Some(text) => serde_json::from_str(text).expect("JSON"),
            None => abi.clone(),
        };
        let mut parsed = Self::default();
        for item in list(&items) {
            parsed.add(item);
        }
        parsed
    }

    fn add(&mut self, item: &Value) {
        let types = |key: &str| list(&item[key]).iter().map(|it| text(&it["type"])).collect::<Vec<_>>();
        let name = text(&item["name"]);
        match item["type"].as_str() {
            Some("function") => {
                self.functions.push(Function {
                    selector: selector_from_name(&name).0,
                    inputs: types("inputs"),
                    name,
                });
            }
            Some("interface") => list(&item["items"]).iter().for_each(|item| self.add(item)),
            Some("constructor") => self.constructor = Some(types("inputs")),
            Some("struct") => drop(self.structs.insert(name, types("members"))),
            Some("enum") => drop(self.enums.insert(name, types("variants"))),
            _ => {}
        }
    }

    /// Random arguments of these types.
    pub fn arguments(&self, types: &[String], random: &mut Random, values: &impl Values) -> Vec<Felt> {
        let mut felts = Vec::new();
        for name in types {
            self.write(name, random, values, &mut felts);
        }
        felts
    }

    fn write(&self, name: &str, random: &mut Random, values: &impl Values, into: &mut Vec<Felt>) {
        if let Some(element) = array_of(name) {
            let length = random.below(4);
            into.push(length.into());
            (0..length).for_each(|_| self.write(element, random, values, into));
        } else if let Some((element, length)) = fixed_array(name) {
            (0..length).for_each(|_| self.write(element, random, values, into));
        } else if let Some(inner) = name.strip_prefix('(').and_then(|name| name.strip_suffix(')')) {
            split(inner).into_iter().for_each(|part| self.write(part, random, values, into));
        } else if name == "core::byte_array::ByteArray" {
            into.extend([Felt::ZERO, random.number(80), Felt::from(10)]);
        } else if let Some(felt) = scalar(name, random, values) {
            into.push(felt);
        } else if name == "core::integer::u256" {
            let bits = if random.chance(800) { 16 } else { 128 };
            into.push(random.number(bits));
            into.push(if random.chance(950) { Felt::ZERO } else { random.number(128) });
        } else if let Some(members) = self.structs.get(name) {
            members.iter().for_each(|member| self.write(member, random, values, into));
        } else if let Some(variants) = self.enums.get(name).filter(|variants| !variants.is_empty()) {
            let variant = random.below(variants.len());
            into.push(variant.into());
            self.write(&variants[variant], random, values, into);
        } else if !name.is_empty() {
            into.push(values.felt(random));
        }
    }
}

fn scalar(name: &str, random: &mut Random, values: &impl Values) -> Option<Felt> {
    let last = name.rsplit("::").next().unwrap_or(name);
    Some(match last {
        "ContractAddress" => values.address(random),
        "ClassHash" => values.class_hash(random),
        "felt252" => values.felt(random),
        "bool" => Felt::from(random.below(2)),
        "EthAddress" => random.number(160),
        "bytes31" => random.number(248),
        "usize" => random.number(32),
        _ => {
            let bits: u32 = last.get(1..)?.parse().ok().filter(|bits| *bits <= 128)?;
            match last.chars().next()? {
                'u' if random.chance(10) => Felt::TWO.pow(bits),
                'u' if bits == 8 && random.chance(700) => Felt::from(random.below(2)),
                'u' => random.number(bits),
                'i' if random.chance(500) => -random.number(bits - 1),
                'i' => random.number(bits - 1),
                _ => return None,
            }
        }
    })
}

fn array_of(name: &str) -> Option<&str> {
    ["core::array::Array::<", "core::array::Span::<"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix)?.strip_suffix('>'))
}

fn fixed_array(name: &str) -> Option<(&str, usize)> {
    let (element, length) = name.strip_prefix('[')?.strip_suffix(']')?.rsplit_once(';')?;
    Some((element.trim(), length.trim().parse().ok()?))
}

/// Splits at the commas that no bracket encloses.
fn split(types: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, character) in types.char_indices() {
        match character {
            '(' | '<' | '[' => depth += 1,
            ')' | '>' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(types[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(types[start..].trim());
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
