# Read by install.sh and venv.sh: $python, the first of these that the locked packages have wheels for.
fail() { echo "set-up failed: $1" >&2; exit 1; }

for python in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
    "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && break
    python=
done
[ -n "$python" ] || fail "the locked packages need Python 3.11 to 3.14, and ${PYTHON:-python3} says:
    $("${PYTHON:-python3}" --version 2>&1)
Install one of these, or name it: PYTHON=/path/to/python before this command (make PYTHON=/path/to/python)"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python has no venv module; install it (Debian: apt-get install python3-venv)"
