#pragma once

#include "boot/initrd/partitions.hpp"
#include "boot/initrd/system_calls.hpp"

namespace holdfast::initrd {

/// Looks at all disks anew. A fault where more was found than can be told apart.
Result<void> look_for_partitions(Partitions& partitions);

/// What PRIVATE, mounted below `root`, keeps of the data partition; see data_uuid_from_file.
FixedText<36> known_data_uuid(std::string_view root);

/// Mounts the data partition, and all that lies on it, below `root` (empty, or "/sysroot"
/// in the initrd): /local, /var, /opt, /mnt, and PRIVATE at its known path. One program doing five
/// mounts is ready before systemd would have started the first mount(8).
///
/// /local/var and its siblings are then hidden behind the empty /srv, so that each directory has
/// one name only; two names for one file are how container volume checks are tricked.
///
/// PRIVATE then keeps the partition's GUID: this machine's data is there and nowhere else, even
/// when the disk is missing one day or another one with such a partition is added.
Result<void> mount_local(std::string_view root, const Partition& data);

/// Has what is mounted on /local and PRIVATE, below those names, stay out of every other mount
/// namespace; what containers and services share lies in /var, /opt and /mnt. Once systemd runs: it
/// makes every mount that it finds shared.
Result<void> make_private();

} // namespace holdfast::initrd
