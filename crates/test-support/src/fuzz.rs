//! Many inputs for one property: whatever comes, and what is valid with something done to it.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed, TestCaseResult, TestRunner};
use serde_json::{Map, Value};

use crate::database::variable;

/// How many times as many inputs a long run has.
const LONG: u32 = 50;

/// What is repeated gets no longer: a URI has to hold some of these, escaped.
const LONGEST: usize = 1_500;

/// What has a meaning of its own somewhere: to JSON, SQL, LIKE, URLs, spreadsheets, Unicode.
const TOKENS: &[&str] = &[
    "\0",
    "\n",
    "\r",
    "\r\n",
    "\t",
    " ",
    "\"",
    "'",
    "\\",
    "%",
    "_",
    "*",
    "=",
    "+",
    "-",
    "@",
    ",",
    ";",
    ".",
    "/",
    "&",
    "?",
    "#",
    "{",
    "}",
    "[",
    "]",
    ":",
    "null",
    "true",
    "-0",
    "1e999",
    "9223372036854775808",
    "%00",
    "%ff",
    "%25",
    "\\u0000",
    "\\ud800",
    "％",
    "＿",
    "＼",
    "﷽",
    "ﷺ",
    "㌀",
    "ı",
    "ß",
    "ſ",
    "İ",
    "Ａ",
    "é",
    "e\u{301}",
    "\u{301}",
    "\u{202e}",
    "\u{feff}",
    "\u{fffd}",
    "💡",
    "\u{10ffff}",
];

/// Members of objects that libraries mean something by.
const NAMES: &[&str] = &[
    "",
    "$serde_json::private::Number",
    "$serde_json::private::RawValue",
    "__proto__",
    "a/b~c",
    "M",
    "S",
    "N",
];

/// Asserts a property of this many inputs, fifty times as many with `LONG=1`, and says on standard error how many there were.
/// A failure says with which `SEED` it comes again.
pub fn fuzz<S: Strategy>(target: &str, cases: u32, inputs: S, property: impl Fn(S::Value) -> TestCaseResult) {
    let long = variable("LONG").is_some_and(|long| long == "1");
    let seed = variable("SEED").map_or_else(
        || u64::from_be_bytes(*uuid::Uuid::new_v4().as_bytes().first_chunk().unwrap()),
        |seed| seed.parse().expect("SEED: a number"),
    );
    let config = Config {
        cases: if long { cases * LONG } else { cases },
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    };
    let tried = AtomicU64::new(0);
    let result = TestRunner::new(config).run(&inputs, |input| {
        tried.fetch_add(1, Ordering::Relaxed);
        property(input)
    });
    // Past the capture of what tests print, which shows nothing of those that pass.
    let line = format!("fuzz {target}: {} inputs\n", tried.into_inner());
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    if let Err(error) = result {
        panic!("{target}, SEED={seed}: {error}");
    }
}

/// Something done to bytes.
#[derive(Clone, Debug)]
enum Edit {
    Flip(Index, u8),
    Cut(Index, Index),
    Insert(Index, Vec<u8>),
    Repeat(Index, Index, usize),
    Splice(Index, usize, Index),
}

fn edit(others: usize) -> impl Strategy<Value = Edit> {
    let token = prop_oneof![
        4 => select(TOKENS).prop_map(|token| token.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 1..9),
    ];
    prop_oneof![
        3 => (any::<Index>(), 1_u8..).prop_map(|(at, by)| Edit::Flip(at, by)),
        2 => any::<(Index, Index)>().prop_map(|(from, to)| Edit::Cut(from, to)),
        3 => (any::<Index>(), token).prop_map(|(at, token)| Edit::Insert(at, token)),
        1 => (any::<(Index, Index)>(), 1_usize..40).prop_map(|((from, to), times)| Edit::Repeat(from, to, times)),
        1 => (any::<Index>(), 0..others, any::<Index>())
            .prop_map(|(at, other, from)| Edit::Splice(at, other, from)),
    ]
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>, all: &[Vec<u8>]) {
        let range = |bytes: &[u8], one: &Index, other: &Index| {
            let (one, other) = (one.index(bytes.len() + 1), other.index(bytes.len() + 1));
            one.min(other)..one.max(other)
        };
        match self {
            Self::Flip(at, by) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= by;
            }
            Self::Flip(..) => {}
            Self::Cut(from, to) => {
                bytes.drain(range(bytes, from, to));
            }
            Self::Insert(at, token) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, token.iter().copied());
            }
            Self::Repeat(from, to, times) => {
                let range = range(bytes, from, to);
                let repeated = bytes[range.clone()].repeat(*times.min(&(LONGEST / range.len().max(1))));
                bytes.splice(range, repeated);
            }
            Self::Splice(at, other, from) => {
                let other = &all[*other];
                bytes.truncate(at.index(bytes.len() + 1));
                bytes.extend(&other[from.index(other.len() + 1)..]);
            }
        }
    }
}

/// Any bytes, and these with bytes flipped, cut out, put in, repeated, or taken from another of them.
pub fn bytes_like<B: Into<Vec<u8>>>(valid: impl IntoIterator<Item = B>) -> impl Strategy<Value = Vec<u8>> {
    let valid: Vec<Vec<u8>> = valid.into_iter().map(Into::into).collect();
    let edits = vec(edit(valid.len()), 0..6);
    let edited = (select(valid.clone()), edits).prop_map(move |(mut bytes, edits)| {
        for edit in edits {
            edit.apply(&mut bytes, &valid);
        }
        bytes
    });
    prop_oneof![1 => vec(any::<u8>(), 0..300), 8 => edited]
}

/// The same for text.
pub fn text_like<B: Into<Vec<u8>>>(valid: impl IntoIterator<Item = B>) -> impl Strategy<Value = String> {
    prop_oneof![
        1 => ".*",
        8 => bytes_like(valid).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ]
}

/// Text made of what has a meaning of its own somewhere.
pub fn tokens() -> impl Strategy<Value = String> {
    let length = prop_oneof![1 => 1..2_usize, 2 => 0..12_usize];
    let token = prop_oneof![3 => select(TOKENS).prop_map(str::to_owned), 1 => "[a-z0-9]", 1 => "\\PC"];
    length.prop_flat_map(move |length| vec(token.clone(), length)).prop_map(|tokens| tokens.concat())
}

/// Any JSON.
pub fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        // Numbers of any length are numbers.
        "-?[1-9][0-9]{0,40}(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,10})?"
            .prop_map(|digits| serde_json::from_str(&digits).unwrap_or_default()),
        tokens().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![select(NAMES).prop_map(str::to_owned), tokens(), "[a-z_]{1,12}"]
}

/// Something done to a part of JSON.
#[derive(Clone, Debug)]
enum Change {
    Put(Value),
    Add(String, Value),
    Take(Index),
    /// Text, changed as bytes are.
    Text(String),
}

/// Any JSON, and this with parts replaced, taken away, or others put in.
pub fn json_like(valid: impl IntoIterator<Item = Value>) -> impl Strategy<Value = Value> {
    let valid: Vec<Value> = valid.into_iter().collect();
    let mut texts = vec![String::new()];
    for value in &valid {
        collect_texts(value, &mut texts);
    }
    let change = prop_oneof![
        3 => any_json().prop_map(Change::Put),
        1 => (name(), any_json()).prop_map(|(name, value)| Change::Add(name, value)),
        2 => any::<Index>().prop_map(Change::Take),
        4 => text_like(texts).prop_map(Change::Text),
    ];
    let changed = (select(valid), vec((any::<Index>(), change), 0..4)).prop_map(|(mut value, changes)| {
        for (at, change) in changes {
            let mut at = at.index(size(&value));
            apply(&mut value, &mut at, &change);
        }
        value
    });
    prop_oneof![1 => any_json(), 8 => changed]
}

fn collect_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        Value::Object(members) => members.values().for_each(|member| collect_texts(member, texts)),
        _ => {}
    }
}

/// How many parts a value has, itself included.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.values().map(size).sum(),
        _ => 0,
    }
}

/// Changes the part that this many others come before.
fn apply(value: &mut Value, before: &mut usize, change: &Change) -> bool {
    if *before > 0 {
        *before -= 1;
        return match value {
            Value::Array(items) => items.iter_mut().any(|item| apply(item, before, change)),
            Value::Object(members) => members.values_mut().any(|member| apply(member, before, change)),
            _ => false,
        };
    }
    match (change, &mut *value) {
        (Change::Add(name, added), Value::Object(members)) => {
            members.insert(name.clone(), added.clone());
        }
        (Change::Add(_, added), Value::Array(items)) => items.push(added.clone()),
        (Change::Take(which), Value::Object(members)) if !members.is_empty() => {
            let name = members.keys().nth(which.index(members.len())).cloned();
            name.and_then(|name| members.remove(&name));
        }
        (Change::Take(which), Value::Array(items)) if !items.is_empty() => {
            items.remove(which.index(items.len()));
        }
        (Change::Put(put) | Change::Add(_, put), value) => *value = put.clone(),
        (Change::Take(_), value) => *value = Value::Null,
        (Change::Text(text), value) => *value = text.clone().into(),
    }
    true
}
