#pragma once

#include "io/system.hpp"

#include <string>
#include <vector>

namespace holdfast::bench {

/// The program `enter-root TREE RUN PROGRAM [ARGUMENT …]`: makes of the folder TREE, an image's root tree,
/// what an initrd would make of it, and becomes the program there. /run is the folder RUN, so that
/// sockets in it are seen from outside; /etc comes from the factory; what counts for the whole kernel
/// (/proc/sys, /sys) cannot be written.
///
/// To be started in namespaces of its own: mounts, processes, network, control groups.
Result<int> run_enter_root(const std::vector<std::string>& arguments, io::System& system);

} // namespace holdfast::bench
