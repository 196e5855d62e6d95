#include "store/power_cut_vfs.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <sqlite3.h>

namespace holdfast::store {

namespace {

constexpr std::size_t sector = 512;

} // namespace

/// SQLite's C callbacks, with the class's private parts in reach.
struct VfsCalls {
    /// SQLite gives the memory; the node pointer lives behind its header.
    struct OpenFile {
        sqlite3_file header;
        PowerCutVfs* disk;
        std::shared_ptr<PowerCutVfs::Node>* node;
        std::string* path;
    };

    static OpenFile& open_file(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }
    static PowerCutVfs& disk(sqlite3_vfs* vfs) { return *static_cast<PowerCutVfs*>(vfs->pAppData); }

    static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out)
    {
        file->pMethods = nullptr;
        auto& self = disk(vfs);
        if (self.is_off_ || path == nullptr) {
            return SQLITE_CANTOPEN;
        }
        auto& node = self.names_[path];
        if (node == nullptr) {
            if ((flags & SQLITE_OPEN_CREATE) == 0) {
                self.names_.erase(path);
                return SQLITE_CANTOPEN;
            }
            node = std::make_shared<PowerCutVfs::Node>();
        }
        auto& opened = open_file(file);
        opened.disk = &self;
        opened.node = new std::shared_ptr<PowerCutVfs::Node>(node);
        opened.path = new std::string(path);
        opened.header.pMethods = methods();
        if (out != nullptr) {
            *out = flags;
        }
        return SQLITE_OK;
    }

    static int remove(sqlite3_vfs* vfs, const char* path, int sync_directory)
    {
        auto& self = disk(vfs);
        if (self.take_step() != PowerCutVfs::Step::whole) {
            return SQLITE_IOERR_DELETE;
        }
        self.names_.erase(path);
        if (sync_directory != 0) {
            self.durable_names_ = self.names_;
        }
        return SQLITE_OK;
    }

    static int access(sqlite3_vfs* vfs, const char* path, int, int* result)
    {
        auto& self = disk(vfs);
        *result = self.names_.contains(path) ? 1 : 0;
        return self.is_off_ ? SQLITE_IOERR_ACCESS : SQLITE_OK;
    }

    static int full_path(sqlite3_vfs*, const char* path, int size, char* out)
    {
        sqlite3_snprintf(size, out, "%s", path);
        return SQLITE_OK;
    }

    static int randomness(sqlite3_vfs*, int size, char* out)
    {
        std::memset(out, 4, static_cast<std::size_t>(size));
        return size;
    }
    static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
    static int current_time(sqlite3_vfs*, double* out)
    {
        *out = 2460000.5;
        return SQLITE_OK;
    }

    static int close(sqlite3_file* file)
    {
        delete open_file(file).node;
        delete open_file(file).path;
        return SQLITE_OK;
    }

    static int read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset)
    {
        auto& opened = open_file(file);
        if (opened.disk->is_off_) {
            return SQLITE_IOERR_READ;
        }
        const auto& bytes = (*opened.node)->bytes;
        const auto start = std::min(static_cast<std::size_t>(offset), bytes.size());
        const auto count = std::min(static_cast<std::size_t>(size), bytes.size() - start);
        std::memset(out, 0, static_cast<std::size_t>(size));
        std::memcpy(out, bytes.data() + start, count);
        return count == static_cast<std::size_t>(size) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
    }

    static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset)
    {
        auto& opened = open_file(file);
        const auto step = opened.disk->take_step();
        if (step == PowerCutVfs::Step::dead) {
            return SQLITE_IOERR_WRITE;
        }
        auto& bytes = (*opened.node)->bytes;
        const auto whole = static_cast<std::size_t>(size);
        const auto count = step == PowerCutVfs::Step::whole ? whole : whole / 2;
        const auto start = static_cast<std::size_t>(offset);
        const auto more = start + count > bytes.size() ? start + count - bytes.size() : 0;
        if (more > 0 && opened.disk->space_used() + more > opened.disk->space_) {
            return SQLITE_FULL;
        }
        bytes.resize(std::max(bytes.size(), start + count));
        std::memcpy(bytes.data() + start, data, count);
        return step == PowerCutVfs::Step::whole ? SQLITE_OK : SQLITE_IOERR_WRITE;
    }

    static int truncate(sqlite3_file* file, sqlite3_int64 size)
    {
        auto& opened = open_file(file);
        if (opened.disk->take_step() != PowerCutVfs::Step::whole) {
            return SQLITE_IOERR_TRUNCATE;
        }
        (*opened.node)->bytes.resize(static_cast<std::size_t>(size));
        return SQLITE_OK;
    }

    /// As in SQLite's own Unix layer: a flush of a new file flushes its directory too.
    static int sync(sqlite3_file* file, int)
    {
        auto& opened = open_file(file);
        if (opened.disk->take_step() != PowerCutVfs::Step::whole) {
            return SQLITE_IOERR_FSYNC;
        }
        (*opened.node)->durable = (*opened.node)->bytes;
        opened.disk->durable_names_[*opened.path] = *opened.node;
        return SQLITE_OK;
    }

    static int file_size(sqlite3_file* file, sqlite3_int64* size)
    {
        *size = static_cast<sqlite3_int64>((*open_file(file).node)->bytes.size());
        return open_file(file).disk->is_off_ ? SQLITE_IOERR_FSTAT : SQLITE_OK;
    }

    static int lock(sqlite3_file*, int) { return SQLITE_OK; }
    static int check_lock(sqlite3_file*, int* result)
    {
        *result = 0;
        return SQLITE_OK;
    }
    static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
    static int sector_size(sqlite3_file*) { return sector; }
    static int characteristics(sqlite3_file*) { return 0; }

    static const sqlite3_io_methods* methods()
    {
        static const sqlite3_io_methods table = [] {
            sqlite3_io_methods made{};
            made.iVersion = 1;
            made.xClose = close;
            made.xRead = read;
            made.xWrite = write;
            made.xTruncate = truncate;
            made.xSync = sync;
            made.xFileSize = file_size;
            made.xLock = lock;
            made.xUnlock = lock;
            made.xCheckReservedLock = check_lock;
            made.xFileControl = control;
            made.xSectorSize = sector_size;
            made.xDeviceCharacteristics = characteristics;
            return made;
        }();
        return &table;
    }
};

PowerCutVfs::PowerCutVfs(std::string name)
    : name_(std::move(name)), vfs_(std::make_unique<sqlite3_vfs>())
{
    vfs_->iVersion = 1;
    vfs_->szOsFile = sizeof(VfsCalls::OpenFile);
    vfs_->mxPathname = 1024;
    vfs_->zName = name_.c_str();
    vfs_->pAppData = this;
    vfs_->xOpen = VfsCalls::open;
    vfs_->xDelete = VfsCalls::remove;
    vfs_->xAccess = VfsCalls::access;
    vfs_->xFullPathname = VfsCalls::full_path;
    vfs_->xRandomness = VfsCalls::randomness;
    vfs_->xSleep = VfsCalls::sleep;
    vfs_->xCurrentTime = VfsCalls::current_time;
    check(sqlite3_vfs_register(vfs_.get(), 0) == SQLITE_OK, "SQLite takes the file layer");
}

PowerCutVfs::~PowerCutVfs()
{
    sqlite3_vfs_unregister(vfs_.get());
}

PowerCutVfs::Step PowerCutVfs::take_step()
{
    if (is_off_) {
        return Step::dead;
    }
    if (steps_left_ == 0) {
        is_off_ = true;
        return Step::cut;
    }
    steps_left_ -= steps_left_ > 0 ? 1 : 0;
    return Step::whole;
}

std::size_t PowerCutVfs::space_used() const
{
    std::size_t bytes = 0;
    for (const auto& [path, node] : names_) {
        bytes += node->bytes.size();
    }
    return bytes;
}

std::optional<std::string> PowerCutVfs::content(const std::string& path) const
{
    const auto found = names_.find(path);
    return found == names_.end() ? std::nullopt : std::optional(found->second->bytes);
}

void PowerCutVfs::restart(Leftover leftover, std::uint32_t seed)
{
    std::mt19937 random(seed);
    const auto stays = [&] {
        return leftover == Leftover::everything ||
               (leftover == Leftover::some && random() % 2 == 0);
    };
    Names found = durable_names_;
    for (const auto& [path, node] : names_) {
        if (!durable_names_.contains(path) && stays()) {
            found[path] = node; // A creation that was not flushed.
        }
    }
    for (const auto& [path, node] : durable_names_) {
        if (!names_.contains(path) && stays()) {
            found.erase(path); // A deletion that was not flushed.
        }
    }
    for (auto& [path, node] : found) {
        auto content = stays() ? node->bytes : node->durable;
        for (std::size_t i = 0; i < content.size(); i += sector) {
            const auto& source = stays() ? node->bytes : node->durable;
            if (i < source.size()) {
                const auto count = std::min({sector, source.size() - i, content.size() - i});
                content.replace(i, count, source, i, count);
            }
        }
        node->bytes = content;
        node->durable = content;
    }
    names_ = found;
    durable_names_ = found;
    steps_left_ = -1;
    is_off_ = false;
}

} // namespace holdfast::store
