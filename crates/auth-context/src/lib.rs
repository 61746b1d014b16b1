//! Who is calling, and what they may do.
//!
//! A request's token becomes [`Claims`] once [`TokenVerifier`] has verified it, the claims become a [`Caller`] where the
//! permission matrix allows the [`Operation`], and a caller becomes a [`TenantScope`] for a tenant it may see. Each is
//! the only way to the next, so holding one is the proof. Knows no HTTP framework and no database.

mod caller;
mod claims;
mod keys;
mod permissions;
mod token;

pub use caller::{Caller, Denied, InternalScope, SignIn, TenantScope};
pub use claims::{Claims, Group, Groups};
pub use keys::{KeyStore, KeyStoreError};
pub use permissions::{Caching, Forms, Operation, Permission};
pub use token::{TokenError, TokenVerifier};
