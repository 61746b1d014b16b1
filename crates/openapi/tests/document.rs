//! The committed document is the code's, and describes every operation of the permission matrix.

use std::collections::BTreeSet;

use auth_context::{Caching, Forms, Group, Operation};

#[test]
fn the_committed_document_is_the_codes() {
    let committed = include_str!("../../../openapi/openapi.json");
    assert!(
        committed == openapi::json(),
        "openapi/openapi.json is not what the code says: run `make openapi`"
    );
}

#[test]
fn every_operation_is_documented_with_its_groups_and_nothing_else_is() {
    let document = serde_json::to_value(openapi::document()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let groups = operation["x-allowed-groups"].as_array().unwrap();
            let groups: Vec<_> = groups.iter().map(|group| group.as_str().unwrap().to_owned()).collect();
            documented.insert((method.to_uppercase(), path.clone(), groups));
        }
    }
    let expected = Operation::ALL.iter().map(|operation| operation.permission()).map(|permission| {
        let groups = permission.allowed.iter().map(Group::name).map(str::to_owned).collect();
        (permission.method.to_owned(), permission.path.to_owned(), groups)
    });
    assert_eq!(documented, expected.collect());
}

#[test]
fn what_is_kept_and_what_has_tables_is_documented_as_the_matrix_says() {
    let document = serde_json::to_value(openapi::document()).unwrap();
    for permission in Operation::ALL.iter().map(|operation| operation.permission()) {
        let operation = &document["paths"][permission.path][permission.method.to_lowercase()];
        let success = &operation["responses"]["200"];
        let table = !success["content"]["text/csv"].is_null();
        assert_eq!(table, permission.forms == Forms::JsonOrCsv, "{} {}", permission.method, permission.path);
        let kept = !success["headers"]["X-Cache"].is_null();
        assert_eq!(kept, permission.caching != Caching::Never, "{} {}", permission.method, permission.path);
    }
}
