//! The permission matrix: the one place that says who may call what.

use crate::claims::{Group, Groups};

/// One row of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The HTTP method, upper case.
    pub method: &'static str,
    /// The route template, as in the OpenAPI document: `/internal/tenants/{id}`.
    pub path: &'static str,
    /// Any of these groups may call it.
    pub allowed: Groups,
}

macro_rules! matrix {
    ($($(#[$doc:meta])* $operation:ident: $method:ident $path:literal => [$($group:ident),+];)+) => {
        /// Everything the API can be asked. A handler is reachable only as one of these.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operation {
            $($(#[$doc])* $operation,)+
        }

        impl Operation {
            /// Every operation, in the order of the matrix.
            pub const ALL: &[Self] = &[$(Self::$operation),+];

            /// The operation's row.
            #[must_use]
            pub const fn permission(self) -> Permission {
                match self {
                    $(Self::$operation => Permission {
                        method: stringify!($method),
                        path: $path,
                        allowed: Groups::of(&[$(Group::$group),+]),
                    },)+
                }
            }
        }
    };
}

matrix! {
    /// The caller's company: its data, limits and use of them.
    TenantMe: GET "/tenant/me" => [InternalAdmin, InternalSupport, TenantAdmin, TenantUser];
    /// The company's agents and their use in the last 30 days.
    TenantAgents: GET "/tenant/agents" => [InternalAdmin, InternalSupport, TenantAdmin, TenantUser];
    /// The company's integrations.
    TenantIntegrations: GET "/tenant/integrations" => [InternalAdmin, InternalSupport, TenantAdmin];
    /// The company's use in a period, by day and by agent.
    TenantUsage: GET "/tenant/usage" => [InternalAdmin, InternalSupport, TenantAdmin, TenantUser];
    /// The company's incidents and the platform's.
    TenantIncidents: GET "/tenant/incidents" => [InternalAdmin, InternalSupport, TenantAdmin, TenantUser];

    /// Every company.
    InternalTenants: GET "/internal/tenants" => [InternalAdmin, InternalSupport];
    /// A new company.
    CreateTenant: POST "/internal/tenants" => [InternalAdmin];
    /// One company with all that belongs to it.
    InternalTenant: GET "/internal/tenants/{id}" => [InternalAdmin, InternalSupport];
    /// A company's data, price and status.
    ChangeTenant: PATCH "/internal/tenants/{id}" => [InternalAdmin];
    /// One company's agents, to be managed.
    InternalTenantAgents: GET "/internal/tenants/{id}/agents" => [InternalAdmin, InternalSupport];
    /// The use of the whole platform.
    UsageOverview: GET "/internal/usage/overview" => [InternalAdmin, InternalSupport];
    /// Revenue and what moved it.
    BillingOverview: GET "/internal/billing/overview" => [InternalAdmin];
    /// Incidents of everybody.
    InternalIncidents: GET "/internal/incidents" => [InternalAdmin, InternalSupport];
    /// The catalogue of agents and its use.
    InternalAgents: GET "/internal/agents" => [InternalAdmin, InternalSupport];
    /// Integrations of everybody.
    InternalIntegrations: GET "/internal/integrations" => [InternalAdmin, InternalSupport];
    /// A new operational command.
    CreateCommand: POST "/internal/operations/commands" => [InternalAdmin, InternalSupport];
    /// Operational commands and what became of them.
    Commands: GET "/internal/operations/commands" => [InternalAdmin, InternalSupport];
    /// One operational command with its audit rows.
    Command: GET "/internal/operations/commands/{id}" => [InternalAdmin, InternalSupport];
    /// Who did and read what.
    InternalAudit: GET "/internal/audit" => [InternalAdmin];
    /// What forms offer.
    InternalOptions: GET "/internal/options" => [InternalAdmin, InternalSupport];
}
