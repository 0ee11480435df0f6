#!/usr/bin/env bash
# Three processes of Latchkey on this machine, with a PostgreSQL, a NATS and a balancer (nginx) of their own: to look at,
# not to serve others with. Everything lives in the folder that is given and ends with this script.
#
#   deploy/cluster.sh LATCHKEY FOLDER [PORT]
#
# The balancer listens on PORT (3000), the processes on the three after it.
set -euo pipefail
export PATH="$PATH:/usr/sbin"
latchkey=$(realpath "$1")
mkdir -p "$2" && folder=$(realpath "$2")
port=${3:-3000}
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
started=()
trap 'kill "${started[@]}" 2>/dev/null; wait' EXIT
trap 'exit 0' INT TERM

# PostgreSQL refuses to be root's.
as=()
if [ "$(id -u)" = 0 ]; then
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    # A folder that the postgres user can get to, wherever this one is.
    data=$(mktemp -d /tmp/latchkey-cluster.XXXXXX)
    trap 'kill "${started[@]}" 2>/dev/null; wait; rm -rf "$data"' EXIT
    chown postgres:postgres "$data"
else
    data=$folder/postgres
    rm -rf "$data" && mkdir -p "$data"
fi
(cd "$data" && "${as[@]}" "$bin/initdb" -D "$data/db" -U postgres --auth=trust --encoding=UTF8 --locale=C) >"$folder/postgres.log"
(cd "$data" && exec "${as[@]}" "$bin/postgres" -D "$data/db" -k "$data" -c listen_addresses= -c max_connections=200 \
    >>"$folder/postgres.log" 2>&1) &
started+=($!)
until "$bin/pg_isready" -q -h "$data"; do sleep 0.1; done
"$bin/createdb" -h "$data" -U postgres latchkey

nats-server -a 127.0.0.1 -p $((port + 1000)) >"$folder/nats.log" 2>&1 &
started+=($!)

upstreams=
for n in 1 2 3; do
    "$latchkey" serve --listen "127.0.0.1:$((port + n))" --data "postgres://postgres@/latchkey?host=$data" \
        --bus "nats://127.0.0.1:$((port + 1000))" >"$folder/latchkey-$n.log" 2>&1 &
    started+=($!)
    upstreams+="server 127.0.0.1:$((port + n)) max_fails=1 fail_timeout=1s; "
done

# A process that cannot be reached, or says that it can do nothing, has done nothing: another is asked.
cat >"$folder/nginx.conf" <<END
daemon off;
pid $folder/nginx.pid;
error_log $folder/nginx.log;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path $folder/body; proxy_temp_path $folder/proxy; fastcgi_temp_path $folder/f;
    uwsgi_temp_path $folder/u; scgi_temp_path $folder/s;
    map \$http_upgrade \$connection_upgrade { default upgrade; '' ''; }
    upstream latchkey { $upstreams keepalive 64; }
    server {
        listen 127.0.0.1:$port;
        location / {
            proxy_pass http://latchkey;
            proxy_http_version 1.1;
            proxy_set_header Host \$http_host;
            proxy_set_header Upgrade \$http_upgrade;
            proxy_set_header Connection \$connection_upgrade;
            proxy_set_header X-Forwarded-For \$remote_addr;
            proxy_set_header X-Forwarded-Proto \$scheme;
            proxy_next_upstream error http_503 non_idempotent;
            proxy_read_timeout 90s;
            proxy_buffering off;
        }
    }
}
END
nginx -e "$folder/nginx.log" -c "$folder/nginx.conf" &
started+=($!)
for n in 0 1 2 3; do
    until curl -sf -o "$folder/health" "http://127.0.0.1:$((port + n))/healthz"; do sleep 0.1; done
done
echo "Latchkey is at http://127.0.0.1:$port, by three processes at ports $((port + 1)) to $((port + 3))."
echo "Each says how it is at /healthz; logs are in $folder. Stop it with Ctrl+C, or one process with kill:"
printf '  %s\n' "${started[*]:2:3}"
wait
