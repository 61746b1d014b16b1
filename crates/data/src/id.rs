//! Ids in words.

use uuid::Uuid;

/// The length of a UUID with its hyphens.
const LENGTH: usize = 36;

/// A UUID with its hyphens, in either case: the only form that is accepted, of those that libraries know.
#[must_use]
pub fn parse_uuid(text: &str) -> Option<Uuid> {
    Some(text).filter(|text| text.len() == LENGTH).and_then(|text| Uuid::try_parse(text).ok())
}
