//! The HTTP client under the SDK.
//!
//! The SDK's own would bring HTTP/2 into every binary of the workspace (cargo unifies features), half a megabyte that S3
//! has no use for, and load and parse the system's root certificates at its first call.

use aws_sdk_s3::{config::SharedHttpClient, primitives::SdkBody};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    shared::IntoShared,
};

use crate::https::{self, HttpsClient};

/// HTTP/1.1 over TLS, or without it where the endpoint says `http:`.
#[derive(Clone, Debug)]
struct Connector(HttpsClient<SdkBody>);

/// A client that keeps its connections.
pub(super) fn client() -> SharedHttpClient {
    let connector: SharedHttpConnector = Connector(https::client()).into_shared();
    http_client_fn(move |_, _| connector.clone())
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let response = client.request(request).await.map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
