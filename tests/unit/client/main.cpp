// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE hookd_client
#include <boost/test/unit_test.hpp>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// An exception that a future carries to another thread is freed by whoever drops it last. The counter that orders this
// is inside of libstdc++.so, which is not instrumented, so the order cannot be seen.
extern "C" const char* __tsan_default_suppressions() {
    return "race:std::__exception_ptr::exception_ptr::_M_release\n";
}
#endif
#endif
