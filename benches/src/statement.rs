//! SQL with named parameters, `:tenant_id`, so that its files read as what they are.

use std::fmt::Write;
use std::sync::Arc;

use anyhow::bail;
use chrono::NaiveDate;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use uuid::Uuid;

/// What a parameter stands for.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Uuid(Uuid),
    Date(NaiveDate),
    Text(String),
    Int(i64),
}

/// Names and what they stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(Vec<(&'static str, Value)>);

impl Values {
    pub(crate) fn with(mut self, name: &'static str, value: Value) -> Self {
        self.0.push((name, value));
        self
    }

    fn get(&self, name: &str) -> anyhow::Result<&Value> {
        match self.0.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => Ok(value),
            None => bail!("the parameter :{name} has no value"),
        }
    }
}

/// One statement, numbered parameters in the place of the named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    sql: Arc<str>,
    names: Vec<String>,
}

impl Statement {
    /// The statements of a file, each of which ends with a semicolon at the end of a line.
    pub(crate) fn all(text: &str) -> Vec<Self> {
        let kept: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
        let text = kept.join("\n");
        let parts = text.split(";\n").map(|part| part.trim().trim_end_matches(';'));
        parts.filter(|part| !part.is_empty()).map(Self::parse).collect()
    }

    fn parse(text: &str) -> Self {
        let (mut sql, mut names) = (String::new(), Vec::<String>::new());
        let mut rest = text;
        while let Some(at) = rest.find(':') {
            let (before, from) = rest.split_at(at);
            sql.push_str(before);
            let after = &from[1..];
            let length = after.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(after.len());
            // A cast, or a colon in a text.
            if after.starts_with(':') || length == 0 {
                let kept = if after.starts_with(':') { 2 } else { 1 };
                sql.push_str(&from[..kept]);
                rest = &from[kept..];
                continue;
            }
            let name = &after[..length];
            let number = names.iter().position(|known| known == name).unwrap_or_else(|| {
                names.push(name.to_owned());
                names.len() - 1
            });
            let _ = write!(sql, "${}", number + 1);
            rest = &after[length..];
        }
        sql.push_str(rest);
        Self { sql: sql.into(), names }
    }

    /// Asks it, and reads all of the answer. Returns the number of rows.
    pub(crate) async fn fetch(
        &self,
        connection: &mut PgConnection,
        values: &Values,
    ) -> anyhow::Result<usize> {
        let rows: Vec<PgRow> = self.bound(values)?.fetch_all(connection).await?;
        Ok(rows.len())
    }

    fn bound(&self, values: &Values) -> anyhow::Result<Query<'_, Postgres, PgArguments>> {
        let mut query = sqlx::query(AssertSqlSafe(Arc::clone(&self.sql)));
        for name in &self.names {
            query = match values.get(name)? {
                Value::Uuid(id) => query.bind(*id),
                Value::Date(date) => query.bind(*date),
                Value::Text(text) => query.bind(text.clone()),
                Value::Int(number) => query.bind(*number),
            };
        }
        Ok(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_in_order_and_casts_are_none() {
        let all = Statement::all("-- Why: so.\nSELECT :b::date, ':', :a, :b\nFROM x;\n\nSELECT 1;\n");
        assert_eq!(all.len(), 2);
        assert_eq!(&*all[0].sql, "SELECT $1::date, ':', $2, $1\nFROM x");
        assert_eq!(all[0].names, ["b", "a"]);
        assert_eq!(all[1], Statement { sql: "SELECT 1".into(), names: vec![] });
    }
}
