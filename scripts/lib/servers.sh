# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared between these files and the scripts
# A PostgreSQL and a Redis of our own: private ports on the loopback address, data in the temporary folder $work.

postgres_pid=
redis_pid=
# PostgreSQL refuses to run as root, so root hands both servers to the account that its package created.
as_server=(setpriv)
((EUID != 0)) || as_server+=(--reuid postgres --regid postgres --init-groups)

# free_port: one that nobody listens on now. Somebody may take it before our server does: the callers try again.
free_port() {
    "$system_python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# server_folder NAME: an empty folder that the server's account owns.
server_folder() {
    mkdir "$work/$1"
    ((EUID != 0)) || chown postgres: "$work/$1"
}

# until_ready PID COMMAND...: waits until the command succeeds; fails when the process ends or 30 s have passed.
until_ready() {
    local pid=$1 attempt
    shift
    for attempt in {1..300}; do
        [[ -n $(running "$pid") ]] || return 1
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}

start_postgres() {
    local binaries port attempt
    binaries=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    server_folder postgres
    # Nobody else can reach it for longer than a test run, and it holds invented data: hence `trust`.
    "${as_server[@]}" -- "$binaries/initdb" --pgdata "$work/postgres/data" --username caresync --auth trust \
        --encoding UTF8 --locale C.UTF-8 --no-sync >"$work/initdb.log" 2>&1 || { cat "$work/initdb.log" >&2 && return 1; }
    for attempt in {1..5}; do
        port=$(free_port)
        # setsid: Ctrl-C reaches the tests first and the database only after them. pdeathsig: the server also ends when
        # this script is killed without a chance to clean up.
        setsid "${as_server[@]}" --pdeathsig INT -- "$binaries/postgres" -D "$work/postgres/data" -p "$port" \
            -c listen_addresses=127.0.0.1 -c unix_socket_directories="$work/postgres" -c max_connections=200 \
            -c fsync=on -c timezone=UTC -c log_timezone=UTC >"$work/postgres.log" 2>&1 &
        postgres_pid=$!
        if until_ready "$postgres_pid" "$binaries/pg_isready" -q -h 127.0.0.1 -p "$port" -U caresync -d postgres; then
            export CARESYNC_TEST_POSTGRES_URL="postgres://caresync@127.0.0.1:$port/postgres"
            return 0
        fi
        end_process "$postgres_pid" INT QUIT
    done
    cat "$work/postgres.log" >&2
    return 1
}

start_redis() {
    local port attempt
    server_folder redis
    for attempt in {1..5}; do
        port=$(free_port)
        setsid "${as_server[@]}" --pdeathsig TERM -- redis-server --port "$port" --bind 127.0.0.1 --save '' \
            --appendonly no --dir "$work/redis" --daemonize no >"$work/redis.log" 2>&1 &
        redis_pid=$!
        if until_ready "$redis_pid" redis-cli -h 127.0.0.1 -p "$port" ping; then
            export CARESYNC_TEST_REDIS_URL="redis://127.0.0.1:$port"
            return 0
        fi
        end_process "$redis_pid" TERM
    done
    cat "$work/redis.log" >&2
    return 1
}

# stop_servers: PostgreSQL by INT, its fast shutdown, which does not wait for clients.
stop_servers() {
    [[ -z $postgres_pid ]] || end_process "$postgres_pid" INT QUIT
    [[ -z $redis_pid ]] || end_process "$redis_pid" TERM
    postgres_pid='' redis_pid=''
}
