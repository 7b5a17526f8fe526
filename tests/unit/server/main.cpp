// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE server_test
#include <boost/test/unit_test.hpp>
