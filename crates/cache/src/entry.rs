//! What is kept of an answer.

use aws_lc_rs::digest;

/// Of a SHA-256: enough to tell that bytes are those that were written for this place.
const CHECK: usize = 16;
/// The largest that is kept, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// A short text that belongs to it; empty if there is none.
    pub tag: String,
    /// Its body.
    pub body: Vec<u8>,
}

impl Kept {
    /// The bytes to keep at this place under this head: a checksum of everything, the tag with its length, the body. `None`
    /// for what is too large.
    pub(crate) fn write(&self, place: &str, head: &str) -> Option<Vec<u8>> {
        let length = u8::try_from(self.tag.len()).ok()?;
        let content = [&[length], self.tag.as_bytes(), &self.body].concat();
        (content.len() <= MAX_BYTES).then(|| [check(place, head, &content).as_slice(), &content].concat())
    }

    /// What was written; `None` for anything that wasn't, not here or not so.
    pub(crate) fn read(place: &str, head: &str, bytes: &[u8]) -> Option<Self> {
        let (sum, content) = bytes.split_at_checked(CHECK)?;
        if sum != check(place, head, content) {
            return None;
        }
        let (length, rest) = content.split_first()?;
        let (tag, body) = rest.split_at_checked((*length).into())?;
        Some(Self { tag: String::from_utf8(tag.to_vec()).ok()?, body: body.to_vec() })
    }
}

fn check(place: &str, head: &str, content: &[u8]) -> Vec<u8> {
    let mut sum = digest::Context::new(&digest::SHA256);
    for part in [place.as_bytes(), head.as_bytes(), content] {
        sum.update(&part.len().to_be_bytes());
        sum.update(part);
    }
    sum.finish().as_ref()[..CHECK].to_vec()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use test_support::{bytes_like, fuzz};

    use super::*;

    proptest! {
        #[test]
        fn reads_what_was_written_here_and_nothing_else(
            tag in "[a-z0-9.]{0,60}",
            body in proptest::collection::vec(any::<u8>(), 0..300),
            at: prop::sample::Index,
            by in 1_u8..,
            cut: prop::sample::Index,
        ) {
            let kept = Kept { tag, body };
            let bytes = kept.write("place", "head").unwrap();
            prop_assert_eq!(Kept::read("place", "head", &bytes), Some(kept));
            prop_assert_eq!(Kept::read("another place", "head", &bytes), None);
            prop_assert_eq!(Kept::read("place", "another head", &bytes), None);
            prop_assert_eq!(Kept::read("place", "head", &bytes[..cut.index(bytes.len())]), None);
            let mut changed = bytes;
            let at = at.index(changed.len());
            changed[at] ^= by;
            prop_assert_eq!(Kept::read("place", "head", &changed), None);
        }
    }

    #[test]
    fn of_all_bytes_only_what_was_written_is_read() {
        let all = ["", "\"0123456789abcdef.0123\""]
            .map(|tag| Kept { tag: tag.into(), body: b"{\"total\":1}".to_vec() });
        let written = all.map(|kept| kept.write("place", "head").unwrap());
        fuzz("kept answers", 5_000, bytes_like(written.clone()), |bytes| {
            prop_assert_eq!(Kept::read("place", "head", &bytes).is_some(), written.contains(&bytes));
            Ok(())
        });
    }

    #[test]
    fn no_bytes_with_the_right_sum_make_it_panic() {
        let content = [&[2], b"v1".as_slice(), b"body"].concat();
        fuzz("kept answers with a right sum", 5_000, bytes_like([content]), |content| {
            let bytes = [check("place", "head", &content).as_slice(), &content].concat();
            if let Some(kept) = Kept::read("place", "head", &bytes) {
                prop_assert_eq!(kept.write("place", "head"), Some(bytes));
            }
            Ok(())
        });
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let of = |tag: usize, body: usize| Kept { tag: "t".repeat(tag), body: vec![0; body] }.write("", "");
        assert!(of(255, MAX_BYTES - 256).is_some());
        assert!(of(255, MAX_BYTES - 255).is_none() && of(256, 0).is_none());
    }
}
