//! From a request to typed input: parse, don't validate.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use percent_encoding::{percent_decode, percent_decode_str};
use schemars::JsonSchema;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_path_to_error::{Path, Segment};

use crate::{
    endpoint::{Endpoint, RequestHeader},
    problem::{self, Problem},
};

/// Bytes of a JSON body at most: Lambda takes 6 MB with everything around it.
pub const BODY_LIMIT: usize = 5 * 1024 * 1024;

/// What an endpoint takes, checked.
pub struct Input<E: Endpoint> {
    /// The parameters in the path.
    pub path: E::Path,
    /// The parameters in the query.
    pub query: E::Query,
    /// The JSON body.
    pub body: E::Body,
    /// The revision in `If-Match`; none for `*`, or where the route does not ask for it.
    pub if_match: Option<i64>,
    headers: HeaderMap,
}

/// No parameters, or an empty body.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The path's parameters, decoded, as whoever routed the request found them.
#[derive(Clone, Debug, Default)]
pub struct PathParameters(pub Vec<(String, String)>);

impl PathParameters {
    /// Parameters that arrived as they stood in the URL: API Gateway decodes them, `cargo lambda watch` does not.
    pub fn undecoded<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, Problem> {
        parameters
            .map(|(name, value)| {
                let value = percent_decode_str(value)
                    .decode_utf8()
                    .map_err(|_| Problem::new(&problem::MALFORMED, format!("The path's {name} is not UTF-8.")))?;
                Ok((name.to_owned(), value.into_owned()))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl<E: Endpoint> Input<E> {
    pub(crate) fn read(request: &http::Request<Bytes>) -> Result<Self, Problem> {
        let none = PathParameters::default();
        let parameters = request.extensions().get::<PathParameters>().unwrap_or(&none);
        Ok(Self {
            path: path(parameters)?,
            query: query(request.uri().query().unwrap_or_default())?,
            if_match: if E::ROUTE.if_match { if_match(request.headers())? } else { None },
            body: body(request)?,
            headers: request.headers().clone(),
        })
    }

    /// A request header that the route names, as it came.
    pub fn header(&self, header: &RequestHeader) -> Option<&[u8]> {
        self.headers.get(header.name).map(HeaderValue::as_bytes)
    }

    /// The same, where it is percent-encoded UTF-8: headers carry little but ASCII.
    pub fn decoded_header(&self, header: &RequestHeader) -> Result<Option<String>, Problem> {
        let decode = |value| percent_decode(value).decode_utf8().map(Cow::into_owned);
        self.header(header).map(decode).transpose().map_err(|_| {
            Problem::invalid(format!("/headers/{}", header.name.to_lowercase()), "must be UTF-8, percent-encoded")
        })
    }

    /// Whether the caller asks for this media type by name, and not for JSON rather than it.
    pub fn prefers(&self, media_type: &str) -> bool {
        let accepted = self.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let accept = accepted.collect::<Vec<_>>().join(",");
        let quality = |media_type: &str| quality(&accept, media_type);
        quality(media_type) > 0.0 && quality(media_type) >= quality("application/json")
    }
}

/// How much `Accept` wants a media type that it names, from 0 to 1; what stands for many is not looked at.
fn quality(accept: &str, media_type: &str) -> f32 {
    accept
        .split(',')
        .filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_named = parts.next()?.eq_ignore_ascii_case(media_type);
            let quality =
                parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |quality| quality.parse().ok());
            quality.filter(|_| is_named)
        })
        .fold(0.0, f32::max)
}

fn path<T: DeserializeOwned>(parameters: &PathParameters) -> Result<T, Problem> {
    let encoded = serde_html_form::to_string(&parameters.0).map_err(Problem::internal)?;
    let deserializer = serde_html_form::Deserializer::from_bytes(encoded.as_bytes());
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let pointer = format!("/path{}", pointer(error.path()));
        Problem::new(&problem::MALFORMED, "The path names nothing that could exist.").at(pointer, inner(&error))
    })
}

fn query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    if percent_decode_str(query).any(|byte| byte == 0) {
        return Err(Problem::invalid("/query", "must not contain NUL"));
    }
    let deserializer = serde_html_form::Deserializer::from_bytes(query.as_bytes());
    serde_path_to_error::deserialize(deserializer)
        .map_err(|error| Problem::invalid(format!("/query{}", pointer(error.path())), inner(&error)))
}

fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Err(Problem::new(&problem::PRECONDITION_REQUIRED, problem::PRECONDITION_REQUIRED.title));
    };
    match value.as_bytes() {
        b"*" => Ok(None),
        // An ETag is "<revision>-<hash of the representation>": what two writers could lose is the revision.
        value => std::str::from_utf8(value)
            .ok()
            .and_then(|value| value.trim().strip_prefix('"')?.strip_suffix('"')?.split('-').next()?.parse().ok())
            .map(Some)
            // An ETag that was never ours cannot be the current one.
            .ok_or_else(|| Problem::new(&problem::STALE, problem::STALE.title)),
    }
}

fn body<T: DeserializeOwned>(request: &http::Request<Bytes>) -> Result<T, Problem> {
    let body = request.body();
    if body.len() > BODY_LIMIT {
        return Err(Problem::new(&problem::TOO_LARGE, format!("A body may have {BODY_LIMIT} bytes.")));
    }
    if body.is_empty() {
        return json(b"{}");
    }
    let content_type =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(&problem::UNSUPPORTED_TYPE, problem::UNSUPPORTED_TYPE.title));
    }
    json(body)
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let problem = |pointer: String, detail: String| match serde_json::from_slice::<IgnoredAny>(bytes) {
        Ok(_) => Problem::invalid(pointer, detail),
        Err(error) => Problem::new(&problem::MALFORMED, format!("The body is not JSON: {error}.")),
    };
    // serde would take an array's items for a struct's fields.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(problem(String::new(), "must be an object".to_owned()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| problem(pointer(error.path()), inner(&error)))?;
    deserializer.end().map_err(|error| problem(String::new(), error.to_string()))?;
    Ok(value)
}

/// What is wrong, without the line and the column: a pointer says where.
fn inner<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> String {
    let message = error.inner().to_string();
    message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what).to_owned()
}

/// A JSON pointer, RFC 6901.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.extend(["/", &index.to_string()]),
            Segment::Map { key } => pointer.extend(["/", &key.replace('~', "~0").replace('/', "~1")]),
            Segment::Enum { variant } => pointer.extend(["/", variant]),
            Segment::Unknown => {}
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_is_read_as_far_as_types_are_named() {
        for (accept, expected) in [
            ("text/x-diff", 1.0),
            ("TEXT/X-DIFF;charset=utf-8", 1.0),
            ("application/json, text/x-diff; q=0.5", 0.5),
            ("text/x-diff;q=0", 0.0),
            ("text/x-diff;q=much", 0.0),
            ("*/*, text/*", 0.0),
            ("", 0.0),
        ] {
            assert!((quality(accept, "text/x-diff") - expected).abs() < f32::EPSILON, "{accept}");
        }
    }
}
