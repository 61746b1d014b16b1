//! The least that a function on `lambda_http` and axum can be: it answers, and does nothing else.

use axum::Router;
use axum::routing::get;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::run(Router::new().route("/{*any}", get(async || "{}"))).await
}
