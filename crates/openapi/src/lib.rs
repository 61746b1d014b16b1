//! The OpenAPI document of the whole API, made from the code of the functions.

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
    http_api::openapi::complete(&mut document);
    document
}

/// The document as it is committed.
#[must_use]
pub fn json() -> String {
    let mut json = serde_json::to_string_pretty(&document()).unwrap_or_default();
    json.push('\n');
    json
}
