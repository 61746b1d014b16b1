//! Redis, as far as commands need it.

/// A Redis that is asked now and then.
pub struct Cache {}
