# Shared by build-variants.sh and record-truth.sh: source it after debian.sh. How a variant is laid over the Debian tree.
# shellcheck shell=bash
variants=(hardened broken)

# apply TREE VARIANT: lays variants/VARIANT over the tree, appends the files of VARIANT.append, sets what VARIANT.modes says
# and runs VARIANT.sh there, which does what a file cannot say.
apply() {
	local tree=$1 from=$here/variants/$2 path mode uid gid
	(cd "$from" && find . -mindepth 1 -printf '%y %P\n' | sort -k2) | while read -r type path; do
		case $type in
		d) [[ -d $tree/$path ]] || install -d -m 755 -o 0 -g 0 "$tree/$path" ;;
		l) rm -f "$tree/$path" && cp -P "$from/$path" "$tree/$path" && chown -h 0:0 "$tree/$path" ;;
		f)
			mode=644
			[[ -x $from/$path ]] && mode=755
			rm -f "$tree/$path" && install -m "$mode" -o 0 -g 0 "$from/$path" "$tree/$path"
			;;
		*) say "$from/$path: a file of type $type" && return 1 ;;
		esac
	done
	(cd "$from.append" && find . -type f -printf '%P\n' | sort) | while read -r path; do
		cat "$from.append/$path" >>"$tree/$path"
	done
	(set -eu && cd "$tree" && . "$from.sh")
	while read -r path mode uid gid; do
		[[ $path == '#' ]] && continue
		chown -h "$uid:$gid" "$tree$path"
		[[ -L $tree$path ]] || chmod "$mode" "$tree$path"
	done <"$from.modes"
	find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
}
