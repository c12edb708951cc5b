# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared between these files and the scripts
# Counting what passed and failed. The caller's counters are $passed and $failed.

# is_complete REPORT: the run came to its end. One that crashed leaves the beginning of a report, or none.
is_complete() {
    grep -q '</testsuites>' "$1" 2>/dev/null
}

# count_tests REPORT LOG: prints 'PASSED FAILED' of one run of `swift test`.
# REPORT is the xUnit file: its own `failures` counts issues, of which one test may have several, so tests are counted here.
# Without a complete report the log tells what had passed by then.
count_tests() {
    if is_complete "$1"; then
        awk '
            /<testsuite / && match($0, / tests="[0-9]+"/) { total += substr($0, RSTART + 8, RLENGTH - 9) }
            /^ *<testcase / { open = 1 }
            /^ *<(failure|error) / && open { bad += 1; open = 0 }
            END { print total - bad, bad + 0 }
        ' "$1"
    else
        awk '
            /Test (run with|case passing) / { next }
            / Test .* passed after [0-9.]+ seconds/ { good += 1 }
            / Test .* failed after [0-9.]+ seconds/ { bad += 1 }
            END { print good + 0, bad + 0 }
        ' "$2"
    fi
}

# add_tests REPORT LOG STATUS: adds one run to the counters; a run that failed has at least one failure.
add_tests() {
    local good bad
    read -r good bad < <(count_tests "$1" "$2")
    # In an incomplete run the test that ended it is in no count yet.
    if ! is_complete "$1" || (($3 != 0 && bad == 0)); then bad=$((bad + 1)); fi
    passed=$((passed + good))
    failed=$((failed + bad))
}
