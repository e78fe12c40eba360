//! Rust declarations of what RocksDB's `c.h` declares, in the form in which bindgen writes them.
//!
//! It reads the C that this header uses (opaque structs, plain structs, anonymous enums, types of callbacks, functions)
//! and stops the build at anything else: a declaration that is misread would be undefined behaviour.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The Rust declarations.
///
/// # Panics
/// At the first declaration that is not understood.
pub fn of_header(header: &str) -> String {
    let mut parser = Parser { tokens: tokens(header), next: 0, types: BTreeSet::new(), constants: BTreeMap::new(), out: String::new() };
    while parser.next < parser.tokens.len() {
        parser.declaration();
    }
    parser.out
}

/// Words, numbers and punctuation, without comments and preprocessor lines.
fn tokens(header: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = header;
    while let Some(start) = rest.find("/*") {
        text.push_str(&rest[..start]);
        let length = rest[start..].find("*/").expect("a comment ends") + 2;
        rest = &rest[start + length..];
    }
    text.push_str(rest);

    let mut tokens = Vec::new();
    for line in text.lines().map(|line| line.split("//").next().unwrap_or_default()) {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let mut word = String::new();
        for letter in line.chars().chain([' ']) {
            if letter.is_alphanumeric() || letter == '_' {
                word.push(letter);
                continue;
            }
            if !word.is_empty() {
                tokens.push(std::mem::take(&mut word));
            }
            if !letter.is_whitespace() {
                tokens.push(letter.to_string());
            }
        }
    }
    // `extern "C" {` and its `}`, which are for C++ only.
    let opening = ["extern", "\"", "C", "\"", "{"];
    if let Some(at) = tokens.windows(opening.len()).position(|window| window == opening) {
        tokens.drain(at..at + opening.len());
        assert_eq!(tokens.pop().as_deref(), Some("}"), "the header ends with the end of its extern \"C\"");
    }
    tokens
}

struct Parser {
    tokens: Vec<String>,
    next: usize,
    /// The header's own types so far.
    types: BTreeSet<String>,
    /// The header's own constants so far.
    constants: BTreeMap<String, i64>,
    out: String,
}

impl Parser {
    fn declaration(&mut self) {
        if self.skip("enum") {
            self.enumeration();
        } else if self.skip("typedef") {
            if self.peek() == "struct" { self.structure() } else { self.callback_type() }
        } else {
            self.expect("extern");
            self.expect("ROCKSDB_LIBRARY_API");
            self.function();
        }
    }

    /// `{ name = number, ... };`: each constant by itself, with a type that can hold all of its enum.
    fn enumeration(&mut self) {
        self.expect("{");
        let (mut constants, mut following) = (Vec::new(), 0);
        while !self.skip("}") {
            let name = self.word();
            if self.skip("=") {
                following = self.number();
            }
            self.constants.insert(name.clone(), following);
            constants.push((name, following));
            following += 1;
            if self.peek() != "}" {
                self.expect(",");
            }
        }
        self.expect(";");
        let signed = constants.iter().any(|(_, value)| *value < 0);
        let kind = if signed { "libc::c_int" } else { "libc::c_uint" };
        for (name, value) in constants {
            self.line(&format!("pub const {name}: {kind} = {value};"));
        }
    }

    /// A number, another constant, or one that is shifted: `1 << 3`.
    fn number(&mut self) -> i64 {
        let sign = if self.skip("-") { -1 } else { 1 };
        let word = self.word();
        let value = self.constants.get(&word).copied().unwrap_or_else(|| sign * number(&word));
        if !self.skip("<") {
            return value;
        }
        self.expect("<");
        value << number(&self.word())
    }

    /// `struct name name;`, or with fields between.
    fn structure(&mut self) {
        self.expect("struct");
        let name = self.word();
        let mut fields = String::from(" _unused: [u8; 0]");
        if self.skip("{") {
            fields.clear();
            while !self.skip("}") {
                let (field, kind) = self.declarator();
                write!(fields, " pub {}: {},", named(field), kind.rust).expect("a string can be written");
                self.expect(";");
            }
        }
        assert_eq!(self.word(), name, "a struct's type has its name");
        self.expect(";");
        self.line(&format!("#[repr(C)] #[derive(Copy, Clone)] pub struct {name} {{{fields} }}"));
        self.types.insert(name);
    }

    /// `result (*name)(parameters);`
    fn callback_type(&mut self) {
        let (name, kind) = self.declarator();
        self.expect(";");
        let name = named(name);
        self.line(&format!("pub type {name} = {};", kind.rust));
        self.types.insert(name);
    }

    /// `result name(parameters);`
    fn function(&mut self) {
        let result = self.kind();
        let name = self.word();
        let parameters = self.parameters();
        self.expect(";");
        self.line(&format!("unsafe extern \"C\" {{ pub fn {name}({parameters}){}; }}", result.returned()));
    }

    /// `(kind name, ...)`, or `(void)`.
    fn parameters(&mut self) -> String {
        self.expect("(");
        let mut parameters = Vec::new();
        while !self.skip(")") {
            let (name, kind) = self.declarator();
            if kind.rust != VOID {
                // Some are called as Rust's keywords are.
                let name = name.map_or("_".to_owned(), |name| format!("r#{name}"));
                parameters.push(format!("{name}: {}", kind.rust));
            }
            if self.peek() != ")" {
                self.expect(",");
            }
        }
        parameters.join(", ")
    }

    /// A kind with the name of what is of that kind, if it has one; it may be a pointer to a function or an array.
    fn declarator(&mut self) -> (Option<String>, Kind) {
        let kind = self.kind();
        if self.skip("(") {
            self.expect("*");
            let name = self.name();
            self.expect(")");
            let parameters = self.parameters();
            let rust = format!("Option<unsafe extern \"C\" fn({parameters}){}>", kind.returned());
            return (name, Kind { rust, is_const: false });
        }
        let name = self.name();
        if self.skip("[") {
            self.expect("]"); // A parameter that is an array is a pointer to its first element.
            return (name, kind.pointer());
        }
        (name, kind)
    }

    /// A type's name with `const` and stars.
    fn kind(&mut self) -> Kind {
        let mut is_const = self.skip("const");
        let rust = self.base();
        is_const |= self.skip("const");
        let mut kind = Kind { rust, is_const };
        while self.skip("*") {
            kind = kind.pointer();
            kind.is_const = self.skip("const");
        }
        kind
    }

    /// A type's name, which can be several words in C.
    fn base(&mut self) -> String {
        let mut words = vec![self.word()];
        while matches!(words.last().map(String::as_str), Some("unsigned" | "long")) && matches!(self.peek(), "char" | "int" | "long") {
            words.push(self.word());
        }
        let words = words.join(" ");
        let rust = match words.as_str() {
            "void" => VOID,
            "bool" => "bool",
            "char" => "libc::c_char",
            "unsigned char" => "libc::c_uchar",
            "int" => "libc::c_int",
            "unsigned int" | "unsigned" => "libc::c_uint",
            "long" => "libc::c_long",
            "unsigned long" => "libc::c_ulong",
            "unsigned long long" => "libc::c_ulonglong",
            "double" => "f64",
            "float" => "f32",
            "size_t" => "usize",
            "int32_t" => "i32",
            "int64_t" => "i64",
            "uint8_t" => "u8",
            "uint16_t" => "u16",
            "uint32_t" => "u32",
            "uint64_t" => "u64",
            name => {
                assert!(self.types.contains(name), "c.h uses the unknown type `{name}` near {}", self.place());
                name
            }
        };
        rust.to_owned()
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn peek(&self) -> &str {
        self.tokens.get(self.next).map_or("", String::as_str)
    }

    fn skip(&mut self, token: &str) -> bool {
        let found = self.peek() == token;
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, token: &str) {
        assert!(self.skip(token), "c.h has no `{token}` where one is expected, near {}", self.place());
    }

    fn word(&mut self) -> String {
        let word = self.peek().to_owned();
        assert!(is_word(&word), "c.h has no word where one is expected, near {}", self.place());
        self.next += 1;
        word
    }

    fn name(&mut self) -> Option<String> {
        is_word(self.peek()).then(|| self.word())
    }

    /// The tokens around the next one, for messages.
    fn place(&self) -> String {
        let from = self.next.saturating_sub(12);
        let to = self.tokens.len().min(self.next + 6);
        self.tokens[from..to].join(" ")
    }
}

/// C's `void`, which is a type in Rust only behind a pointer.
const VOID: &str = "libc::c_void";

/// A type as Rust writes it, and whether C says that a value of it does not change.
struct Kind {
    rust: String,
    is_const: bool,
}

impl Kind {
    fn pointer(self) -> Self {
        let target = if self.is_const { "const" } else { "mut" };
        Self { rust: format!("*{target} {}", self.rust), is_const: false }
    }

    /// ` -> kind`, or nothing for `void`.
    fn returned(&self) -> String {
        if self.rust == VOID { String::new() } else { format!(" -> {}", self.rust) }
    }
}

fn named(name: Option<String>) -> String {
    name.expect("a field and a type have a name")
}

fn is_word(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_')
}

fn number(word: &str) -> i64 {
    let parsed = match word.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => word.parse(),
    };
    parsed.unwrap_or_else(|_| panic!("c.h has the number `{word}`, which is not understood"))
}
