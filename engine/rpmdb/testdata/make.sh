#!/bin/sh
# Makes rpm databases and records what rpm(8) says about them. Needs rpm, gpg, python3 and zstd.
#   sqlite.db    made by rpm: an epoch, two kernels, a module, a caret, a public key
#   wal.db, wal.log  the same with one more package that is in the log only
#   bdb.db, ndb.db   real ones, from the test data of github.com/knqyf263/go-rpmdb v0.1.1 (see SOURCES); ndb.db is cut down
# Usage: ./make.sh DIRECTORY-OF-go-rpmdb/pkg/testdata
set -eu
cd "$(dirname "$0")"
real=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export SOURCE_DATE_EPOCH=1700000000
format='%{NAME}\t%{EVR}\t%{ARCH}\t%{VENDOR}\t%{SOURCERPM}\t%{MODULARITYLABEL}\t%{INSTALLTIME}\t[%{PROVIDENAME} %{PROVIDEFLAGS:depflags} %{PROVIDEVERSION};]\t[%{FILENAMES};]\n'

# build NAME VERSION RELEASE TAGS FILES: a package without content
build() {
	{
		printf 'Name: %s\nVersion: %s\nRelease: %s\nSummary: for tests\nLicense: MIT\nVendor: Example\n%b\n' "$1" "$2" "$3" "$4"
		printf '%%description\nfor tests\n%%install\nmkdir -p %%{buildroot}/etc %%{buildroot}/usr/bin %%{buildroot}/lib\n'
		for f in $5; do printf 'touch %%{buildroot}%s\n' "$f"; done
		printf '%%files\n'
		for f in $5; do printf '%s\n' "$f"; done
		printf '%b\n' "$6"
	} > "$tmp/$1.spec"
	rpmbuild --quiet --define "_topdir $tmp" --define '_buildhost localhost' --define 'use_source_date_epoch_as_buildtime 1' \
		--define '_build_id_links none' -bb "$tmp/$1.spec" > /dev/null 2>&1
}
build alpha 1.0 1 'Epoch: 2\nProvides: virtual = 3\nProvides: bare\nProvides: mail(server) = 1:2-3' '/etc/alpha.conf /usr/bin/alpha' '%ghost /etc/alpha.state'
build kernel 5.14.0 70.el9 '' '/lib/kernel-70' ''
build kernel 5.14.0 427.13.1.el9 '' '/lib/kernel-427' ''
build caret '1.0^git1~rc2' 1 'Epoch: 0' '' ''
build nodejs 18.19.0 1.module 'ModularityLabel: nodejs:18:9020020240301:rhel9' '/usr/bin/node' ''
build late 2 1 '' '/usr/bin/late' ''

install() {
	db=$1
	shift
	rpm --dbpath "$db" --justdb --nodeps --noscripts --force-debian -i "$@" 2> /dev/null
}
ask() { rpm --dbpath "$1" ${2:+--define "_db_backend $2"} -qa --qf "$format" 2> /dev/null | LC_ALL=C sort; }

mkdir "$tmp/db" "$tmp/gnupg"
chmod 700 "$tmp/gnupg"
rpm --dbpath "$tmp/db" --initdb 2> /dev/null
for p in alpha kernel caret nodejs; do install "$tmp/db" "$tmp"/RPMS/*/$p-*.rpm; done
gpg --homedir "$tmp/gnupg" --batch --quiet --passphrase '' --quick-gen-key 'Example Key <key@example.org>' rsa2048 sign never
gpg --homedir "$tmp/gnupg" --armor --export > "$tmp/key.asc"
rpm --dbpath "$tmp/db" --import "$tmp/key.asc" 2> /dev/null
ask "$tmp/db" > sqlite.query
zstd -q -19 -f "$tmp/db/rpmdb.sqlite" -o sqlite.db.zst

# While another reader has the database open, rpm leaves its log behind.
python3 - "$tmp" <<-'END'
	import shutil, sqlite3, subprocess, sys, glob
	tmp = sys.argv[1]
	reader = sqlite3.connect(tmp + "/db/rpmdb.sqlite")
	reader.execute("SELECT count(*) FROM Packages").fetchone()
	cursor = reader.execute("SELECT hnum FROM Packages")
	cursor.fetchone()
	subprocess.run(["rpm", "--dbpath", tmp + "/db", "--justdb", "--nodeps", "--force-debian", "-i"] + glob.glob(tmp + "/RPMS/*/late-*.rpm"),
	               check=True, stderr=subprocess.DEVNULL)
	shutil.copy(tmp + "/db/rpmdb.sqlite", tmp + "/wal.db")
	shutil.copy(tmp + "/db/rpmdb.sqlite-wal", tmp + "/wal.log")
END
ask "$tmp/db" > wal.query
zstd -q -19 -f "$tmp/wal.db" -o wal.db.zst
zstd -q -19 -f "$tmp/wal.log" -o wal.log.zst

mkdir "$tmp/bdb" "$tmp/ndb"
cp "$real/libuuid/Packages" "$tmp/bdb/Packages"
chmod 644 "$tmp/bdb/Packages"
ask "$tmp/bdb" bdb_ro > bdb.query
zstd -q -19 -f "$tmp/bdb/Packages" -o bdb.db.zst

rpm --dbpath "$tmp/ndb" --initdb 2> /dev/null
# Debian's rpm cannot read NDB, so its headers are put into an SQLite database for it to answer about.
python3 - "$real/sle15-bci/Packages.db" "$tmp" <<-'END'
	import sqlite3, struct, sys, zlib
	b, tmp = open(sys.argv[1], "rb").read(), sys.argv[2]
	pages = struct.unpack_from("<I", b, 12)[0]
	head, blobs, at = bytearray(b[:pages * 4096]), b"", pages * 256
	db = sqlite3.connect(tmp + "/ndb/rpmdb.sqlite")
	kept = 0
	for slot in range(32, pages * 4096, 16):
	    magic, index, offset, blocks = struct.unpack_from("<4I", head, slot)
	    if index == 0:
	        continue
	    blob = b[offset * 16:(offset + blocks) * 16]
	    n = struct.unpack_from("<I", blob, 12)[0]
	    if kept < 8 and n < 24000:
	        kept += 1
	        db.execute("INSERT INTO Packages VALUES (?, ?)", (index, blob[16:16 + n]))
	        struct.pack_into("<4I", head, slot, magic, index, at, blocks)
	        at += blocks
	        blobs += blob
	    else:
	        struct.pack_into("<4I", head, slot, magic, 0, 0, 0)
	db.commit()
	open(tmp + "/ndb.db", "wb").write(bytes(head) + blobs)
END
ask "$tmp/ndb" > ndb.query
zstd -q -19 -f "$tmp/ndb.db" -o ndb.db.zst
