//! The permission matrix and the deployed API name the same operations.

use std::collections::BTreeSet;

use auth_context::Operation;

/// Method and path of every route of the template: each `Path:` belongs to the nearest `Method:`.
fn deployed() -> BTreeSet<(String, String)> {
    let template = include_str!("../../../template.yaml");
    let value_of = |line: &str, key: &str| line.trim().strip_prefix(key).map(|value| value.trim().to_owned());
    let methods = template.lines().filter_map(|line| value_of(line, "Method:"));
    let paths = template.lines().filter_map(|line| value_of(line, "Path:"));
    methods.zip(paths).collect()
}

#[test]
fn every_operation_is_deployed_and_nothing_else_is() {
    let in_matrix: BTreeSet<_> = Operation::ALL
        .iter()
        .map(|operation| operation.permission())
        .map(|permission| (permission.method.to_owned(), permission.path.to_owned()))
        .collect();
    assert_eq!(in_matrix.len(), Operation::ALL.len(), "an operation is listed twice");
    assert_eq!(in_matrix, deployed());
}
