//! Parts of lists: pages, directions, searches.

use chrono::{DateTime, Datelike, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// Which part of a list is asked for.
#[derive(Clone, Debug)]
pub struct Window<P> {
    /// Behind the row at this position.
    pub after: Option<P>,
    /// Behind so many more.
    pub offset: i64,
    /// At most so many.
    pub limit: i64,
}

impl<P> Window<P> {
    /// The first rows.
    #[must_use]
    pub const fn first(limit: i64) -> Self {
        Self { after: None, offset: 0, limit }
    }
}

/// Where a page of what is listed newest first begins: behind this instant and id.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct NewestFirst(#[serde(deserialize_with = "instant")] pub DateTime<Utc>, pub Uuid);

/// Reads an instant of a position. A cursor may be anybody's: what the database can't compare is no position.
pub(crate) fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let at = DateTime::<Utc>::deserialize(deserializer)?;
    if is_storable(&at) { Ok(at) } else { Err(D::Error::custom("a year beyond all others")) }
}

/// Reads a text of a position, likewise.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.contains('\0') { Err(D::Error::custom("a NUL character")) } else { Ok(text) }
}

/// A part of a list, and how long the list is.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// The rows, in the list's order.
    pub rows: Vec<T>,
    /// The number of all rows that the list has.
    pub total: i64,
}

/// Whether the database can store such an instant or day, in whatever form it is written.
#[must_use]
pub fn is_storable(at: &impl Datelike) -> bool {
    (1..=9999).contains(&at.year())
}

/// In which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(default = "asc")]
pub enum Order {
    /// The smallest first.
    Asc,
    /// The largest first.
    Desc,
}

impl Order {
    /// Every choice with its name in the API.
    pub const CHOICES: &[(&str, Self)] = &[("asc", Self::Asc), ("desc", Self::Desc)];

    pub(crate) const fn keyword(self) -> &'static str {
        match self {
            Self::Asc => "ASC",
            Self::Desc => "DESC",
        }
    }

    /// How what follows compares with what goes before.
    pub(crate) const fn comparison(self) -> &'static str {
        match self {
            Self::Asc => " > ",
            Self::Desc => " < ",
        }
    }
}

/// What LIKE takes for a wildcard or an escape, and what folding makes that of.
const WILDCARDS: [char; 13] = ['%', '﹪', '％', '_', '︳', '︴', '﹍', '﹎', '﹏', '＿', '\\', '﹨', '＼'];

/// A text to search for. `%`, `_` and `\` are plain characters of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search(String);

impl Search {
    /// The longest, in characters.
    pub const MAX_CHARACTERS: usize = 200;
    /// From so many letters and digits on, one of them a digit, a text may be a part of a CNPJ.
    const MIN_CNPJ_CHARACTERS: usize = 4;

    /// What this text searches for; `None` if it is blank.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        Some(text.trim()).filter(|text| !text.is_empty()).map(|text| Self(text.to_owned()))
    }

    /// The text, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A pattern that matches what contains the text, once both are folded.
    pub(crate) fn pattern(&self) -> String {
        let escape = |c: char| WILDCARDS.contains(&c).then_some('\\');
        let escaped: String = self.0.chars().flat_map(|c| escape(c).into_iter().chain([c])).collect();
        format!("%{escaped}%")
    }

    /// A pattern for LIKE that matches a stored CNPJ that contains the text's letters and digits, if they can be of one.
    pub(crate) fn cnpj_pattern(&self) -> Option<String> {
        let kept: String = self.0.chars().filter(|c| c.is_alphanumeric()).collect();
        let enough =
            kept.chars().count() >= Self::MIN_CNPJ_CHARACTERS && kept.chars().any(|c| c.is_ascii_digit());
        // What is no ASCII matches no CNPJ, and LIKE finds that out by itself.
        enough.then(|| format!("%{}%", kept.to_ascii_uppercase()))
    }
}

impl Search {
    /// The CNPJ that the text is all of, as it is stored, if it is one.
    pub(crate) fn whole_cnpj(&self) -> Option<String> {
        let pattern = self.cnpj_pattern()?;
        let kept = pattern.trim_matches('%');
        (kept.chars().count() == 14).then(|| kept.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_plain_characters() {
        assert_eq!(Search::new(r" 50%_\ ").unwrap().pattern(), r"%50\%\_\\%");
        assert_eq!(Search::new(" \t "), None);
    }

    #[test]
    fn what_may_be_a_cnpj_is_looked_for_without_punctuation() {
        let pattern = |text| Search::new(text).unwrap().cnpj_pattern();
        assert_eq!(pattern("12.abc.345/").as_deref(), Some("%12ABC345%"));
        assert_eq!(pattern("0001-81").as_deref(), Some("%000181%"));
        let whole = |text| Search::new(text).unwrap().whole_cnpj();
        assert_eq!(whole("12.abc.345/01de-35").as_deref(), Some("12ABC34501DE35"));
        assert_eq!((whole("12.abc.345/01de-3"), whole("12.abc.345/01de-355")), (None, None));
        // Upper case of a letter that no CNPJ has could be one that it has.
        assert_eq!(pattern("1ſßı").as_deref(), Some("%1ſßı%"));
        for text in ["123", "1.2-3", "padaria", "a.b", "....", "%%%%1"] {
            assert_eq!(pattern(text), None, "{text}");
        }
    }
}
