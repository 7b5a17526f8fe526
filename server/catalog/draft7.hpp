// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string_view>

namespace hookd::catalogs {

/// The meta-schema of JSON Schema draft 7 (http://json-schema.org/draft-07/schema#), without what is annotation: what a
/// schema must look like.
inline constexpr std::string_view draft7 = R"json({
  "definitions": {
    "schemaArray": {"type": "array", "minItems": 1, "items": {"$ref": "#"}},
    "nonNegativeInteger": {"type": "integer", "minimum": 0},
    "simpleTypes": {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]},
    "stringArray": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
    "schemaMap": {"type": "object", "additionalProperties": {"$ref": "#"}}
  },
  "type": ["object", "boolean"],
  "properties": {
    "$id": {"type": "string"},
    "$schema": {"type": "string", "pattern": "^https?://json-schema\\.org/draft-07/schema#?$"},
    "$ref": {"type": "string", "minLength": 1},
    "$comment": {"type": "string"},
    "title": {"type": "string"},
    "description": {"type": "string"},
    "readOnly": {"type": "boolean"},
    "examples": {"type": "array"},
    "multipleOf": {"type": "number", "exclusiveMinimum": 0},
    "maximum": {"type": "number"},
    "exclusiveMaximum": {"type": "number"},
    "minimum": {"type": "number"},
    "exclusiveMinimum": {"type": "number"},
    "maxLength": {"$ref": "#/definitions/nonNegativeInteger"},
    "minLength": {"$ref": "#/definitions/nonNegativeInteger"},
    "pattern": {"type": "string"},
    "additionalItems": {"$ref": "#"},
    "items": {"if": {"type": "array"}, "then": {"$ref": "#/definitions/schemaArray"}, "else": {"$ref": "#"}},
    "maxItems": {"$ref": "#/definitions/nonNegativeInteger"},
    "minItems": {"$ref": "#/definitions/nonNegativeInteger"},
    "uniqueItems": {"type": "boolean"},
    "contains": {"$ref": "#"},
    "maxProperties": {"$ref": "#/definitions/nonNegativeInteger"},
    "minProperties": {"$ref": "#/definitions/nonNegativeInteger"},
    "required": {"$ref": "#/definitions/stringArray"},
    "additionalProperties": {"$ref": "#"},
    "definitions": {"$ref": "#/definitions/schemaMap"},
    "$defs": {"$ref": "#/definitions/schemaMap"},
    "properties": {"$ref": "#/definitions/schemaMap"},
    "patternProperties": {"$ref": "#/definitions/schemaMap"},
    "dependencies": {
      "type": "object",
      "additionalProperties": {"if": {"type": "array"}, "then": {"$ref": "#/definitions/stringArray"}, "else": {"$ref": "#"}}
    },
    "propertyNames": {"$ref": "#"},
    "enum": {"type": "array"},
    "type": {
      "if": {"type": "array"},
      "then": {"minItems": 1, "uniqueItems": true, "items": {"$ref": "#/definitions/simpleTypes"}},
      "else": {"$ref": "#/definitions/simpleTypes"}
    },
    "format": {"type": "string"},
    "contentMediaType": {"type": "string"},
    "contentEncoding": {"type": "string"},
    "if": {"$ref": "#"},
    "then": {"$ref": "#"},
    "else": {"$ref": "#"},
    "allOf": {"$ref": "#/definitions/schemaArray"},
    "anyOf": {"$ref": "#/definitions/schemaArray"},
    "oneOf": {"$ref": "#/definitions/schemaArray"},
    "not": {"$ref": "#"}
  }
})json";

}  // namespace hookd::catalogs
