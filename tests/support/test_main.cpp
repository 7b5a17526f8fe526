// The main() of each test executable.
#define BOOST_TEST_MODULE hookd
#include <boost/test/unit_test.hpp>
