#define BOOST_TEST_MODULE catalog_test
#include <boost/test/unit_test.hpp>
