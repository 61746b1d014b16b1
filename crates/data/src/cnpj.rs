//! The CNPJ, a Brazilian company's registration number.
//!
//! Twelve characters `[0-9A-Z]` and two check digits. Rule: Receita Federal, alphanumeric CNPJ, in force since July
//! 2026. A character counts as its ASCII code minus 48; weights run from 2 to 9, again and again, from the right; the
//! digit is 11 minus the sum modulo 11, or 0 where that remainder is below 2.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A CNPJ whose check digits are right. Displayed and serialized formatted: `12.ABC.345/01DE-35`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cnpj([u8; 14]);

/// Why a text is not a CNPJ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CnpjError {
    /// Not 12 letters or digits and 2 digits, punctuation aside.
    #[error("a CNPJ has 12 letters or digits and 2 check digits")]
    Shape,
    /// The two check digits don't follow from the rest, or all digits are the same.
    #[error("the check digits of this CNPJ are wrong")]
    CheckDigits,
}

impl Cnpj {
    /// The CNPJ that begins with these twelve characters; `None` unless each is `[0-9A-Z]` and they are not all one digit.
    #[must_use]
    pub fn from_base(base: [u8; 12]) -> Option<Self> {
        let allowed = base.iter().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
        let mut all = [b'0'; 14];
        all[..12].copy_from_slice(&base);
        all[12] = check_digit(&all[..12]);
        all[13] = check_digit(&all[..13]);
        (allowed && !is_one_character(&all)).then_some(Self(all))
    }

    /// The 14 characters without punctuation, as they are stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Reads a CNPJ with or without punctuation, in either case.
impl FromStr for Cnpj {
    type Err = CnpjError;

    fn from_str(text: &str) -> Result<Self, CnpjError> {
        let mut all = [0; 14];
        let mut length = 0;
        for character in text.trim().chars().filter(|c| !matches!(c, '.' | '/' | '-')) {
            let byte = u8::try_from(character).map_err(|_| CnpjError::Shape)?.to_ascii_uppercase();
            let allowed = byte.is_ascii_digit() || (byte.is_ascii_uppercase() && length < 12);
            if !allowed || length == all.len() {
                return Err(CnpjError::Shape);
            }
            all[length] = byte;
            length += 1;
        }
        if length != all.len() {
            return Err(CnpjError::Shape);
        }
        let right = all[12] == check_digit(&all[..12]) && all[13] == check_digit(&all[..13]);
        if right && !is_one_character(&all) { Ok(Self(all)) } else { Err(CnpjError::CheckDigits) }
    }
}

impl fmt::Display for Cnpj {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_stored(self.as_str()))
    }
}

impl Serialize for Cnpj {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Punctuates 14 stored characters. Rows from before the check digits were checked are shown as they are.
#[must_use]
pub fn format_stored(stored: &str) -> String {
    if stored.len() != 14 || !stored.is_ascii() {
        return stored.to_owned();
    }
    format!("{}.{}.{}/{}-{}", &stored[..2], &stored[2..5], &stored[5..8], &stored[8..12], &stored[12..])
}

fn check_digit(characters: &[u8]) -> u8 {
    let weights = (2..=9).cycle();
    let sum: u32 = characters.iter().rev().zip(weights).map(|(c, weight)| u32::from(c - b'0') * weight).sum();
    match sum % 11 {
        0 | 1 => b'0',
        // At most 9: the cast can't truncate.
        remainder => b'0' + u8::try_from(11 - remainder).unwrap_or_default(),
    }
}

fn is_one_character(all: &[u8; 14]) -> bool {
    all.iter().all(|c| c == &all[0])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use test_support::{fuzz, text_like};

    use super::*;

    #[test]
    fn reads_both_kinds_with_and_without_punctuation() {
        for text in ["12.ABC.345/01DE-35", "12abc34501de35", "11.222.333/0001-81", " 11222333000181 "] {
            let cnpj: Cnpj = text.parse().unwrap();
            assert_eq!(cnpj.as_str(), text.trim().replace(['.', '/', '-'], "").to_uppercase());
        }
    }

    #[test]
    fn is_shown_punctuated() {
        let cnpj: Cnpj = "12ABC34501DE35".parse().unwrap();
        assert_eq!(cnpj.to_string(), "12.ABC.345/01DE-35");
        assert_eq!(serde_json::to_string(&cnpj).unwrap(), r#""12.ABC.345/01DE-35""#);
    }

    #[test]
    fn refuses_wrong_digits_shapes_and_repetition() {
        for (text, error) in [
            ("11.222.333/0001-82", CnpjError::CheckDigits),
            ("11.222.333/0001-91", CnpjError::CheckDigits),
            ("00.000.000/0000-00", CnpjError::CheckDigits),
            ("11.111.111/1111-11", CnpjError::CheckDigits),
            ("11.222.333/0001-8", CnpjError::Shape),
            ("11.222.333/0001-811", CnpjError::Shape),
            ("12ABC34501DEA5", CnpjError::Shape),
            ("12ÁBC34501DE35", CnpjError::Shape),
            ("", CnpjError::Shape),
        ] {
            assert_eq!(text.parse::<Cnpj>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_base_gets_its_digits() {
        assert_eq!(Cnpj::from_base(*b"112223330001").unwrap().as_str(), "11222333000181");
        assert_eq!(Cnpj::from_base(*b"000000000000"), None);
        assert_eq!(Cnpj::from_base(*b"12abc34501de"), None);
    }

    #[test]
    fn whatever_is_a_cnpj_is_read_again_as_it_is_shown_and_stored() {
        fuzz("CNPJs", 10_000, text_like(["12.ABC.345/01DE-35", "11222333000181"]), |text| {
            if let Ok(cnpj) = text.parse::<Cnpj>() {
                prop_assert!(cnpj.as_str().bytes().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()));
                prop_assert_eq!(cnpj.to_string().parse(), Ok(cnpj));
                prop_assert_eq!(cnpj.as_str().parse(), Ok(cnpj));
            }
            let shown = format_stored(&text);
            prop_assert_eq!(shown.replace(['.', '/', '-'], ""), text.replace(['.', '/', '-'], ""));
            Ok(())
        });
    }
}
