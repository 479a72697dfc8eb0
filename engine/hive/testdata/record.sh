#!/bin/sh
# Makes tree.hive.gz with hivexregedit, and writes down what real tools read in it and in built.hive.gz, which
# "UPDATE=1 go test -run TestBuiltHive ./engine/hive" makes: what is in them is what hivex says (*.tsv), and reglookup and
# regfexport must count as many keys and values. Debian: libwin-hivex-perl, reglookup, libregf-utils.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

utf16() { printf '%s\0' "$1" | iconv -t UTF-16LE | xxd -p | tr -d '\n' | sed 's/../&,/g; s/,$//'; }
repeated() { head -c "$1" /dev/zero | tr '\0' "$2" | xxd -p | tr -d '\n' | sed 's/../&,/g; s/,$//'; }

reg() {
    echo 'Windows Registry Editor Version 5.00'
    echo
    echo '[HKEY_LOCAL_MACHINE\T\Types]'
    echo '@="the default"'
    echo '"none"=hex(0):'
    echo "\"sz\"=hex(1):$(utf16 'Grüße, Привет, 日本')"
    echo "\"expand\"=hex(2):$(utf16 '%SystemRoot%\system32')"
    echo '"binary"=hex:00,01,02,03,04,05,06,07'
    echo '"four"=hex:de,ad,be,ef'
    echo '"dword"=dword:fffffffe'
    echo '"big endian"=hex(5):00,00,01,02'
    echo "\"link\"=hex(6):$(utf16 '\Registry\Machine\SYSTEM\ControlSet001')"
    echo "\"multi\"=hex(7):$(utf16 one),$(utf16 two),00,00"
    echo '"resources"=hex(8):01,02'
    echo '"full"=hex(9):01,02,03'
    echo '"requirements"=hex(a):01,02,03,04,05'
    echo '"qword"=hex(b):01,00,00,00,00,00,00,80'
    echo '"unknown"=hex(ffff0012):01'
    printf '%s\n' '"a \"quoted\" \\ name"=dword:00000001'
    echo
    echo '[HKEY_LOCAL_MACHINE\T\Large]'
    echo "\"16344\"=hex:$(repeated 16344 a)"
    echo "\"16345\"=hex:$(repeated 16345 b)"
    echo
    path='HKEY_LOCAL_MACHINE\T'
    for i in $(seq 60); do
        path="$path\\level $i"
        printf '[%s]\n\n' "$path"
    done
    echo "[$path]"
    echo '"deep"=dword:0000003c'
    echo
    echo '[HKEY_LOCAL_MACHINE\T\Many]'
    echo
    for i in $(seq 40); do
        echo "[HKEY_LOCAL_MACHINE\\T\\Many\\Key $i]"
        echo "\"n\"=dword:$(printf %08x "$i")"
        echo
    done
}

zcat empty.hive.gz > "$tmp/tree.hive"
reg > "$tmp/tree.reg"
hivexregedit --merge --prefix 'HKEY_LOCAL_MACHINE\T' "$tmp/tree.hive" "$tmp/tree.reg"
gzip -9n < "$tmp/tree.hive" > tree.hive.gz

for name in tree built; do
    zcat $name.hive.gz > "$tmp/$name.hive"
    perl dump.pl "$tmp/$name.hive" > "$tmp/$name.tsv"
    gzip -9n < "$tmp/$name.tsv" > $name.tsv.gz
    keys=$(grep -c ^K "$tmp/$name.tsv")
    values=$(grep -c ^V "$tmp/$name.tsv")
    reglookup "$tmp/$name.hive" 2>/dev/null > "$tmp/lookup"
    test "$(grep -c ',KEY,' "$tmp/lookup")" = "$keys"
    test "$(($(wc -l < "$tmp/lookup") - 1 - keys))" = "$values"
done
# regfexport wants segments in large data, which hivex does not write.
regfexport "$tmp/built.hive" > "$tmp/export"
test "$(grep -c '^Key path:' "$tmp/export")" = "$(grep -c ^K "$tmp/built.tsv")"
test "$(grep -c '^Value: ' "$tmp/export")" = "$(grep -c ^V "$tmp/built.tsv")"
