//! The permission matrix: the one place that says who may call what, what that costs and how long its answer may be kept.

use std::time::Duration;

use crate::claims::{Group, Groups};

/// How long an answer may be shown again (contract, section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// Not at all.
    Never,
    /// As long as data of tenants: 5 minutes.
    TenantData,
    /// As long as an overview of the whole platform: 15 minutes.
    Overview,
}

impl Caching {
    /// How long, if at all.
    #[must_use]
    pub const fn ttl(self) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::TenantData => Some(Duration::from_mins(5)),
            Self::Overview => Some(Duration::from_mins(15)),
        }
    }
}

/// What an answer may look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forms {
    /// JSON.
    Json,
    /// JSON, or a table if that is preferred.
    JsonOrCsv,
}

/// One row of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The HTTP method, upper case.
    pub method: &'static str,
    /// The route template, as in the OpenAPI document: `/internal/tenants/{id}`.
    pub path: &'static str,
    /// Any of these groups may call it.
    pub allowed: Groups,
    /// How long its answer may be shown again. A table never is.
    pub caching: Caching,
    /// What an answer may look like.
    pub forms: Forms,
}

impl Permission {
    /// The dearest request, in units of the limits.
    pub const MAX_COST: u32 = 10;
    const ANEW_COST: u32 = 5;

    /// What a request takes from the limits: more for a change or a table, and for an answer that is to be made anew.
    #[must_use]
    pub fn cost(&self, table: bool, anew: bool) -> u32 {
        match self.method {
            "GET" if table && self.forms == Forms::JsonOrCsv => Self::MAX_COST,
            "GET" if anew && self.caching != Caching::Never => Self::ANEW_COST,
            "GET" => 1,
            _ => Self::MAX_COST,
        }
    }
}

macro_rules! matrix {
    ($($(#[$doc:meta])* $operation:ident: $method:ident $path:literal => [$($group:ident),+], $caching:ident, $forms:ident;)+) => {
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
                        caching: Caching::$caching,
                        forms: Forms::$forms,
                    },)+
                }
            }
        }
    };
}

matrix! {
    /// The caller's company: its data, limits and use of them.
    TenantMe: GET "/tenant/me" => [InternalAdmin, InternalSupport, TenantAdmin, TenantUser], TenantData, Json;
    /// The company's agents and their use in the last 30 days.
    TenantAgents: GET "/tenant/agents" => [InternalAdmin, InternalSupport, TenantAdmin, TenantUser], TenantData, Json;
    /// The company's integrations.
    TenantIntegrations: GET "/tenant/integrations" => [InternalAdmin, InternalSupport, TenantAdmin], TenantData, Json;
    /// The company's use in a period, by day and by agent.
    TenantUsage: GET "/tenant/usage" => [InternalAdmin, InternalSupport, TenantAdmin, TenantUser], TenantData, JsonOrCsv;
    /// The company's incidents and the platform's.
    TenantIncidents: GET "/tenant/incidents" => [InternalAdmin, InternalSupport, TenantAdmin, TenantUser], TenantData, JsonOrCsv;

    /// Every company.
    InternalTenants: GET "/internal/tenants" => [InternalAdmin, InternalSupport], TenantData, JsonOrCsv;
    /// A new company.
    CreateTenant: POST "/internal/tenants" => [InternalAdmin], Never, Json;
    /// One company with all that belongs to it.
    InternalTenant: GET "/internal/tenants/{id}" => [InternalAdmin, InternalSupport], TenantData, Json;
    /// A company's data, price and status.
    ChangeTenant: PATCH "/internal/tenants/{id}" => [InternalAdmin], Never, Json;
    /// One company's agents, to be managed.
    InternalTenantAgents: GET "/internal/tenants/{id}/agents" => [InternalAdmin, InternalSupport], TenantData, Json;
    /// The use of the whole platform.
    UsageOverview: GET "/internal/usage/overview" => [InternalAdmin, InternalSupport], Overview, Json;
    /// Revenue and what moved it.
    BillingOverview: GET "/internal/billing/overview" => [InternalAdmin], Overview, Json;
    /// Incidents of everybody.
    InternalIncidents: GET "/internal/incidents" => [InternalAdmin, InternalSupport], TenantData, JsonOrCsv;
    /// The catalogue of agents and its use.
    InternalAgents: GET "/internal/agents" => [InternalAdmin, InternalSupport], TenantData, JsonOrCsv;
    /// Integrations of everybody.
    InternalIntegrations: GET "/internal/integrations" => [InternalAdmin, InternalSupport], TenantData, JsonOrCsv;
    /// A new operational command.
    CreateCommand: POST "/internal/operations/commands" => [InternalAdmin, InternalSupport], Never, Json;
    /// Operational commands and what became of them.
    Commands: GET "/internal/operations/commands" => [InternalAdmin, InternalSupport], Never, JsonOrCsv;
    /// One operational command with its audit rows.
    Command: GET "/internal/operations/commands/{id}" => [InternalAdmin, InternalSupport], Never, Json;
    /// Who did and read what.
    InternalAudit: GET "/internal/audit" => [InternalAdmin], Never, JsonOrCsv;
    /// What forms offer.
    InternalOptions: GET "/internal/options" => [InternalAdmin, InternalSupport], Never, Json;
}
