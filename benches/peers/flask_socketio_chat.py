"""Flask-SocketIO: the small chat that Latchkey began as. Rooms, and messages stored in SQLite."""

import sqlite3
import sys
import threading
import time

mode, port, database = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if mode == "gevent":
    from gevent import monkey

    monkey.patch_all()

from flask import Flask  # noqa: E402 (gevent patches first)
from flask_socketio import SocketIO, emit, join_room  # noqa: E402

app = Flask(__name__)
socketio = SocketIO(app, async_mode=mode, ping_timeout=600)
store = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
store.execute("PRAGMA journal_mode = WAL")
store.execute("CREATE TABLE messages (room INTEGER, seq INTEGER, id TEXT, at INTEGER, body TEXT, PRIMARY KEY (room, seq))")
lock = threading.Lock()
seqs = {}


@socketio.on("open")
def open_room(asked):
    join_room(str(asked["room"]))
    emit("opened", {})


@socketio.on("send")
def send(asked):
    room, at = asked["room"], int(time.time() * 1000)
    with lock:
        seq = seqs[room] = seqs.get(room, 0) + 1
        store.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?)", (room, seq, asked["id"], at, asked["body"]))
        frame = {"room": room, "seq": seq, "id": asked["id"], "by": "u1", "at": at, "body": asked["body"]}
        emit("message", frame, to=str(room))


if mode == "gevent":
    from gevent.pywsgi import WSGIServer
    from geventwebsocket.handler import WebSocketHandler

    server = WSGIServer(("127.0.0.1", port), app, handler_class=WebSocketHandler, log=None, backlog=4096)
    server.start()
    print("listening", flush=True)
    server.serve_forever()
else:
    print("listening", flush=True)
    socketio.run(app, host="127.0.0.1", port=port, allow_unsafe_werkzeug=True)
