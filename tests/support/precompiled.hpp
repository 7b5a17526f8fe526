// SPDX-License-Identifier: BSL-1.0
// What most tests take long to compile for. No test relies on it: each includes what it uses.
#ifndef HOOKD_TESTS_SUPPORT_PRECOMPILED_HPP  // not `#pragma once`, of which GCC warns where a header is what it
                                             // compiles
#define HOOKD_TESTS_SUPPORT_PRECOMPILED_HPP

#include <boost/asio.hpp>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#endif
