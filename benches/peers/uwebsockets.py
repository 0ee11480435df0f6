"""uWebSockets, through socketify: rooms are its topics, publishing is its own."""

import json
import sys
import time

from socketify import App, AppOptions, OpCode

seqs = {}


def message(ws, text, opcode):
    asked = json.loads(text)
    room = asked["room"]
    if asked["t"] == "open":
        ws.subscribe(str(room))
        ws.send('{"t":"opened"}', OpCode.TEXT)
        return
    seqs[room] = seqs.get(room, 0) + 1
    frame = {
        "t": "message", "room": room, "seq": seqs[room], "id": asked["id"], "by": "u1",
        "at": int(time.time() * 1000), "body": asked["body"],
    }
    app.publish(str(room), json.dumps(frame, separators=(",", ":")), OpCode.TEXT)


app = App()
app.ws("/*", {
    "compression": 0,
    "max_backpressure": 64 * 1024 * 1024,
    "idle_timeout": 120,
    "message": message,
})
app.listen({"host": "127.0.0.1", "port": int(sys.argv[1])}, lambda config: print("listening", flush=True))
app.run()
