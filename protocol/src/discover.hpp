// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string_view>

/// The parts of the document of `rpc.discover` (OpenRPC 1.3.2). Each type has a name, which is its key under
/// `components/schemas` and its `title`: generators name the types of their language after it.
namespace hookd::protocol {

/// `components/schemas`: the types of results and notifications.
[[nodiscard]] boost::json::object discover_schemas();

/// `components/errors`: each code that a request may end with.
[[nodiscard]] boost::json::object discover_errors();

/// The notifications that the daemon sends, as method objects without a result.
[[nodiscard]] boost::json::array discover_notifications();

/// The schema with its name as its `title`.
[[nodiscard]] boost::json::object titled(std::string_view title, boost::json::object schema);

/// A reference to a type of discover_schemas.
[[nodiscard]] boost::json::object schema_reference(std::string_view name);

}  // namespace hookd::protocol
