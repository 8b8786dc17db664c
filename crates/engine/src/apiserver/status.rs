//! What the API server says when it refuses.
//!
//! Models apimachinery `pkg/api/errors/errors.go` and `metav1.Status`.

use crate::api::{FieldError, Kind};

/// `reason` of a Status.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// 400
    BadRequest,
    /// 403
    Forbidden,
    /// 404
    NotFound,
    /// 405
    MethodNotAllowed,
    /// 409, on creation
    AlreadyExists,
    /// 409, on update
    Conflict,
    /// 413
    RequestEntityTooLarge,
    /// 415
    UnsupportedMediaType,
    /// 422
    Invalid,
    /// 429
    TooManyRequests,
    /// 500
    InternalError,
    /// 500, an error that has no reason
    Unknown,
}

impl Reason {
    /// As a Status and kubectl print it: `NotFound`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequest",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::AlreadyExists => "AlreadyExists",
            Self::Conflict => "Conflict",
            Self::RequestEntityTooLarge => "RequestEntityTooLarge",
            Self::UnsupportedMediaType => "UnsupportedMediaType",
            Self::Invalid => "Invalid",
            Self::TooManyRequests => "TooManyRequests",
            Self::InternalError => "InternalError",
            Self::Unknown => "",
        }
    }
    /// The HTTP code.
    pub fn code(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::AlreadyExists | Self::Conflict => 409,
            Self::RequestEntityTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid => 422,
            Self::TooManyRequests => 429,
            Self::InternalError | Self::Unknown => 500,
        }
    }
}

/// One of `details.causes` of an Invalid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// `FieldValueRequired` and the like.
    pub reason: &'static str,
    /// Which field: `spec.template.spec.restartPolicy`.
    pub field: String,
    /// What is wrong with it, without the field.
    pub message: String,
}

/// A refusal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// Why, as a word.
    pub reason: Reason,
    /// The text.
    pub message: String,
    /// The object's kind, where the refusal is about one.
    pub kind: Option<Kind>,
    /// The object's name.
    pub name: String,
    /// What is wrong, field by field.
    pub causes: Vec<Cause>,
}

impl Status {
    /// A refusal with just a text.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), kind: None, name: String::new(), causes: Vec::new() }
    }
    fn about(reason: Reason, kind: Kind, name: &str, text: &str) -> Self {
        let message = format!("{} \"{name}\" {text}", kind.group_resource());
        Self { reason, message, kind: Some(kind), name: name.to_owned(), causes: Vec::new() }
    }
    /// `pods "x" not found`
    pub fn not_found(kind: Kind, name: &str) -> Self {
        Self::about(Reason::NotFound, kind, name, "not found")
    }
    /// `jobs.batch "x" already exists`
    pub fn already_exists(kind: Kind, name: &str) -> Self {
        Self::about(Reason::AlreadyExists, kind, name, "already exists")
    }
    /// `pods "x" is forbidden: why`
    pub fn forbidden(kind: Kind, name: &str, why: &str) -> Self {
        Self::about(Reason::Forbidden, kind, name, &format!("is forbidden: {why}"))
    }
    /// `Operation cannot be fulfilled on jobs.batch "x": why`
    pub fn conflict(kind: Kind, name: &str, why: &str) -> Self {
        let mut status = Self::about(Reason::Conflict, kind, name, "");
        status.message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.group_resource());
        status
    }
    /// The conflict of a stale resourceVersion.
    pub fn modified(kind: Kind, name: &str) -> Self {
        Self::conflict(
            kind,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }
    /// `the server could not find the requested resource`: no such subresource.
    pub fn no_resource() -> Self {
        Self::new(Reason::NotFound, "the server could not find the requested resource")
    }
    /// `Job.batch "x" is invalid: ...`, from what validation found.
    pub fn invalid_fields(kind: Kind, name: &str, errors: &[FieldError]) -> Self {
        let causes =
            errors.iter().map(|e| Cause { reason: e.kind.reason(), field: e.path.to_string(), message: e.body() });
        Self::invalid(kind, name, causes.collect())
    }
    /// ` "" is invalid: patch: ...`: a patch whose result is no object of the kind.
    pub fn invalid_patch(patch: &str, why: &str) -> Self {
        let message = format!("Invalid value: {}: {why}", crate::api::text::go_quote(patch));
        Self {
            reason: Reason::Invalid,
            message: format!(" \"\" is invalid: patch: {message}"),
            kind: None,
            name: String::new(),
            causes: vec![Cause { reason: "FieldValueInvalid", field: "patch".to_owned(), message }],
        }
    }
    /// `Job.batch "x" is invalid: ...`
    pub fn invalid(kind: Kind, name: &str, causes: Vec<Cause>) -> Self {
        let mut texts: Vec<String> = Vec::with_capacity(causes.len());
        for text in causes.iter().map(|c| format!("{}: {}", c.field, c.message)) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let list = match texts.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let group = kind.info().group;
        let full = if group.is_empty() { kind.name().to_owned() } else { format!("{}.{group}", kind.name()) };
        Self {
            reason: Reason::Invalid,
            message: format!("{full} \"{name}\" is invalid: {list}"),
            kind: Some(kind),
            name: name.to_owned(),
            causes,
        }
    }
}
