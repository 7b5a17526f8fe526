#define BOOST_TEST_MODULE server_test
#include <boost/test/unit_test.hpp>
