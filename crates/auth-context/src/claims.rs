//! What a token says of its bearer.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use uuid::Uuid;

/// A Cognito group that carries rights. Groups of other names carry none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Group {
    /// The internal team's administrators.
    InternalAdmin = 1,
    /// The internal team's support.
    InternalSupport = 2,
    /// A client company's administrators.
    TenantAdmin = 4,
    /// A client company's users.
    TenantUser = 8,
}

impl Group {
    /// Every group, in the order of the permission matrix.
    pub const ALL: [Self; 4] =
        [Self::InternalAdmin, Self::InternalSupport, Self::TenantAdmin, Self::TenantUser];

    /// The group's name in Cognito.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InternalAdmin => "INTERNAL_ADMIN",
            Self::InternalSupport => "INTERNAL_SUPPORT",
            Self::TenantAdmin => "TENANT_ADMIN",
            Self::TenantUser => "TENANT_USER",
        }
    }
}

/// A set of groups; rights are the union of theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Groups(u8);

impl Groups {
    /// The internal team: either of its groups.
    pub const INTERNAL: Self = Self(Group::InternalAdmin as u8 | Group::InternalSupport as u8);

    /// The set of these groups.
    #[must_use]
    pub const fn of(groups: &[Group]) -> Self {
        let mut set = 0;
        let mut i = 0;
        while i < groups.len() {
            set |= groups[i] as u8;
            i += 1;
        }
        Self(set)
    }

    /// Whether a group is in both sets.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether no group is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in the order of [`Group::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Group> {
        Group::ALL.into_iter().filter(move |group| self.intersects(Self::of(&[*group])))
    }

    /// Reads `cognito:groups` in the three forms in which it reaches a function: a JSON list (from the token), and
    /// `"A,B"` or `"[A B]"` (from API Gateway, by its version). Anything else yields no groups.
    #[must_use]
    pub fn parse(claim: &Value) -> Self {
        match claim {
            Value::Array(names) if names.iter().all(Value::is_string) => {
                Self::from_names(names.iter().filter_map(Value::as_str))
            }
            Value::String(text) => match text.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
                Some(Some(inner)) => Self::from_names(inner.split_ascii_whitespace()),
                Some(None) => Self::default(),
                None => Self::from_names(text.split(',').map(str::trim)),
            },
            _ => Self::default(),
        }
    }

    fn from_names<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let known = names.filter_map(|name| Group::ALL.into_iter().find(|group| group.name() == name));
        Self(known.fold(0, |set, group| set | group as u8))
    }
}

/// The claims of an ID token that the product uses. Nothing personal: no name, no e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// The user's id in Cognito.
    pub sub: String,
    /// `cognito:groups`.
    #[serde(rename = "cognito:groups", default, deserialize_with = "groups")]
    pub groups: Groups,
    /// `custom:tenant_id`; `None` where it is absent or not a UUID.
    #[serde(rename = "custom:tenant_id", default, deserialize_with = "lenient_uuid")]
    pub tenant_id: Option<Uuid>,
    /// `auth_time`: when the user signed in, in seconds since 1970. A token that is renewed keeps it.
    #[serde(default, deserialize_with = "lenient_seconds")]
    pub auth_time: Option<i64>,
}

fn groups<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Groups, D::Error> {
    Ok(Groups::parse(&Value::deserialize(deserializer)?))
}

fn lenient_uuid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_str().and_then(|text| text.parse().ok()))
}

/// Only as a token has it: where a gateway tells claims, it tells numbers in words of its own.
pub(crate) fn lenient_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_i64())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use test_support::{bytes_like, fuzz, json_like};

    use super::*;

    #[test]
    fn groups_arrive_in_three_forms() {
        let both = Groups::of(&[Group::InternalSupport, Group::TenantUser]);
        for claim in [
            json!(["INTERNAL_SUPPORT", "TENANT_USER"]),
            json!("INTERNAL_SUPPORT,TENANT_USER"),
            json!("INTERNAL_SUPPORT, TENANT_USER"),
            json!("[INTERNAL_SUPPORT TENANT_USER]"),
            json!(["TENANT_USER", "other", "INTERNAL_SUPPORT"]),
        ] {
            assert_eq!(Groups::parse(&claim), both, "{claim}");
        }
    }

    #[test]
    fn anything_else_yields_no_groups() {
        for claim in [
            json!(null),
            json!(""),
            json!("[]"),
            json!("[INTERNAL_ADMIN"),
            json!("INTERNAL_ADMIN]"),
            json!("internal_admin"),
            json!("INTERNAL_ADMIN INTERNAL_SUPPORT"),
            json!("[INTERNAL_ADMIN,INTERNAL_SUPPORT]"),
            json!("[\"INTERNAL_ADMIN\"]"),
            json!(["INTERNAL_ADMIN", 1]),
            json!([["INTERNAL_ADMIN"]]),
            json!({"INTERNAL_ADMIN": true}),
            json!(1),
        ] {
            assert!(Groups::parse(&claim).is_empty(), "{claim}");
        }
    }

    #[test]
    fn a_malformed_tenant_is_no_tenant() {
        for tenant in [json!("x"), json!(""), json!(7), json!(null), json!(["a"])] {
            let claims: Claims =
                serde_json::from_value(json!({"sub": "s", "custom:tenant_id": tenant})).unwrap();
            assert_eq!(claims.tenant_id, None);
        }
    }

    proptest! {
        #[test]
        fn the_three_forms_agree(members in proptest::sample::subsequence(Group::ALL.to_vec(), 0..=4)) {
            let names: Vec<_> = members.iter().map(|group| group.name()).collect();
            let expected = Groups::of(&members);
            prop_assert_eq!(Groups::parse(&json!(names)), expected);
            prop_assert_eq!(Groups::parse(&json!(names.join(","))), expected);
            prop_assert_eq!(Groups::parse(&json!(format!("[{}]", names.join(" ")))), expected);
            prop_assert_eq!(expected.iter().collect::<Vec<_>>(), members);
        }
    }

    fn token_claims() -> Vec<Value> {
        ["INTERNAL_ADMIN,TENANT_USER", "[INTERNAL_SUPPORT TENANT_ADMIN]"]
            .map(Value::from)
            .into_iter()
            .chain([json!(["TENANT_ADMIN", "INTERNAL_ADMIN"])])
            .map(|groups| {
                json!({
                    "sub": "11111111-2222-4333-8444-555555555555", "cognito:groups": groups,
                    "custom:tenant_id": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "auth_time": 1_795_608_000,
                })
            })
            .collect()
    }

    /// The names in a claim of groups, if it has one of the three forms.
    fn named(claim: &Value) -> Vec<String> {
        let text = match claim {
            Value::Array(names) if names.iter().all(Value::is_string) => {
                return names.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
            }
            Value::String(text) => text,
            _ => return Vec::new(),
        };
        let words = |separators: &[char], text: &str| {
            text.split(separators).map(|word| word.trim().to_owned()).collect()
        };
        if !text.starts_with('[') {
            words(&[','], text)
        } else if text.ends_with(']') && text.len() > 1 {
            words(&[' ', '\t', '\n', '\r', '\u{c}'], &text[1..text.len() - 1])
        } else {
            Vec::new()
        }
    }

    #[test]
    fn claims_carry_the_rights_that_they_name_and_no_others() {
        fuzz("claims", 3_000, json_like(token_claims()), |value| {
            // What tokens and gateways tell is an object.
            if !value.is_object() {
                return Ok(());
            }
            let Ok(claims) = serde_json::from_value::<Claims>(value.clone()) else {
                // The names under which serde_json hides numbers from its own readers are no claims.
                let hidden = value.to_string().contains("$serde_json::private");
                prop_assert!(hidden || !value["sub"].is_string(), "{} is refused", value);
                return Ok(());
            };
            prop_assert_eq!(value["sub"].as_str(), Some(claims.sub.as_str()));
            let names = named(&value["cognito:groups"]);
            for group in Group::ALL {
                let has = claims.groups.intersects(Groups::of(&[group]));
                prop_assert_eq!(has, names.iter().any(|name| name == group.name()), "{}", value);
            }
            let tenant = value["custom:tenant_id"].as_str().unwrap_or_default();
            prop_assert_eq!(claims.tenant_id, tenant.parse().ok());
            Ok(())
        });
    }

    #[test]
    fn no_bytes_make_claims_panic() {
        let valid = token_claims().into_iter().map(|claims| claims.to_string());
        fuzz("claims as bytes", 3_000, bytes_like(valid), |bytes| {
            let _ = serde_json::from_slice::<Claims>(&bytes);
            Ok(())
        });
    }
}
