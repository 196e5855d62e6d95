#include "boot/core/fault.hpp"

namespace holdfast::boot {

std::string_view text(Fault fault)
{
    switch (fault) {
    case Fault::bad_text: return "not a GUID";
    case Fault::read_failed: return "the disk cannot be read";
    case Fault::write_failed: return "the disk cannot be written";
    case Fault::unsupported_blocks: return "the disk has blocks of an unsupported size";
    case Fault::no_table: return "there is no partition table";
    case Fault::bad_header: return "the partition table's header is malformed";
    case Fault::bad_header_checksum: return "the partition table's header has a wrong checksum";
    case Fault::misplaced_header: return "the partition table's header belongs elsewhere";
    case Fault::out_of_bounds: return "a partition or a table lies out of bounds";
    case Fault::too_large: return "it is larger than there is room for";
    case Fault::bad_entries_checksum: return "the partition entries have a wrong checksum";
    case Fault::bad_image: return "there is no executable image";
    case Fault::no_memory: return "the firmware has no memory left";
    case Fault::no_disk: return "the disk that we were started from cannot be found";
    case Fault::refused: return "the firmware refused the image";
    case Fault::not_trusted: return "Secure Boot does not trust the image";
    case Fault::came_back: return "what was started came back";
    case Fault::nothing_bootable: return "no set is bootable";
    }
    return "unknown";
}

} // namespace holdfast::boot
