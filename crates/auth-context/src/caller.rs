//! A caller with rights, and the tenant it may see.

use uuid::Uuid;

use crate::claims::{Claims, Group, Groups};
use crate::permissions::Operation;

/// Why a caller is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The token carries none of the four groups.
    #[error("the token carries no group with rights")]
    NoGroup,
    /// The operation is the internal team's.
    #[error("the operation is the internal team's")]
    InternalRequired,
    /// The operation asks for another group.
    #[error("the operation asks for another group")]
    RoleRequired,
    /// The tenant is not the caller's.
    #[error("the tenant is not the caller's")]
    TenantDenied,
    /// An internal user has to say which tenant it means. Not a matter of rights: a 400.
    #[error("an internal user has to name a tenant")]
    TenantRequired,
}

/// Somebody whose token was verified and whose groups allow the operation at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    claims: Claims,
}

impl Caller {
    /// The caller, if any of its groups may do this.
    pub fn authorize(claims: Claims, operation: Operation) -> Result<Self, Denied> {
        let allowed = operation.permission().allowed;
        if claims.groups.intersects(allowed) {
            return Ok(Self { claims });
        }
        let for_internal_only = !allowed.intersects(Groups::of(&[Group::TenantAdmin, Group::TenantUser]));
        Err(match () {
            () if claims.groups.is_empty() => Denied::NoGroup,
            () if for_internal_only && !claims.groups.intersects(Groups::INTERNAL) => {
                Denied::InternalRequired
            }
            () => Denied::RoleRequired,
        })
    }

    /// The user's id in Cognito: the only thing about a person that may be logged.
    #[must_use]
    pub fn sub(&self) -> &str {
        &self.claims.sub
    }

    /// Whether the caller belongs to the internal team. With a tenant's group besides, it still does.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.claims.groups.intersects(Groups::INTERNAL)
    }

    /// The groups, whose union is what the caller may do.
    #[must_use]
    pub const fn groups(&self) -> Groups {
        self.claims.groups
    }

    /// The right to see every tenant's data, which the internal team has.
    pub fn internal_scope(&self) -> Result<InternalScope, Denied> {
        if self.is_internal() { Ok(InternalScope(())) } else { Err(Denied::InternalRequired) }
    }

    /// The tenant the caller means and may see. `requested` is what the request names.
    ///
    /// The internal team may name any tenant, and without a name gets its own claim's; a tenant's user is bound to its
    /// claim, and may name that one only. Whether the tenant exists is another question.
    pub fn tenant_scope(&self, requested: Option<Uuid>) -> Result<TenantScope, Denied> {
        let own = self.claims.tenant_id;
        let tenant_id = if self.is_internal() {
            requested.or(own).ok_or(Denied::TenantRequired)?
        } else {
            own.filter(|own| requested.is_none_or(|requested| requested == *own))
                .ok_or(Denied::TenantDenied)?
        };
        Ok(TenantScope { tenant_id })
    }

    /// When the caller signed in, if it is a tenant's user: of the internal team nobody keeps that.
    #[must_use]
    pub fn sign_in(&self) -> Option<SignIn> {
        let Claims { sub, tenant_id, auth_time, .. } = &self.claims;
        // Cognito's ids are UUIDs. What isn't is nobody's.
        let user = sub.parse().ok().filter(|_| !self.is_internal())?;
        Some(SignIn { user, tenant_id: (*tenant_id)?, at: (*auth_time)? })
    }
}

/// That a tenant's user has signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignIn {
    user: Uuid,
    tenant_id: Uuid,
    at: i64,
}

impl SignIn {
    /// The user's id in Cognito.
    #[must_use]
    pub const fn user(&self) -> Uuid {
        self.user
    }

    /// Its tenant, by its claim.
    #[must_use]
    pub const fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }

    /// When, in seconds since 1970.
    #[must_use]
    pub const fn at(&self) -> i64 {
        self.at
    }
}

/// The right to see one tenant's data. Comes from a [`Caller`] only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantScope {
    tenant_id: Uuid,
}

impl TenantScope {
    /// The tenant.
    #[must_use]
    pub const fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }
}

/// The right to see every tenant's data. Comes from a [`Caller`] of the internal team only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InternalScope(());

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OWN: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);
    const USER: Uuid = Uuid::from_u128(3);

    fn claims(groups: &[Group], tenant_id: Option<Uuid>) -> Claims {
        Claims {
            sub: USER.to_string(),
            groups: Groups::of(groups),
            tenant_id,
            auth_time: Some(1_700_000_000),
        }
    }

    fn caller(groups: &[Group], tenant_id: Option<Uuid>) -> Caller {
        Caller::authorize(claims(groups, tenant_id), Operation::TenantMe).unwrap()
    }

    #[test]
    fn without_a_group_nothing_is_allowed() {
        for operation in Operation::ALL {
            assert_eq!(Caller::authorize(claims(&[], Some(OWN)), *operation), Err(Denied::NoGroup));
        }
    }

    #[test]
    fn a_tenant_user_is_bound_to_its_claim() {
        let user = caller(&[Group::TenantUser], Some(OWN));
        assert_eq!(user.tenant_scope(None).unwrap().tenant_id(), OWN);
        assert_eq!(user.tenant_scope(Some(OWN)).unwrap().tenant_id(), OWN);
        assert_eq!(user.tenant_scope(Some(OTHER)), Err(Denied::TenantDenied));
    }

    #[test]
    fn a_tenant_user_without_a_valid_claim_sees_nothing() {
        let user = caller(&[Group::TenantAdmin], None);
        assert_eq!(user.tenant_scope(None), Err(Denied::TenantDenied));
        assert_eq!(user.tenant_scope(Some(OTHER)), Err(Denied::TenantDenied));
    }

    #[test]
    fn an_internal_user_names_the_tenant() {
        let support = caller(&[Group::InternalSupport], None);
        assert_eq!(support.tenant_scope(Some(OTHER)).unwrap().tenant_id(), OTHER);
        assert_eq!(support.tenant_scope(None), Err(Denied::TenantRequired));
        let with_own = caller(&[Group::InternalAdmin, Group::TenantUser], Some(OWN));
        assert_eq!(with_own.tenant_scope(None).unwrap().tenant_id(), OWN);
        assert_eq!(with_own.tenant_scope(Some(OTHER)).unwrap().tenant_id(), OTHER);
    }

    #[test]
    fn a_tenants_user_has_signed_in_and_nobody_else() {
        let user = caller(&[Group::TenantAdmin], Some(OWN));
        let sign_in = SignIn { user: USER, tenant_id: OWN, at: 1_700_000_000 };
        assert_eq!(user.sign_in(), Some(sign_in));
        assert_eq!(caller(&[Group::TenantUser], None).sign_in(), None);
        assert_eq!(caller(&[Group::InternalSupport, Group::TenantUser], Some(OWN)).sign_in(), None);
        for claims in [
            Claims { auth_time: None, ..claims(&[Group::TenantUser], Some(OWN)) },
            Claims { sub: "1'; --".into(), ..claims(&[Group::TenantUser], Some(OWN)) },
        ] {
            assert_eq!(Caller::authorize(claims, Operation::TenantMe).unwrap().sign_in(), None);
        }
    }

    #[test]
    fn only_the_internal_team_sees_every_tenant() {
        assert!(caller(&[Group::InternalSupport], None).internal_scope().is_ok());
        assert!(caller(&[Group::InternalAdmin, Group::TenantUser], Some(OWN)).internal_scope().is_ok());
        assert_eq!(
            caller(&[Group::TenantAdmin, Group::TenantUser], Some(OWN)).internal_scope(),
            Err(Denied::InternalRequired)
        );
    }

    proptest! {
        /// Whatever the claims and the request: a scope of a foreign tenant takes an internal group.
        #[test]
        fn a_foreign_tenant_takes_an_internal_group(
            members in proptest::sample::subsequence(Group::ALL.to_vec(), 1..=4),
            own in proptest::option::of(0_u128..4),
            requested in proptest::option::of(0_u128..4),
        ) {
            let own = own.map(Uuid::from_u128);
            if let Ok(caller) = Caller::authorize(claims(&members, own), Operation::TenantMe)
                && let Ok(scope) = caller.tenant_scope(requested.map(Uuid::from_u128))
            {
                prop_assert!(caller.is_internal() || Some(scope.tenant_id()) == own);
                prop_assert!(requested.is_none_or(|id| Uuid::from_u128(id) == scope.tenant_id()));
            }
        }
    }
}
