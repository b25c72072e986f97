//! The schemas of the answers, made from their types: `schemas/` has them pinned. `UPDATE_SCHEMAS=1 cargo test
//! --no-default-features schemas` writes them anew, when an answer is meant to change.

use std::path::Path;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::analysis::{SnapshotAnalysis, WhyAlive};
use super::compare::SnapshotComparison;

#[test]
fn schemas_are_what_is_pinned() {
    pinned::<SnapshotAnalysis>("analysis");
    pinned::<SnapshotComparison>("comparison");
    pinned::<Option<WhyAlive>>("why");
}

fn pinned<Answer: schemars::JsonSchema>(name: &str) {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Answer>().to_value();
    close(&mut schema);
    let text = format!("{schema:#}\n");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(format!("{name}.json"));
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&file, &text).expect("schemas/ can be written");
    }
    let known = std::fs::read_to_string(&file).expect("the schema is pinned");
    assert!(known == text, "schemas/{name}.json differs: UPDATE_SCHEMAS=1 writes it anew");
}

/// Objects have the properties named and no others.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(close);
            if object.get("properties").is_some_and(Value::is_object) {
                object.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
