# What this host's own apt configuration says about mirrors and proxies: the SDK tree has its own, and
# the host's files are not where they name each other there. And the host's packages that making the tree
# needs. Sourced by ./holdfast, which has `die` and `$cache`.

# Where Debian's packages come from: the indexes that apt has fetched, else what its sources name.
host_sources() {
  local found sources='' parts=''
  found=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(ORIGIN)' 2>/dev/null |
    awk '$3 == "Debian" && $2 !~ /security|backports/ && !seen[$1]++ {print $1}') || true
  if [ -n "$found" ]; then echo "$found"; return; fi
  eval "$(apt-config shell sources Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d 2>/dev/null)"
  cat "$sources" "$parts"*.sources "$parts"*.list 2>/dev/null |
    awk '/^(URIs:|deb )/ {for (i = 2; i <= NF; i++) if ($i ~ /^[a-z+]+:.*\/debian(\.list)?\/?$/) print $i}'
}

# The first mirror that the SDK tree can reach too.
host_mirror() {
  if [ -n "${HOLDFAST_MIRROR:-}" ]; then echo "$HOLDFAST_MIRROR"; return; fi
  local uri url others=
  while read -r uri; do
    url=$uri
    case $uri in mirror+file:*) # A file with a URL at the start of each line, as in Debian's cloud images.
      uri=${uri%/}
      url=$(awk '/^[a-z]/ {print $1; exit}' "/${uri#mirror+file:}" 2>/dev/null) || true ;;
    esac
    case $url in http://* | https://*) echo "${url%/}"; return ;; esac
    others+=" $uri"
  done < <(host_sources)
  die "this host's apt configuration names no Debian mirror that is reached by HTTP${others:+, only$others}; set HOLDFAST_MIRROR=URL"
}

# apt's proxy becomes that of what the SDK tree fetches, unless the environment has one.
use_host_proxy() {
  [ -z "${http_proxy:-}${https_proxy:-}" ] || return 0
  local http='' https=''
  eval "$(apt-config shell http Acquire::http::Proxy https Acquire::https::Proxy 2>/dev/null)"
  [ -n "$http$https" ] || return 0
  https=${https:-$http} # As apt does.
  export http_proxy=${http#DIRECT} https_proxy=${https#DIRECT} no_proxy=${no_proxy:-localhost,127.0.0.1,::1}
}

# A user other than root makes the tree with the user ids that /etc/subuid gives.
need_host_packages() {
  local packages=()
  command -v mmdebstrap >/dev/null || packages+=(mmdebstrap debian-archive-keyring)
  command -v mount >/dev/null || packages+=(mount)
  [ "$(id -u)" = 0 ] || command -v newuidmap >/dev/null || packages+=(uidmap)
  if [ ${#packages[@]} -gt 0 ]; then
    local install="apt-get install -y --no-install-recommends ${packages[*]}"
    [ "$(id -u)" = 0 ] || die "packages are missing. As root: $install"
    echo "holdfast: installing ${packages[*]}" >&2
    { apt-get update -qq && $install; } >"$cache/apt.log" 2>&1 ||
      die "could not install ${packages[*]}; see $cache/apt.log"
  fi
  [ "$(id -u)" = 0 ] || grep -qs "^$(id -un):" /etc/subuid ||
    die "user $(id -un) has no ids for a user namespace. As root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)"
}
