#!/bin/sh
# numbers.sh lists the numbers of the controls of a framework, one a line, in their order. Only numbers are taken: the texts
# of benchmarks have licences of their own.
#
#   numbers.sh rules FILE HREF   the numbers that the rules of an XCCDF or data-stream file refer to by links with HREF
#   numbers.sh controls FILE     the numbers of a control file of ComplianceAsCode content, with those that no rule asks for
#
# The lists beside this script were made with:
#
#   numbers.sh rules ssg-ubuntu2204-xccdf.xml unix-linux        (Debian's package ssg-debderived 0.1.82; ubuntu2404 alike)
#   numbers.sh rules ssg-debian12-xccdf.xml 800-53r4            (ssg-debian 0.1.82, with both of Ubuntu; PCI-DSS-v4_0 alike)
#   numbers.sh controls controls/cis_debian12.yml               (and cis_ubuntu2204.yml, anssi.yml in the same folder,
#   numbers.sh controls products/rhel9/controls/cis_rhel9.yml    stig_rhel9.yml in this one: ComplianceAsCode/content)
#
# The numbers of the first kind are not complete: a control that no rule asks for is not among them. Five of NIST's were
# misspelt (AC-7(ia), AU-12b, AU-12.1(iv)AU-12(c), CM-6b, CM-6(iv)) and are left out.
set -eu

usage() {
	sed -n 's/^#   \(numbers.sh [a-z]* FILE.*\)/\1/p' "$0" >&2
	exit 2
}

[ $# -ge 2 ] || usage
case $1 in
rules)
	[ $# -eq 3 ] || usage
	grep -o "reference href=\"[^\"]*$3[^\"]*\">[^<]*" "$2" | sed 's/.*>//'
	;;
controls)
	sed -n "s/^ *- id: *['\"]\{0,1\}\([^'\"]*\).*/\1/p" "$2"
	;;
*) usage ;;
esac | tr -d ' ' | grep '^[A-Z-]*[0-9]' | sort -uV
