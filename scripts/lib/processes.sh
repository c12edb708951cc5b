# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared between these files and the scripts
# Starting and ending child processes so that nothing outlives the script.

# session_members ID: the processes whose session is ID. Read from /proc because bare Debian has no pgrep.
session_members() {
    local line fields
    for line in /proc/[0-9]*/stat; do
        # A process may end between the listing and the look.
        { read -r line <"$line"; } 2>/dev/null || continue
        # After the name in parentheses (which may hold blanks): state, parent, group, session. Zombies are gone already.
        read -ra fields <<<"${line##*) }"
        [[ ${fields[3]} == "$1" && ${fields[0]} != Z ]] && printf '%s\n' "${line%% *}"
    done
    return 0
}

# end_session ID: ends everything a stage started, also compilers that moved to process groups of their own.
end_session() {
    local members=() attempt
    for attempt in {1..50}; do
        mapfile -t members < <(session_members "$1")
        ((${#members[@]})) || return 0
        # Asked once, killed after five seconds.
        ((attempt > 1)) || kill -TERM "${members[@]}" 2>/dev/null || true
        sleep 0.1
    done
    kill -KILL "${members[@]}" 2>/dev/null || true
}

# end_process PID SIGNAL...: sends the signals one after another, ten seconds apart, until the child is gone.
end_process() {
    local pid=$1 signal attempt
    shift
    for signal in "$@" KILL; do
        kill "-$signal" "$pid" 2>/dev/null || break
        for attempt in {1..100}; do
            # A child that has ended stays visible to kill until it is waited for, hence the look at its state.
            [[ -z $(running "$pid") ]] && break 2
            sleep 0.1
        done
    done
    wait "$pid" 2>/dev/null || true
}

# running PID: prints the pid while the process runs, nothing when it is gone or only waits to be collected.
running() {
    local state
    { read -r state <"/proc/$1/stat"; } 2>/dev/null || return 0
    state=${state##*) }
    [[ ${state%% *} == Z ]] || printf '%s\n' "$1"
}

# run_stage LOG COMMAND...: runs it with its output on the screen and in LOG; its status is the result.
# It runs in the background of a session of its own, because bash acts on a signal only once a foreground command is over.
run_stage() {
    local log=$1 status=0 viewer
    shift
    : >"$log"
    # pdeathsig: the stage also ends when this script is killed without a chance to clean up.
    setsid setpriv --pdeathsig TERM -- "$@" >"$log" 2>&1 &
    stage=$!
    tail -n +1 -s 0.1 -f --pid="$stage" "$log" &
    viewer=$!
    wait "$stage" || status=$?
    end_session "$stage"
    stage=
    wait "$viewer" || true
    return "$status"
}
stage=
