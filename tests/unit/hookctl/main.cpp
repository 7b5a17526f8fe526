#define BOOST_TEST_MODULE hookctl_test
#include <boost/test/unit_test.hpp>
