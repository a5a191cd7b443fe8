//! What an endpoint answers: the type carries the status, the headers follow from the value.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use crate::{
    page::Page,
    problem::{self, Problem},
    text::Sha256,
};

/// A resource that can be read, changed under `If-Match`, and found again.
pub trait Resource: Serialize + JsonSchema + Send {
    /// The number that two writers could lose each other's work over; it begins the ETag.
    fn revision(&self) -> Option<i64> {
        None
    }

    /// Where it can be read.
    fn location(&self) -> Option<String> {
        None
    }
}

/// An answer of any kind.
pub trait Reply: Send {
    /// The statuses it can have, each with what it means.
    const STATUSES: &'static [(u16, &'static str)];

    /// The media type it can have beside JSON.
    const TEXT: Option<&'static str> = None;

    /// The schema of its body, if it has one.
    fn schema(generator: &mut SchemaGenerator) -> Option<Schema>;

    /// The response.
    fn into_response(self) -> Result<Response<Bytes>, Problem>;
}

fn json_response(status: StatusCode, body: &impl Serialize) -> Result<Response<Bytes>, Problem> {
    let body = serde_json::to_vec(body).map_err(Problem::internal)?;
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn put(response: &mut Response<Bytes>, name: HeaderName, value: String) -> Result<(), Problem> {
    response.headers_mut().insert(name, HeaderValue::try_from(value).map_err(Problem::internal)?);
    Ok(())
}

fn tag<T: Resource>(response: &mut Response<Bytes>, resource: &T) -> Result<(), Problem> {
    tag_body(response, resource.revision())
}

/// The whole representation is hashed, so that a cache is never wrong; the revision before it is what `If-Match` compares.
fn tag_body(response: &mut Response<Bytes>, revision: Option<i64>) -> Result<(), Problem> {
    let digest = hex::encode(&Sha256::of(response.body()).0[..8]);
    let etag = match revision {
        Some(revision) => format!("\"{revision}-{digest}\""),
        None => format!("\"{digest}\""),
    };
    put(response, header::ETAG, etag)
}

/// 200 with a resource and its ETag.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: Resource> Reply for Json<T> {
    const STATUSES: &'static [(u16, &'static str)] = &[(200, "The resource.")];

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }

    fn into_response(self) -> Result<Response<Bytes>, Problem> {
        let mut response = json_response(StatusCode::OK, &self.0)?;
        tag(&mut response, &self.0)?;
        Ok(response)
    }
}

/// A resource that is also a text.
pub trait AsText: Resource {
    /// The text's media type.
    const MEDIA_TYPE: &'static str;

    /// The text.
    fn into_text(self) -> String;
}

/// 200 with a resource and its ETag, as JSON or as text.
#[derive(Debug)]
pub struct JsonOrText<T> {
    /// The resource.
    pub resource: T,
    /// Whether the caller prefers text.
    pub is_text: bool,
}

impl<T: AsText> Reply for JsonOrText<T> {
    const STATUSES: &'static [(u16, &'static str)] = &[(200, "The resource.")];
    const TEXT: Option<&'static str> = Some(T::MEDIA_TYPE);

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }

    fn into_response(self) -> Result<Response<Bytes>, Problem> {
        let mut response = if self.is_text {
            let mut response = Response::new(Bytes::from(self.resource.into_text()));
            put(&mut response, header::CONTENT_TYPE, format!("{}; charset=utf-8", T::MEDIA_TYPE))?;
            tag_body(&mut response, None)?;
            response
        } else {
            Json(self.resource).into_response()?
        };
        put(&mut response, header::VARY, "accept".to_owned())?;
        if size_in_json(response.body()) > REPLY_LIMIT {
            let detail = format!("The reply would have more than {REPLY_LIMIT} bytes.");
            return Err(Problem::new(&problem::TOO_MUCH, detail));
        }
        Ok(response)
    }
}

/// Bytes of a reply's body at most: Lambda gives back 6 MiB, the body as a JSON text in it.
pub const REPLY_LIMIT: usize = 6 * 1024 * 1024 - 16 * 1024;

/// Bytes of a text as JSON.
#[must_use]
pub fn size_in_json(text: &[u8]) -> usize {
    let size = |byte: &u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.iter().map(size).sum()
}

impl<T: Serialize + JsonSchema + Send, C: Serialize + JsonSchema + Send> Reply for Page<T, C> {
    const STATUSES: &'static [(u16, &'static str)] = &[(200, "A page of the list.")];

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<Self>())
    }

    fn into_response(self) -> Result<Response<Bytes>, Problem> {
        json_response(StatusCode::OK, &self)
    }
}

/// 201 with the new resource, its ETag and its Location.
#[derive(Debug)]
pub struct Created<T>(pub T);

impl<T: Resource> Reply for Created<T> {
    const STATUSES: &'static [(u16, &'static str)] = &[(201, "It was made.")];

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }

    fn into_response(self) -> Result<Response<Bytes>, Problem> {
        let mut response = json_response(StatusCode::CREATED, &self.0)?;
        tag(&mut response, &self.0)?;
        if let Some(location) = self.0.location() {
            put(&mut response, header::LOCATION, location)?;
        }
        Ok(response)
    }
}

/// 201 with the new resource, or 200 with the one that an earlier call made.
#[derive(Debug)]
pub struct CreatedOnce<T> {
    /// The resource.
    pub resource: T,
    /// Whether it was made just now.
    pub is_new: bool,
}

impl<T: Resource> Reply for CreatedOnce<T> {
    const STATUSES: &'static [(u16, &'static str)] = &[(201, "It was made."), (200, "An earlier call had made it.")];

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }

    fn into_response(self) -> Result<Response<Bytes>, Problem> {
        if self.is_new { Created(self.resource).into_response() } else { Json(self.resource).into_response() }
    }
}

/// 204: done, and nothing to say.
#[derive(Debug)]
pub struct NoContent;

impl Reply for NoContent {
    const STATUSES: &'static [(u16, &'static str)] = &[(204, "Done.")];

    fn schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }

    fn into_response(self) -> Result<Response<Bytes>, Problem> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }
}

/// 302 to where the bytes are.
#[derive(Debug)]
pub struct Found(pub String);

impl Reply for Found {
    const STATUSES: &'static [(u16, &'static str)] = &[(302, "The bytes are at Location.")];

    fn schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }

    fn into_response(self) -> Result<Response<Bytes>, Problem> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::FOUND;
        put(&mut response, header::LOCATION, self.0)?;
        Ok(response)
    }
}

/// 200 with a file to save.
#[derive(Debug)]
pub struct Download<T> {
    /// What to call it.
    pub file_name: String,
    /// What is in it.
    pub content: FileContent<T>,
    /// Where it goes on, if it is larger than one reply can be.
    pub next: Option<String>,
}

/// What is in a file to save.
#[derive(Debug)]
pub enum FileContent<T> {
    /// Data.
    Json(T),
    /// Text.
    Markdown(String),
}

impl<T: Serialize + JsonSchema + Send> Reply for Download<T> {
    const STATUSES: &'static [(u16, &'static str)] = &[(
        200,
        "A file to save. A `Link` with `rel=\"next\"` leads to the rest of what is larger than one reply can be.",
    )];
    const TEXT: Option<&'static str> = Some("text/markdown");

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }

    fn into_response(self) -> Result<Response<Bytes>, Problem> {
        let mut response = match self.content {
            FileContent::Json(data) => json_response(StatusCode::OK, &data)?,
            FileContent::Markdown(text) => {
                let mut response = Response::new(Bytes::from(text));
                let content_type = HeaderValue::from_static("text/markdown; charset=utf-8");
                response.headers_mut().insert(header::CONTENT_TYPE, content_type);
                response
            }
        };
        // RFC 6266, section 4.3: the name as it is, in the form of RFC 8187.
        let name = utf8_percent_encode(&self.file_name, NON_ALPHANUMERIC);
        put(&mut response, header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}"))?;
        if let Some(next) = self.next {
            put(&mut response, header::LINK, format!("<{next}>; rel=\"next\""))?;
        }
        Ok(response)
    }
}
