//! What every operation's documentation has in common.

use auth_context::{Caching, Group, Operation, Permission};
use serde::Serialize;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation as Documented, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Required, Response};
use utoipa::{PartialSchema, ToSchema};

const PROBLEM_JSON: &str = "application/problem+json";
const SECURITY_SCHEME: &str = "id_token";

/// An error, as RFC 9457 describes it. Served as `application/problem+json`.
#[derive(Serialize, ToSchema)]
#[schema(title = "Problem", as = Problem)]
pub struct ProblemSchema {
    /// Names the kind of problem: `urn:alquimista:problem:` and the code.
    #[schema(example = "urn:alquimista:problem:invalid_parameter")]
    r#type: String,
    /// The status in words.
    #[schema(example = "Bad Request")]
    title: String,
    /// The HTTP status.
    #[schema(example = 400)]
    status: u16,
    /// What went wrong, for a person.
    #[schema(example = "Some parameters of the request are not valid; see errors.")]
    detail: String,
    /// What went wrong, short and stable.
    #[schema(example = "Bad Request: period")]
    error: String,
    /// What went wrong, for a program.
    #[schema(example = "invalid_parameter")]
    code: String,
    /// To quote when reporting the problem; also in the header `X-Request-Id`.
    #[schema(example = "7d0c1f0e-52a4-4a55-9a43-9a3d3a9b9d11")]
    request_id: String,
    /// Every part of the request that is not as it should be.
    #[schema(required = false)]
    errors: Vec<InvalidInputSchema>,
}

/// A part of a request that is not as it should be.
#[derive(Serialize, ToSchema)]
#[schema(as = InvalidInput)]
pub struct InvalidInputSchema {
    /// The query or path parameter, or the header.
    #[schema(required = false, example = "period")]
    parameter: String,
    /// The part of the body, as a JSON pointer (RFC 6901).
    #[schema(required = false)]
    pointer: String,
    /// What it should be.
    #[schema(example = "must be one of 7d, 30d, 90d")]
    message: String,
}

/// Adds to each operation what it shares with the others: its groups from the permission matrix, the token it asks for,
/// the headers of its answers, what it may be asked of the cache, and the problems that any operation can end in.
pub fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("An ID token of the user pool, in the Authorization header. It lives 15 minutes."));
    components.add_security_scheme(SECURITY_SCHEME, SecurityScheme::Http(scheme.build()));

    let mut schemas = vec![("Problem".to_owned(), ProblemSchema::schema())];
    ProblemSchema::schemas(&mut schemas);
    components.schemas.extend(schemas);

    for operation in Operation::ALL {
        let permission = operation.permission();
        let Some(path) = document.paths.paths.get_mut(permission.path) else {
            continue;
        };
        let documented = match permission.method {
            "POST" => &mut path.post,
            "PATCH" => &mut path.patch,
            _ => &mut path.get,
        };
        if let Some(documented) = documented {
            documented.operation_id = Some(operation_id(*operation));
            complete_operation(documented, &permission);
        }
    }
}

/// The operation's name as clients generated from the document use it: `tenantMe`.
fn operation_id(operation: Operation) -> String {
    let name = format!("{operation:?}");
    let (first, rest) = name.split_at(1);
    first.to_lowercase() + rest
}

fn complete_operation(operation: &mut Documented, permission: &Permission) {
    let groups: Vec<_> = permission.allowed.iter().map(Group::name).collect();
    let groups = ExtensionsBuilder::new().add("x-allowed-groups", groups).build();
    operation.extensions.get_or_insert_default().merge(groups);
    operation.security = Some(vec![SecurityRequirement::new(SECURITY_SCHEME, Vec::<String>::new())]);

    let takes_input = operation.request_body.is_some()
        || operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty());
    let responses = &mut operation.responses.responses;
    if permission.method == "GET" {
        let parameters = operation.parameters.get_or_insert_default();
        let known = "ETags that the caller has; 304 if one of them is still the content's.";
        parameters.push(text_header_parameter("If-None-Match", known).into());
        if permission.caching != Caching::Never {
            let anew = "no-cache: the answer is to be made anew, which costs more of the limits.";
            parameters.push(text_header_parameter("Cache-Control", anew).into());
        }
        responses
            .insert("304".into(), RefOr::T(Response::new("The content named by If-None-Match still holds.")));
        for status in ["200", "304"] {
            let Some(RefOr::T(success)) = responses.get_mut(status) else {
                continue;
            };
            add_text_header(
                success,
                "ETag",
                "Names this content; send it as If-None-Match to ask whether it still holds.",
            );
            add_text_header(
                success,
                "Cache-Control",
                "private, no-cache: to be kept by the caller alone, and asked about.",
            );
            add_text_header(success, "Vary", "What the answer depends on besides the URL.");
            if permission.caching != Caching::Never {
                add_text_header(
                    success,
                    "X-Cache",
                    "HIT: it was kept. STALE: it was, and somebody makes it anew. MISS: it was made, and is kept. BYPASS: it \
                     was made, and is not.",
                );
            }
        }
    }
    if takes_input {
        let description = "A parameter, or the body, is not valid, or the tenant is not named.";
        responses.entry("400".into()).or_insert_with(|| RefOr::T(Response::new(description)));
    }
    for (status, description) in [
        ("401", "There is no valid ID token."),
        ("403", "The user's groups, or its tenant, don't allow it."),
        (
            "429",
            "More than the limits of the user, or of its tenant, allow. Try again after Retry-After seconds.",
        ),
        ("500", "A defect of the service."),
        ("503", "Something that the request needs is down or slow. Try again after Retry-After seconds."),
    ] {
        responses.entry(status.into()).or_insert_with(|| RefOr::T(Response::new(description)));
    }
    for (status, response) in responses {
        if let RefOr::T(response) = response {
            if status.as_str() >= "400" {
                let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
                response.content.insert(PROBLEM_JSON.into(), content.into());
                add_text_header(response, "Cache-Control", "no-store");
            }
            add_text_header(response, "X-Request-Id", "The request's id, for support and logs.");
            if status == "401" {
                add_text_header(response, "WWW-Authenticate", "Bearer");
            } else {
                add_text_header(response, "RateLimit-Policy", "The limits that the request counts against.");
                add_text_header(response, "RateLimit", "What is left of them.");
            }
            if matches!(status.as_str(), "429" | "503") {
                add_text_header(response, "Retry-After", "Seconds to wait.");
            }
        }
    }
}

fn text_header_parameter(name: &str, description: &str) -> Parameter {
    let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(text))
        .build()
}

fn add_text_header(response: &mut Response, name: &str, description: &str) {
    let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    let header = HeaderBuilder::new().schema(Some(text)).description(Some(description)).build();
    response.headers.insert(name.into(), header.into());
}
