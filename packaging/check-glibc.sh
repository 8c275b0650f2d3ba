#!/bin/sh
# Fails where a program needs a newer C library than the oldest system that it is made for has: GLIBC_2.35 of
# Ubuntu 22.04; Debian 12 has 2.36. Symbols carry the version that brought them; the newest one decides.
set -eu
most=2.35
for program in "$@"; do
	newest=$(readelf --wide --dyn-syms "$program" | sed -n 's/.*@GLIBC_\([0-9.]*\).*/\1/p' | sort --version-sort --unique | tail --lines=1)
	if [ -z "$newest" ]; then
		echo "$program: names no version of GLIBC; is it a program for this machine?" >&2
		exit 1
	fi
	if [ "$(printf '%s\n%s\n' "$newest" "$most" | sort --version-sort | tail --lines=1)" != "$most" ]; then
		echo "$program: needs GLIBC_$newest, and Ubuntu 22.04 has $most; these do:" >&2
		readelf --wide --dyn-syms "$program" | grep "@GLIBC_$newest" >&2
		exit 1
	fi
	echo "$program: needs GLIBC_$newest, at most $most"
done
