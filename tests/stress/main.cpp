#define BOOST_TEST_MODULE hookd_stress
#include <boost/test/unit_test.hpp>
