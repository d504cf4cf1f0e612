#!/bin/sh
# Fetches the browser SDK by its pinned version and writes it under
# static/vendor, byte for byte as published, with its version, checksum and
# licence. Needs node and npm; only a change of VERSION needs this script.
set -eu

VERSION=5.8.0

here=$(cd "$(dirname "$0")" && pwd)
vendor=$here/static/vendor

command -v npm >/dev/null || {
	echo "generate.sh: error: npm is not installed" >&2
	echo "generate.sh: hint: apt-get install nodejs npm" >&2
	exit 1
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# npm checks the archive against the registry's own checksum.
cd "$scratch"
npm pack --silent "centrifuge@$VERSION" >/dev/null
tar -xzf "centrifuge-$VERSION.tgz"

mkdir -p "$vendor"
cp package/dist/centrifuge.js "$vendor/centrifuge.js"
cp package/LICENSE "$vendor/centrifuge.LICENSE.txt"
echo "$VERSION" >"$vendor/centrifuge.version"
cd "$vendor"
sha256sum centrifuge.js >centrifuge.js.sha256
chmod 644 centrifuge.*
