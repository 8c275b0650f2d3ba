//! What the query string and the variable parts of a path may say: the description of the API shows it, and the table of
//! routes refuses all else.

use utoipa::{
    IntoParams,
    openapi::{
        RefOr, Required, Schema,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, SchemaFormat, Type},
    },
};

/// Parameters of a query string.
pub(super) type Parameters = fn() -> Vec<Parameter>;

/// Those that this type describes.
pub(super) fn of<T: IntoParams>() -> Vec<Parameter> {
    T::into_params(|| Some(ParameterIn::Query))
}

pub(super) fn none() -> Vec<Parameter> {
    Vec::new()
}

/// Where a page begins, and how long it is.
#[derive(IntoParams)]
#[expect(dead_code, reason = "describes what a query string may say")]
pub(super) struct Paging {
    /// `next` of the page before: what comes after it
    #[param(value_type = String, required = false)]
    after: Option<String>,
    /// At most so many; 50 where it is left out
    #[param(value_type = u16, required = false, minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// Names the organization that a request is about.
pub(super) const ORG: &str = "org";

/// [`ORG`], as every route of members takes it.
pub(super) fn org() -> Parameter {
    let description = "Slug or id of the organization, where you belong to several";
    parameter(ORG, ParameterIn::Query, Required::False, description, text().into())
}

/// The variable parts of a path: `id` and whatever ends in it are UUIDs.
pub(super) fn of_path(path: &str) -> Vec<Parameter> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let described = names.map(|name| {
        let (description, schema) = match name {
            name if name.ends_with("id") => {
                ("Its id", text().format(Some(SchemaFormat::Custom("uuid".to_owned()))))
            }
            "number" => ("E.164, with its +", text().max_length(Some(16))),
            "email" => ("The address", text().max_length(Some(254))),
            _ => ("Its name", text().min_length(Some(1)).max_length(Some(100))),
        };
        parameter(name, ParameterIn::Path, Required::True, description, schema.into())
    });
    described.collect()
}

/// A header that a request may carry.
pub(super) fn header(name: &str, description: &str, longest: usize) -> Parameter {
    let schema = text().min_length(Some(1)).max_length(Some(longest));
    parameter(name, ParameterIn::Header, Required::False, description, schema.into())
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn parameter(
    name: &str,
    stands_in: ParameterIn,
    required: Required,
    description: &str,
    schema: RefOr<Schema>,
) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(stands_in)
        .required(required)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}
