#!/bin/sh
# Makes packages with every kind of file, installs them below a directory, changes things, and records what rpm(8) says.
#   files.db      the database; files.query has each attribute of each file in it
#   files.tree    the files as they were after the changes: see tree.py
#   files.verify  rpm -Va
# Needs root, rpm, gpg, libcap2-bin, python3 and zstd.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export SOURCE_DATE_EPOCH=1700000000
root=$tmp/root

# build NAME ALGORITHM-OF-DIGESTS, with %install and %files from stdin
build() {
	{
		printf 'Name: %s\nVersion: 1\nRelease: 1\nSummary: for tests\nLicense: MIT\n%%description\nfor tests\n%%install\n' "$1"
		printf 'mkdir -p %%{buildroot}/usr/bin %%{buildroot}/etc %%{buildroot}/usr/share/doc %%{buildroot}/var/lib\ncd %%{buildroot}\n'
		cat
	} >"$tmp/$1.spec"
	rpmbuild --quiet --define "_topdir $tmp" --define '_buildhost localhost' --define 'use_source_date_epoch_as_buildtime 1' \
		--define 'clamp_mtime_to_source_date_epoch 1' --define '_build_id_links none' --define "_binary_filedigest_algorithm $2" \
		--define '__os_install_post %{nil}' -bb "$tmp/$1.spec" >/dev/null 2>&1
}
build every 8 <<-'END'
	for f in plain changed mode suid caps nocaps newcaps gone owner grown; do echo "$f" >usr/bin/$f; done
	ln usr/bin/plain usr/bin/hard
	ln -s plain usr/bin/link; ln -s plain usr/bin/link-moved; ln -s plain usr/bin/link-became-file
	for f in conf conf-changed conf-gone rotate ghost ghost-there free; do echo "$f" >etc/$f; done
	touch etc/empty; mkdir -p var/lib/every var/lib/sticky
	echo doc >usr/share/doc/README; echo licence >usr/share/doc/COPYING; echo name >'usr/share/doc/a name with ünïcode'
	%files
	/usr/bin/plain
	/usr/bin/hard
	/usr/bin/changed
	/usr/bin/grown
	/usr/bin/gone
	/usr/bin/owner
	%attr(0755,root,root) /usr/bin/mode
	%attr(4755,root,root) /usr/bin/suid
	%caps(cap_net_raw,cap_net_admin=ep) %attr(0755,root,root) /usr/bin/caps
	%caps(cap_setuid=p cap_kill=i) %attr(0755,root,root) /usr/bin/nocaps
	%attr(0755,root,root) /usr/bin/newcaps
	/usr/bin/link
	/usr/bin/link-moved
	/usr/bin/link-became-file
	%config(noreplace) /etc/conf
	%config(noreplace) /etc/conf-changed
	%config(missingok) /etc/conf-gone
	%config /etc/empty
	%verify(not md5 size mtime) /etc/rotate
	%verify(not user group mode caps link) /etc/free
	%ghost /etc/ghost
	%ghost %attr(0600,root,root) /etc/ghost-there
	%doc /usr/share/doc/README
	%license /usr/share/doc/COPYING
	"/usr/share/doc/a name with ünïcode"
	%dir %attr(0755,daemon,games) /var/lib/every
	%dir %attr(1777,root,root) /var/lib/sticky
END
build old 1 <<-'END'
	echo md5 >usr/bin/md5; echo md5 >usr/bin/md5-changed
	%files
	/usr/bin/md5
	/usr/bin/md5-changed
END
build new 10 <<-'END'
	echo sha512 >usr/bin/sha512; echo same >usr/share/same; echo first >usr/bin/taken
	%files
	/usr/bin/sha512
	/usr/share/same
	/usr/bin/taken
END
build taker 8 <<-'END'
	echo same >usr/share/same; echo second >usr/bin/taken; echo both >usr/share/both
	%files
	/usr/share/both
	/usr/share/same
	/usr/bin/taken
END
build docs 8 <<-'END'
	echo manual >usr/share/doc/manual; echo tool >usr/bin/tool; echo both >usr/share/both
	%files
	/usr/share/both
	/usr/bin/tool
	%doc /usr/share/doc/manual
END
mkdir "$tmp/gnupg"
chmod 700 "$tmp/gnupg"
export GNUPGHOME="$tmp/gnupg"
gpg --batch --quiet --passphrase '' --quick-gen-key 'Example Key <key@example.org>' rsa2048 sign never
rpmsign --define "__gpg $(command -v gpg)" --define '_gpg_name key@example.org' --addsign "$tmp"/RPMS/*/docs-*.rpm >/dev/null

mkdir -p "$root/etc"
printf 'root:x:0:0::/:/bin/sh\ndaemon:x:1:1::/:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\ndaemon:x:1:\ngames:x:60:\n' >"$root/etc/group"
in_root() { rpm --root "$root" --dbpath /db "$@"; }
install() { in_root --nodeps --noscripts --nosignature --force-debian -i "$@" 2>/dev/null; }
install "$tmp"/RPMS/*/every-*.rpm
install "$tmp"/RPMS/*/old-*.rpm
install "$tmp"/RPMS/*/new-*.rpm
install --replacefiles "$tmp"/RPMS/*/taker-*.rpm
install --excludedocs "$tmp"/RPMS/*/docs-*.rpm

each='%{=NAME}\t%{FILENAMES}\t%{FILESTATES}\t%{FILEFLAGS}\t%{FILEVERIFYFLAGS}\t%{FILEMODES}\t%{FILESIZES}\t%{FILEUSERNAME}\t%{FILEGROUPNAME}\t%{FILEDIGESTS}\t%{FILELINKTOS}\t'
in_root -qa --qf "%|FILECAPS?{[$each%{FILECAPS}\n]}:{[$each\n]}|" | LC_ALL=C sort >files.query
in_root -qa --qf '%{NAME}\t%|RSAHEADER?{signed}:{unsigned}|\n' | LC_ALL=C sort >files.signed

cd "$root"
echo CHANGED >usr/bin/changed
echo more >>usr/bin/grown
rm usr/bin/gone etc/conf-gone
chown 1:60 usr/bin/owner
chmod 0777 usr/bin/mode
chmod 0755 usr/bin/suid var/lib/sticky
setcap -r usr/bin/nocaps
setcap cap_sys_admin=ep usr/bin/newcaps
ln -sfn changed usr/bin/link-moved
rm usr/bin/link-became-file && cp usr/bin/plain usr/bin/link-became-file
echo edited >etc/conf-changed
echo rotated >etc/rotate
chmod 0600 etc/free && chown 1:1 etc/free
echo made >etc/ghost-there && chmod 0644 etc/ghost-there
echo CHANGED >usr/bin/md5-changed
cd "$OLDPWD"
python3 ../../shipped/testdata/tree.py "$root" usr etc var >files.tree
in_root -Va --nodeps --noscripts 2>/dev/null | LC_ALL=C sort >files.verify || true
sqlite3 "$root/db/rpmdb.sqlite" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null 2>&1 || python3 -c 'import sqlite3, sys
sqlite3.connect(sys.argv[1]).execute("PRAGMA wal_checkpoint(TRUNCATE)")' "$root/db/rpmdb.sqlite"
zstd -q -19 -f "$root/db/rpmdb.sqlite" -o files.db.zst
