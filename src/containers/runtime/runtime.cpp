// The interface stands in its header. This makes it a room of its own, so that what runs containers
// is built and tested without gRPC.
#include "containers/runtime/runtime.hpp"
