//! Parts of lists: pages, directions, searches.

use serde::Serialize;

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

/// A part of a list, and how long the list is.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// The rows, in the list's order.
    pub rows: Vec<T>,
    /// The number of all rows that the list has.
    pub total: i64,
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

    /// A pattern for LIKE that matches what contains the text.
    pub(crate) fn pattern(&self) -> String {
        format!("%{}%", self.0.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
    }

    /// A pattern for LIKE that matches a stored CNPJ that contains the text's letters and digits, if they can be of one.
    pub(crate) fn cnpj_pattern(&self) -> Option<String> {
        let kept: String = self.0.chars().filter(|c| c.is_alphanumeric()).collect();
        let enough =
            kept.chars().count() >= Self::MIN_CNPJ_CHARACTERS && kept.chars().any(|c| c.is_ascii_digit());
        // What is no ASCII matches no CNPJ, and LIKE finds that out by itself.
        enough.then(|| format!("%{}%", kept.to_uppercase()))
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
        for text in ["123", "1.2-3", "padaria", "a.b", "....", "%%%%1"] {
            assert_eq!(pattern(text), None, "{text}");
        }
    }
}
