#include "api/client/options.hpp"

namespace holdfast::api {

namespace {

Result<log::Level> parse_level(std::string_view text)
{
    if (text == "trace" || text == "debug") {
        return log::Level::debug;
    }
    if (text == "info") {
        return log::Level::info;
    }
    if (text == "warn") {
        return log::Level::warning;
    }
    if (text == "error") {
        return log::Level::error;
    }
    return fail(Errc::invalid, "Unknown log level '{}'", text);
}

/// Walks the command line, and hands out the values of options.
class WordReader {
public:
    explicit WordReader(std::span<const std::string> rest) : rest_(rest) {}
    bool empty() const { return rest_.empty(); }
    const std::string& next()
    {
        const auto& first = rest_.front();
        rest_ = rest_.subspan(1);
        return first;
    }
    Result<std::string> value_of(std::string_view option)
    {
        if (empty()) {
            return fail(Errc::invalid, "Did not give argument to {}", option);
        }
        return next();
    }

private:
    std::span<const std::string> rest_;
};

/// Takes a global option; false when the word is none.
Result<bool> take_global(ClientOptions& options, const std::string& word, WordReader& arguments)
{
    if (word == "-h" || word == "--help") {
        return fail(Errc::invalid, "");
    }
    if (word == "-v" || word == "--verbose") {
        options.log_level = log::Level::debug;
        return true;
    }
    if (word == "--log-level") {
        TRY_ASSIGN(const auto level, arguments.value_of(word));
        TRY_ASSIGN(options.log_level, parse_level(level));
        return true;
    }
    if (word == "-s" || word == "--socket-path") {
        TRY_ASSIGN(options.socket_path, arguments.value_of(word));
        return true;
    }
    if (word == "--remote") {
        TRY_ASSIGN(options.remote, arguments.value_of(word));
        return true;
    }
    for (const auto& [name, path] :
         {std::pair("--ca", &options.ca), std::pair("--cert", &options.certificate),
          std::pair("--key", &options.key)}) {
        if (word == name) {
            TRY_ASSIGN(*path, arguments.value_of(word));
            return true;
        }
    }
    return false;
}

} // namespace

Result<ClientOptions> parse_client_options(std::span<const std::string> words)
{
    ClientOptions options;
    WordReader arguments(words);
    bool all_literal = false;
    while (!arguments.empty()) {
        const auto& word = arguments.next();
        if (word == "--" && options.subcommand.empty()) {
            return fail(Errc::invalid, "'--' must follow a subcommand");
        }
        all_literal = all_literal || word == "--";
        if (!all_literal) {
            TRY_ASSIGN(const bool taken, take_global(options, word, arguments));
            if (taken) {
                continue;
            }
        }
        if (options.subcommand.empty() && !word.starts_with('-') && options.arguments.empty()) {
            options.subcommand = word;
        } else {
            options.arguments.push_back(word);
        }
    }
    if (options.subcommand.empty()) {
        options.subcommand = "raw";
    }
    const bool has_files =
        !options.ca.empty() && !options.certificate.empty() && !options.key.empty();
    if (!options.remote.empty() && !has_files) {
        return fail(Errc::invalid, "--remote needs --ca, --cert and --key");
    }
    return options;
}

std::string client_usage()
{
    return R"(Usage: apiclient [SUBCOMMAND] [OPTION]...

Talks to the settings API of this machine, or of another one.

Options for every subcommand:
    -s, --socket-path PATH    The API's Unix socket (default /run/api.sock)
    --remote HOST:PORT        The API of another machine instead, over TLS; needs all of
        --ca FILE             the authority that signed its certificate (PEM)
        --cert FILE           your certificate (PEM)
        --key FILE            your key (PEM)
    --log-level LEVEL         trace, debug, info, warn or error (default info)
    -v, --verbose             The same as --log-level debug
    -h, --help                This text

Subcommands:
    raw                       Makes one request and prints the reply (the default)
        -u, --uri URI         required
        -m, -X, --method M    default GET
        -d, --data TEXT       the request's body
    get [PREFIX...]           Shows settings and OS facts whose names start so
        --exclude PREFIX      leaves out names that start so; may be repeated
        --canonicalize        sorted and without spaces
    get /URI                  Shows the reply to one GET request
    set KEY=VALUE...          Changes settings and applies them; a list is given as JSON
    set -j, --json JSON       The same with a JSON object
    unset KEY...              Takes back what was set through the API: user data, a generator or
                              the default counts again
    apply [URI...]            Applies TOML or JSON documents: - (standard input), file:///...,
                              http://..., https://... or base64:...
    reboot                    Restarts the machine
    update check              Looks for an update and shows what it found
    update apply              Fetches the update and has the next boot start it
        -c, --check           looks for one first
        -r, --reboot          restarts the machine afterwards
    update cancel             Stops a download, or takes `update apply` back before the reboot
    update rollback           Has the next boot start the version before; not while an update waits
        -r, --reboot          restarts the machine afterwards
    update status             Shows the state, a running download, and why the machine left the
                              last update again, if it did

Exit status: 0 success, 1 failure, 2 misuse.
)";
}

} // namespace holdfast::api
