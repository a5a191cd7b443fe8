//! An endpoint is a type that implements one trait; everything else about it is derived.

use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{
    context::{self, Context, Services},
    extract::Input,
    openapi::{Operation, Schemas},
    problem::{Kind, Problem},
    reply::Reply,
};

/// One HTTP endpoint, whole: what it is, what it takes, what it gives, and how.
pub trait Endpoint: 'static {
    /// Method, path, summary, who may call it, what it needs: written here and nowhere else.
    const ROUTE: Route;
    /// The parameters in the path.
    type Path: DeserializeOwned + JsonSchema + Send;
    /// The parameters in the query.
    type Query: DeserializeOwned + JsonSchema + Send;
    /// The JSON body; [`crate::Nothing`] where there is none.
    type Body: DeserializeOwned + JsonSchema + Send;
    /// What it answers; the type carries the status.
    type Reply: Reply;

    /// Does the work.
    fn handle(input: Input<Self>, context: &mut Context) -> impl Future<Output = Result<Self::Reply, Problem>> + Send
    where
        Self: Sized;
}

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone; a token is not looked at.
    Anyone,
    /// Anyone; with a token, as that user.
    Optional,
    /// A user with a session.
    SignedIn,
}

/// What an endpoint does with the bucket, which decides its role on AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Nothing.
    None,
    /// Signs URLs to read from it.
    Read,
    /// Signs URLs to write to it, or calls it.
    Write,
}

/// All that is written about an endpoint by hand.
#[derive(Debug)]
pub struct Route {
    /// Upper case.
    pub method: &'static str,
    /// With `{parameters}`; a last `{parameter+}` takes the rest of the path.
    pub path: &'static str,
    /// One line, imperative.
    pub summary: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Whether it uses the database.
    pub database: bool,
    /// What it does with the bucket.
    pub storage: Storage,
    /// Whether it calls Google, and gets what it needs for that.
    pub drive: bool,
    /// Whether `If-Match` is required.
    pub if_match: bool,
    /// Mebibytes of memory on Lambda.
    pub memory: u16,
    /// Seconds on Lambda.
    pub timeout: u8,
    /// Request headers that it reads beside those that follow from the rest.
    pub headers: &'static [RequestHeader],
    /// Problems beyond those that follow from the rest.
    pub problems: &'static [&'static Kind],
}

/// A request header that just some endpoints read.
#[derive(Debug)]
pub struct RequestHeader {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What it is for.
    pub description: &'static str,
    /// What it may be.
    pub example: &'static str,
}

impl Route {
    const fn new(method: &'static str, path: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            summary,
            access: Access::SignedIn,
            database: true,
            storage: Storage::None,
            drive: false,
            if_match: false,
            memory: 128,
            timeout: 10,
            headers: &[],
            problems: &[],
        }
    }

    /// A GET for signed-in users, with the database.
    #[must_use]
    pub const fn get(path: &'static str, summary: &'static str) -> Self {
        Self::new("GET", path, summary)
    }

    /// A POST for signed-in users, with the database.
    #[must_use]
    pub const fn post(path: &'static str, summary: &'static str) -> Self {
        Self::new("POST", path, summary)
    }

    /// A PUT for signed-in users, with the database.
    #[must_use]
    pub const fn put(path: &'static str, summary: &'static str) -> Self {
        Self::new("PUT", path, summary)
    }

    /// A PATCH for signed-in users, with the database.
    #[must_use]
    pub const fn patch(path: &'static str, summary: &'static str) -> Self {
        Self::new("PATCH", path, summary)
    }

    /// A DELETE for signed-in users, with the database.
    #[must_use]
    pub const fn delete(path: &'static str, summary: &'static str) -> Self {
        Self::new("DELETE", path, summary)
    }

    /// Opens it to others than signed-in users.
    #[must_use]
    pub const fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Runs without the database.
    #[must_use]
    pub const fn no_database(mut self) -> Self {
        self.database = false;
        self
    }

    /// Uses the bucket.
    #[must_use]
    pub const fn storage(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self
    }

    /// Calls Google.
    #[must_use]
    pub const fn drive(mut self) -> Self {
        self.drive = true;
        self
    }

    /// Requires `If-Match`.
    #[must_use]
    pub const fn if_match(mut self) -> Self {
        self.if_match = true;
        self
    }

    /// Needs more than 128 MiB: password hashing, image decoding.
    #[must_use]
    pub const fn memory(mut self, mebibytes: u16) -> Self {
        self.memory = mebibytes;
        self
    }

    /// May take more than 10 seconds.
    #[must_use]
    pub const fn timeout(mut self, seconds: u8) -> Self {
        self.timeout = seconds;
        self
    }

    /// Reads these request headers, by [`Input::header`].
    #[must_use]
    pub const fn headers(mut self, headers: &'static [RequestHeader]) -> Self {
        self.headers = headers;
        self
    }

    /// Documents problems beyond those that follow from the rest.
    #[must_use]
    pub const fn problems(mut self, problems: &'static [&'static Kind]) -> Self {
        self.problems = problems;
        self
    }

    /// Whether the method may carry a body.
    #[must_use]
    pub fn takes_body(&self) -> bool {
        matches!(self.method, "POST" | "PUT" | "PATCH")
    }
}

/// A boxed answer in the making.
pub type Answer = Pin<Box<dyn Future<Output = http::Response<Bytes>> + Send>>;

/// An endpoint in the list: its type erased, so that tests and generators can walk it.
pub struct Entry {
    /// Resource and verb, as in the file's path and the binary's name: `artifacts-fork`.
    pub name: String,
    /// The type's path, for the generated binaries: `functions::artifacts::fork::Fork`.
    pub type_name: &'static str,
    /// What is written about it.
    pub route: &'static Route,
    /// Answers a request in this process.
    pub answer: fn(Arc<Services>, http::Request<Bytes>) -> Answer,
    /// Describes it for OpenAPI.
    pub describe: fn(&mut Schemas) -> Operation,
}

impl Entry {
    /// The entry of an endpoint in `resource/verb.rs`.
    #[must_use]
    pub fn of<E: Endpoint>(resource: &str, verb: &str) -> Self {
        Self {
            name: format!("{resource}-{verb}").replace('_', "-"),
            type_name: std::any::type_name::<E>(),
            route: &E::ROUTE,
            answer: |services, request| Box::pin(context::answer::<E>(services, request)),
            describe: Operation::of::<E>,
        }
    }
}
