#define BOOST_TEST_MODULE hookd_postgres
#include <boost/test/unit_test.hpp>
