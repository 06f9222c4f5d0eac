# Shared by the sandbox's shell scripts: where things are kept, progress lines, and image caching.
# Sourced, never run.

sandbox_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${BRB_CACHE:-/var/cache/brb}
mkdir -p "$cache" 2>/dev/null || { cache=$HOME/.cache/brb; mkdir -p "$cache"; }

say() { printf '%6.1f s  %s\n' "$(bc_elapsed)" "$*"; }

bc_elapsed() { awk -v now="$(date +%s.%N)" -v start="$started_at" 'BEGIN { print now - start }'; }

started_at=${started_at:-$(date +%s.%N)}
export started_at

# hash_of PATH...: one hash over names and contents; arguments that are no file are hashed as words.
hash_of() {
    local item
    for item in "$@"; do
        if [[ -d $item ]]; then
            (cd "$item" && find . -type f -not -path '*/.*' -not -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
        elif [[ -f $item ]]; then
            sha256sum <"$item"
        else
            printf '%s\n' "$item"
        fi
    done | sha256sum | cut -c1-16
}

# The label `brb.inputs` of an image says from which inputs it was made.
image_is_current() { # NAME HASH
    [[ $(docker image inspect -f '{{index .Config.Labels "brb.inputs"}}' "$1" 2>/dev/null) == "$2" ]]
}

# ensure_image NAME HASH BUILDER...: the image in the engine's store, else in the cache, else built and kept.
ensure_image() {
    local name=$1 inputs=$2 kept
    shift 2
    kept=$cache/${name//[\/:]/-}-$inputs.tar.zst
    if image_is_current "$name" "$inputs"; then
        return
    fi
    if [[ -s $kept ]]; then
        say "loading $name from $kept"
        zstd -dc "$kept" | docker load -q >/dev/null
        return
    fi
    say "building $name"
    "$@"
    say "keeping $name in the cache"
    docker save "$name" | zstd -q -T0 -3 -o "$kept.part" -f
    mv "$kept.part" "$kept"
    find "$cache" -maxdepth 1 -name "${name//[\/:]/-}-*.tar.zst" ! -name "${kept##*/}" -delete
}
