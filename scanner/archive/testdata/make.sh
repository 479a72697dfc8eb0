#!/bin/sh
# Makes the archives beside it with the programs that people use: tree/hello.txt and tree/sub/run.sh in every one of them.
# Debian 12 with 7zip bzip2 cpio dpkg-dev lz4 rpm xz-utils zip zstd.
set -eu
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=1700000000
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
rm -f "$here"/*.fixture
out() { echo "$here/$1.fixture"; }

mkdir -p tree/sub
{ for _ in 1 2 3 4 5 6 7 8 9 10; do echo 'hello from an archive'; done; } >tree/hello.txt
{ echo '#!/bin/sh'; for _ in 1 2 3 4 5 6 7 8 9 10; do echo 'echo this is a script'; done; } >tree/sub/run.sh
ln -s hello.txt tree/link
mkfifo tree/fifo
find tree -exec touch -h -d @$SOURCE_DATE_EPOCH {} +
files='tree tree/hello.txt tree/link tree/sub tree/sub/run.sh'

for format in gnu pax ustar v7; do
	tar --format=$format --owner=root:0 --group=root:0 --no-recursion -cf "$(out tar-$format)" $files
done
truncate -s 1M tree/sparse
printf 'after the hole' >>tree/sparse
tar --sparse --format=gnu --owner=root:0 --group=root:0 -cf "$(out tar-sparse-gnu)" tree/hello.txt tree/sparse
tar --sparse --format=pax --owner=root:0 --group=root:0 -cf "$(out tar-sparse-pax)" tree/hello.txt tree/sparse
rm tree/sparse
cp "$(out tar-gnu)" t.tar
gzip -9nc t.tar >"$(out tar.gz)"
bzip2 -9c t.tar >"$(out tar.bz2)"
xz -9c t.tar >"$(out tar.xz)"
xz --x86 --lzma2 -c t.tar >"$(out tar-bcj.xz)"
lzma -9c t.tar >"$(out tar.lzma)"
zstd -q -19 -c t.tar >"$(out tar.zst)"
lz4 -q -c t.tar >"$(out tar.lz4)"
lz4 -q -l -c t.tar >"$(out tar-linux.lz4)"
(gzip -9nc tree/hello.txt; gzip -9nc tree/sub/run.sh) >"$(out two.gz)"
(bzip2 -c tree/hello.txt; bzip2 -c tree/sub/run.sh) >"$(out two.bz2)"
(xz -c tree/hello.txt; xz -c tree/sub/run.sh) >"$(out two.xz)"
(zstd -q -c tree/hello.txt; zstd -q -c tree/sub/run.sh) >"$(out two.zst)"
(lz4 -q -c tree/hello.txt; lz4 -q -c tree/sub/run.sh) >"$(out two.lz4)"

zip -qX "$(out zip)" $files
zip -qX0 stored.zip $files && mv stored.zip "$(out zip-stored)"
zip -qX -P secret e.zip tree/hello.txt tree/sub/run.sh && mv e.zip "$(out zip-encrypted)"
cat tree/hello.txt | zip -qX -fz- - - >"$(out zip-streamed)"
cat tree/hello.txt | zip -qX -fz - - >"$(out zip-64)"
for method in BZip2 LZMA Deflate64 XZ; do
	7zz a -bso0 -mm=$method m.zip tree/hello.txt tree/sub/run.sh && mv m.zip "$(out zip-$method)"
done
7zz a -bso0 -psecret -mem=AES256 a.zip tree/hello.txt && mv a.zip "$(out zip-aes)"
7zz a -bso0 a.7z tree/hello.txt && mv a.7z "$(out 7z)"
(printf '#!/bin/sh\nexec unzip "$0"\n'; cat "$(out zip)") >"$(out zip-script)"

printf '%s\n' $files | cpio --quiet -o -H newc --reproducible -R 0:0 >"$(out cpio-newc)"
printf '%s\n' $files | cpio --quiet -o -H crc --reproducible -R 0:0 >"$(out cpio-crc)"
printf '%s\n' $files | cpio --quiet -o -H odc --reproducible -R 0:0 >"$(out cpio-odc)"
mkdir -p kernel/x86 && printf 'microcode' >kernel/x86/GenuineIntel.bin
touch -d @$SOURCE_DATE_EPOCH kernel/x86/GenuineIntel.bin
echo kernel/x86/GenuineIntel.bin | cpio --quiet -o -H newc --reproducible -R 0:0 >early
(cat early; zstd -q -19 -c "$(out cpio-newc)") >"$(out initrd)"
printf '%s\n' $files | cpio --quiet -o -H newc --reproducible -R 0:0 | gzip -9n >"$(out cpio.gz)"

ar rD "$(out ar-gnu)" tree/hello.txt tree/sub/run.sh 2>/dev/null
cp tree/hello.txt a-name-that-is-longer-than-its-header.txt
ar rD "$(out ar-long)" a-name-that-is-longer-than-its-header.txt tree/sub/run.sh 2>/dev/null

mkdir -p deb/DEBIAN && cp -r tree deb/ && rm deb/tree/fifo
printf 'Package: fixture\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: fixture\n' >deb/DEBIAN/control
dpkg-deb --root-owner-group -Zxz -b deb "$(out deb-xz)" >/dev/null
dpkg-deb --root-owner-group -Zzstd -b deb "$(out deb-zstd)" >/dev/null

cat >fixture.spec <<SPEC
Name: fixture
Version: 1
Release: 1
Summary: fixture
License: none
BuildArch: noarch
%description
fixture
%install
mkdir -p %{buildroot} && cp -a $work/tree %{buildroot}/ && rm %{buildroot}/tree/fifo
%files
/tree
SPEC
for payload in w9.gzdio w9.xzdio w19.zstdio w9.lzdio w.ufdio; do
	rpmbuild --quiet -bb --define "_topdir $work/rpm" --define "_binary_payload $payload" --define "_buildhost localhost" \
		--define "use_source_date_epoch_as_buildtime 1" --define "clamp_mtime_to_source_date_epoch 1" fixture.spec >/dev/null 2>&1
	mv rpm/RPMS/noarch/*.rpm "$(out rpm-${payload#*.})"
done
