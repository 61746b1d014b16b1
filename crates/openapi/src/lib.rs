//! The OpenAPI document of the whole API, made from the code of the functions.

use serde_json::Value;
use utoipa::OpenApi;

/// The document's frame; the functions bring their paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Painel Operacional AlquimistaAI",
        version = "1.0.0",
        description = "What companies that rent AI agents see of themselves, and what the internal team sees of all of \
            them. Conventions that hold everywhere are in docs/API.md.",
        license(name = "MIT", identifier = "MIT")
    ),
    servers((url = "/api", description = "Behind the dashboard's origin"))
)]
struct Frame;

/// The document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Frame::openapi();
    document.merge(tenant_api::Documentation::openapi());
    document.merge(internal_api::Documentation::openapi());
    http_api::openapi::complete(&mut document);
    document
}

/// The headers that an answer may lack where it is documented to have them.
const OPTIONAL_HEADERS: &[&str] = &["Idempotency-Replayed", "X-Truncated"];

/// The document as it is committed.
#[must_use]
pub fn json() -> String {
    let mut document = serde_json::to_value(document()).unwrap_or_default();
    require_headers(&mut document);
    let mut json = serde_json::to_string_pretty(&document).unwrap_or_default();
    json.push('\n');
    json
}

/// Says of each header that it is always there; the builder of the document can't.
fn require_headers(node: &mut Value) {
    let Some(members) = node.as_object_mut() else { return };
    for (name, member) in members {
        match member {
            Value::Object(headers) if name == "headers" => {
                for (_, header) in
                    headers.iter_mut().filter(|(name, _)| !OPTIONAL_HEADERS.contains(&name.as_str()))
                {
                    header["required"] = Value::Bool(true);
                }
            }
            member => require_headers(member),
        }
    }
}
