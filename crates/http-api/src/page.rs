//! Pages of lists, and cursors between them.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::{InvalidInput, Problem};
use data::{Slice, Window};

const TAG_LENGTH: usize = 12;
/// More than any position takes: a name of 255 characters, each of which JSON may write as six.
const MAX_LENGTH: usize = 2_560;

/// Which part of a list is asked for.
#[derive(Debug)]
pub struct Page {
    /// At most so many.
    pub limit: i64,
    /// Behind so many.
    pub offset: i64,
    pub(crate) cursor: Option<Cursor>,
}

impl Page {
    /// The part of this list that the page is, and one row more, which tells whether another page follows.
    pub fn window<P: DeserializeOwned>(&self, list: &ListKey) -> Result<Window<P>, Problem> {
        self.window_where(list, |_| true)
    }

    /// The same for a list that not every position is one of.
    pub fn window_where<P: DeserializeOwned>(
        &self,
        list: &ListKey,
        is_of_list: impl Fn(&P) -> bool,
    ) -> Result<Window<P>, Problem> {
        Ok(Window { after: self.after(list, is_of_list)?, offset: self.offset, limit: self.limit + 1 })
    }

    /// Takes the row more away again, and gives the cursor of the page behind, if there is one.
    pub fn cut<T, P: Serialize>(
        &self,
        list: &ListKey,
        slice: &mut Slice<T>,
        position: impl Fn(&T) -> P,
    ) -> Option<String> {
        let limit = usize::try_from(self.limit).unwrap_or_default();
        let more = slice.rows.len() > limit;
        slice.rows.truncate(limit);
        slice.rows.last().filter(|_| more).map(|last| list.cursor(&position(last)))
    }

    /// The position behind which the page begins, if it was asked for by a cursor of this list.
    fn after<P: DeserializeOwned>(
        &self,
        list: &ListKey,
        is_of_list: impl Fn(&P) -> bool,
    ) -> Result<Option<P>, Problem> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        cursor.open(list).filter(is_of_list).map(Some).ok_or_else(|| {
            let message = "belongs to another list, or to other filters";
            Problem::invalid_parameters(vec![InvalidInput::parameter("cursor", message)])
        })
    }
}

/// What a cursor is bound to: the route, the tenant, the filters and the order of a list.
#[derive(Debug)]
pub struct ListKey(String);

impl ListKey {
    /// The key of a list: its route, and all that decides what is in it and in which order.
    #[must_use]
    pub fn new(route: &str, filters: &impl Serialize) -> Self {
        Self(format!("{route} {}", serde_json::to_string(filters).unwrap_or_default()))
    }

    /// The cursor of the page behind this position.
    #[must_use]
    pub fn cursor(&self, position: &impl Serialize) -> String {
        let position = serde_json::to_vec(position).unwrap_or_default();
        let mut bytes = self.tag(&position);
        bytes.extend(position);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Binds a position to the list. No secret is in it: who forges a cursor moves within what it may read anyway.
    fn tag(&self, position: &[u8]) -> Vec<u8> {
        let bound = [self.0.as_bytes(), &[0], position].concat();
        digest::digest(&digest::SHA256, &bound).as_ref()[..TAG_LENGTH].to_vec()
    }
}

/// A cursor that can be read, but may belong to any list.
#[derive(Debug)]
pub(crate) struct Cursor {
    tag: Vec<u8>,
    position: Vec<u8>,
}

impl Cursor {
    pub(crate) const UNREADABLE: &str = "is not a cursor";

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = Some(text)
            .filter(|text| text.len() <= MAX_LENGTH)
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())?;
        let (tag, position) = bytes.split_at_checked(TAG_LENGTH)?;
        serde_json::from_slice::<IgnoredAny>(position).ok()?;
        Some(Self { tag: tag.to_vec(), position: position.to_vec() })
    }

    fn open<P: DeserializeOwned>(&self, list: &ListKey) -> Option<P> {
        (list.tag(&self.position) == self.tag).then(|| serde_json::from_slice(&self.position).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use test_support::{fuzz, text_like};

    use super::*;

    fn open(list: &ListKey, text: &str) -> Option<(i64, String)> {
        Page { limit: 1, offset: 0, cursor: Some(Cursor::parse(text)?) }.after(list, |_| true).ok().flatten()
    }

    proptest! {
        #[test]
        fn a_cursor_opens_its_own_list_only(time: i64, id in ".*", tenant in "[a-c]", other in "[a-c]") {
            let (list, another) = (ListKey::new("/x", &tenant), ListKey::new("/x", &other));
            let cursor = list.cursor(&(time, &id));
            prop_assert_eq!(open(&list, &cursor), Some((time, id)));
            prop_assert_eq!(open(&another, &cursor).is_some(), tenant == other);
            prop_assert_eq!(open(&ListKey::new("/y", &tenant), &cursor), None);
        }

        #[test]
        fn a_changed_cursor_opens_nothing(at in 0_usize..60, by in 1_u8..=255, cut in 1_usize..20) {
            let list = ListKey::new("/x", &());
            let cursor = list.cursor(&(1_700_000_000_000_000_i64, "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"));
            let mut bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= by;
            prop_assert_eq!(open(&list, &URL_SAFE_NO_PAD.encode(bytes)), None);
            prop_assert_eq!(open(&list, &cursor[..cursor.len() - cut]), None);
        }

    }

    #[test]
    fn of_all_texts_only_its_own_cursors_open_a_list() {
        let list = ListKey::new("/x", &());
        let valid = [1, 2].map(|id| list.cursor(&(id, "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")));
        fuzz("cursors", 5_000, text_like(valid.clone()), |text| {
            prop_assert_eq!(open(&list, &text).is_some(), valid.contains(&text), "{}", text);
            Ok(())
        });
    }
}
