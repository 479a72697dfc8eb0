#!/bin/sh
# Makes packages with makepkg(8), installs them below a directory with pacman(8), changes things, and records what pacman says.
#   pacman.tree    the files as they were after the changes, with the local database: see tree.py
#   pacman.verify  pacman -Qkk
# Needs root, pacman 6.0 with makepkg, bsdtar, fakeroot and python3.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export SOURCE_DATE_EPOCH=1700000000 LC_ALL=C.UTF-8
root=$tmp/root
mkdir -p "$tmp/probe" "$tmp/other" "$root/var/lib/pacman"
cat >"$tmp/probe/PKGBUILD" <<'END'
pkgname=probe
pkgver=1.0
pkgrel=1
arch=(any)
options=(!strip !zipman)
backup=(etc/conf etc/conf-changed)
package() {
	cd "$pkgdir"
	mkdir -p usr/bin 'etc/a dir' var/lib/sticky usr/share/probe
	for f in plain changed grown gone mode suid owner; do echo "$f" >usr/bin/$f; done
	chmod 755 usr/bin/*
	chmod 4755 usr/bin/suid
	ln usr/bin/plain usr/bin/hard
	ln -s plain usr/bin/link
	ln -s plain usr/bin/link-moved
	ln -s plain usr/bin/link-became-file
	ln -s '../a dir/#1' 'usr/share/probe/link to a dir'
	for f in conf conf-changed; do echo "$f" >etc/$f; done
	echo x >'etc/a dir/#1 = 50%'
	printf y >'etc/a dir/back\slash'
	: >usr/share/probe/empty
	mkdir -p usr/share/doc/probe
	for f in left-out taken-back taken-back-gone; do echo $f >usr/share/doc/probe/$f; done
	chmod 1777 var/lib/sticky
	chown 1:60 usr/share/probe
}
END
cat >"$tmp/other/PKGBUILD" <<'END'
pkgname=other-name
epoch=1
pkgver=2
pkgrel=3
arch=(any)
package() {
	mkdir -p "$pkgdir/usr/bin"
	echo other >"$pkgdir/usr/bin/other"
}
END
chown -R nobody "$tmp"
chmod 755 "$tmp"
for p in probe other; do
	(cd "$tmp/$p" && setpriv --reuid nobody --clear-groups env HOME="$tmp/$p" PKGEXT=.pkg.tar.gz makepkg -d --nocolor >"$tmp/$p/log" 2>&1) || cat "$tmp/$p/log"
done
chown -R root:root "$root"
mkdir "$root/etc"
printf '[options]\nSigLevel = Never\nNoExtract = usr/share/doc/*\nNoExtract = !usr/share/doc/probe/taken-*\n' >"$root/etc/pacman.conf"
alpm() { pacman --root "$root" --dbpath "$root/var/lib/pacman" --config "$root/etc/pacman.conf" --color never "$@"; }
alpm -U --noconfirm -dd --noscriptlet "$tmp"/*/*.pkg.tar.gz >/dev/null 2>&1
cd "$root"
echo CHANGED >usr/bin/changed
echo more >>usr/bin/grown
rm usr/bin/gone usr/share/doc/probe/taken-back-gone
chmod 0777 usr/bin/mode
chmod 0755 usr/bin/suid var/lib/sticky
chown 1:60 usr/bin/owner
ln -sfn changed usr/bin/link-moved
rm usr/bin/link-became-file && cp usr/bin/plain usr/bin/link-became-file
echo edited >etc/conf-changed
cd "$OLDPWD"
python3 tree.py "$root" usr etc var >pacman.tree
alpm -Qkk 2>&1 | sed "s#$root##" | LC_ALL=C sort >pacman.verify || true
