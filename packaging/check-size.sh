#!/bin/sh
# check-size.sh MEGABYTES PROGRAM: fails where a program is larger.
set -eu
size=$(stat --format=%s "$2")
if [ "$size" -ge $(($1 * 1000 * 1000)) ]; then
	echo "$2: $size bytes, and $1 MB are the limit" >&2
	exit 1
fi
echo "$2: $size bytes, below $1 MB"
