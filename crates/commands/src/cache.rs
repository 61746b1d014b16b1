//! Redis, as far as commands need it.

/// A Redis that is asked now and then.
pub struct Cache {}

/// Where Redis is.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct CacheSettings {}
impl Cache {
    /// x
    #[must_use]
    pub fn new(_: CacheSettings, _: aws_sdk_secretsmanager::Client) -> Self { Self {} }
}
