//! An endpoint as a Lambda function.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::header;
use lambda_http::{
    Adapter, Body, LambdaEvent, Request, RequestExt,
    request::{LambdaRequest, RequestContext},
    service_fn,
    tower::ServiceExt,
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::{
    config::{BucketConfig, ConfigError, DatabaseConfig, DriveConfig},
    context::{self, Client, RequestId, Services},
    endpoint::{Endpoint, Storage},
    extract::PathParameters,
    log,
    problem::Problem,
};

/// Serves one endpoint until the platform stops the process; several requests at once where
/// `AWS_LAMBDA_MAX_CONCURRENCY` says so.
pub fn main<E: Endpoint>() {
    log::init();
    if let Err(error) = check_configuration::<E>() {
        tracing::error!("{error}");
        std::process::exit(78);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
    let result = runtime.block_on(async {
        let services = Arc::new(Services::default());
        if E::ROUTE.database {
            // In the background: nothing waits for the database before the first request is asked for.
            let services = Arc::clone(&services);
            tokio::spawn(async move {
                // The first poll leaves before the work of connecting begins on this one thread.
                tokio::time::sleep(Duration::from_millis(1)).await;
                if let Ok(database) = services.database() {
                    database.warm().await;
                }
            });
        }
        let service = Adapter::from(service_fn(move |request| serve::<E>(Arc::clone(&services), request)));
        lambda_runtime::run_concurrent(service.map_request(parseable)).await
    });
    if let Err(error) = result {
        tracing::error!("{error}");
        std::process::exit(1);
    }
}

fn check_configuration<E: Endpoint>() -> Result<(), ConfigError> {
    if E::ROUTE.database {
        DatabaseConfig::from_env()?;
    }
    if E::ROUTE.storage != Storage::None {
        BucketConfig::from_env()?;
    }
    if E::ROUTE.drive {
        DriveConfig::from_env()?;
    }
    Ok(())
}

/// What may not stand in a URI's query as it is, RFC 3986 section 3.4.
const NOT_IN_QUERY: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}');

/// `lambda_http` panics where an event's parts do not make a URI. The caller writes them, so they are made to; the host
/// and the scheme mean nothing to us.
fn parseable(mut event: LambdaEvent<LambdaRequest>) -> LambdaEvent<LambdaRequest> {
    if let LambdaRequest::ApiGatewayV2(request) = &mut event.payload {
        request.headers.remove(header::HOST);
        request.request_context.domain_name = None;
        if !request.raw_path.as_deref().is_some_and(|path| path.starts_with('/')) {
            request.raw_path = Some("/".to_owned());
        }
        request.raw_query_string =
            request.raw_query_string.take().map(|query| utf8_percent_encode(&query, NOT_IN_QUERY).to_string());
    }
    event
}

async fn serve<E: Endpoint>(
    services: Arc<Services>,
    request: Request,
) -> Result<http::Response<Body>, lambda_http::Error> {
    let response = match from_lambda(request) {
        Ok(request) => context::answer::<E>(services, request).await,
        Err(problem) => problem.into_response(),
    };
    Ok(response.map(|body| match String::from_utf8(body.into()) {
        Ok(text) if text.is_empty() => Body::Empty,
        Ok(text) => Body::Text(text),
        Err(error) => Body::Binary(error.into_bytes()),
    }))
}

/// A request of API Gateway, or of `cargo lambda watch`, as one of ours.
fn from_lambda(request: Request) -> Result<http::Request<Bytes>, Problem> {
    let parameters = request.path_parameters();
    let pairs = parameters.iter();
    let mut client = Client::default();
    // API Gateway has decoded the parameters, and names the route; `cargo lambda watch` does neither.
    let mut is_decoded = false;
    if let Some(RequestContext::ApiGatewayV2(gateway)) = request.request_context_ref() {
        is_decoded = gateway.route_key.as_deref().is_some_and(|key| key != "$default");
        client.ip_address = gateway.http.source_ip.as_deref().and_then(|address| address.parse().ok());
    }
    let path = if is_decoded {
        PathParameters(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    } else {
        PathParameters::undecoded(pairs)?
    };
    let request_id = request.lambda_context_ref().map(|context| RequestId(context.request_id.clone()));
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(path);
    parts.extensions.insert(client);
    if let Some(request_id) = request_id {
        parts.extensions.insert(request_id);
    }
    let body = match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    };
    Ok(http::Request::from_parts(parts, body))
}
