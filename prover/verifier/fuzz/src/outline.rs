//! Where everything is in the bytes of a serialized value.
//!
//! The bytes are those that the proof's encoding has before compression: little-endian numbers of fixed width, lists
//! preceded by a `u64` length, options by a byte.

use std::fmt::Display;
use std::ops::Range;

use serde::ser::{
    self, Impossible, Serialize, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct,
};

/// What a stretch of bytes stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A number, or the index of an enum's variant.
    Number,
    /// A length and so many items.
    List,
    /// Fields, one after the other.
    Fields,
    /// A byte that says whether a value follows.
    Option,
}

/// A stretch of bytes and what it is made of.
#[derive(Debug)]
pub(crate) struct Node {
    /// The field's name, if it is one.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
    pub(crate) children: Vec<Node>,
}

impl Node {
    /// The field of that name.
    pub(crate) fn field(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// The bytes of a value, and where everything is.
pub(crate) fn outline(value: &impl Serialize) -> Result<(Vec<u8>, Node), Unsupported> {
    let mut bytes = Vec::new();
    let node = value.serialize(Recorder(&mut bytes))?;
    Ok((bytes, node))
}

/// A value holds something that no proof holds.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Unsupported(String);

impl ser::Error for Unsupported {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

fn unsupported<T>(what: &str) -> Result<T, Unsupported> {
    Err(Unsupported(format!("proofs hold no {what}")))
}

struct Recorder<'a>(&'a mut Vec<u8>);

impl<'a> Recorder<'a> {
    fn number(self, bytes: &[u8]) -> Result<Node, Unsupported> {
        let start = self.0.len();
        self.0.extend_from_slice(bytes);
        Ok(Node { name: "", kind: Kind::Number, span: start..self.0.len(), children: Vec::new() })
    }

    fn parts(self, kind: Kind) -> Parts<'a> {
        Parts { kind, start: self.0.len(), children: Vec::new(), bytes: self.0 }
    }
}

/// A list or struct whose items are being recorded.
struct Parts<'a> {
    kind: Kind,
    start: usize,
    children: Vec<Node>,
    bytes: &'a mut Vec<u8>,
}

impl Parts<'_> {
    fn part(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) -> Result<(), Unsupported> {
        let node = value.serialize(Recorder(self.bytes))?;
        self.children.push(Node { name, ..node });
        Ok(())
    }

    fn node(self) -> Node {
        Node { name: "", kind: self.kind, span: self.start..self.bytes.len(), children: self.children }
    }
}

macro_rules! numbers {
    ($($method:ident: $number:ty,)*) => {
        $(fn $method(self, value: $number) -> Result<Node, Unsupported> {
            self.number(&value.to_le_bytes())
        })*
    };
}

macro_rules! refused {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, _: $type) -> Result<Node, Unsupported> {
            unsupported(stringify!($type))
        })*
    };
}

impl<'a> ser::Serializer for Recorder<'a> {
    type Ok = Node;
    type Error = Unsupported;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeTupleVariant = Impossible<Node, Unsupported>;
    type SerializeMap = Impossible<Node, Unsupported>;
    type SerializeStructVariant = Impossible<Node, Unsupported>;

    numbers! {
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
    }
    refused! { serialize_f32: f32, serialize_f64: f64, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8], }

    fn serialize_bool(self, value: bool) -> Result<Node, Unsupported> {
        self.number(&[u8::from(value)])
    }

    fn serialize_none(self) -> Result<Node, Unsupported> {
        let node = self.number(&[0])?;
        Ok(Node { kind: Kind::Option, ..node })
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Node, Unsupported> {
        let mut parts = self.parts(Kind::Option);
        parts.bytes.push(1);
        parts.part("", value)?;
        Ok(parts.node())
    }

    fn serialize_unit(self) -> Result<Node, Unsupported> {
        Ok(self.parts(Kind::Fields).node())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Node, Unsupported> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
    ) -> Result<Node, Unsupported> {
        self.serialize_u32(index)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Node, Unsupported> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Node, Unsupported> {
        unsupported("variant with a value")
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Parts<'a>, Unsupported> {
        let Some(length) = length else {
            return unsupported("list of unknown length");
        };
        let parts = self.parts(Kind::List);
        parts.bytes.extend_from_slice(&(length as u64).to_le_bytes());
        Ok(parts)
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'a>, Unsupported> {
        Ok(self.parts(Kind::Fields))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Unsupported> {
        Ok(self.parts(Kind::Fields))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Unsupported> {
        Ok(self.parts(Kind::Fields))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unsupported> {
        unsupported("variant with values")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unsupported> {
        unsupported("map")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unsupported> {
        unsupported("variant with fields")
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

macro_rules! items {
    ($($interface:ident: $method:ident,)*) => {
        $(impl $interface for Parts<'_> {
            type Ok = Node;
            type Error = Unsupported;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
                self.part("", value)
            }

            fn end(self) -> Result<Node, Unsupported> {
                Ok(self.node())
            }
        })*
    };
}

items! { SerializeSeq: serialize_element, SerializeTuple: serialize_element, SerializeTupleStruct: serialize_field, }

impl SerializeStruct for Parts<'_> {
    type Ok = Node;
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unsupported> {
        self.part(name, value)
    }

    fn end(self) -> Result<Node, Unsupported> {
        Ok(self.node())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Serialize)]
    struct Sample {
        small: u8,
        list: Vec<(u32, Option<u16>)>,
        none: Option<u64>,
        hash: [u8; 3],
    }

    #[test]
    fn the_bytes_are_the_encoding_and_the_spans_cover_it() {
        let sample = Sample { small: 7, list: vec![(1, Some(2)), (3, None)], none: None, hash: [4, 5, 6] };
        let (bytes, node) = outline(&sample).unwrap();
        assert_eq!(bytes, bincode::serialize(&sample).unwrap());
        assert_eq!(node.span, 0..bytes.len());
        let list = node.field("list").unwrap();
        assert_eq!((list.kind, list.span.clone()), (Kind::List, 1..1 + 8 + 4 + 3 + 4 + 1));
        assert_eq!(list.children[0].children[1].kind, Kind::Option);
        assert_eq!(list.children[0].children[1].span, 13..16);
        assert_eq!(bytes[node.field("hash").unwrap().children[2].span.clone()], [6]);
    }
}
