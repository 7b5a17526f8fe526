#define BOOST_TEST_MODULE hookd_client
#include <boost/test/unit_test.hpp>
