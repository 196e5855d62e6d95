#include "api/server/program.hpp"

#include "api/server/handlers.hpp"
#include "api/server/http_server.hpp"
#include "api/server/options.hpp"
#include "api/server/os_release.hpp"
#include "api/server/remote_config.hpp"
#include "api/server/update_handlers.hpp"
#include "io/posix/posix_file_locks.hpp"
#include "io/posix/posix_network.hpp"
#include "io/posix/posix_service_manager.hpp"
#include "store/migration/migrate.hpp"
#include "store/migration/notes.hpp"
#include "store/reserve.hpp"

#include <cstdio>
#include <thread>
#include <unistd.h>

namespace holdfast::api {

namespace {

/// EX_CONFIG of sysexits.h; RestartPreventExitStatus= of the unit.
constexpr int not_to_be_restarted = 78;
constexpr auto migrations = "/usr/share/holdfast/migrations";

/// The version whose change drops weak values.
Result<std::string> os_version(io::Files& files, const std::filesystem::path& os_release)
{
    TRY_ASSIGN(const auto os, read_os_object(files, os_release));
    return std::format("{} {}", os["version_id"].get<std::string>(),
                       os["build_id"].get<std::string>());
}

Result<Version> version_of(io::Files& files, const std::filesystem::path& os_release)
{
    TRY_ASSIGN(const auto os, read_os_object(files, os_release));
    return Version::parse(os["version_id"].get<std::string>());
}

/// A store that was made at this version, and not brought to it, must find back too.
Result<void> remember_migrations(store::Store& store, const ServerOptions& options,
                                 io::Files& files)
{
    TRY_ASSIGN(const auto remembered, store.note(store::migrations_note));
    if (!remembered.empty()) {
        return {};
    }
    TRY_ASSIGN(const auto version, version_of(files, options.os_release));
    TRY_ASSIGN(const auto known, store::load_migrations(files, migrations));
    return store.set_note(store::migrations_note, store::remembered_by_new_store(known, version));
}

Result<store::Store> open_store(const ServerOptions& options, const settings::Model& model,
                                io::System& system)
{
    // 0700: the store holds keys and passwords.
    TRY(system.files.create_directories(options.datastore_path, 0700));
    TRY_ASSIGN(auto store, store::Store::open(options.datastore_path, system.clock));
    store.on_full_disk([&files = system.files, folder = options.datastore_path.parent_path()] {
        log::warning("the disk of the settings store is full; its reserve is given away");
        static_cast<void>(store::give_reserve(files, folder).has_value()); // Else it fails again.
    });
    TRY_ASSIGN(const auto version, os_version(system.files, options.os_release));
    TRY(store.adopt_image(version, model.defaults()).while_("taking the image's defaults"));
    TRY(remember_migrations(store, options, system.files).while_("remembering migrations"));
    return store;
}

void keep_reserve(io::Files& files, const std::filesystem::path& folder)
{
    if (const auto kept = store::keep_reserve(files, folder); !kept.has_value()) {
        log::warning("no reserve on the disk of the settings store",
                     {{"problem", kept.error().message()}});
    }
}

/// Brings the remote listener in line with its configuration file. What cannot be used changes
/// nothing: whoever administers this machine remotely must not lose it by a typing error.
void refresh_remote(HttpServer& server, const ServerOptions& options, io::Files& files)
{
    if (!files.exists(options.remote_config)) {
        server.close_remote();
        return;
    }
    auto text = files.read(options.remote_config);
    auto address = text.has_value() ? parse_remote_config(*text)
                                    : Result<std::optional<RemoteAddress>>(Failure{text.error()});
    if (!address.has_value()) {
        log::error("remote API left as it was", {{"problem", address.error().message()}});
        return;
    }
    if (!address->has_value()) {
        server.close_remote();
        return;
    }
    (*address)->address = options.remote_address;
    const auto port = server.listen_remote(**address);
    if (port.has_value()) {
        log::info("remote API listens", {{"port", std::to_string(*port)}});
    } else {
        log::error("remote API left as it was", {{"problem", port.error().message()}});
    }
}

/// systemd's socket unit holds the sockets (sd_listen_fds(3)), so that they outlive a restart of
/// the server: containers have one mounted. They come in the order of the unit. Without systemd the
/// server binds its own.
Result<void> open_sockets(HttpServer& server, const ServerOptions& options, io::System& system)
{
    constexpr int first_passed = 3;
    const auto process = system.environment("LISTEN_PID");
    if (process == std::to_string(::getpid()) && system.environment("LISTEN_FDS") == "2") {
        TRY(server.adopt(first_passed, LocalSocket::common));
        return server.adopt(first_passed + 1, LocalSocket::services);
    }
    TRY(server.listen({options.socket_path, options.socket_gid, LocalSocket::common}));
    return server.listen({options.services_socket_path, options.socket_gid, LocalSocket::services});
}

/// The model's word on values of another version. Borrows the model.
store::Judge model_judge(const settings::Model& model)
{
    return [&model](const store::Values& values) {
        std::map<std::string, std::string> refused;
        for (const auto& problem : model.refused(values)) {
            refused.emplace(problem.key, to_text(problem));
        }
        return refused;
    };
}

/// Brings the settings to this version. It happens here and not in a program of its own, since
/// nothing can be done before it and a process costs a tenth of a second at each boot.
Result<void> migrate_store(const ServerOptions& options, const settings::Model& model,
                           io::System& system)
{
    TRY_ASSIGN(const auto version, version_of(system.files, options.os_release));
    TRY_ASSIGN(const auto known, store::load_migrations(system.files, migrations));
    TRY_ASSIGN(const auto done,
               store::migrate(system.files, {store::recover_store, model_judge(model)},
                              options.datastore_path.parent_path(), version, known));
    if (done.from.has_value()) {
        log::info("settings are of another version",
                  {{"from", done.from->str()},
                   {"to", version.str()},
                   {"applied", std::to_string(done.forward)},
                   {"taken back", std::to_string(done.backward)}});
    }
    for (const auto& [place, refused] : done.aside) {
        log::warning("a setting of another version is put aside",
                     {{"key", place.first}, {"problem", refused.why}});
    }
    for (const auto& warning : done.warnings) {
        log::warning("going on all the same", {{"problem", warning}});
    }
    if (!done.restored.empty()) {
        log::warning("settings as they were when this version ran last; newer ones are kept aside",
                     {{"problem", done.restored}});
    }
    return {};
}

Result<int> serve(const ServerOptions& options, io::System& system)
{
    TRY_ASSIGN(const auto variant, system.files.read(options.variant_file));
    TRY_ASSIGN(const auto model,
               settings::Model::load(variant).while_("reading " + options.variant_file.native()));
    io::PosixServiceManager manager(system.environment("NOTIFY_SOCKET"));
    if (const auto migrated = migrate_store(options, model, system); !migrated.has_value()) {
        // Trying again would not help: the unit fails for good, and with it a boot on trial.
        log::error("settings cannot be brought to this version",
                   {{"problem", migrated.error().message()}});
        // boot-health reads it. Without it the reason is shorter, and the exit status must stay.
        const auto told = manager.notify("STATUS=settings cannot be brought to this version: " +
                                         migrated.error().message());
        static_cast<void>(told);
        return not_to_be_restarted;
    }
    TRY_ASSIGN(auto store, open_store(options, model, system));
    io::PosixNetwork network;
    UnitApplier applier(network, system.clock, system.files, options.applier_socket,
                        options.unapplied_file);
    Context context{
        store, model, applier, system.files, system.processes, system.random, options.os_release};
    Router router;
    add_settings_handlers(router, context);
    add_transaction_handlers(router, context);
    add_model_handlers(router, context);
    add_action_handlers(router, context);
    io::PosixFileLocks locks;
    UpdateContext updates{system.files, system.processes, locks};
    add_update_handlers(router, updates);

    HttpServer server(router, system.clock);
    TRY(open_sockets(server, options, system));
    refresh_remote(server, options, system.files);
    server.on_hangup([&] { refresh_remote(server, options, system.files); });
    TRY(manager.notify("READY=1"));
    log::info("API listens", {{"socket", options.socket_path.native()}});
    // Beside the first requests of a first boot, which need not wait for the disk.
    const std::jthread reserve(keep_reserve, std::ref(system.files),
                               options.datastore_path.parent_path());
    server.run();
    log::info("API ends");
    return 0;
}

} // namespace

Result<int> run_server(const CommandLine& arguments, io::System& system)
{
    const auto parsed = parse_server_options(arguments);
    if (const auto* usage = std::get_if<std::string>(&parsed)) {
        std::fputs(usage->c_str(), stderr);
        return 2;
    }
    const auto& options = std::get<ServerOptions>(parsed);
    log::set_level(options.log_level);
    return serve(options, system);
}

} // namespace holdfast::api
