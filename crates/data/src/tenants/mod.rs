//! Companies: as one sees itself, and as the internal team sees all of them.

mod change;
mod detail;
mod list;
mod own;

pub use change::{Changed, NewTenant, TenantChange, change, create};
pub use detail::{DetailAgent, DetailIncident, DetailIntegration, DetailUser, TenantDetail, detail};
pub use list::{Listed, Position, SortBy, StatusFilter, TenantFilter, TenantList, list};
pub use own::{TenantOverview, overview};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Money;

/// Whether a company is a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is.
    Active,
    /// No longer.
    Inactive,
    /// It may read, but nothing works for it.
    Suspended,
}

impl Status {
    /// Every status with its name in the API and the database.
    pub const CHOICES: &[(&str, Self)] =
        &[("active", Self::Active), ("inactive", Self::Inactive), ("suspended", Self::Suspended)];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Suspended => "suspended",
        }
    }
}

/// A company, as its own row says.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Tenant {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its CNPJ as stored: 14 characters.
    pub cnpj: String,
    /// Its market segment.
    pub segment: Option<String>,
    /// Its plan's name.
    pub plan: String,
    /// `active`, `inactive` or `suspended`.
    pub status: String,
    /// What it is expected to pay a month.
    pub mrr_estimate: Option<Money>,
    /// When it became a tenant.
    pub created_at: DateTime<Utc>,
    /// When its row last changed.
    pub updated_at: DateTime<Utc>,
}
