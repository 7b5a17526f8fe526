#define BOOST_TEST_MODULE hookd_nats
#include <boost/test/unit_test.hpp>
