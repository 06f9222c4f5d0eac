# Puts the container runtime and Kubernetes' programs on the machine. Run again, it downloads only what differs.
#
# ARTIFACTS         a line `name|binary or tar|destination|url|checksum url|may come compressed` each
# COMMANDS          programs the kubelet needs, as `command:package`
# IMAGES            container images to pull before they are needed
# KUBEADM_IMAGES    yes: kubeadm's images for KUBERNETES_VERSION from IMAGE_REPOSITORY too, and wait for all
# IN_CONTAINER      yes: the machine shares its kernel with others
# RESOLV_CONF       the resolver configuration for pods
# Exit codes: 41 a download failed, 42 a checksum is wrong.
stamps=/var/lib/brb/artifacts
work=/var/lib/brb/download
mkdir -p "$stamps" "$work" /opt/cni/bin /etc/brb /etc/cni/net.d /etc/kubernetes/manifests
# A step that was cut off may have left half a file behind.
rm -f "$work"/*

case $(uname -m) in
    x86_64) ARCH=amd64 ;;
    aarch64) ARCH=arm64 ;;
    *) echo "The architecture $(uname -m) is not supported"; exit 1 ;;
esac

# A connection may be forgotten by a router on its way, and nobody is told: one that stands still this long is given up.
stalled_seconds=10

fetch() { # url file compressed; yes: what the server sends compressed, a quarter of the bytes, is unpacked on the way
    if command -v curl >/dev/null; then
        encoded=; if [ "${3:-no}" = yes ]; then encoded=--compressed; fi
        curl $encoded --fail --silent --show-error --location --retry 3 --connect-timeout 10 \
            --speed-time "$stalled_seconds" --speed-limit 1024 --output "$2" "$1"
    elif command -v wget >/dev/null; then
        wget --quiet --tries=4 --connect-timeout=10 --read-timeout="$stalled_seconds" --output-document="$2" "$1"
    else
        python3 -c 'import socket, sys, urllib.request
socket.setdefaulttimeout(int(sys.argv[3]))
urllib.request.urlretrieve(sys.argv[1], sys.argv[2])' "$1" "$2" "$stalled_seconds"
    fi
}

promised() { # checksum file, name of the file it is about; knows `<sum>` and lines `<sum>  <name>`
    awk -v name="$2" 'NF == 1 {print $1; exit}
        {sub(/^\*/, "", $2); parts = split($2, path, "/"); if (path[parts] == name) {print $1; exit}}' "$1"
}

# openssl uses what the processor has for it: six times as quick as sha256sum, with 250 MB to go through.
sum_of() {
    if command -v openssl >/dev/null; then openssl dgst -sha256 -r "$1"; else sha256sum "$1"; fi | cut -d' ' -f1
}

unpack() { # archive folder; Python, which cloud-init brings, has zlib, and that takes two thirds of gzip's time
    if command -v python3 >/dev/null; then
        python3 -c 'import gzip, shutil, sys
shutil.copyfileobj(gzip.open(sys.argv[1]), sys.stdout.buffer, 1 << 18)' "$1" | tar -C "$2" --no-same-owner -x
    else
        tar -C "$2" --no-same-owner -xzf "$1"
    fi
}

install_artifact() { # name how destination url checksum_url compressed
    fetch "$5" "$work/$1.sum" || { echo "No answer from $5"; return 41; }
    expected=$(promised "$work/$1.sum" "$(basename "$4")")
    if [ ${#expected} -ne 64 ]; then echo "No SHA-256 of $(basename "$4") in $5"; return 42; fi
    if [ "$2" = binary ] && [ -x "$3" ] && [ "$(sum_of "$3")" = "$expected" ]; then return 0; fi
    if [ "$2" = tar ] && [ "$(cat "$stamps/$1" 2>/dev/null)" = "$expected" ]; then return 0; fi
    fetch "$4" "$work/$1" "$6" || { echo "No answer from $4"; return 41; }
    if [ "$(sum_of "$work/$1")" != "$expected" ]; then
        rm -f "$work/$1"; echo "$4 has another SHA-256 than $expected"; return 42
    fi
    if [ "$2" = binary ]; then
        chmod 0755 "$work/$1"; mv -f "$work/$1" "$3"
    else
        mkdir -p "$3"; unpack "$work/$1" "$3"; rm -f "$work/$1"
    fi
    echo "$expected" > "$stamps/$1"
    echo "Installed $1"
}

ensure_commands() {
    missing=
    for pair in $COMMANDS; do
        command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
    done
    [ -z "$missing" ] && return 0
    echo "Installing packages:$missing"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -q -o DPkg::Lock::Timeout=120 update && apt-get -q -y -o DPkg::Lock::Timeout=120 \
        install --no-install-recommends $missing; } > "$work/apt.log" 2>&1 \
        || { tail -n 3 "$work/apt.log"; return 41; }
}

prepare_kernel() {
    printf 'overlay\nbr_netfilter\n' > /etc/modules-load.d/brb.conf
    printf 'net.ipv4.ip_forward = 1\nfs.inotify.max_user_instances = 8192\nfs.inotify.max_user_watches = 524288\n' \
        > /etc/sysctl.d/90-brb.conf
    for module in overlay br_netfilter; do modprobe "$module" 2>/dev/null || true; done
    sysctl -q -p /etc/sysctl.d/90-brb.conf 2>/dev/null || true
    # A container has no swap of its own: it would turn off the host's.
    if [ "$IN_CONTAINER" = no ]; then
        swapoff -a
        sed -i -E 's/^([^#].*[[:space:]]swap[[:space:]].*)$/# \1/' /etc/fstab
    fi
}

pull_images() {
    images=$IMAGES
    if [ "$KUBEADM_IMAGES" = yes ]; then
        images="$images $(kubeadm config images list --kubernetes-version "$KUBERNETES_VERSION" \
            --image-repository "$IMAGE_REPOSITORY" 2>/dev/null)"
    fi
    pulls=
    for image in $images; do
        crictl --timeout 300s pull "$image" > /dev/null 2>&1 || echo "Could not pull $image yet" &
        pulls="$pulls $!"
    done
    for pull in $pulls; do wait "$pull"; done
}

ensure_commands & commands=$!
systemctl enable --quiet containerd kubelet & enabled=$! # reads the units too
prepare_kernel
ln -sfn "$RESOLV_CONF" /etc/brb/resolv.conf

downloads=
runtime=
while IFS='|' read -r name how destination url checksum_url compressed; do
    [ -n "$name" ] || continue
    url=$(echo "$url" | sed "s/\$ARCH/$ARCH/g"); checksum_url=$(echo "$checksum_url" | sed "s/\$ARCH/$ARCH/g")
    install_artifact "$name" "$how" "$destination" "$url" "$checksum_url" "$compressed" &
    case $name in
        containerd | runc) runtime="$runtime $!" ;;
        *) downloads="$downloads $!" ;;
    esac
done <<END_OF_ARTIFACTS
$ARTIFACTS
END_OF_ARTIFACTS

# A wrong checksum is worse news than a missing answer: it is the one that is told.
failure=0
await() {
    for job in "$@"; do
        code=0; wait "$job" || code=$?
        if [ "$code" -gt "$failure" ]; then failure=$code; fi
    done
}

# The runtime starts while the rest comes.
await "$enabled" $runtime
restarted=
if [ "$failure" -eq 0 ]; then systemctl restart containerd & restarted=$!; fi
await $downloads "$commands" $restarted
if [ "$failure" -ne 0 ]; then exit "$failure"; fi
echo "Container runtime is up"
if [ "$KUBEADM_IMAGES" = yes ]; then
    echo "Pulling images"
    pull_images
else
    # They may come while the machine waits for its turn or joins already.
    systemctl reset-failed brb-pull.service 2>/dev/null || true
    systemd-run --quiet --collect --unit=brb-pull --setenv=PATH="$PATH" /bin/sh -c \
        'for image in "$@"; do crictl --timeout 300s pull "$image" & done; wait' pull $IMAGES || true
fi
echo "Machine is prepared"
